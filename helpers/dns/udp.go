package dns

import (
	"portcullis/helpers"
	"portcullis/packet"
)

// UDP is the session helper "dns-udp". It says when all is answered; what that
// makes of the session's idle time is the engine's affair.
var UDP = helpers.Helper{
	Name:       "dns-udp",
	Protocols:  []uint8{packet.ProtoUDP},
	MaxExpects: 1, // and it announces none
	Ends:       true,
	Inspect:    inspectUDP,
	Sound:      sound,
	Resolve:    resolve,
}

// whyNoMessage is the only reason to give a session up.
const whyNoMessage = "not a DNS message"

// inspectUDP reads a datagram. Either end may ask: name servers once asked each
// other from port 53.
func inspectUDP(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	h, ok := readHeader(seg.Data, len(seg.Data))
	sum := uint32(0)
	if ok && h.question {
		sum, ok = readQuestion(seg.Data[headerSize:])
	}
	if !ok || h.op == opStateful {
		f.Why = whyNoMessage
		return helpers.Foreign
	}
	p := (*pending)(seg.State)
	if !h.reply {
		p.ask(newEntry(h.id, sum, seg.Dir))
		return helpers.Read
	}
	if p.answer(newEntry(h.id, sum, seg.Dir.Other()), h.question) && h.question {
		f.Answer(0, len(seg.Data))
	}
	f.Over = p.none()
	return helpers.Read
}
