// Package wire is a port in memory: tests deliver frames to it, read what was
// sent by it, and take its link up and down.
package wire

import (
	"fmt"
	"sync"
	"time"

	"portcullis/dataplane"
	"portcullis/packet"
)

// room is how far a delivered frame can grow.
const room = 2048

// Frame is a frame that was sent, with the work left to the device.
type Frame struct {
	Data    []byte
	Offload packet.Offload
}

// Port is a dataplane.Port in memory. Its methods may be called from any
// goroutine.
type Port struct {
	wake chan struct{}

	mu     sync.Mutex // guards all below
	cond   *sync.Cond // sent or state changed
	info   *dataplane.Info
	in     []dataplane.Buffer
	out    []Frame
	peer   *Port
	fail   int // frames that Send refuses yet
	lost   dataplane.Lost
	closed bool
}

var _ dataplane.Port = (*Port)(nil)

// New returns a port that is up.
func New(name string, mac dataplane.MAC, mtu int) *Port {
	p := &Port{wake: make(chan struct{}, 1), info: &dataplane.Info{Name: name, MAC: mac, MTU: mtu, Up: true}}
	p.cond = sync.NewCond(&p.mu)
	return p
}

// Connect makes what is sent by one port arrive at the other, instead of being
// kept for Next.
func Connect(a, b *Port) {
	a.mu.Lock()
	a.peer = b
	a.mu.Unlock()
	b.mu.Lock()
	b.peer = a
	b.mu.Unlock()
}

// Deliver lets frame arrive at the port. It keeps a copy.
func (p *Port) Deliver(frame []byte, off packet.Offload) {
	b := make(dataplane.Buffer, packet.OffloadSize+len(frame), packet.OffloadSize+len(frame)+room)
	off.Encode(b)
	copy(b[packet.OffloadSize:], frame)
	p.mu.Lock()
	p.in = append(p.in, b)
	p.mu.Unlock()
	p.Interrupt()
}

// Next takes the oldest frame that was sent; it waits for it at most timeout,
// then returns false.
func (p *Port) Next(timeout time.Duration) (Frame, bool) {
	late := time.AfterFunc(timeout, p.cond.Broadcast)
	defer late.Stop()
	end := time.Now().Add(timeout)
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.out) == 0 {
		if !time.Now().Before(end) {
			return Frame{}, false
		}
		p.cond.Wait()
	}
	f := p.out[0]
	p.out = p.out[1:]
	return f, true
}

// Sent takes all frames that were sent, without waiting.
func (p *Port) Sent() []Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.out
	p.out = nil
	return all
}

// SetUp takes the link up or down.
func (p *Port) SetUp(up bool) {
	p.change(func(i *dataplane.Info) {
		i.Up, i.Why = up, ""
		if !up {
			i.Why = "link is down"
		}
	})
}

// SetMAC changes the port's address.
func (p *Port) SetMAC(mac dataplane.MAC) {
	p.change(func(i *dataplane.Info) { i.MAC = mac })
}

func (p *Port) change(f func(*dataplane.Info)) {
	p.mu.Lock()
	i := *p.info
	f(&i)
	p.info = &i
	p.mu.Unlock()
	p.Interrupt()
}

// FailNext makes the next n frames that are sent fail.
func (p *Port) FailNext(n int) {
	p.mu.Lock()
	p.fail = n
	p.mu.Unlock()
}

// Lose pretends that frames were lost before they could be received.
func (p *Port) Lose(l dataplane.Lost) {
	p.mu.Lock()
	p.lost.RingDrop += l.RingDrop
	p.lost.Truncated += l.Truncated
	p.mu.Unlock()
}

// Info implements dataplane.Port.
func (p *Port) Info() *dataplane.Info {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.info
}

// Recv implements dataplane.Port.
func (p *Port) Recv(batch []dataplane.Buffer, wait time.Duration) (int, error) {
	n, err := p.take(batch)
	if n > 0 || wait <= 0 {
		return n, err
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-p.wake:
	case <-timer.C:
	}
	return p.take(batch)
}

// take moves what arrived into batch.
func (p *Port) take(batch []dataplane.Buffer) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return 0, fmt.Errorf("%s: %w", p.info.Name, dataplane.ErrClosed)
	case !p.info.Up:
		p.in = nil
		return 0, fmt.Errorf("%s: %w", p.info.Name, dataplane.ErrDown)
	}
	n := copy(batch, p.in)
	p.in = p.in[n:]
	return n, nil
}

// Release implements dataplane.Port.
func (p *Port) Release() {}

// Interrupt implements dataplane.Port.
func (p *Port) Interrupt() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// NewSender implements dataplane.Port.
func (p *Port) NewSender() dataplane.Sender { return sender{p} }

// Lost implements dataplane.Port.
func (p *Port) Lost() dataplane.Lost {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lost
	p.lost = dataplane.Lost{}
	return l
}

// Close implements dataplane.Port.
func (p *Port) Close() error {
	p.change(func(i *dataplane.Info) { i.Up, i.Why = false, "closed" })
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	return nil
}

type sender struct{ p *Port }

// Send implements dataplane.Sender.
func (s sender) Send(frames []dataplane.Buffer) (int, error) {
	p := s.p
	p.mu.Lock()
	if !p.info.Up {
		p.mu.Unlock()
		return len(frames), fmt.Errorf("%s: %w", p.info.Name, dataplane.ErrDown)
	}
	failed := min(p.fail, len(frames))
	p.fail -= failed
	frames = frames[failed:]
	peer := p.peer
	if peer == nil {
		for _, b := range frames {
			p.out = append(p.out, Frame{append([]byte(nil), b.Frame()...), b.Offload()})
		}
		p.cond.Broadcast()
	}
	p.mu.Unlock()
	if peer != nil {
		for _, b := range frames {
			peer.Deliver(b.Frame(), b.Offload())
		}
	}
	return failed, nil
}
