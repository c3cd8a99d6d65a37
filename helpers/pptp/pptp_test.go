package pptp

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// msg is a control message of that type with these words behind the header, filled up to the
// length that it must have.
func msg(what int, words ...uint16) string {
	return sized(what, forms[min(what, len(forms)-1)].size, words...)
}

func sized(what, size int, words ...uint16) string {
	b := make([]byte, headerSize, 256)
	binary.BigEndian.PutUint16(b, uint16(size))
	binary.BigEndian.PutUint16(b[2:], typeControl)
	binary.BigEndian.PutUint32(b[4:], cookie)
	binary.BigEndian.PutUint16(b[8:], uint16(what))
	for _, w := range words {
		b = binary.BigEndian.AppendUint16(b, w)
	}
	for len(b) < size {
		b = append(b, 'x')
	}
	return string(b)
}

const version = 0x0100

var (
	ask     = msg(startRequest, version)
	welcome = msg(startReply, version, 0x0100)
	begin   = []helpertest.Turn{helpertest.Client(ask), helpertest.Server(welcome)}
)

// one is 1 as a result code, with an error code of 0 behind it.
const one = 0x0100

type testCase struct {
	name  string
	turns []helpertest.Turn
	want  string // "C=7 S=9<7": who spelt which call id, in answer to which one of the peer's
	why   string
	v6    bool
}

func (c testCase) dialogue() helpertest.Dialogue {
	d := helpertest.Dialogue{
		Name: c.name, Why: c.why,
		Client: netip.MustParseAddrPort("192.0.2.10:40000"), Server: netip.MustParseAddrPort("198.51.100.20:1723"),
	}
	if c.v6 {
		d.Client, d.Server = netip.MustParseAddrPort("[2001:db8::10]:40000"), netip.MustParseAddrPort("[2001:db8::20]:1723")
	}
	for _, t := range c.turns { // turns of one side that follow one another are one
		if n := len(d.Turns); n > 0 && d.Turns[n-1].Dir == t.Dir {
			d.Turns[n-1].Text += t.Text
			continue
		}
		d.Turns = append(d.Turns, t)
	}
	for _, w := range strings.Fields(c.want) {
		dir, at := packet.Original, d.Client.Addr()
		if w[0] == 'S' {
			dir, at = packet.Reply, d.Server.Addr()
		}
		id, other, answer := strings.Cut(w[2:], "<")
		how := "gre"
		if answer {
			how += " from " + other
		}
		d.Want = append(d.Want, helpertest.Announced{Dir: dir, Endpoint: port(at, id), How: how})
	}
	return d
}

// port is at with the number n as its port, as it is printed.
func port(at netip.Addr, n string) string {
	id, err := strconv.ParseUint(n, 10, 16)
	if err != nil {
		panic(err)
	}
	return netip.AddrPortFrom(at, uint16(id)).String()
}

// then is a conversation behind its beginning.
func then(turns ...helpertest.Turn) []helpertest.Turn {
	return append(append([]helpertest.Turn{}, begin...), turns...)
}

