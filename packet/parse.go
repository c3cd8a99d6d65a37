package packet

import "encoding/binary"

// Theory of operation.
//
// Parse reads a frame once, from the outside in, and remembers offsets. It
// checks every length that an accessor will rely on, so that after it returned
// ReasonNone no accessor of Packet can reach past the frame. What it does not
// check is whether the packet makes sense to a router: that is the engine's
// sanity step.
//
// A super-packet (segmentation left to the device) parses like any other: its
// lengths are those of the whole.

const (
	etherIPv4 = 0x0800
	etherARP  = 0x0806
	etherVLAN = 0x8100
	etherIPv6 = 0x86dd
	etherQinQ = 0x88a8

	maxVLANs      = 2
	arpSize       = 28
	ipv4MinSize   = 20
	ipv6Size      = 40
	tcpMinSize    = 20
	udpSize       = 8
	maxExtHeaders = 8
)

// Parse reads frame into p and reports what is wrong with it. p borrows frame,
// without the padding that may follow an IP packet; p.In is left alone. With
// any reason but ReasonNone, p.Kind is KindNone and p.Key is not to be used.
func (p *Packet) Parse(frame []byte, off Offload) Reason {
	p.Frame, p.Offload = frame, off
	p.Kind, p.Frag, p.VLANs, p.TCPFlags, p.ICMPType = KindNone, false, 0, 0, 0
	if len(frame) < EthernetSize {
		return ReasonTruncated
	}
	l3 := uint32(EthernetSize)
	ether := binary.BigEndian.Uint16(frame[12:])
	for ether == etherVLAN || ether == etherQinQ {
		if p.VLANs == maxVLANs {
			return ReasonBadVLAN
		}
		if len(frame) < int(l3)+4 {
			return ReasonTruncated
		}
		if p.VLANs == 0 {
			p.VLAN = binary.BigEndian.Uint16(frame[l3:]) & 0x0fff
		}
		ether = binary.BigEndian.Uint16(frame[l3+2:])
		l3 += 4
		p.VLANs++
	}
	p.L3 = l3
	switch ether {
	case etherIPv4:
		return p.parseIPv4()
	case etherIPv6:
		return p.parseIPv6()
	case etherARP:
		if len(frame) < int(l3)+arpSize {
			return ReasonTruncated
		}
		p.Kind = KindARP
		return ReasonNone
	}
	return ReasonEtherType
}

func (p *Packet) parseIPv4() Reason {
	h := p.Frame[p.L3:]
	if len(h) < ipv4MinSize {
		return ReasonTruncated
	}
	ihl := int(h[0]&0x0f) * 4
	total := int(binary.BigEndian.Uint16(h[2:]))
	if h[0]>>4 != 4 || ihl < ipv4MinSize || total < ihl {
		return ReasonBadIPHeader
	}
	if total > len(h) {
		return ReasonTruncated
	}
	if !headerSumOK(h[:ihl]) {
		return ReasonBadIPChecksum
	}
	if ihl > ipv4MinSize {
		if r := checkIPv4Options(h[ipv4MinSize:ihl]); r != ReasonNone {
			return r
		}
	}
	p.Frame = p.Frame[:int(p.L3)+total]
	p.L4 = p.L3 + uint32(ihl)
	p.Key = Key{Src: AddrFrom4(h[12:]), Dst: AddrFrom4(h[16:]), Proto: h[9]}
	if frag := binary.BigEndian.Uint16(h[6:]); frag&0x3fff != 0 {
		return p.finish(KindIPv4, p.fragment(int(frag&0x1fff)*8, frag&0x2000 != 0, total-ihl))
	}
	return p.finish(KindIPv4, p.parseL4())
}

// checkIPv4Options walks the options (RFC 791 section 3.1) and refuses source
// routes.
func checkIPv4Options(opt []byte) Reason {
	for len(opt) > 0 {
		switch opt[0] {
		case 0: // end of options
			return ReasonNone
		case 1: // no operation
			opt = opt[1:]
			continue
		case 131, 137: // loose and strict source route
			return ReasonSourceRoute
		}
		if len(opt) < 2 || opt[1] < 2 || int(opt[1]) > len(opt) {
			return ReasonBadIPOption
		}
		opt = opt[opt[1]:]
	}
	return ReasonNone
}

