package dataplane

import (
	"time"

	"portcullis/packet"
	"portcullis/session"
)

const tickEvery = 50 * time.Millisecond

// tick drives the timers of the engine and of the neighbour tables, follows the
// state of the ports and collects their losses, until the plane is closed.
func (p *Plane) tick() {
	defer p.done.Done()
	timer := time.NewTicker(tickEvery)
	defer timer.Stop()
	e := egress{plane: p}
	seen := map[*member]*Info{}
	for {
		select {
		case <-p.stop:
			return
		case <-timer.C:
		}
		e.sync()
		now := p.Now()
		for i := range e.lanes {
			if m := e.lanes[i].member; m != nil {
				e.attend(now, m, seen)
			}
		}
		for m := range seen {
			if p.member(m.index) != m {
				delete(seen, m)
			}
		}
		for more := true; more; {
			p.mu.write()
			more = p.engine.Tick(p.forward(now))
			e.takeGenerated(p.engine.Generated())
			e.lost.report(p.engine)
			p.mu.Unlock() // who waits for the engine has it before the next part
			e.finish(now)
		}
	}
}

// attend looks after one port.
func (e *egress) attend(now session.Tick, m *member, seen map[*member]*Info) {
	info := m.port.Info()
	if old := seen[m]; info != old {
		seen[m] = info
		m.neighbours.SetMAC(info.MAC)
		switch {
		case info.Up && (old == nil || !old.Up || old.MAC != info.MAC):
			m.announce.Store(true)
		case !info.Up:
			m.neighbours.Flush(packet.ReasonPortDown, &e.outbox)
		}
	}
	if info.Up && m.announce.Swap(false) {
		m.neighbours.Announce(&e.outbox)
	}
	m.neighbours.Tick(now, &e.outbox)
	e.takeOutbox(m, &e.outbox)
	l := m.port.Lost()
	e.lost.add(packet.ReasonRingDrop, l.RingDrop)
	e.lost.add(packet.ReasonTruncated, l.Truncated)
	m.stats.rxErrors.Add(l.RingDrop + l.Truncated)
}
