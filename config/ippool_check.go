package config

import (
	"math/big"
	"net/netip"
)

// leastPorts is how few ports FortiOS gives an inside address at least.
const leastPorts = 32

// mostAddresses bounds a pool that keeps count of every address.
const mostAddresses = 1 << 16

// checkIPPools refuses pools that cannot work, and two with one address: which
// of them an answer belongs to could not be told.
func checkIPPools(l *loader, _ *Table) {
	ranges := make([]IPRange, len(l.cfg.IPPools))
	for i, p := range l.cfg.IPPools {
		if l.forward(p, "startip", p.StartIP, "endip", p.EndIP) {
			ranges[i] = IPRange{p.StartIP, p.EndIP}
			l.checkPoolAddresses(p, ranges[i])
		}
		if p.Type != PoolOneToOne && l.sound(p, "startport", "endport") {
			l.checkPoolPorts(p)
		}
		if p.Type == PoolFixedRange && l.forward(p, "source-startip", p.SourceStartIP, "source-endip", p.SourceEndIP) &&
			ranges[i].IsSet() && l.sound(p, "startport", "endport", "port-per-user") && p.StartPort <= p.EndPort {
			l.checkFixedRange(p)
		}
	}
	for i, first := range overlaps(ranges, func(int, int) bool { return true }) {
		if first >= 0 {
			other := l.cfg.IPPools[first]
			l.refuse(l.cfg.IPPools[i], "startip", "overlaps firewall ippool %q on line %d: expected addresses of its own", other.Name, l.line(other))
		}
	}
}

// forward says whether a range is whole and does not end before it starts.
func (l *loader) forward(entry any, startName string, start netip.Addr, endName string, end netip.Addr) bool {
	if !start.IsValid() || !end.IsValid() || !l.sound(entry, startName, endName) {
		return false
	}
	if end.Less(start) {
		l.refuse(entry, endName, "expected an address not below %s %s", startName, start)
		l.spots[entry].bad[endName] = true
		return false
	}
	return true
}

func (l *loader) checkPoolAddresses(p *IPPool, r IPRange) {
	l.checkPoolSize(p, r)
	if box := l.boxAddress(r); box != nil && p.Type != PoolOverload && l.sound(p, "type") {
		l.refuse(p, "startip", "the pool has %s of interface %q: expected other addresses, or type %s", box.prefix.Addr(), box.intf.Name, PoolOverload)
	}
}

func (l *loader) checkPoolSize(pool any, r IPRange) {
	if n := r.Len(); n.Cmp(big.NewInt(mostAddresses)) > 0 {
		l.refuse(pool, "endip", "%d addresses from startip: expected at most %d", n, mostAddresses)
	}
}

func (l *loader) checkPoolPorts(p *IPPool) {
	if p.EndPort < p.StartPort {
		l.refuse(p, "endport", "expected %d, the startport, or more", p.StartPort)
		return
	}
	if ports := int(p.EndPort) - int(p.StartPort) + 1; p.Type == PoolPortBlocks && int(p.BlockSize) > ports && l.sound(p, "block-size") {
		l.refuse(p, "block-size", "expected at most %d, the ports from startport to endport", ports)
	}
}

// checkFixedRange counts the inside addresses that the pool's ports suffice
// for.
func (l *loader) checkFixedRange(p *IPPool) {
	each := max(uint64(p.PortPerUser), leastPorts)
	addresses := IPRange{p.StartIP, p.EndIP}.Len().Uint64()
	inside := IPRange{p.SourceStartIP, p.SourceEndIP}.Len().Uint64()
	room := addresses * ((uint64(p.EndPort) - uint64(p.StartPort) + 1) / each)
	if inside > room {
		l.refuse(p, "source-endip", "%d addresses from source-startip: expected at most %d, with %d ports for each", inside, room, each)
	}
}

// checkIPPools6 does so for IPv6.
func checkIPPools6(l *loader, _ *Table) {
	ranges := make([]IPRange, len(l.cfg.IPPools6))
	for i, p := range l.cfg.IPPools6 {
		switch {
		case p.Type == PoolNPTv6:
			ranges[i] = l.checkNPTv6(p)
		case l.forward(p, "startip", p.StartIP, "endip", p.EndIP):
			ranges[i] = IPRange{p.StartIP, p.EndIP}
			l.checkPoolSize(p, ranges[i])
		}
	}
	for i, first := range overlaps(ranges, func(int, int) bool { return true }) {
		if first >= 0 {
			p, other := l.cfg.IPPools6[i], l.cfg.IPPools6[first]
			at := "startip"
			if p.Type == PoolNPTv6 {
				at = "external-prefix"
			}
			l.refuse(p, at, "overlaps firewall ippool6 %q on line %d: expected addresses of its own", other.Name, l.line(other))
		}
	}
}

// checkNPTv6 holds two prefixes to RFC 6296 and returns the outside one. Its
// checksum-neutral mapping needs 16 bits that no prefix covers, and the same
// number of bits on both sides.
func (l *loader) checkNPTv6(p *IPPool6) IPRange {
	in, out := p.InternalPrefix, p.ExternalPrefix
	if !l.sound(p, "type", "internal-prefix", "external-prefix") || !in.IsValid() || !out.IsValid() {
		return IPRange{}
	}
	switch {
	case in.Bits() > 64 || in.Bits() == 0:
		l.refuse(p, "internal-prefix", "expected a length of 1-64 (RFC 6296)")
	case in.Bits() != out.Bits():
		l.refuse(p, "external-prefix", "expected a length of %d, that of internal-prefix", in.Bits())
	case in == out:
		l.refuse(p, "external-prefix", "expected another prefix than internal-prefix")
	default:
		r := IPRange{out.Addr(), lastOf(out)}
		if box := l.boxAddress(r); box != nil {
			l.refuse(p, "external-prefix", "it has %s of interface %q, which would lose all its traffic: expected a prefix that is routed here", box.prefix.Addr(), box.intf.Name)
		}
		return r
	}
	return IPRange{}
}
