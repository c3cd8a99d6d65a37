package dataplane

import (
	"errors"
	"runtime"
	"time"

	"portcullis/dataplane/neighbour"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

const (
	batchSize = 64
	quickSize = 8 // of a batch, before whoever waits for the engine has it
	recvWait  = 100 * time.Millisecond
)

// worker serves the receiving side of one port.
type worker struct {
	plane  *Plane
	member *member
	egress egress
	outbox neighbour.Outbox

	recv  []Buffer
	batch batch
	info  *Info // as of the last batch
	mac   MAC   // of info
}

func newWorker(p *Plane, m *member) *worker {
	return &worker{plane: p, member: m, egress: egress{plane: p},
		recv: make([]Buffer, batchSize), batch: newBatch(batchSize)}
}

// run serves the port until it is removed.
func (w *worker) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(w.member.done)
	defer w.end()
	for !w.member.stop.Load() {
		n, err := w.member.port.Recv(w.recv, recvWait)
		if n > 0 {
			w.serve(w.recv[:n])
		} else if w.egress.lost.dirty {
			w.report()
		}
		w.member.port.Release()
		if errors.Is(err, ErrClosed) {
			return
		}
	}
}

// end accounts for what still waits.
func (w *worker) end() {
	w.member.neighbours.Flush(packet.ReasonPortDown, &w.outbox)
	w.egress.lost.addAll(&w.outbox.Lost)
	w.report()
}

// report tells the engine of the losses.
func (w *worker) report() {
	w.plane.mu.write()
	defer w.plane.mu.Unlock()
	w.egress.lost.report(w.plane.engine)
}

// decide lets the engine decide about slots: about most of them beside the other
// workers.
func (p *Plane) decide(now session.Tick, slots []engine.Slot, e *egress) {
	left := 0
	for rest := slots; len(rest) > 0; {
		n := min(len(rest), quickSize)
		p.mu.read()
		left += p.engine.Quick(now, rest[:n])
		p.mu.RUnlock()
		rest = rest[n:]
	}
	if left == 0 && !e.lost.dirty {
		return
	}
	p.mu.write()
	defer p.mu.Unlock()
	p.engine.Process(p.forward(now), slots)
	e.takeGenerated(p.engine.Generated())
	e.lost.report(p.engine)
}

// serve takes one batch all the way.
func (w *worker) serve(frames []Buffer) {
	p, m := w.plane, w.member
	now := p.Now()
	if info := m.port.Info(); info != w.info {
		w.info, w.mac = info, info.MAC
	}
	w.batch.n = 0
	bytes := uint64(0)
	for _, b := range frames {
		bytes += uint64(len(b) - packet.OffloadSize)
		if r := w.admit(now, b); r != packet.ReasonNone {
			w.egress.lost.add(r, 1)
		}
	}
	m.stats.rxPackets.Add(uint64(len(frames)))
	m.stats.rxBytes.Add(bytes)

	e := &w.egress
	e.sync()
	e.takeOutbox(m, &w.outbox)
	if slots := w.batch.slots[:w.batch.n]; len(slots) > 0 {
		p.decide(now, slots, e)
		for i := range slots {
			e.slot(now, w.batch.buffers[i], &slots[i])
		}
	}
	e.finish(now)
}
