package nat

import (
	"math"
	"math/bits"

	"portcullis/config"
	"portcullis/packet"
)

// reach is a range of addresses of one family, both ends included.
type reach struct{ lo, hi packet.Addr }

func reachOf(r config.IPRange) reach {
	return reach{packet.AddrFrom(r.Start), packet.AddrFrom(r.End)}
}

// valid says whether r is of one family and runs from low to high.
func (r reach) valid(six bool) bool {
	return !(r.lo.IsZero() && r.hi.IsZero()) && r.lo.Is4() != six && r.hi.Is4() != six && !r.hi.Less(r.lo)
}

// size is the number of addresses less one, so that it can be told for every range.
func (r reach) size() packet.Addr { return r.offset(r.hi) }

// count is the number of addresses, or as many as a word can hold.
func (r reach) count() uint64 {
	if n := r.size(); n.Hi == 0 && n.Lo != math.MaxUint64 {
		return n.Lo + 1
	}
	return math.MaxUint64
}

// offset is how far a lies behind the first address.
func (r reach) offset(a packet.Addr) packet.Addr {
	lo, borrow := bits.Sub64(a.Lo, r.lo.Lo, 0)
	hi, _ := bits.Sub64(a.Hi, r.lo.Hi, borrow)
	return packet.Addr{Hi: hi, Lo: lo}
}

// at is the address that lies n behind the first one.
func (r reach) at(n packet.Addr) packet.Addr {
	lo, carry := bits.Add64(r.lo.Lo, n.Lo, 0)
	hi, _ := bits.Add64(r.lo.Hi, n.Hi, carry)
	return packet.Addr{Hi: hi, Lo: lo}
}

// behind is the first address after r. It reports false where there is none.
func (r reach) behind() (packet.Addr, bool) {
	next := reach{lo: r.hi}.at(packet.Addr{Lo: 1})
	return next, next != packet.Addr{}
}
