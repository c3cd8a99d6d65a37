package sip

import (
	"net/netip"
	"slices"

	"portcullis/helpers"
)

// maxFinds bounds what is found in a message. One with more passes unread.
const maxFinds = helpers.MaxFindings

// find is an announcement, a mention or a length, and where its bytes are.
type find struct {
	at      int
	what    uint8
	expect  helpers.Expect
	mention helpers.Mention
	length  helpers.Length
}

const (
	isExpect uint8 = iota
	isMention
	isLength
)

// finds is what was found in a message, in any order.
type finds struct {
	base int // where the message begins in the segment
	n    int
	full bool
	list [maxFinds]find
}

func (x *finds) add(f find) {
	if x.n == maxFinds {
		x.full = true
		return
	}
	x.list[x.n] = f
	x.n++
}

// edit marks a part of the message.
func (x *finds) edit(s span, kind uint8) helpers.Edit {
	return helpers.Edit{Off: x.base + s.from, Len: s.to - s.from, Kind: kind}
}

// announce notes a flow, whose endpoint s spells; where s is empty nothing does.
func (x *finds) announce(e helpers.Expect, s span, kind uint8) {
	if !s.empty() {
		e.Edit = x.edit(s, kind)
	}
	x.add(find{at: s.from, what: isExpect, expect: e})
}

// mention notes an endpoint, or with port 0 an address alone.
func (x *finds) mention(a netip.Addr, port uint16, s span, kind uint8) {
	if s.empty() {
		return
	}
	x.add(find{at: s.from, what: isMention, mention: helpers.Mention{Endpoint: netip.AddrPortFrom(a, port), Edit: x.edit(s, kind)}})
}

// measure notes the length of a part of the message.
func (x *finds) measure(of, s span) {
	if s.empty() {
		return
	}
	x.add(find{at: s.from, what: isLength, length: helpers.Length{From: x.base + of.from, To: x.base + of.to, Edit: x.edit(s, 0)}})
}

// give hands everything to f, in the order of the bytes.
func (x *finds) give(f *helpers.Findings) {
	if x.full {
		return
	}
	list := x.list[:x.n]
	slices.SortStableFunc(list, func(a, b find) int { return a.at - b.at })
	for i := range list {
		switch e := &list[i]; e.what {
		case isExpect:
			f.Announce(e.expect)
		case isMention:
			f.Mention(e.mention)
		default:
			f.Measure(e.length)
		}
	}
}
