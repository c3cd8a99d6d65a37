package packet

import "encoding/binary"

// Embedded is the packet that an ICMP error quotes: as much of it as is there.
type Embedded struct {
	Key Key // as the quoted packet left this box
	l3  uint32
	l4  uint32
	v6  bool

	pptp bool
}

// Embedded parses the packet quoted by an ICMP error (RFC 792, RFC 4443 section
// 3; RFC 5508 section 4). It wants the whole IP header and 8 bytes behind it.
// It reports false for a packet that does not quote one, quotes a fragment
// but the first, or ends before the key of a GRE tunnel.
func (p *Packet) Embedded() (Embedded, bool) {
	e := Embedded{l3: p.Payload, v6: p.Kind == KindIPv6}
	b := p.Frame[p.Payload:]
	if e.v6 {
		return e, e.parse6(b)
	}
	return e, e.parse4(b)
}

func (e *Embedded) parse4(b []byte) bool {
	if len(b) < ipv4MinSize || b[0]>>4 != 4 {
		return false
	}
	ihl := int(b[0]&0x0f) * 4
	if ihl < ipv4MinSize || len(b) < ihl+8 || binary.BigEndian.Uint16(b[6:])&0x1fff != 0 {
		return false
	}
	e.Key = Key{Src: AddrFrom4(b[12:]), Dst: AddrFrom4(b[16:]), Proto: b[9]}
	e.l4 = e.l3 + uint32(ihl)
	return e.ports(b[ihl:])
}

func (e *Embedded) parse6(b []byte) bool {
	if len(b) < ipv6Size+8 || b[0]>>4 != 6 {
		return false
	}
	e.Key = Key{Src: AddrFrom16(b[8:]), Dst: AddrFrom16(b[24:]), Proto: b[6]}
	e.l4 = e.l3 + ipv6Size
	return !e.Key.Src.Is4() && !e.Key.Dst.Is4() && e.ports(b[ipv6Size:])
}

// ports reads what the key needs of the first 8 bytes of the transport header.
func (e *Embedded) ports(h []byte) bool {
	switch e.Key.Proto {
	case ProtoTCP, ProtoUDP, ProtoSCTP:
		e.Key.SrcPort, e.Key.DstPort = binary.BigEndian.Uint16(h), binary.BigEndian.Uint16(h[2:])
	case ProtoICMP, ProtoICMPv6:
		if !isICMPQuery(e.Key.Proto, h[0]) {
			return false
		}
		e.Key.SrcPort, e.Key.DstPort = binary.BigEndian.Uint16(h[4:]), uint16(h[0])
	case ProtoGRE:
		e.pptp = h[1]&greVersion == 1 && binary.BigEndian.Uint16(h)&greChecksum == 0
		return e.Key.tunnel(h)
	}
	return true
}

// CarriesPPTP says what Packet.CarriesPPTP does, of the quoted packet.
func (e *Embedded) CarriesPPTP() bool { return e.pptp }

// QuotedSeq is the sequence number of a quoted TCP segment.
func (p *Packet) QuotedSeq(e Embedded) uint32 {
	return binary.BigEndian.Uint32(p.Frame[e.l4+4:])
}

// SetQuotedSeq changes the sequence number of a quoted TCP segment, and its
// checksum where that is quoted too. The ICMP checksum is left to RewriteError.
func (p *Packet) SetQuotedSeq(e Embedded, seq uint32) {
	h := p.Frame[e.l4:]
	old := binary.BigEndian.Uint32(h[4:])
	binary.BigEndian.PutUint32(h[4:], seq)
	if len(h) >= 18 {
		add(h[16:], fold(uint64(seq)+uint64(^old)))
	}
}

// size is the length of the quoted packet as its header, at q, has it: it may be
// quoted in part.
func (e *Embedded) size(q []byte) int {
	if e.v6 {
		return ipv6Size + int(binary.BigEndian.Uint16(q[4:]))
	}
	return int(binary.BigEndian.Uint16(q[2:]))
}

// RewriteError translates an ICMP error: the outer addresses to src and dst, the
// quoted packet from e.Key to inner; all checksums follow, also the quoted ones
// as far as they are quoted.
func (p *Packet) RewriteError(src, dst Addr, e Embedded, inner Key) {
	r := NewRewrite(e.Key, inner)
	q := p.Frame[e.l3:]
	if e.v6 {
		inner.Src.Put16(q[8:])
		inner.Dst.Put16(q[24:])
	} else {
		inner.Src.Put4(q[12:])
		inner.Dst.Put4(q[16:])
		add(q[10:], r.l3)
	}
	h := p.Frame[e.l4:]
	switch e.Key.Proto {
	case ProtoTCP, ProtoUDP:
		putPorts(h, inner.SrcPort, inner.DstPort)
	case ProtoSCTP:
		if n := e.size(q) - int(e.l4-e.l3); r.what&rewritePort != 0 && sctpSize <= n && n <= len(h) {
			setSCTPPorts(h[:n], inner.SrcPort, inner.DstPort)
		} else { // its checksum covers what is not quoted
			putPorts(h, inner.SrcPort, inner.DstPort)
		}
	case ProtoICMP, ProtoICMPv6:
		binary.BigEndian.PutUint16(h[4:], inner.SrcPort)
	case ProtoGRE:
		if r.what&rewritePort != 0 && e.pptp {
			putCall(h, inner.DstPort)
		}
	}
	unused := e.Key.Proto == ProtoUDP && h[6] == 0 && h[7] == 0
	if at := checksumAt(e.Key.Proto); at != 0 && len(h) >= int(at)+2 && !unused {
		add(h[at:], r.l4)
	}
	o := p.Frame[p.L3:]
	if p.Kind == KindIPv4 {
		src.Put4(o[12:])
		dst.Put4(o[16:])
		fixIPv4Header(o)
	} else {
		src.Put16(o[8:])
		dst.Put16(o[24:])
	}
	p.FixChecksum()
}
