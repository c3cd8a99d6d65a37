package dataplane

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"portcullis/dataplane/neighbour"
	"portcullis/session"
)

// Theory of operation.
//
// Every port has a goroutine with an operating system thread of its own (see
// worker); one more goroutine drives timers (see ticker). They share three
// things: the engine, under Plane.mu, which they hold together while they carry
// established sessions on (see decide); the neighbour tables, each with a lock of
// its own; and the set of ports, an immutable slice behind an atomic pointer
// that Add and Remove replace. Everything else - batches, queues of frames to
// send, senders, caches of neighbours - belongs to one goroutine, in its egress.
//
// Packets that die here are counted locally and handed to the engine's Count
// with its lock already held for another reason.

// Plane moves packets between ports and an engine.
type Plane struct {
	engine Engine
	start  time.Time

	mu   lock // the engine, for reading where it is Quick; and last
	last session.Tick

	change  sync.Mutex // serializes Add, Remove and Close
	members atomic.Pointer[members]
	closed  bool
	stop    chan struct{} // closed to end the ticker
	done    sync.WaitGroup
}

// members are the ports by index of interface; nil where there is none.
type members []*member

// member is a port of the plane.
type member struct {
	index      uint16
	port       Port
	neighbours *neighbour.Table
	announce   atomic.Bool // the link is to be told our addresses
	stop       atomic.Bool
	done       chan struct{} // closed when the worker ended
	stats      counters
}

// New starts a plane without ports around e. Close ends it.
func New(e Engine) *Plane {
	p := &Plane{engine: e, start: time.Now(), stop: make(chan struct{})}
	p.members.Store(&members{})
	p.done.Add(1)
	go p.tick()
	return p
}

// Now is the engine's time: since New.
func (p *Plane) Now() session.Tick { return session.Tick(time.Since(p.start)) }

// Do runs f while no goroutine of the plane is inside the engine: for whoever
// else has business with it. f must be short; packets wait.
func (p *Plane) Do(f func(now session.Tick)) {
	p.mu.write()
	defer p.mu.Unlock()
	f(p.forward(p.Now()))
}

// Look runs f while nothing changes in the engine but what Quick changes: for
// whoever only reads. f must be short; new sessions wait.
func (p *Plane) Look(f func(now session.Tick)) {
	p.mu.read()
	defer p.mu.RUnlock()
	f(max(p.last, p.Now()))
}

// forward is now, or later where the engine was told of a later tick while the
// caller waited for p.mu, which it holds.
func (p *Plane) forward(now session.Tick) session.Tick {
	p.last = max(p.last, now)
	return p.last
}

// Add takes port and serves it as the interface index. The other ports go on
// meanwhile.
func (p *Plane) Add(index uint16, port Port) error {
	p.change.Lock()
	defer p.change.Unlock()
	name := port.Info().Name
	if p.closed {
		return fmt.Errorf("%s: plane: %w", name, ErrClosed)
	}
	if m := p.member(index); m != nil {
		return fmt.Errorf("%s: interface %d is already served by %s", name, index, m.port.Info().Name)
	}
	m := &member{index: index, port: port, neighbours: neighbour.New(port.Info().MAC), done: make(chan struct{})}
	p.set(index, m)
	go newWorker(p, m).run()
	return nil
}

// Remove stops serving the interface index and closes its port.
func (p *Plane) Remove(index uint16) error {
	p.change.Lock()
	defer p.change.Unlock()
	m := p.member(index)
	if m == nil {
		return noInterface(index)
	}
	return p.remove(m)
}

func (p *Plane) remove(m *member) error {
	p.set(m.index, nil)
	m.stop.Store(true)
	m.port.Interrupt()
	<-m.done
	return m.port.Close()
}

// Close ends all goroutines and closes the ports. The engine is free then.
func (p *Plane) Close() error {
	p.change.Lock()
	defer p.change.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	close(p.stop)
	p.done.Wait()
	var errs []error
	for _, m := range *p.members.Load() {
		if m != nil {
			errs = append(errs, p.remove(m))
		}
	}
	return errors.Join(errs...)
}

// set publishes a copy of the members with m at index.
func (p *Plane) set(index uint16, m *member) {
	old := *p.members.Load()
	list := make(members, max(len(old), int(index)+1))
	copy(list, old)
	list[index] = m
	p.members.Store(&list)
}

// member is the port at index, or nil.
func (p *Plane) member(index uint16) *member {
	if list := *p.members.Load(); int(index) < len(list) {
		return list[index]
	}
	return nil
}

func noInterface(index uint16) error { return fmt.Errorf("interface %d: no such port", index) }

// SetAddresses replaces the addresses of an interface, each with the length of
// its subnet: what is answered to ARP and neighbour discovery and who asks. The
// link is told within 100 ms.
func (p *Plane) SetAddresses(index uint16, prefixes []netip.Prefix) error {
	m := p.member(index)
	if m == nil {
		return noInterface(index)
	}
	m.neighbours.SetAddresses(prefixes)
	m.announce.Store(true)
	return nil
}

// SetProxy replaces the addresses that an interface answers ARP and neighbour
// discovery for without owning them: those of translations.
func (p *Plane) SetProxy(index uint16, prefixes []netip.Prefix) error {
	m := p.member(index)
	if m == nil {
		return noInterface(index)
	}
	m.neighbours.SetProxy(prefixes)
	return nil
}

// Info is the state of the port of an interface, or nil.
func (p *Plane) Info(index uint16) *Info {
	if m := p.member(index); m != nil {
		return m.port.Info()
	}
	return nil
}

// Neighbours lists the neighbours of an interface.
func (p *Plane) Neighbours(index uint16) []neighbour.Entry {
	if m := p.member(index); m != nil {
		return m.neighbours.Entries(p.Now())
	}
	return nil
}

// Stats is what the port of an interface carried since it was added.
func (p *Plane) Stats(index uint16) Stats {
	if m := p.member(index); m != nil {
		return m.stats.read()
	}
	return Stats{}
}
