package talk

import (
	"net/netip"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// Ports of the daemons.
const (
	portTalk  = 517
	portNTalk = 518
)

// NTalk is the session helper "ntalk", of what every system has today.
var NTalk = newHelper("ntalk", layout{
	request: 84, version: 1, kind: 1, answer: 2, addr: 8, control: 24, replied: 8,
	names: [2]int{44, 56}, name: 12,
}, portNTalk)

// Talk is the session helper "talk", of what came before.
var Talk = newHelper("talk", layout{
	request: 76, kind: 0, answer: 1, addr: 44, control: 60, replied: 8,
	names: [2]int{1, 10}, name: 9,
}, portTalk)

func init() {
	helpers.Register(&NTalk)
	helpers.Register(&Talk)
}

// newHelper is the helper of datagrams of one layout, and a daemon at one port.
func newHelper(name string, l layout, daemon uint16) helpers.Helper {
	return helpers.Helper{
		Name:       name,
		Protocols:  []uint8{packet.ProtoUDP},
		MaxExpects: 4,
		Lifetime:   2 * time.Minute, // somebody has to see that it rings, which it does every 30 seconds
		LowPorts:   true,            // the daemon's own; listeners below 1024 are refused here
		Mentions:   true,
		Inspect: func(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
			return l.inspect(seg, f, daemon)
		},
		Spell: spell,
		Sound: sound,
	}
}

// Kinds of requests. A response has that of its request.
const (
	kindLeaveInvite = 0
	kindLookUp      = 1
	kindDelete      = 2
	kindAnnounce    = 3
)

// success is the answer of a response that has an address.
const success = 0

// Reasons to give a session up.
const (
	whyNoRequest  = "not a request of talk"
	whyNoResponse = "not a response of talk"
)

// lookedUp is the place in State that says that somebody was looked up.
const lookedUp = 0

func sound(s *helpers.State) bool {
	return s[lookedUp] <= 1 && *s == helpers.State{lookedUp: s[lookedUp]}
}

func (l *layout) inspect(seg *helpers.Segment, f *helpers.Findings, daemon uint16) helpers.Status {
	if seg.Dir == packet.Reply {
		if !l.isResponse(seg.Data) {
			f.Why = whyNoResponse
			return helpers.Foreign
		}
		l.response(seg, f)
		return helpers.Read
	}
	if !l.isRequest(seg.Data) {
		f.Why = whyNoRequest
		return helpers.Foreign
	}
	l.asked(seg, f, daemon)
	return helpers.Read
}

// asked reads a request. Its sender says where it waits for the response, which is
// where it sends from, and for the conversation, of which only the address is of use
// here: the daemon does not connect.
func (l *layout) asked(seg *helpers.Segment, f *helpers.Findings, daemon uint16) {
	kind := seg.Data[l.kind]
	if kind == kindLookUp {
		seg.State[lookedUp] = 1
	}
	addr, _ := endpoint(seg.Data[l.addr:])
	control, _ := endpoint(seg.Data[l.control:])
	if control != seg.Src {
		return
	}
	// BSD's daemons answer from another port than theirs.
	f.Announce(helpers.Expect{Proto: packet.ProtoUDP, Endpoint: seg.Src})
	if addr.Addr() == seg.Src.Addr() {
		if kind == kindAnnounce { // who is rung will look the caller up, at the caller's daemon
			f.Announce(helpers.Expect{Proto: packet.ProtoUDP, Endpoint: netip.AddrPortFrom(addr.Addr(), daemon), Helped: true})
		}
		f.Mention(helpers.Mention{
			Endpoint: netip.AddrPortFrom(addr.Addr(), 0),
			Edit:     helpers.Edit{Off: l.addr + addressAt, Len: 4, Kind: spellAddress},
		})
	}
	f.Mention(helpers.Mention{
		Endpoint: control,
		Edit:     helpers.Edit{Off: l.control + portAt, Len: 6, Kind: spellBoth},
	})
}

// response reads a response. Where somebody was found who has called before, it says
// where that one waits.
func (l *layout) response(seg *helpers.Segment, f *helpers.Findings) {
	const lowPort = 1024
	if seg.State[lookedUp] == 0 || seg.Data[l.kind] != kindLookUp || seg.Data[l.answer] != success {
		return
	}
	at, ok := endpoint(seg.Data[l.replied:])
	if !ok || at.Port() < lowPort {
		return
	}
	f.Announce(helpers.Expect{
		Proto: packet.ProtoTCP, Endpoint: at,
		Edit: helpers.Edit{Off: l.replied + portAt, Len: 6, Kind: spellBoth},
	})
}
