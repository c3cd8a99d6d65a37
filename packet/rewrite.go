package packet

import "encoding/binary"

// Rewrite is a translation of one direction of a flow, decided once and applied
// to every packet: what to write, and how it changes the checksums. The zero
// value changes nothing.
type Rewrite struct {
	what   uint8
	l3     uint16 // change of the IPv4 header's sum
	l4     uint16 // change of the transport sum: addresses and ports
	pseudo uint16 // change of the pseudo-header's sum: addresses alone
}

const (
	rewriteSrc  = 1 << iota // source address
	rewriteDst              // destination address
	rewritePort             // ports, the ICMP identifier, or the call id of PPTP
)

// NewRewrite returns the rewrite that turns packets with key from, as they
// arrive, into packets with key to, as they must leave. Both are of one family
// and protocol.
func NewRewrite(from, to Key) Rewrite {
	var r Rewrite
	if from.Src != to.Src {
		r.what |= rewriteSrc
	}
	if from.Dst != to.Dst {
		r.what |= rewriteDst
	}
	if r.what == 0 && from.SrcPort == to.SrcPort && from.DstPort == to.DstPort {
		return r
	}
	addr := to.Src.words() + to.Dst.words() + negate(from.Src) + negate(from.Dst)
	port := uint64(0)
	switch from.Proto {
	case ProtoICMP, ProtoICMPv6:
		if from.SrcPort != to.SrcPort {
			r.what |= rewritePort
			port = uint64(to.SrcPort) + uint64(^from.SrcPort)
		}
	case ProtoGRE: // its key is no port: it stays, but of a call; version 1 has no checksum
		if from.DstPort != to.DstPort {
			r.what |= rewritePort
		}
	default:
		if from.SrcPort != to.SrcPort || from.DstPort != to.DstPort {
			r.what |= rewritePort
			port = uint64(to.SrcPort) + uint64(^from.SrcPort) + uint64(to.DstPort) + uint64(^from.DstPort)
		}
	}
	if r.what == 0 {
		return r
	}
	r.l3 = fold(addr)
	r.pseudo, r.l4 = r.l3, fold(addr+port)
	if from.Proto == ProtoICMP { // no pseudo-header
		r.pseudo, r.l4 = 0, fold(port)
	}
	return r
}

// Reverse is the rewrite of the other direction: it turns the answers to what r has
// rewritten into the answers to what it was.
func (r Rewrite) Reverse() Rewrite {
	b := Rewrite{what: r.what &^ (rewriteSrc | rewriteDst), l3: opposite(r.l3), l4: opposite(r.l4), pseudo: opposite(r.pseudo)}
	if r.what&rewriteSrc != 0 {
		b.what |= rewriteDst
	}
	if r.what&rewriteDst != 0 {
		b.what |= rewriteSrc
	}
	return b
}

// opposite is the change of a sum that undoes n.
func opposite(n uint16) uint16 {
	if n == 0 {
		return 0
	}
	return ^n
}

// negate is the sum that takes the words of a away again.
func negate(a Addr) uint64 { return uint64(^fold(a.words())) }

// None says whether r changes nothing.
func (r *Rewrite) None() bool { return r.what == 0 }

// Apply writes the endpoints of to, the key that p must leave with, into p and
// adjusts its checksums: whole ones by the whole change, partial ones by the
// pseudo-header's. p.Key stays what it was on arrival. p must not be a fragment
// where ports change.
func (r *Rewrite) Apply(p *Packet, to *Key) {
	r.apply(p, &to.Src, &to.Dst, to.SrcPort, to.DstPort)
}

// ApplyBack is Apply for whoever knows the key that answers to p arrive with: its
// Reply is the key that p must leave with.
func (r *Rewrite) ApplyBack(p *Packet, back *Key) {
	src, dst := back.DstPort, back.SrcPort
	switch p.Key.Proto {
	case ProtoICMP, ProtoICMPv6:
		src = back.SrcPort // the identifier
	case ProtoGRE:
		src, dst = back.SrcPort, back.DstPort // the key
	}
	r.apply(p, &back.Dst, &back.Src, src, dst)
}

func (r *Rewrite) apply(p *Packet, src, dst *Addr, srcPort, dstPort uint16) {
	if r.what == 0 {
		return
	}
	h := p.Frame[p.L3:]
	if p.Kind == KindIPv4 {
		_ = h[19]
		src.Put4(h[12:])
		dst.Put4(h[16:])
		add(h[10:], r.l3)
	} else {
		_ = h[39]
		src.Put16(h[8:])
		dst.Put16(h[24:])
	}
	r.applyL4(p, srcPort, dstPort)
}

