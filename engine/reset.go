package engine

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"portcullis/packet"
	"portcullis/session"
)

// resetBack answers p with a reset in the name of its receiver, numbered as that
// would (RFC 9293 section 3.10.7.1). It may be left out: about another reset, a
// damaged segment, at too high a rate, without a way back.
func (w *Worker) resetBack(p *Slot) {
	if p.TCPFlags&packet.TCPRst != 0 || !p.ChecksumOK() {
		return
	}
	to, r := w.back(p.Key.Src, p.In)
	if r != packet.ReasonNone || !w.resets.take(w.now) {
		return
	}
	h := p.Frame[p.L4:]
	seq, ack, flags := binary.BigEndian.Uint32(h[8:]), uint32(0), uint8(packet.TCPRst)
	if p.TCPFlags&packet.TCPAck == 0 {
		seq, flags = 0, packet.TCPRst|packet.TCPAck
		ack = binary.BigEndian.Uint32(h[4:]) + uint32(len(p.Frame)) - p.Payload
		if p.TCPFlags&packet.TCPSyn != 0 {
			ack++
		}
		if p.TCPFlags&packet.TCPFin != 0 {
			ack++
		}
	}
	k := p.Key.Reply()
	if s := w.reset(&k, seq, ack, flags); s != nil {
		s.Out, s.NextHop = to.Out, nextHop(to.Gateway, k.Dst)
	}
}

// resetEnd sends the receiver of direction dir a reset in the name of its peer
// (timeout-send-rst). Its number is the one that the receiver expects next, so
// that it is exact (RFC 5961 section 3.2), in the space of the bytes that were
// rewritten for it. It is bounded by the sessions that end, and so by no rate.
func (w *Worker) resetEnd(s *session.Session, dir packet.Dir) {
	seq, ack := s.TCP.Expects(uint8(dir))
	if s.Control != 0 {
		seq = w.controls.at(s.Control).control.TranslateSeq(dir, seq)
	}
	k := s.Leaving(dir)
	if g := w.reset(&k, seq, ack, packet.TCPRst|packet.TCPAck); g != nil {
		g.Out, g.NextHop = s.Out[dir], w.hop(s, dir, k.Dst)
	}
}

// reset makes a segment that leaves with key k and has nothing but a header. Its
// way is the caller's to set.
func (w *Worker) reset(k *packet.Key, seq, ack uint32, flags uint8) *Slot {
	kind, size := packet.KindIPv4, uint32(header.IPv4MinimumSize)
	if !k.Src.Is4() {
		kind, size = packet.KindIPv6, header.IPv6MinimumSize
	}
	s := w.answer(int(size)+header.TCPMinimumSize, kind)
	if s == nil {
		return nil
	}
	if kind == packet.KindIPv4 {
		ip := s.IPv4()
		ip.Encode(&header.IPv4Fields{TotalLength: uint16(len(ip)), TTL: hopLimit, Protocol: packet.ProtoTCP})
		k.Src.Put4(ip[12:])
		k.Dst.Put4(ip[16:])
		ip.SetChecksum(^ip.CalculateChecksum())
	} else {
		ip := s.IPv6()
		ip.Encode(&header.IPv6Fields{PayloadLength: header.TCPMinimumSize, TransportProtocol: packet.ProtoTCP, HopLimit: hopLimit})
		k.Src.Put16(ip[8:])
		k.Dst.Put16(ip[24:])
	}
	s.L4 = s.L3 + size
	s.Payload = s.L4 + header.TCPMinimumSize
	s.Key, s.TCPFlags = *k, flags
	h := s.Frame[s.L4:]
	binary.BigEndian.PutUint16(h, k.SrcPort)
	binary.BigEndian.PutUint16(h[2:], k.DstPort)
	binary.BigEndian.PutUint32(h[4:], seq)
	binary.BigEndian.PutUint32(h[8:], ack)
	h[12], h[13] = header.TCPMinimumSize/4<<4, flags
	s.FixChecksum()
	return s
}
