package policy

import (
	"go4.org/netipx"

	"portcullis/packet"
)

// span4 and span6 are ranges of addresses, both ends included.
type (
	span4 struct{ lo, hi uint32 }
	span6 struct{ lo, hi packet.Addr }
)

// spanSet is a run of spans in an arena, sorted and disjoint. n is everything
// for a set that holds its whole family, which needs no span.
type spanSet struct{ off, n uint32 }

const everything = ^uint32(0)

// scanLimit is the size of a set up to which looking at one span after the
// other is quicker than halving.
const scanLimit = 8

// spanArena holds the spans of all sets.
type spanArena struct {
	v4 []span4
	v6 []span6
}

// add copies a set of IPv4 (or, with six, IPv6) addresses into the arena.
func (a *spanArena) add(set *netipx.IPSet, six bool) spanSet {
	ranges := set.Ranges()
	if len(ranges) == 1 {
		if p, ok := ranges[0].Prefix(); ok && p.Bits() == 0 {
			return spanSet{n: everything}
		}
	}
	s := spanSet{off: uint32(len(a.v4)), n: uint32(len(ranges))}
	if six {
		s.off = uint32(len(a.v6))
	}
	for _, r := range ranges {
		lo, hi := packet.AddrFrom(r.From()), packet.AddrFrom(r.To())
		if six {
			a.v6 = append(a.v6, span6{lo, hi})
		} else {
			a.v4 = append(a.v4, span4{uint32(lo.Lo), uint32(hi.Lo)})
		}
	}
	return s
}

// bounds4 is the least range that holds all of s: its first address, and how far
// the last lies behind it.
func (a *spanArena) bounds4(s spanSet) (lo, size uint32) {
	switch s.n {
	case everything:
		return 0, everything
	case 0:
		return 0, 0 // of no use: it matches nothing
	}
	lo = a.v4[s.off].lo
	return lo, a.v4[s.off+s.n-1].hi - lo
}

// has4 says whether s holds the IPv4 address ip.
func (a *spanArena) has4(s spanSet, ip uint32) bool {
	if s.n == everything {
		return true
	}
	spans := a.v4[s.off : s.off+s.n]
	for len(spans) > scanLimit {
		mid := len(spans) / 2
		if spans[mid-1].hi < ip {
			spans = spans[mid:]
		} else {
			spans = spans[:mid]
		}
	}
	for i := range spans {
		if ip <= spans[i].hi {
			return ip >= spans[i].lo
		}
	}
	return false
}

// has6 is has4 for IPv6.
func (a *spanArena) has6(s spanSet, ip packet.Addr) bool {
	if s.n == everything {
		return true
	}
	spans := a.v6[s.off : s.off+s.n]
	for len(spans) > scanLimit {
		mid := len(spans) / 2
		if spans[mid-1].hi.Less(ip) {
			spans = spans[mid:]
		} else {
			spans = spans[:mid]
		}
	}
	for i := range spans {
		if !spans[i].hi.Less(ip) {
			return !ip.Less(spans[i].lo)
		}
	}
	return false
}
