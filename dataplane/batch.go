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
	if dst := MAC(frame); dst != w.mac && !dst.IsGroup() {
		return packet.ReasonNotForUs
	}
	s := &w.batch.slots[w.batch.n]
	s.In = w.member.index
	if r := s.Parse(frame, b.Offload()); r != packet.ReasonNone {
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
	s.Verdict, s.Reason, s.Out, s.FragmentTo = engine.Drop, packet.ReasonNone, 0, 0
	w.batch.buffers[w.batch.n] = b
	w.batch.n++
	return packet.ReasonNone
}
