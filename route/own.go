package route

import (
	"net/netip"

	"go4.org/netipx"

	"portcullis/packet"
)

// ownership is what the interfaces' addresses say.
type ownership struct {
	local     map[packet.Addr]uint16
	broadcast map[packet.Addr]bool
	some      uint64    // a bit for each address in the two maps, see bit
	sources   []sources // by interface index
}

// sources are the addresses that an interface may speak from, the primary one
// first.
type sources struct{ v4, v6 []source }

type source struct {
	addr   packet.Addr
	subnet netip.Prefix
}

// bit is one of 64 that an address has: where it is not set, the address is not
// there, and most are not.
func bit(a packet.Addr) uint64 { return 1 << ((a.Hi ^ a.Lo) * 0x9e3779b97f4a7c15 >> 58) }

// add enters one address of an interface.
func (o *ownership) add(ifIndex uint16, p netip.Prefix) {
	addr := packet.AddrFrom(p.Addr())
	if _, ok := o.local[addr]; !ok {
		o.local[addr] = ifIndex
	}
	o.some |= bit(addr)
	if p.Addr().Is4() && p.Bits() <= 30 { // RFC 3021: a /31 has no broadcast
		last := packet.AddrFrom(netipx.PrefixLastIP(p))
		o.broadcast[last] = true
		o.some |= bit(last)
	}
	for len(o.sources) <= int(ifIndex) {
		o.sources = append(o.sources, sources{})
	}
	s := &o.sources[ifIndex]
	switch {
	case p.Addr().Is4():
		s.v4 = append(s.v4, source{addr, p.Masked()})
	case !p.Addr().IsLinkLocalUnicast():
		s.v6 = append(s.v6, source{addr, p.Masked()})
	}
}

func (o *ownership) source(out uint16, v6 bool, nexthop packet.Addr) (packet.Addr, bool) {
	if int(out) >= len(o.sources) {
		return packet.Addr{}, false
	}
	list := o.sources[out].v4
	if v6 {
		list = o.sources[out].v6
	}
	if len(list) == 0 {
		return packet.Addr{}, false
	}
	if len(list) > 1 {
		hop := nexthop.Netip()
		for i := range list {
			if list[i].subnet.Contains(hop) {
				return list[i].addr, true
			}
		}
	}
	return list[0].addr, true
}
