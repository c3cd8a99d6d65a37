package fault

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"portcullis/dataplane"
)

// Port is a port with a bad network in front of it.
type Port struct {
	dataplane.Port
	opts     Options
	in, out  atomic.Pointer[Chances]
	counts   [2]counts // in, out
	senders  atomic.Uint64
	line     line               // of what is received
	received []dataplane.Buffer // by the last Recv of the port within
	lent     bool               // received is yet to be released
}

var _ dataplane.Port = (*Port)(nil)

// New puts a bad network in front of port, which it takes.
func New(port dataplane.Port, o Options) *Port {
	p := &Port{Port: port, opts: o.withDefaults()}
	p.Set(o.In, o.Out)
	p.line = p.newLine(&p.in, &p.counts[0], 0)
	return p
}

func (p *Port) newLine(c *atomic.Pointer[Chances], n *counts, serial uint64) line {
	return line{opts: &p.opts, chances: c, counts: n, dice: rand.New(rand.NewPCG(p.opts.Seed, serial))}
}

// Set changes the chances from the next frame on. It may be called from any
// goroutine.
func (p *Port) Set(in, out Chances) {
	p.in.Store(&in)
	p.out.Store(&out)
}

// Stats is what happened so far.
func (p *Port) Stats() Stats { return Stats{In: p.counts[0].read(), Out: p.counts[1].read()} }

// Recv implements dataplane.Port.
func (p *Port) Recv(batch []dataplane.Buffer, wait time.Duration) (n int, err error) {
	l := &p.line
	l.release(time.Now())
	if len(l.out) == 0 {
		if due, ok := l.next(); ok {
			wait = min(wait, max(time.Until(due), 0))
		}
		for len(p.received) < len(batch) {
			p.received = append(p.received, nil)
		}
		n, err = p.Port.Recv(p.received[:len(batch)], wait)
		p.lent = true
		now := time.Now()
		for _, b := range p.received[:n] {
			l.take(now, b)
		}
		l.release(now)
	}
	n = copy(batch, l.out)
	rest := l.out[n:]
	for i, b := range rest { // they outlive the release
		rest[i] = clone(b)
	}
	kept := copy(l.out, rest)
	clear(l.out[kept:])
	l.out = l.out[:kept]
	return n, err
}

// Release implements dataplane.Port.
func (p *Port) Release() {
	if p.lent {
		p.lent = false
		p.Port.Release()
	}
}

// NewSender implements dataplane.Port.
func (p *Port) NewSender() dataplane.Sender {
	return &sender{within: p.Port.NewSender(), line: p.newLine(&p.out, &p.counts[1], p.senders.Add(1))}
}

// sender sends by a Port. What waits is sent by a timer, so a lock guards it.
type sender struct {
	within dataplane.Sender

	mu    sync.Mutex
	line  line
	timer *time.Timer
}

// Send implements dataplane.Sender.
func (s *sender) Send(frames []dataplane.Buffer) (failed int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, b := range frames {
		s.line.take(now, b)
	}
	failed, err = s.flush(now)
	return min(failed, len(frames)), err
}

// late sends what has waited long enough.
func (s *sender) late() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.flush(time.Now()) // nobody is left to tell: what fails now is lost
}

// flush sends what came out of the line and sets the timer for what is still in
// it. s.mu is held.
func (s *sender) flush(now time.Time) (failed int, err error) {
	l := &s.line
	l.release(now)
	if len(l.out) > 0 {
		failed, err = s.within.Send(l.out)
		clear(l.out)
		l.out = l.out[:0]
	}
	if due, ok := l.next(); ok {
		if s.timer == nil {
			s.timer = time.AfterFunc(due.Sub(now), s.late)
		} else {
			s.timer.Reset(due.Sub(now))
		}
	}
	return failed, err
}
