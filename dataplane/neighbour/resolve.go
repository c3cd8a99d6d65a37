package neighbour

import (
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// Lookup returns the MAC of a, where it is known, and the tick until which that
// holds as long as Generation does not move.
func (t *Table) Lookup(now session.Tick, a packet.Addr) (mac MAC, until session.Tick, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entries[a]
	if e == nil || e.mac.IsZero() {
		return MAC{}, 0, false
	}
	e.used = now
	if e.state == Reachable && now >= e.deadline {
		t.setState(e, now, Stale)
	}
	if e.state == Stale {
		t.setState(e, now, Probe)
	}
	if e.state == Reachable {
		return e.mac, e.deadline, true
	}
	return e.mac, now.Add(retryTime / 10), true
}

// Enqueue keeps a copy of frame until a is resolved, and asks for a where that
// was not done yet. The link header is written when the frame leaves. Packets
// for which there is no room or no hope are counted in out.
func (t *Table) Enqueue(now session.Tick, a packet.Addr, frame []byte, off packet.Offload, out *Outbox) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entries[a]
	if e == nil {
		e = t.insert(now, a, out)
		t.setState(e, now, Incomplete)
		t.ask(now, e, out)
	}
	e.used = now
	switch e.state {
	case Incomplete:
		t.wait(e, Frame{Data: append([]byte(nil), frame...), Offload: off}, out)
	case Failed:
		out.Lost[packet.ReasonNeighbourUnresolved]++
	default: // resolved since Lookup was asked
		t.address(e, frame)
		out.Frames = append(out.Frames, Frame{Data: append([]byte(nil), frame...), Offload: off})
	}
}

// wait puts f into the queue of e. The oldest gives way (RFC 4861 section
// 7.2.2).
func (t *Table) wait(e *entry, f Frame, out *Outbox) {
	for len(e.queue) > 0 && (len(e.queue) >= MaxQueue || e.size+len(f.Data) > MaxQueueSize) {
		n := len(e.queue[0].Data)
		copy(e.queue, e.queue[1:])
		e.queue[len(e.queue)-1] = Frame{}
		e.queue = e.queue[:len(e.queue)-1]
		e.size -= n
		t.queued -= n
		out.Lost[packet.ReasonNeighbourQueueFull]++
	}
	if t.queued+len(f.Data) > MaxQueued {
		out.Lost[packet.ReasonNeighbourQueueFull]++
		return
	}
	e.queue = append(e.queue, f)
	e.size += len(f.Data)
	t.queued += len(f.Data)
}

// address writes the link addresses of a frame to e.
func (t *Table) address(e *entry, frame []byte) {
	copy(frame, e.mac[:])
	copy(frame[6:], t.mac[:])
}

// drain empties the queue of e: into out, or into the count of why.
func (t *Table) drain(e *entry, why packet.Reason, out *Outbox) {
	if why != packet.ReasonNone {
		out.Lost[why] += uint64(len(e.queue))
	} else {
		for _, f := range e.queue {
			t.address(e, f.Data)
			out.Frames = append(out.Frames, f)
		}
	}
	t.queued -= e.size
	e.queue, e.size = nil, 0
}

// ask sends the next question for e.
func (t *Table) ask(now session.Tick, e *entry, out *Outbox) {
	e.probes++
	e.deadline = now.Add(retryTime)
	t.next = min(t.next, e.deadline)
	if e.addr.Is4() {
		t.askARP(e.addr, e.mac, out)
	} else {
		t.askND(e.addr, e.mac, out)
	}
}

// setState moves e to s and sets its deadline. Leaving Incomplete, the caller
// drains the queue.
func (t *Table) setState(e *entry, now session.Tick, s State) {
	e.state, e.probes = s, 0
	switch s {
	case Reachable:
		e.deadline = now.Add(jitter(e.addr, now))
	case Stale:
		e.deadline = max(e.used, now).Add(staleTime)
	case Failed:
		e.mac = MAC{}
		e.deadline = now.Add(failedTime)
		t.gen.Add(1)
	default:
		e.deadline = now // ask at the next tick, or at once
	}
	t.next = min(t.next, e.deadline)
}

