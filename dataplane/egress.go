package dataplane

import (
	"portcullis/dataplane/neighbour"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

// egress is the way out of one goroutine: it owns a lane to every port.
type egress struct {
	plane   *Plane
	members *members // the set that lanes was built for
	lanes   []lane   // by index of interface

	arena     arena            // memory of frames that were not received
	generated []pendingSlot    // what the engine sends by itself
	outbox    neighbour.Outbox // of Enqueue
	lost      losses
}

// pendingSlot is a slot with the Buffer that its frame lies in.
type pendingSlot struct {
	buffer Buffer
	slot   engine.Slot
}

// sync follows changes of the set of ports.
func (e *egress) sync() {
	now := e.plane.members.Load()
	if now == e.members {
		return
	}
	e.members = now
	lanes := make([]lane, len(*now))
	for i, m := range *now {
		switch {
		case m == nil:
		case i < len(e.lanes) && e.lanes[i].member == m:
			lanes[i] = e.lanes[i]
		default:
			lanes[i] = lane{member: m, sender: m.port.NewSender()}
		}
	}
	e.lanes = lanes
}

// lane is the lane to an interface, or nil.
func (e *egress) lane(index uint16) *lane {
	if int(index) < len(e.lanes) && e.lanes[index].member != nil {
		return &e.lanes[index]
	}
	return nil
}

// takeGenerated keeps copies of slots, which the engine only lends while its
// lock is held.
func (e *egress) takeGenerated(slots []engine.Slot) {
	for i := range slots {
		s := slots[i]
		b := e.arena.keep(s.Frame, s.Offload)
		s.Frame = b.Frame()
		e.generated = append(e.generated, pendingSlot{b, s})
	}
}

// slot sends what the engine decided to send. b is what s was parsed from.
func (e *egress) slot(now session.Tick, b Buffer, s *engine.Slot) {
	if s.Verdict != engine.Forward && s.Verdict != engine.Answer {
		return
	}
	l := e.lane(s.Out)
	if l == nil || !l.member.port.Info().Up {
		e.lost.add(packet.ReasonPortDown, 1)
		return
	}
	b = e.reunite(b, s)
	mac, ok := l.hop(now, s.NextHop)
	writeLinkHeader(s.Frame, mac, l.member.port.Info().MAC)
	if s.FragmentTo == 0 {
		e.to(now, l, ok, b, s.NextHop)
		return
	}
	cut := packet.Fragment(&s.Packet, int(s.FragmentTo), func(frame []byte) {
		e.to(now, l, ok, e.arena.keep(frame, packet.Offload{}), s.NextHop)
	})
	if !cut {
		e.lost.add(packet.ReasonTooBig, 1)
	}
}

// to queues b for l; where the next hop is not resolved it waits in the
// neighbour table.
func (e *egress) to(now session.Tick, l *lane, resolved bool, b Buffer, next packet.Addr) {
	if resolved {
		l.frames = append(l.frames, b)
		return
	}
	l.member.neighbours.Enqueue(now, next, b.Frame(), b.Offload(), &e.outbox)
	e.takeOutbox(l.member, &e.outbox)
}

// reunite returns the Buffer of s after the engine edited it: the old one with
// the new length, or a copy where the frame moved elsewhere.
func (e *egress) reunite(b Buffer, s *engine.Slot) Buffer {
	n := packet.OffloadSize + len(s.Frame)
	if n > cap(b) || len(s.Frame) == 0 || &b[:n][packet.OffloadSize] != &s.Frame[0] {
		b = e.arena.keep(s.Frame, s.Offload)
		s.Frame = b.Frame()
		return b
	}
	b = b[:n]
	s.Offload.Encode(b)
	return b
}

// takeOutbox queues what the table of m wants to send, and empties o.
func (e *egress) takeOutbox(m *member, o *neighbour.Outbox) {
	e.lost.addAll(&o.Lost)
	if len(o.Frames) > 0 {
		if l := e.lane(m.index); l != nil && l.member == m {
			for _, f := range o.Frames {
				l.frames = append(l.frames, e.arena.keep(f.Data, f.Offload))
			}
		} else {
			e.lost.add(packet.ReasonPortDown, uint64(len(o.Frames)))
		}
	}
	o.Reset()
}

// finish sends what the engine generated and everything queued.
func (e *egress) finish(now session.Tick) {
	for i := range e.generated {
		e.slot(now, e.generated[i].buffer, &e.generated[i].slot)
	}
	clear(e.generated)
	e.generated = e.generated[:0]
	for i := range e.lanes {
		if l := &e.lanes[i]; len(l.frames) > 0 {
			l.flush(&e.lost)
		}
	}
	e.arena.reset()
}

// writeLinkHeader fills the Ethernet header of an IP packet.
func writeLinkHeader(frame []byte, dst, src MAC) {
	copy(frame, dst[:])
	copy(frame[6:], src[:])
	frame[12], frame[13] = 0x08, 0x00
	if frame[packet.EthernetSize]>>4 == 6 {
		frame[12], frame[13] = 0x86, 0xdd
	}
}