func cases() []testCase {
	c, s := helpertest.Client, helpertest.Server
	echo := sized(5, 16)
	return []testCase{
		{name: "outgoing", want: "C=7 S=900<7 S=7 C=900 S=7 C=7 S=900", turns: then(
			c(msg(outgoingRequest, 7)), s(msg(outgoingReply, 900, 7, one)), c(msg(setLink, 900)), s(msg(wanError, 7)),
			c(echo), s(sized(6, 20)), c(msg(clearRequest, 7)), s(msg(disconnected, 900)), c(sized(3, 16)), s(sized(4, 16)))},
		{name: "IPv6", v6: true, want: "C=7 S=900<7 S=7", turns: then(c(msg(outgoingRequest, 7)), s(msg(outgoingReply, 900, 7, one)))},
		{name: "id 0", want: "C=0 S=0 S=0", turns: then(c(msg(outgoingRequest, 0)), s(msg(outgoingReply, 0, 0, one)))},
		{name: "busy", want: "C=7 S=7", turns: then(c(msg(outgoingRequest, 7)), s(msg(outgoingReply, 900, 7, 0x0400)))},
		{name: "incoming", want: "S=900 C=7<900 C=900 S=7", turns: then(
			s(msg(incomingRequest, 900)), c(msg(incomingReply, 7, 900, one)), s(msg(incomingUp, 7)))},
		{name: "refused incoming", want: "S=900 C=900", turns: then(s(msg(incomingRequest, 900)), c(msg(incomingReply, 7, 900, 0x0300)))},
		{name: "the concentrator called", want: "S=7 C=900<7 C=7 S=900 C=7", turns: then(
			s(msg(outgoingRequest, 7)), c(msg(outgoingReply, 900, 7, one)), s(msg(setLink, 900)), c(msg(wanError, 7)))},
		{name: "three calls at once", want: "C=1 C=2 C=3 S=11<1 S=1 S=13<3 S=3 S=12<2 S=2", turns: then(
			c(msg(outgoingRequest, 1)+msg(outgoingRequest, 2)+msg(outgoingRequest, 3)),
			s(msg(outgoingReply, 11, 1, one)+msg(outgoingReply, 13, 3, one)+msg(outgoingReply, 12, 2, one)))},
		{name: "more than one call of the helper finds", want: strings.Repeat("C=1 ", 31) + strings.Repeat("S=2<1 S=1 ", 17), turns: then(
			c(strings.Repeat(msg(outgoingRequest, 1), 31)), s(strings.Repeat(msg(outgoingReply, 2, 1, one), 17)))},
		{name: "what nobody knows", want: "C=1", turns: then(
			c(sized(77, 12)+sized(0, 500)+sized(16, 19)), s(management(40)), c(msg(outgoingRequest, 1)))},
		{name: "longer than it need be", want: "C=1 S=2<1 S=1", turns: then(
			c(sized(outgoingRequest, 400, 1)), s(sized(outgoingReply, 3000, 2, 1, one)))},
		{name: "wrong roles", want: "C=1 C=2", turns: then(
			c(msg(outgoingRequest, 1)), s(msg(outgoingRequest, 9)), c(msg(outgoingReply, 9, 8, one)), s(msg(clearRequest, 2)),
			c(msg(disconnected, 1)), c(msg(wanError, 3)), c(msg(outgoingRequest, 2)))},
		{name: "an answer to nothing", turns: then(s(msg(outgoingReply, 9, 8, one)), s(msg(disconnected, 9)))},
		{name: "calls before the start was accepted", turns: []helpertest.Turn{c(ask), c(msg(outgoingRequest, 1)), s(welcome)}},
		{name: "start refused", turns: []helpertest.Turn{c(ask), s(msg(startReply, version, 0x0200)), c(msg(outgoingRequest, 1))}},
		{name: "stopped", want: "C=1", turns: then(c(msg(outgoingRequest, 1)), s(msg(stopRequest)), c(msg(outgoingRequest, 2)))},
		{name: "stopped at once", want: "C=1 C=2", turns: then(
			c(msg(outgoingRequest, 1) + msg(outgoingRequest, 2) + msg(stopRequest) + msg(outgoingRequest, 3)))},

		{name: "a short message", why: whyLength, turns: []helpertest.Turn{c("\x00\x0bhello")}},
		{name: "text", why: whyType, turns: []helpertest.Turn{c("GET / HTTP/1.1\r\n"), s("no")}},
		{name: "no cookie", why: whyCookie, turns: []helpertest.Turn{c(strings.Replace(ask, "\x1a\x2b", "\x1a\x2c", 1))}},
		{name: "cookie lost later", want: "C=1", why: whyCookie, turns: then(
			c(msg(outgoingRequest, 1) + strings.Replace(msg(outgoingRequest, 2), "\x3c\x4d", "\x3c\x4e", 1) + msg(outgoingRequest, 3)))},
		{name: "no start", why: whyNoStart, turns: []helpertest.Turn{c(msg(outgoingRequest, 1))}},
		{name: "no reply to the start", why: whyNoStart, turns: []helpertest.Turn{c(ask), s(msg(startRequest, version))}},
		{name: "another version", why: whyVersion, turns: []helpertest.Turn{c(msg(startRequest, 0x0200))}},
		{name: "short request", why: whyLength, turns: then(c(sized(outgoingRequest, 167, 1)))},
		{name: "short reply", why: whyLength, want: "C=1", turns: then(c(msg(outgoingRequest, 1)), s(sized(outgoingReply, 31, 2, 1, one)))},
		{name: "half a message", want: "C=1", turns: then(c(msg(outgoingRequest, 1) + msg(outgoingRequest, 2)[:13]))},
	}
}

// management is a management message of that size, which RFC 2637 leaves undefined.
func management(size int) string {
	b := []byte(sized(outgoingReply, size, 9, 8, one))
	b[3] = typeManagement
	return string(b)
}

func TestLaws(t *testing.T) {
	for _, c := range cases() {
		helpertest.Laws(t, &Helper, c.dialogue())
	}
}

// TestInner holds that what lies inside a message is never read as one.
func TestInner(t *testing.T) {
	inner := msg(outgoingRequest, 66)
	outer := sized(77, headerSize+len(inner))[:headerSize] + inner
	helpertest.Laws(t, &Helper, testCase{name: "inner", want: "C=1", turns: then(helpertest.Client(outer + msg(outgoingRequest, 1)))}.dialogue())
}

func TestSpell(t *testing.T) {
	if got := string(spell(nil, []byte{0, 7}, helpers.Edit{Len: 2}, netip.MustParseAddrPort("203.0.113.7:258"))); got != "\x01\x02" {
		t.Errorf("%q", got)
	}
}

func FuzzHelper(f *testing.F) {
	var seeds []helpertest.Dialogue
	for _, c := range cases() {
		seeds = append(seeds, c.dialogue())
	}
	helpertest.Fuzz(f, &Helper, seeds...)
}
