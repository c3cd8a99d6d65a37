package engine

import (
	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
// Nearly all packets belong to sessions that exist and change nothing but their
// counters, the time they were last seen and, of TCP, how far the two windows
// have moved. Quick takes those, and any number of goroutines may be in it at
// once: whoever owns the worker holds a lock for reading around it, and for
// writing around everything else. What Quick reads of the worker (the ruleset,
// the index, a session's keys and ways) changes only under the lock for writing;
// what it writes lies in one session, which it claims first.
//
// Quick only commits, or leaves the packet as it is. Whatever is not the plain
// case it leaves to Process: first packets, resets, fragments, helpers, a change
// of state, everything that is to die, and also packets of a session that
// another goroutine has claimed at the moment. So there is one place for each
// decision, and no packet waits for another goroutine that was put to sleep.
//
// Packets of one flow keep their order on the wire: a batch is sent as it was
// received, whoever decided about its packets.

// Quick decides about those packets of a batch that established sessions just
// carry on, and returns how many are left to Process. It takes no notice of the
// others. Several goroutines may call it at once while none calls anything else.
func (w *Worker) Quick(now session.Tick, batch []Slot) (left int) {
	w.fetch(batch)
	if w.trace != nil {
		for i := range batch {
			batch[i].decided = false
		}
		return len(batch)
	}
	for i := range batch {
		p := &batch[i]
		if p.decided = w.quick(now, p); !p.decided {
			left++
		}
	}
	return left
}

// quick is the way of one packet, or not.
func (w *Worker) quick(now session.Tick, p *Slot) bool {
	if p.Frag || w.sane(p) != packet.ReasonNone {
		return false
	}
	s, dir := w.table.FindHashed(&p.Key, p.hash)
	if p.Key.Proto == packet.ProtoGRE {
		s, dir, _ = w.tunnel(p, s, dir)
	}
	if s == nil || s.Generation != w.rules.Generation || s.Bound || s.Blocked ||
		p.In != s.Out[dir.Other()] || p.LastHop() || int(uint32(len(p.Frame))-p.L3) > w.rules.mtu(s.Out[dir]) {
		return false
	}
	if !s.Claim() {
		return false
	}
	on := carriesOn(s, dir, p)
	if on {
		count(s, dir, p, now, true)
	}
	s.Yield()
	if on {
		p.Verdict, p.Reason = w.leave(s, dir, p)
	}
	return on
}

// carriesOn says whether p changes nothing of s but its windows.
func carriesOn(s *session.Session, dir packet.Dir, p *Slot) bool {
	if p.Key.Proto == packet.ProtoTCP {
		return flows(s, dir, p)
	}
	if p.Key.Proto == packet.ProtoSCTP {
		return s.Replied && streams(s, dir, p)
	}
	return dir == packet.Original || s.Replied
}