func (r *Rewrite) applyL4(p *Packet, src, dst uint16) {
	h := p.Frame[p.L4:]
	switch p.Key.Proto {
	case ProtoTCP:
		_ = h[19]
		putPorts(h, src, dst)
		r.sum(p, h[16:18])
	case ProtoUDP:
		_ = h[7]
		putPorts(h, src, dst)
		if h[6] == 0 && h[7] == 0 && !p.Offload.Partial() {
			return // no checksum is used (RFC 768)
		}
		r.sum(p, h[6:8])
		if h[6] == 0 && h[7] == 0 && !p.Offload.Partial() {
			h[6], h[7] = 0xff, 0xff
		}
	case ProtoICMP, ProtoICMPv6:
		_ = h[7]
		if r.what&rewritePort != 0 {
			binary.BigEndian.PutUint16(h[4:], src)
		}
		r.sum(p, h[2:4])
	case ProtoGRE:
		if r.what&rewritePort != 0 && p.CarriesPPTP() {
			putCall(h, dst)
		}
	case ProtoSCTP: // its checksum covers the ports but not the addresses
		switch {
		case r.what&rewritePort == 0:
		case p.Offload.Partial():
			putPorts(h, src, dst)
		default:
			setSCTPPorts(h, src, dst)
		}
	}
}

func (r *Rewrite) sum(p *Packet, b []byte) {
	if p.Offload.Partial() {
		addPartial(b, r.pseudo)
		return
	}
	add(b, r.l4)
}

// LastHop says whether the IPv4 TTL or the IPv6 hop limit lets the packet go no
// further.
func (p *Packet) LastHop() bool {
	if p.Kind == KindIPv4 {
		return p.Frame[p.L3+8] <= 1
	}
	return p.Frame[p.L3+7] <= 1
}

// DecrementTTL takes one hop from the IPv4 TTL or the IPv6 hop limit and
// reports false, changing nothing, where none is left.
func (p *Packet) DecrementTTL() bool {
	h := p.Frame[p.L3:]
	if p.Kind == KindIPv4 {
		_ = h[11]
		if h[8] <= 1 {
			return false
		}
		h[8]--
		s := uint32(binary.BigEndian.Uint16(h[10:])) + 0x0100 // RFC 1141
		binary.BigEndian.PutUint16(h[10:], uint16(s+s>>16))
		return true
	}
	if h[7] <= 1 {
		return false
	}
	h[7]--
	return true
}

// SetData replaces the payload of the transport header and mends all lengths
// and checksums. It reports false, changing nothing, where the packet would
// outgrow its memory or 65535 bytes. b may be a part of the payload itself. The
// checksum of an IPv4 header has to be right before. Not for fragments.
func (p *Packet) SetData(b []byte) bool {
	end := int(p.Payload) + len(b)
	if end > cap(p.Frame) || end-int(p.L3) > 65535 {
		return false
	}
	p.Frame = p.Frame[:end]
	if to := p.Frame[p.Payload:]; len(b) > 0 && &to[0] != &b[0] {
		copy(to, b)
	}
	h := p.Frame[p.L3:]
	if p.Kind == KindIPv4 {
		was, is := binary.BigEndian.Uint16(h[2:]), uint16(len(h))
		binary.BigEndian.PutUint16(h[2:], is)
		add(h[10:], fold(uint64(is)+uint64(^was)))
	} else {
		binary.BigEndian.PutUint16(h[4:], uint16(len(h)-ipv6Size))
	}
	if p.Key.Proto == ProtoUDP {
		binary.BigEndian.PutUint16(p.Frame[p.L4+4:], uint16(end-int(p.L4)))
	}
	p.FixChecksum()
	return true
}

// TurnAround makes p, whose transport header is already written, a packet from
// k.Dst to k.Src with that hop limit: addresses, lengths and checksums. Of an
// IPv4 header the identification and the fragment field become 0.
func (p *Packet) TurnAround(k Key, hopLimit uint8) {
	h := p.Frame[p.L3:]
	if p.Kind == KindIPv4 {
		binary.BigEndian.PutUint16(h[2:], uint16(len(h)))
		binary.BigEndian.PutUint32(h[4:], 0)
		h[8] = hopLimit
		k.Dst.Put4(h[12:])
		k.Src.Put4(h[16:])
		fixIPv4Header(h)
	} else {
		binary.BigEndian.PutUint16(h[4:], uint16(len(h)-ipv6Size))
		h[7] = hopLimit
		k.Dst.Put16(h[8:])
		k.Src.Put16(h[24:])
	}
	p.FixChecksum()
}
