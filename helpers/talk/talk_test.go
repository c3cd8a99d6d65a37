package talk

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

var (
	own    = netip.MustParseAddrPort("192.0.2.10:4000")
	server = netip.MustParseAddrPort("198.51.100.20:518")
	waits  = netip.MustParseAddrPort("192.0.2.10:5000")
)

// layouts are those of the two helpers.
var (
	ntalk = layout{request: 84, version: 1, kind: 1, answer: 2, addr: 8, control: 24, replied: 8, names: [2]int{44, 56}, name: 12}
	otalk = layout{request: 76, kind: 0, answer: 1, addr: 44, control: 60, replied: 8, names: [2]int{1, 10}, name: 9}
)

func put(b []byte, at netip.AddrPort, family uint16) {
	binary.BigEndian.PutUint16(b, family)
	binary.BigEndian.PutUint16(b[2:], at.Port())
	a := at.Addr().As4()
	copy(b[4:], a[:])
}

// request writes a request; change may spoil it.
func (l *layout) build(kind byte, addr, control netip.AddrPort, change func(b []byte)) string {
	b := make([]byte, l.request)
	b[0] = l.version
	b[l.kind] = kind
	put(b[l.addr:], addr, familyInet)
	put(b[l.control:], control, familyInet)
	copy(b[l.names[0]:], "joe")
	copy(b[l.names[1]:], "ann")
	if change != nil {
		change(b)
	}
	return string(b)
}

// reply writes a response.
func (l *layout) reply(kind, answer byte, at string) string {
	b := make([]byte, responseSize)
	b[0] = l.version
	b[l.kind], b[l.answer] = kind, answer
	put(b[l.replied:], netip.MustParseAddrPort(at), familyInet)
	return string(b)
}

const (
	ctl    = "C=192.0.2.10:4000/udp " // what every request announces
	daemon = "C=192.0.2.10:518/udp "
)

type testCase struct {
	name  string
	turns []helpertest.Turn
	want  string // announcements: "C=" or "S=", the endpoint, the protocol
	why   string
}

func (c testCase) dialogue(l *layout) helpertest.Dialogue {
	d := helpertest.Dialogue{Name: c.name, Proto: packet.ProtoUDP, Turns: c.turns, Why: c.why, Client: own, Server: server}
	port := "518"
	if l.version == 0 {
		port = "517"
	}
	for _, w := range strings.Fields(c.want) {
		a := helpertest.Announced{}
		if w[0] == 'S' {
			a.Dir = packet.Reply
		}
		end, proto, _ := strings.Cut(w[2:], "/")
		a.Endpoint = strings.Replace(end, ":518", ":"+port, 1)
		if proto == "tcp" {
			a.How = proto
		}
		d.Want = append(d.Want, a)
	}
	return d
}

