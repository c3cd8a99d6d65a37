package replay

import (
	"encoding/binary"

	"portcullis/packet"
)

// Theory of operation.
//
// A capture that was taken on the sending host shows frames before its network card
// has finished them: checksums are not computed, segments not cut, and the length
// of a super-packet may be missing. On the wire these were right, so they are taken
// as right here, but no others: a wrong checksum is one of the ways to say one
// thing to a firewall and another to a host.
//
//   - A checksum that is exactly the sum of the pseudo-header was left to the card.
//   - A host whose first packet of all has a wrong checksum leaves them to its card,
//     or its addresses were changed in the capture; the others' are judged as they
//     are. Transport and IPv4 header are judged apart, and so are packets with data:
//     it may be the data that was changed.
//   - A TCP packet larger than the MTU is a super-packet.
//
// A frame that was cut when it was captured (snap length) is filled up with zeros
// where its headers are whole, so that its session goes on; its checksum is made
// wrong, so that no helper reads the zeros.

// sums knows who leaves checksums to a network card.
type sums struct {
	leaves    map[speaker]bool     // absent where nothing was heard of it
	headers   map[packet.Addr]bool // likewise, of IPv4 headers
	mtu       int
	completed int // checksums that were taken as right
}

// speaker is a host as the sender of packets of a kind.
type speaker struct {
	host packet.Addr
	data bool // of those with data
}

// parse reads frame, which has some room behind it, into p.
func (s *sums) parse(p *packet.Packet, frame []byte, isCut bool) packet.Reason {
	had := uint32(len(frame))
	if isCut {
		frame = fill(frame)
	}
	s.mend4(frame)
	s.mend6(frame)
	if r := p.Parse(frame, packet.Offload{}); r != packet.ReasonNone || p.Kind == packet.KindARP {
		return r
	}
	switch {
	case !isCut || uint32(len(p.Frame)) <= had:
		if !p.Frag {
			s.judge(p)
			s.segment(p)
		}
	case p.Frag || p.Payload > had || p.Key.Proto == packet.ProtoSCTP:
		return packet.ReasonTruncated
	default:
		spoil(p)
	}
	return packet.ReasonNone
}

// sumAt is where the transport checksum is stored, from the transport header on; 0
// for protocols that no card completes.
func sumAt(proto uint8) uint32 {
	switch proto {
	case packet.ProtoTCP:
		return 16
	case packet.ProtoUDP:
		return 6
	}
	return 0
}

// judge decides whether a wrong checksum of p was right on the wire.
func (s *sums) judge(p *packet.Packet) {
	at := sumAt(p.Key.Proto)
	if at == 0 {
		return
	}
	who := speaker{p.Key.Src, uint32(len(p.Frame)) > p.Payload}
	leaves, known := s.leaves[who]
	right := p.ChecksumOK()
	if !right && s.partial(p, at) {
		s.completed++
		return
	}
	if !known {
		if s.leaves == nil {
			s.leaves = map[speaker]bool{}
		}
		leaves = !right
		s.leaves[who] = leaves
	}
	if !right && leaves {
		s.completed++
		p.FixChecksum()
	}
}

// partial says whether the checksum of p is the sum of its pseudo-header, and then
// leaves it to a card.
func (s *sums) partial(p *packet.Packet, at uint32) bool {
	field := p.Frame[p.L4+at:][:2]
	was := [2]byte(field)
	p.Offload = packet.Offload{Flags: packet.OffloadNeedsCsum, CsumStart: uint16(p.L4), CsumOffset: uint16(at)}
	p.FixChecksum()
	if [2]byte(field) == was {
		return true
	}
	copy(field, was[:])
	p.Offload = packet.Offload{}
	return false
}

// segment makes a super-packet of what is too large for any link.
func (s *sums) segment(p *packet.Packet) {
	headers := int(p.Payload - p.L3)
	if p.Key.Proto != packet.ProtoTCP || len(p.Frame)-int(p.L3) <= s.mtu || s.mtu-headers < 8 || !p.ChecksumOK() {
		return
	}
	p.Offload = packet.Offload{
		Flags: packet.OffloadNeedsCsum, CsumStart: uint16(p.L4), CsumOffset: 16,
		GSO: packet.GSOTCPv4, GSOSize: uint16(s.mtu - headers), HdrLen: uint16(p.Payload),
	}
	if p.Kind == packet.KindIPv6 {
		p.Offload.GSO = packet.GSOTCPv6
	}
	p.FixChecksum()
}

// mend6 gives an IPv6 header the length that was left to a card.
func (s *sums) mend6(frame []byte) {
	h := frame[packet.EthernetSize:]
	if binary.BigEndian.Uint16(frame[12:]) != 0x86dd || len(h) <= 40 || len(h)-40 > 65535 || h[4] != 0 || h[5] != 0 || h[6] != packet.ProtoTCP {
		return
	}
	binary.BigEndian.PutUint16(h[4:], uint16(len(h)-40))
	s.completed++
}

// mend4 gives an IPv4 header the length that was left to a card, where there is
// none, and its checksum: where there is none, or its sender's first one was wrong.
func (s *sums) mend4(frame []byte) {
	h := frame[packet.EthernetSize:]
	if binary.BigEndian.Uint16(frame[12:]) != 0x0800 || len(h) < 20 || len(h) > 65535 || h[0]>>4 != 4 {
		return
	}
	size := int(h[0]&15) * 4
	if size < 20 || size > len(h) {
		return
	}
	if h[2] == 0 && h[3] == 0 && h[9] == packet.ProtoTCP {
		binary.BigEndian.PutUint16(h[2:], uint16(len(h)))
		fixHeader(h[:size])
		s.completed++
		return
	}
	right, none := headerSum(h[:size]) == 0, h[10] == 0 && h[11] == 0
	host := packet.AddrFrom4(h[12:])
	leaves, known := s.headers[host]
	if !known && !none {
		if s.headers == nil {
			s.headers = map[packet.Addr]bool{}
		}
		leaves = !right
		s.headers[host] = leaves
	}
	if !right && (none || leaves) {
		fixHeader(h[:size])
		s.completed++
	}
}

// headerSum is the checksum that an IPv4 header ought to have were the one in it 0;
// 0 where the one in it is right.
func headerSum(h []byte) uint16 {
	var sum uint32
	for i := 0; i < len(h); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(h[i:]))
	}
	sum = sum>>16 + sum&0xffff
	return ^uint16(sum>>16 + sum)
}

// fixHeader computes the checksum of an IPv4 header.
func fixHeader(h []byte) {
	h[10], h[11] = 0, 0
	binary.BigEndian.PutUint16(h[10:], headerSum(h))
}

// fill adds zeros to a frame that was cut, up to the length that its IP header says.
func fill(frame []byte) []byte {
	h, want := frame[packet.EthernetSize:], 0
	switch ether := binary.BigEndian.Uint16(frame[12:]); {
	case ether == 0x0800 && len(h) >= 20:
		want = int(binary.BigEndian.Uint16(h[2:]))
	case ether == 0x86dd && len(h) >= 40:
		want = 40 + int(binary.BigEndian.Uint16(h[4:]))
	}
	if n := want - len(h); n > 0 {
		frame = append(frame, make([]byte, n)...)
	}
	return frame
}

// spoil makes the checksum of p wrong.
func spoil(p *packet.Packet) {
	at := sumAt(p.Key.Proto)
	if at == 0 || !p.ChecksumOK() {
		return
	}
	field := p.Frame[p.L4+at:][:2]
	for n := uint16(1); p.ChecksumOK(); n++ {
		binary.BigEndian.PutUint16(field, n)
	}
}
