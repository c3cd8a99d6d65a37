package engine

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"portcullis/packet"
)

const (
	hopLimit = 64 // of what the box itself sends

	quote4 = 576 - header.IPv4MinimumSize - header.ICMPv4MinimumSize  // RFC 1812 section 4.3.2.3
	quote6 = 1280 - header.IPv6MinimumSize - header.ICMPv6MinimumSize // RFC 4443 section 2.4 c
)

// ttlExpired tells the sender of p that its hops ran out (RFC 792, RFC 4443 section
// 3.3).
func (w *Worker) ttlExpired(p *Slot) packet.Reason {
	if p.Kind == packet.KindIPv4 {
		w.icmpError(p, packet.ICMPTimeExceeded, 0, 0)
	} else {
		w.icmpError(p, packet.ICMPv6TimeExceeded, 0, 0)
	}
	return packet.ReasonTTL
}

// tooBig tells the sender of p the MTU to use (RFC 1191, RFC 8201).
func (w *Worker) tooBig(p *Slot, mtu int) packet.Reason {
	if p.Kind == packet.KindIPv4 {
		w.icmpError(p, packet.ICMPUnreachable, 4, uint32(mtu))
	} else {
		w.icmpError(p, packet.ICMPv6PacketTooBig, 0, uint32(mtu))
	}
	return packet.ReasonTooBig
}

// icmpError builds an ICMP error about p, as it arrived, to its sender. It may
// be left out: at too high a rate, about another error, without a way back.
func (w *Worker) icmpError(p *Slot, typ, code uint8, rest uint32) {
	if isICMP(p.Key.Proto) && packet.IsICMPError(p.Key.Proto, p.ICMPType) || !w.limit.take(w.now) {
		return
	}
	to, r := w.back(p.Key.Src, p.In)
	if r != packet.ReasonNone {
		return
	}
	six := p.Kind == packet.KindIPv6
	src, ok := w.rules.routes.SourceFor(p.In, six, p.Key.Src)
	if !ok {
		if src, ok = w.rules.routes.SourceFor(to.Out, six, p.Key.Src); !ok {
			return
		}
	}
	if !p.Offload.IsGSO() {
		p.CompleteChecksum() // p is dropped, and quoted as a wire would have shown it
	}
	build := w.buildICMP4
	if six {
		build = w.buildICMP6
	}
	if s := build(p, src, typ, code, rest); s != nil {
		s.Out, s.NextHop = to.Out, nextHop(to.Gateway, p.Key.Src)
	}
}

func (w *Worker) buildICMP4(p *Slot, src packet.Addr, typ, code uint8, rest uint32) *Slot {
	quote := p.Frame[p.L3:]
	quote = quote[:min(len(quote), quote4)]
	s := w.answer(header.IPv4MinimumSize+header.ICMPv4MinimumSize+len(quote), packet.KindIPv4)
	if s == nil {
		return nil
	}
	ip := s.IPv4()
	ip.Encode(&header.IPv4Fields{
		TOS: 0xc0, TotalLength: uint16(len(ip)), TTL: hopLimit, Protocol: packet.ProtoICMP,
	})
	src.Put4(ip[12:])
	p.Key.Src.Put4(ip[16:])
	ip.SetChecksum(^ip.CalculateChecksum())
	fillICMP(s, header.IPv4MinimumSize, packet.ProtoICMP, typ, code, rest, quote)
	return s
}

func (w *Worker) buildICMP6(p *Slot, src packet.Addr, typ, code uint8, rest uint32) *Slot {
	quote := p.Frame[p.L3:]
	quote = quote[:min(len(quote), quote6)]
	s := w.answer(header.IPv6MinimumSize+header.ICMPv6MinimumSize+len(quote), packet.KindIPv6)
	if s == nil {
		return nil
	}
	ip := s.IPv6()
	ip.Encode(&header.IPv6Fields{
		PayloadLength: uint16(len(ip) - header.IPv6MinimumSize), TransportProtocol: packet.ProtoICMPv6, HopLimit: hopLimit,
	})
	src.Put16(ip[8:])
	p.Key.Src.Put16(ip[24:])
	fillICMP(s, header.IPv6MinimumSize, packet.ProtoICMPv6, typ, code, rest, quote)
	return s
}

// answer makes room for an IP packet of size bytes behind an Ethernet header.
func (w *Worker) answer(size int, kind packet.Kind) *Slot {
	s := w.gen.add(packet.EthernetSize + size)
	if s == nil {
		return nil
	}
	ether := uint16(header.IPv4ProtocolNumber)
	if kind == packet.KindIPv6 {
		ether = uint16(header.IPv6ProtocolNumber)
	}
	binary.BigEndian.PutUint16(s.Frame[12:], ether)
	s.Kind, s.L3 = kind, packet.EthernetSize
	return s
}

// fillICMP writes the message behind an IP header of size bytes.
func fillICMP(s *Slot, size uint32, proto, typ, code uint8, rest uint32, quote []byte) {
	s.L4 = s.L3 + size
	s.Payload = s.L4 + header.ICMPv4MinimumSize
	s.Key.Proto, s.ICMPType = proto, typ
	h := s.Frame[s.L4:]
	h[0], h[1] = typ, code
	binary.BigEndian.PutUint32(h[4:], rest)
	copy(h[8:], quote)
	s.FixChecksum()
}