func cases(l *layout) []testCase {
	C, S := helpertest.Client, helpertest.Server
	lookUp := C(l.build(kindLookUp, waits, own, nil))
	const found = "198.51.100.20:6000"
	all := []testCase{
		{name: "nobody waits", want: ctl, turns: []helpertest.Turn{lookUp, S(l.reply(kindLookUp, 1, "1.2.3.4:5"))}},
		{name: "somebody waits", want: ctl + "S=" + found + "/tcp", turns: []helpertest.Turn{lookUp, S(l.reply(kindLookUp, success, found))}},
		{name: "ring", want: ctl + ctl + daemon + ctl + daemon, turns: []helpertest.Turn{
			lookUp, S(l.reply(kindLookUp, 1, found)), C(l.build(kindAnnounce, waits, own, nil)), S(l.reply(kindAnnounce, success, found)),
			C(l.build(kindAnnounce, waits, own, nil))}},
		{name: "leave and delete", want: ctl + ctl, turns: []helpertest.Turn{
			C(l.build(kindLeaveInvite, waits, own, nil)), S(l.reply(kindLeaveInvite, success, found)),
			C(l.build(kindDelete, waits, own, nil)), S(l.reply(kindDelete, success, found))}},
		{name: "nobody was looked up", want: ctl, turns: []helpertest.Turn{
			C(l.build(kindAnnounce+0, own, server, nil)), C(l.build(kindDelete, waits, own, nil)), S(l.reply(kindLookUp, success, found))}},
		{name: "waiting at a low port", want: ctl, turns: []helpertest.Turn{lookUp, S(l.reply(kindLookUp, success, "198.51.100.20:1023"))}},
		{name: "the family in the machine's order", want: ctl, turns: []helpertest.Turn{C(l.build(kindLookUp, waits, own, func(b []byte) {
			put(b[l.addr:], waits, familyInet<<8)
			put(b[l.control:], own, familyInet<<8)
		}))}},
		{name: "the family behind a length", want: ctl, turns: []helpertest.Turn{C(l.build(kindLookUp, waits, own, func(b []byte) {
			put(b[l.addr:], waits, sizeInet<<8|familyInet)
			put(b[l.control:], own, sizeInet<<8|familyInet)
		}))}},
		{name: "a ring before anybody was looked up", want: ctl + daemon + ctl + "S=" + found + "/tcp", turns: []helpertest.Turn{
			C(l.build(kindAnnounce, waits, own, nil)), S(l.reply(kindAnnounce, success, found)), lookUp, S(l.reply(kindLookUp, success, found))}},
		{name: "another one's control address", turns: []helpertest.Turn{C(l.build(kindAnnounce, waits, netip.MustParseAddrPort("192.0.2.11:4000"), nil))}},
		{name: "another control port", turns: []helpertest.Turn{C(l.build(kindAnnounce, waits, waits, nil))}},
		{name: "another one's address", want: ctl, turns: []helpertest.Turn{C(l.build(kindAnnounce, netip.MustParseAddrPort("192.0.2.11:5000"), own, nil))}},
		{name: "no family", why: whyNoRequest, turns: []helpertest.Turn{C(l.build(kindLookUp, waits, own, func(b []byte) { put(b[l.control:], own, 10) }))}},
		{name: "unknown kind", why: whyNoRequest, turns: []helpertest.Turn{C(l.build(4, waits, own, nil))}},
		{name: "nobody asks", why: whyNoRequest, turns: []helpertest.Turn{C(l.build(kindLookUp, waits, own, func(b []byte) { b[l.names[0]] = 0 }))}},
		{name: "a name without an end", why: whyNoRequest, turns: []helpertest.Turn{C(l.build(kindLookUp, waits, own, func(b []byte) {
			copy(b[l.names[1]:], strings.Repeat("x", l.name))
		}))}},
		{name: "a name of other bytes", why: whyNoRequest, turns: []helpertest.Turn{C(l.build(kindLookUp, waits, own, func(b []byte) { b[l.names[1]] = '\x1b' }))}},
		{name: "short", why: whyNoRequest, turns: []helpertest.Turn{C(lookUp.Text[:l.request-1])}},
		{name: "long", why: whyNoRequest, turns: []helpertest.Turn{C(lookUp.Text + "\x00")}},
		{name: "empty", why: whyNoRequest, turns: []helpertest.Turn{C("")}},
		{name: "a response that asks", why: whyNoRequest, turns: []helpertest.Turn{C(l.reply(kindLookUp, success, found))}},
		{name: "a request that answers", want: ctl, why: whyNoResponse, turns: []helpertest.Turn{lookUp, S(lookUp.Text)}},
		{name: "unknown answer", want: ctl, why: whyNoResponse, turns: []helpertest.Turn{lookUp, S(l.reply(kindLookUp, 9, found))}},
		{name: "a short response", want: ctl, why: whyNoResponse, turns: []helpertest.Turn{lookUp, S(l.reply(kindLookUp, success, found)[:23])}},
	}
	if l.version != 0 {
		all = append(all, testCase{name: "another version", why: whyNoRequest, turns: []helpertest.Turn{C(l.build(kindLookUp, waits, own, func(b []byte) { b[0] = 2 }))}})
	}
	return all
}

func TestNTalk(t *testing.T) {
	for _, c := range cases(&ntalk) {
		helpertest.Laws(t, &NTalk, c.dialogue(&ntalk))
	}
}

func TestTalk(t *testing.T) {
	for _, c := range cases(&otalk) {
		helpertest.Laws(t, &Talk, c.dialogue(&otalk))
	}
}

// TestSound holds what a file may claim against what is left behind.
func TestSound(t *testing.T) {
	for _, c := range []struct {
		is    bool
		state helpers.State
	}{{true, helpers.State{}}, {true, helpers.State{1}}, {false, helpers.State{2}}, {false, helpers.State{0, 1}}} {
		if got := NTalk.Knows(&c.state); got != c.is {
			t.Errorf("%v: %v, want %v", c.state, got, c.is)
		}
	}
}

func fuzz(f *testing.F, h *helpers.Helper, l *layout) {
	var seeds []helpertest.Dialogue
	for _, c := range cases(l) {
		seeds = append(seeds, c.dialogue(l))
	}
	helpertest.Fuzz(f, h, seeds...)
}

func FuzzNTalk(f *testing.F) { fuzz(f, &NTalk, &ntalk) }

func FuzzTalk(f *testing.F) { fuzz(f, &Talk, &otalk) }
