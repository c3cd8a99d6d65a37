package packet

import (
	"encoding/binary"
	"math/bits"
)

// The Internet checksum (RFC 1071) and its incremental form (RFC 1624). Sums
// are kept unfolded in 64 bits until they are stored.

// fold reduces a sum of 16-bit words to one word.
func fold(s uint64) uint16 {
	s = s>>32 + s&0xffff_ffff
	s = s>>16&0xffff + s&0xffff + s>>32
	s = s>>16 + s&0xffff
	return uint16(s>>16 + s)
}

// headerSumOK says whether the checksum of an IPv4 header is right.
func headerSumOK(h []byte) bool { return sum(h) == 0xffff }

// words is the sum of the 16-bit words of an address as a header of its family
// spells it.
func (a Addr) words() uint64 {
	if a.Is4() {
		return a.Lo & 0xffff_ffff
	}
	s, c := bits.Add64(a.Hi, a.Lo, 0)
	s, c = bits.Add64(s, 0, c)
	return s>>32 + s&0xffff_ffff + c
}

// add adds delta to a stored checksum, which is the complement of a sum.
func add(b []byte, delta uint16) {
	binary.BigEndian.PutUint16(b, ^fold(uint64(^binary.BigEndian.Uint16(b))+uint64(delta)))
}

// addPartial adds delta to the pseudo-header sum of a partial checksum, which
// is stored as it is.
func addPartial(b []byte, delta uint16) {
	binary.BigEndian.PutUint16(b, fold(uint64(binary.BigEndian.Uint16(b))+uint64(delta)))
}

// checksumAt is where the transport checksum is stored, counted from L4; 0 for
// a protocol without an Internet checksum.
func checksumAt(proto uint8) uint32 {
	switch proto {
	case ProtoTCP:
		return 16
	case ProtoUDP:
		return 6
	case ProtoICMP, ProtoICMPv6:
		return 2
	}
	return 0
}

// pseudoSum is the sum of the pseudo-header of p's transport protocol for a
// transport packet of n bytes.
func (p *Packet) pseudoSum(n int) uint64 {
	if p.Key.Proto == ProtoICMP {
		return 0
	}
	addrs := uint64(0)
	if h := p.Frame[p.L3:]; p.Kind == KindIPv4 {
		addrs = uint64(binary.BigEndian.Uint32(h[12:16])) + uint64(binary.BigEndian.Uint32(h[16:20]))
	} else {
		addrs = uint64(sum(h[8:40]))
	}
	return addrs + uint64(n) + uint64(p.Key.Proto)
}

// Addrs reads the addresses from the IP header, where p.Key may no longer name
// them because p was rewritten. Valid iff Kind is KindIPv4 or KindIPv6.
func (p *Packet) Addrs() (src, dst Addr) {
	h := p.Frame[p.L3:]
	if p.Kind == KindIPv4 {
		return AddrFrom4(h[12:]), AddrFrom4(h[16:])
	}
	return AddrFrom16(h[8:]), AddrFrom16(h[24:])
}

// transportLen is the length of the transport packet: for UDP what its header
// says, else what the IP packet holds.
func (p *Packet) transportLen() int {
	if p.Key.Proto == ProtoUDP {
		return int(binary.BigEndian.Uint16(p.Frame[p.L4+4:]))
	}
	return len(p.Frame) - int(p.L4)
}

// ChecksumOK says whether the transport checksum is right, or was checked by
// the device, or is still to be completed by it, or is not used (UDP over IPv4,
// RFC 768). Not for fragments.
func (p *Packet) ChecksumOK() bool {
	if p.Offload.Flags&(OffloadNeedsCsum|OffloadDataValid) != 0 {
		return true
	}
	if p.Key.Proto == ProtoSCTP {
		return sctpSumOK(p.Frame[p.L4:])
	}
	if checksumAt(p.Key.Proto) == 0 {
		return true
	}
	n := p.transportLen()
	h := p.Frame[p.L4 : int(p.L4)+n]
	if p.Key.Proto == ProtoUDP && h[6] == 0 && h[7] == 0 {
		return p.Kind == KindIPv4
	}
	return fold(p.pseudoSum(n)+uint64(sum(h))) == 0xffff
}

// FixChecksum computes the transport checksum anew: all of it, or the
// pseudo-header's share where the device completes it; of SCTP's, which has none,
// that share is 0. Not for fragments.
func (p *Packet) FixChecksum() {
	if p.Key.Proto == ProtoSCTP {
		fixSCTP(p.Frame[p.L4:], p.Offload.Partial())
		return
	}
	at := checksumAt(p.Key.Proto)
	if at == 0 {
		return
	}
	n := p.transportLen()
	h := p.Frame[p.L4 : int(p.L4)+n]
	if p.Offload.Partial() {
		binary.BigEndian.PutUint16(h[at:], fold(p.pseudoSum(n)))
		return
	}
	h[at], h[at+1] = 0, 0
	check := ^fold(p.pseudoSum(n) + uint64(sum(h)))
	if check == 0 && p.Key.Proto == ProtoUDP {
		check = 0xffff
	}
	binary.BigEndian.PutUint16(h[at:], check)
}

// CompleteChecksum does in software what was left to the device, for packets
// that will be cut or quoted, and for SCTP: what a virtio-net header can ask for is
// an Internet checksum.
func (p *Packet) CompleteChecksum() {
	if p.Offload.Partial() {
		p.Offload.Flags &^= OffloadNeedsCsum
		p.FixChecksum()
	}
}

// fixIPv4Header computes the checksum of the IPv4 header of size bytes at h.
func fixIPv4Header(h []byte) {
	ihl := int(h[0]&0x0f) * 4
	h[10], h[11] = 0, 0
	binary.BigEndian.PutUint16(h[10:], ^sum(h[:ihl]))
}
