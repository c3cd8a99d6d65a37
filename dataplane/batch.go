package dataplane

import (
	"portcullis/dataplane/neighbour"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

// batch is one batch of received frames on its way to the engine: slots[i] is
// parsed from buffers[i], up to n.
type batch struct {
	slots   []engine.Slot
	buffers []Buffer
	n       int
}

func newBatch(size int) batch {
	return batch{slots: make([]engine.Slot, size), buffers: make([]Buffer, size)}
}

// admit parses the frame in b and adds it, unless it dies or is meant for the
// dataplane itself.
func (w *worker) admit(now session.Tick, b Buffer) packet.Reason {
	frame := b.Frame()
	if len(frame) < packet.EthernetSize {
		return packet.ReasonTruncated
	}
	group := MAC(frame).IsGroup()
	if !group && MAC(frame) != w.mac {
		return packet.ReasonNotForUs
	}
	b = untagPriority(b)
	s := &w.batch.slots[w.batch.n]
	s.In = w.member.index
	if r := s.Parse(b.Frame(), b.Offload()); r != packet.ReasonNone {
		return r
	}
	if s.VLANs > 0 {
		return packet.ReasonBadVLAN
	}
	switch {
	case s.Kind == packet.KindARP:
		if !w.member.neighbours.ARP(now, s.Frame, &w.outbox) {
			return packet.ReasonBadL4Header
		}
		return packet.ReasonNone
	case s.Key.Proto == packet.ProtoICMPv6 && !s.Frag && s.Kind == packet.KindIPv6 && neighbour.IsND(s.ICMPType):
		if !w.member.neighbours.ND(now, &s.Packet, &w.outbox) {
			return packet.ReasonBadL4Header
		}
		return packet.ReasonNone
	}
	if group && !s.Key.Dst.IsMulticast() && !s.Key.Dst.IsBroadcast() {
		return packet.ReasonNotForUs // every router of the link would forward it (RFC 1812 section 5.3.4)
	}
	s.Renew()
	w.batch.buffers[w.batch.n] = b
	w.batch.n++
	return packet.ReasonNone
}

// untagPriority takes out an 802.1Q tag that names no VLAN but only a priority
// (identifier 0): such a frame is an untagged one.
func untagPriority(b Buffer) Buffer {
	const tag = 4
	f := b.Frame()
	if len(f) < packet.EthernetSize+tag || f[12] != 0x81 || f[13] != 0x00 || f[14]&0x0f != 0 || f[15] != 0 {
		return b
	}
	off := b.Offload()
	if off.Partial() && off.CsumStart >= tag {
		off.CsumStart -= tag
	}
	if off.HdrLen >= tag {
		off.HdrLen -= tag
	}
	copy(f[tag:], f[:12])
	b = b[tag:]
	off.Encode(b)
	return b
}
