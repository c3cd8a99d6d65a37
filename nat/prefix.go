package nat

import (
	"fmt"
	"net/netip"

	"go4.org/netipx"

	"portcullis/packet"
)

// prefixes is a translation of one IPv6 prefix to another that leaves every
// transport checksum as it is (RFC 6296): what the prefixes differ by is taken
// off another word of the address. It keeps no state and works both ways.
type prefixes struct {
	inside, outside netip.Prefix
	innerHi         uint64
	outerHi         uint64
	maskHi          uint64
	last            packet.Addr // of outside
	outward, inward uint16      // what is added to the word on the way
	subnet          bool        // the word is the subnet's (section 3.1), else one of the interface's (3.5)
}

// newPrefixes returns the translation of inside, which must be as long as outside.
func newPrefixes(inside, outside netip.Prefix) (p prefixes, err error) {
	if !inside.IsValid() || !outside.IsValid() || inside.Addr().Is4() || outside.Addr().Is4() {
		return p, fmt.Errorf("internal-prefix and external-prefix: expected IPv6 prefixes")
	}
	if inside.Bits() != outside.Bits() || inside.Bits() > 64 {
		return p, fmt.Errorf("external-prefix: expected a prefix as long as internal-prefix, and of at most 64 bits")
	}
	p.inside, p.outside = inside.Masked(), outside.Masked()
	in, out := packet.AddrFrom(p.inside.Addr()), packet.AddrFrom(p.outside.Addr())
	p.innerHi, p.outerHi = in.Hi, out.Hi
	if n := inside.Bits(); n > 0 {
		p.maskHi = ^uint64(0) << (64 - n)
	}
	p.last = packet.AddrFrom(netipx.PrefixLastIP(p.outside))
	p.subnet = inside.Bits() <= 48
	p.outward = plus(sum(in), ^sum(out))
	p.inward = ^p.outward
	return p, nil
}

// out is the outer address of an inner one; false where it has none.
func (p *prefixes) out(a packet.Addr) (packet.Addr, bool) {
	if a.Hi&p.maskHi != p.innerHi {
		return a, false
	}
	return p.shift(packet.Addr{Hi: a.Hi&^p.maskHi | p.outerHi, Lo: a.Lo}, p.outward)
}

// in is the inner address of an outer one; false where it has none.
func (p *prefixes) in(a packet.Addr) (packet.Addr, bool) {
	if a.Hi&p.maskHi != p.outerHi {
		return a, false
	}
	return p.shift(packet.Addr{Hi: a.Hi&^p.maskHi | p.innerHi, Lo: a.Lo}, p.inward)
}

// shift adds by to the word of a that bears the difference. A word of all ones
// bears none: it would not come back as it was (sections 3.4 and 3.5).
func (p *prefixes) shift(a packet.Addr, by uint16) (packet.Addr, bool) {
	if p.subnet {
		if uint16(a.Hi) == 0xffff {
			return a, false
		}
		a.Hi = a.Hi&^0xffff | uint64(bear(uint16(a.Hi), by))
		return a, true
	}
	for at := 48; at >= 0; at -= 16 {
		if w := uint16(a.Lo >> at); w != 0xffff {
			a.Lo = a.Lo&^(0xffff<<at) | uint64(bear(w, by))<<at
			return a, true
		}
	}
	return a, false
}

// bear adds in ones' complement, and has one zero only.
func bear(w, by uint16) uint16 {
	if s := plus(w, by); s != 0xffff {
		return s
	}
	return 0
}

// plus adds in ones' complement.
func plus(a, b uint16) uint16 {
	s := uint32(a) + uint32(b)
	return uint16(s + s>>16)
}

// sum adds up the words of an address in ones' complement.
func sum(a packet.Addr) (s uint16) {
	for at := 0; at < 64; at += 16 {
		s = plus(plus(s, uint16(a.Hi>>at)), uint16(a.Lo>>at))
	}
	return s
}
