package pptp

import (
	"testing"

	"portcullis/helpers/helpertest"
)

// TestOthers is what ends write beyond what RFC 2637 has them write, and as it lets them.
func TestOthers(t *testing.T) {
	c, s := helpertest.Client, helpertest.Server
	call := func(turns ...helpertest.Turn) []helpertest.Turn {
		return then(append([]helpertest.Turn{c(msg(outgoingRequest, 7)), s(msg(outgoingReply, 900, 7, one))}, turns...)...)
	}
	for _, x := range []testCase{
		{name: "both tell of the link", want: "C=7 S=900<7 S=7 C=900 S=7", turns: call(c(msg(setLink, 900)), s(msg(setLink, 7)))},
		{name: "the concentrator tells of the link first", want: "C=7 S=900<7 S=7 S=7 C=900", turns: call(s(msg(setLink, 7)), c(msg(setLink, 900)))},
		{name: "the link of an incoming call", want: "S=900 C=7<900 C=900 S=7 C=900 S=7", turns: then(
			s(msg(incomingRequest, 900)), c(msg(incomingReply, 7, 900, one)), s(msg(incomingUp, 7)), c(msg(setLink, 900)), s(msg(setLink, 7)))},
		{name: "a link before the start was accepted", turns: []helpertest.Turn{c(ask), c(msg(setLink, 900)), s(welcome)}},
		{name: "an id that is used again", want: "C=7 S=900<7 S=7 C=7 S=900 C=7 S=901<7 S=7", turns: call(
			c(msg(clearRequest, 7)), s(msg(disconnected, 900)), c(msg(outgoingRequest, 7)), s(msg(outgoingReply, 901, 7, one)))},
		{name: "a start that is repeated", want: "C=7 S=900<7 S=7", turns: append([]helpertest.Turn{c(ask), c(ask), s(welcome), s(welcome)}, call()[2:]...)},
		{name: "an echo of either end within a call", want: "C=7 S=900<7 S=7 C=7", turns: call(
			s(sized(5, 16)), c(sized(6, 20)), c(sized(5, 16)), s(sized(6, 20)), c(msg(clearRequest, 7)))},
		{name: "an answer and what follows in one segment", want: "C=7 S=900<7 S=7 S=7 S=900", turns: then(
			c(msg(outgoingRequest, 7)), s(msg(outgoingReply, 900, 7, one)+msg(setLink, 7)+msg(disconnected, 900)))},
	} {
		helpertest.Laws(t, &Helper, x.dialogue())
	}
}