// jitter is a validity around reachableTime, so that neighbours learnt together
// are not probed together.
func jitter(a packet.Addr, now session.Tick) time.Duration {
	k := packet.Key{Src: a}
	return reachableTime*3/4 + time.Duration(k.Hash(uint64(now))%uint64(reachableTime/2))
}

// confirm notes that e answered our question from mac.
func (t *Table) confirm(now session.Tick, e *entry, mac MAC, out *Outbox) {
	t.setMAC(e, mac)
	e.learnt = now
	t.setState(e, now, Reachable)
	t.drain(e, packet.ReasonNone, out)
}

func (t *Table) setMAC(e *entry, mac MAC) {
	if e.mac != mac {
		e.mac = mac
		t.gen.Add(1)
	}
}

// answer takes an ARP reply to us from a: an answer where we asked, else an
// announcement.
func (t *Table) answer(now session.Tick, a packet.Addr, mac MAC, out *Outbox) {
	if e := t.entries[a]; e != nil && (e.state == Incomplete || e.state == Probe) {
		t.confirm(now, e, mac, out)
		return
	}
	t.override(now, a, mac, out)
}

// override takes an announcement of a: only of a known neighbour, and not
// against a fresh answer.
func (t *Table) override(now session.Tick, a packet.Addr, mac MAC, out *Outbox) {
	e := t.entries[a]
	if e == nil || e.mac == mac || e.learnt != 0 && now.Sub(e.learnt) < lockTime && !e.mac.IsZero() {
		return
	}
	t.setMAC(e, mac)
	t.setState(e, now, Stale)
	t.drain(e, packet.ReasonNone, out)
}

// learn takes the sender of a question to us.
func (t *Table) learn(now session.Tick, a packet.Addr, mac MAC, out *Outbox) {
	if t.entries[a] != nil {
		t.override(now, a, mac, out)
		return
	}
	if !t.onLink(a) || t.answersFor(a) {
		return
	}
	e := t.insert(now, a, out)
	t.setMAC(e, mac)
	t.setState(e, now, Stale)
}

// insert makes an entry for a, which has none.
func (t *Table) insert(now session.Tick, a packet.Addr, out *Outbox) *entry {
	if len(t.entries) >= MaxEntries {
		t.evict(out)
	}
	e := &entry{addr: a, used: now}
	t.entries[a] = e
	return e
}

// evict forgets the least useful of some entries chosen at random, as the order
// of a map is: by state, then by last use. So a scan of a large subnet pushes
// out its own questions, not the neighbours that answer.
func (t *Table) evict(out *Outbox) {
	rank := [...]uint8{Failed: 0, Incomplete: 1, Stale: 2, Probe: 3, Reachable: 4}
	var victim *entry
	seen := 0
	for _, e := range t.entries {
		if victim == nil || rank[e.state] < rank[victim.state] ||
			rank[e.state] == rank[victim.state] && e.used < victim.used {
			victim = e
		}
		if seen++; seen == 32 {
			break
		}
	}
	t.forget(victim, packet.ReasonNeighbourUnresolved, out)
}

func (t *Table) forget(e *entry, why packet.Reason, out *Outbox) {
	t.drain(e, why, out)
	delete(t.entries, e.addr)
	t.gen.Add(1)
}

// Flush forgets all neighbours; packets that wait die of why.
func (t *Table) Flush(why packet.Reason, out *Outbox) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.entries {
		t.forget(e, why, out)
	}
}

// Tick does what is due. It is cheap where nothing is.
func (t *Table) Tick(now session.Tick, out *Outbox) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now < t.next {
		return
	}
	t.next = now.Add(staleTime)
	for _, e := range t.entries {
		if now >= e.deadline {
			t.due(now, e, out)
		}
		t.next = min(t.next, e.deadline)
	}
}

// due handles the deadline of e.
func (t *Table) due(now session.Tick, e *entry, out *Outbox) {
	switch e.state {
	case Reachable:
		t.setState(e, now, Stale)
	case Stale, Failed:
		t.forget(e, packet.ReasonNone, out)
	case Incomplete, Probe:
		if e.probes < maxProbes {
			t.ask(now, e, out)
			return
		}
		t.setState(e, now, Failed)
		t.drain(e, packet.ReasonNeighbourUnresolved, out)
	}
}