func (p *Packet) parseIPv6() Reason {
	h := p.Frame[p.L3:]
	if len(h) < ipv6Size {
		return ReasonTruncated
	}
	if h[0]>>4 != 6 {
		return ReasonBadIPHeader
	}
	total := ipv6Size + int(binary.BigEndian.Uint16(h[4:]))
	if total > len(h) {
		return ReasonTruncated
	}
	p.Frame = p.Frame[:int(p.L3)+total]
	p.L4 = p.L3 + ipv6Size
	p.Key = Key{Src: AddrFrom16(h[8:]), Dst: AddrFrom16(h[24:]), Proto: h[6]}
	if p.Key.Src.Is4() || p.Key.Dst.Is4() {
		return ReasonMartianSource // mapped addresses are never on a wire, and are IPv4's here
	}
	switch p.Key.Proto {
	case ProtoTCP, ProtoUDP, ProtoICMPv6:
		return p.finish(KindIPv6, p.parseL4())
	}
	return p.finish(KindIPv6, p.parseExtHeaders())
}

// parseExtHeaders walks the IPv6 extension headers (RFC 8200 section 4) to the
// transport header, which it then parses.
func (p *Packet) parseExtHeaders() Reason {
	fragment := false // a fragment header was there
	for range maxExtHeaders {
		h := p.Frame[p.L4:]
		size := 0
		switch p.Key.Proto {
		case 0: // hop-by-hop options: only right behind the IPv6 header
			if p.L4 != p.L3+ipv6Size {
				return ReasonBadExtHeader
			}
			fallthrough
		case 60: // destination options
			if len(h) >= 2 {
				size = 8 + int(h[1])*8
			}
		case 43: // routing
			if len(h) >= 4 {
				size = 8 + int(h[1])*8
				if h[2] == 0 && h[3] != 0 { // type 0 with segments left (RFC 5095)
					return ReasonSourceRoute
				}
			}
		case 44: // fragment
			if len(h) < 8 || fragment {
				return ReasonBadExtHeader
			}
			fragment = true
			frag := binary.BigEndian.Uint16(h[2:])
			p.Key.Proto = h[0]
			p.L4 += 8
			if frag&0xfff9 != 0 {
				return p.fragment(int(frag&0xfff8), frag&1 != 0, len(h)-8)
			}
			continue // an atomic fragment (RFC 6946) is a whole packet
		default:
			return p.parseL4()
		}
		if size == 0 || size > len(h) {
			return ReasonBadExtHeader
		}
		p.Key.Proto = h[0]
		p.L4 += uint32(size)
	}
	return ReasonBadExtHeader
}

// fragment notes that p is a fragment of size bytes at offset.
func (p *Packet) fragment(offset int, more bool, size int) Reason {
	if size == 0 || more && size%8 != 0 || offset+size > 65535 {
		return ReasonBadFragment
	}
	p.Frag = true
	p.Payload = uint32(len(p.Frame))
	return ReasonNone
}

// parseL4 reads the transport header at p.L4.
func (p *Packet) parseL4() Reason {
	h := p.Frame[p.L4:]
	size := 0
	switch p.Key.Proto {
	case ProtoTCP:
		if len(h) < tcpMinSize {
			return ReasonBadL4Header
		}
		size = int(h[12]>>4) * 4
		if size < tcpMinSize || size > len(h) {
			return ReasonBadL4Header
		}
		p.TCPFlags = h[13]
		p.ports(h)
	case ProtoUDP:
		if len(h) < udpSize {
			return ReasonBadL4Header
		}
		if n := int(binary.BigEndian.Uint16(h[4:])); n < udpSize || n > len(h) {
			return ReasonBadL4Header
		}
		size = udpSize
		p.ports(h)
	case ProtoICMP, ProtoICMPv6:
		if len(h) < icmpQueryHeaderSize || (p.Key.Proto == ProtoICMP) != p.Key.Src.Is4() {
			return ReasonBadL4Header
		}
		size = icmpQueryHeaderSize
		p.ICMPType = h[0]
		p.Key.DstPort = uint16(h[0])
		if isICMPQuery(p.Key.Proto, h[0]) {
			p.Key.SrcPort = binary.BigEndian.Uint16(h[4:])
		}
	case ProtoSCTP:
		if len(h) < sctpSize || !chunksOK(h[sctpSize:]) {
			return ReasonBadL4Header
		}
		size = sctpSize
		p.ports(h)
	case ProtoGRE:
		n, ok := p.parseGRE(h)
		if !ok {
			return ReasonBadL4Header
		}
		size = n
	case ProtoESP, ProtoAH:
		if len(h) < 8 {
			return ReasonBadL4Header
		}
	}
	p.Payload = p.L4 + uint32(size)
	return ReasonNone
}

func (p *Packet) ports(h []byte) {
	p.Key.SrcPort = binary.BigEndian.Uint16(h)
	p.Key.DstPort = binary.BigEndian.Uint16(h[2:])
}

func (p *Packet) finish(k Kind, r Reason) Reason {
	if r == ReasonNone {
		p.Kind = k
	}
	return r
}
