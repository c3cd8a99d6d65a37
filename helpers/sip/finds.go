package sip

import (
	"net/netip"

	"portcullis/helpers"
)

// finds gathers what is found in a message, in any order.
type finds struct {
	f     *helpers.Findings
	base  int  // where the message begins in the segment
	last  int  // where in the message is what was found last
	mixed bool // some of it is not in the order of the bytes
	full  bool // there is more than fits: the message passes unread
}

// edit marks a part of the message.
func (x *finds) edit(s span, kind uint8) helpers.Edit {
	return helpers.Edit{Off: x.base + s.from, Len: s.to - s.from, Kind: kind}
}

// announce notes a flow, whose endpoint s spells; where s is empty nothing does.
func (x *finds) announce(e *helpers.Expect, s span, kind uint8) {
	x.follows(s)
	e.Edit = x.edit(s, kind)
	x.full = !x.f.Announce(*e) || x.full
}

// mention notes an endpoint, or with port 0 an address alone.
func (x *finds) mention(a netip.Addr, port uint16, s span, kind uint8) {
	if !s.empty() {
		x.follows(s)
		x.full = !x.f.Mention(helpers.Mention{Endpoint: netip.AddrPortFrom(a, port), Edit: x.edit(s, kind)}) || x.full
	}
}

// follows notes that s is found now.
func (x *finds) follows(s span) {
	x.mixed = x.mixed || s.from < x.last
	x.last = s.from
}

// measure notes the length of a part of the message.
func (x *finds) measure(of, s span) {
	if !s.empty() {
		x.follows(s)
		x.full = !x.f.Measure(helpers.Length{From: x.base + of.from, To: x.base + of.to, Edit: x.edit(s, 0)}) || x.full
	}
}

// give puts everything in the order of the bytes.
func (x *finds) give() {
	if x.full {
		x.f.Forget()
	}
	if x.mixed {
		x.f.Sort()
	}
}
