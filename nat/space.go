package nat

import (
	"math/rand/v2"

	"portcullis/packet"
)

// The range translated source ports come from, FortiOS's.
const (
	FirstPort = 5117
	LastPort  = 65533
)

// The range translated ICMP identifiers come from.
const (
	firstID = 1
	lastID  = 65535
)

// Theory of operation.
//
// Two things decide whether a session may have a port. The engine knows all
// tuples that are in use (InUse), and no tuple is given twice. Beside that, every
// address has a set of the ports that some session occupies: it finds a port that
// nobody has in constant time, however full the address is. So a port is looked
// for in three ways: the client's own; one that nobody has; and when there is
// none left, one that others have for other destinations, by a bounded number of
// guesses.
//
// A port is in the set as long as any session has it. Where a port must be one
// client's alone (an endpoint-independent mapping, a block), it is one that nobody
// had, and is never shared.
//
// What a session occupies it notes as a Hold, and gives back by Release.

// Space knows what is in use of the addresses that sources are translated to. It
// outlives configurations. One goroutine at a time.
type Space struct {
	random rand.Source
	probe  packet.Key  // what InUse is asked about; here, so that it stays off the heap
	client packet.Addr // of the request

	holders map[packet.Addr]*holder
	shelf   shelf[holder] // all of them
	recent  packet.Addr   // the holder asked for last
	last    *holder
	unused  []*ports // sets to be used again, empty

	sources  *Sources
	reserved Reserved
	spares   map[*Pool]*spare
	maps     mappings
	leases   leases
	blocks   blocks
	pairs    pairs
	barren   deserts
	tally    map[uint16]*Tally // by number of the pool
	tell     func(Note)
	now      int64
}

// Reserved tells which ports of an address are spoken for by the configuration:
// those that a virtual IP forwards.
type Reserved interface {
	Reserves(addr packet.Addr, proto uint8, port uint16) bool
}

// Tally counts what became of the requests to one pool.
type Tally struct {
	Exhausted uint64 // sessions that it had nothing left for
	Blocks    int    // that clients have now
	Lingering int    // those of them that are empty
	Clients   int    // that have blocks
	Granted   uint64 // blocks, ever
	Reused    uint64 // blocks that were empty, and were used again before they went back
}

// New returns a space in which nothing is in use. It draws from random. Ports that
// a stranger should not guess ask for a strong source, such as rand.ChaCha8. tell
// is told what is to be logged; nil is nobody.
func New(random rand.Source, tell func(Note)) *Space {
	if tell == nil {
		tell = func(Note) {}
	}
	return &Space{
		random: random, tell: tell, holders: map[packet.Addr]*holder{}, spares: map[*Pool]*spare{}, tally: map[uint16]*Tally{},
		sources: noSources(), maps: newMappings(), leases: newLeases(), blocks: newBlocks(),
	}
}

// Draw has s draw from random from now on.
func (s *Space) Draw(random rand.Source) { s.random = random }

// Obey makes the configuration's pools those of s. What is in use stays so.
func (s *Space) Obey(sources *Sources, reserved Reserved) {
	s.sources, s.reserved = sources, reserved
	clear(s.spares)
	for a, h := range s.holders {
		h.spare = nil
		s.forget(a, h)
		if p := sources.Pool(a); p != nil && (p.Method == Overload || p.Method == PortBlock) {
			h.spare, h.place = s.spareOf(p), uint16(distance(p.first, a))
			for c := range classOther {
				s.mark(p, h, c)
			}
		}
	}
	s.leases.obey(sources)
}

// mark notes that h, an address of p, has no port left for a class, where that is so.
func (s *Space) mark(p *Pool, h *holder, c portClass) {
	if p.Method == PortBlock {
		if g := h.blocks; g != nil && c == classTCP && g.taken.used == len(g.blocks) {
			h.spare.fill(c, h.place)
		}
		return
	}
	if set := h.ports[c]; set != nil {
		first, last := p.window(c)
		if _, ok := set.find(first, last, first, either); !ok {
			h.spare.fill(c, h.place)
		}
	}
}

// Tally is what became of the requests to the pool of that number.
func (s *Space) Tally(pool uint16) Tally {
	if t := s.tally[pool]; t != nil {
		return *t
	}
	return Tally{}
}

func (s *Space) tallyOf(p *Pool) *Tally {
	t := s.tally[p.Number]
	if t == nil {
		t = new(Tally)
		s.tally[p.Number] = t
	}
	return t
}

// holder is the holder of a, which becomes one.
func (s *Space) holder(a packet.Addr) *holder {
	h := s.find(a)
	if h == nil {
		h = &holder{addr: a}
		h.at = s.shelf.put(h)
		s.holders[a] = h
		s.recent, s.last = a, h
	}
	return h
}

// find is the holder of a; nil where it is none.
func (s *Space) find(a packet.Addr) *holder {
	if s.last != nil && s.recent == a {
		return s.last
	}
	h := s.holders[a]
	if h != nil {
		s.recent, s.last = a, h
	}
	return h
}

// take occupies a port that nobody has.
func (s *Space) take(h *holder, c portClass, port uint16) {
	if h.ports[c] == nil {
		if n := len(s.unused); n > 0 {
			h.ports[c], s.unused = s.unused[n-1], s.unused[:n-1]
		} else {
			h.ports[c] = new(ports)
		}
	}
	h.ports[c].add(port)
	if h.spare != nil && h.ports[c].used >= h.spare.width[c] {
		s.mark(h.spare.pool, h, c)
	}
}

// join occupies a port that others have.
func (h *holder) join(c portClass, port uint16) {
	if h.more == nil {
		h.more = map[spot]uint32{}
	}
	h.more[spot{c, port}]++
}

// taken says whether a port is occupied.
func (h *holder) taken(c portClass, port uint16) bool {
	return h.ports[c] != nil && h.ports[c].has(port)
}

// drop takes one session off a port. With the last one it is free.
func (s *Space) drop(h *holder, c portClass, port uint16) {
	if len(h.more) > 0 {
		at := spot{c, port}
		switch n := h.more[at]; n {
		case 0:
		case 1:
			delete(h.more, at)
			return
		default:
			h.more[at] = n - 1
			return
		}
	}
	set := h.ports[c]
	set.remove(port)
	if h.spare != nil && !h.spare.blocks {
		h.spare.relieve(c, h.place)
	}
	if set.used == 0 {
		h.ports[c] = nil
		if len(s.unused) < keepPorts {
			s.unused = append(s.unused, set)
		}
	}
}

// keepPorts is how many empty sets of ports wait for another address: where few
// sessions are spread over many addresses, they come and go.
const keepPorts = 64

// Release gives back what a session with these keys occupies by hold.
func (s *Space) Release(b *Binding) {
	if b.Hold == HoldNothing {
		return
	}
	a, c, n := b.Reply.Dst, classOf(b.Reply.Proto), *port(&b.Reply)
	h := s.find(a)
	if h == nil {
		return
	}
	h.sessions[c]--
	switch b.Hold {
	case HoldPort, HoldShared:
		s.drop(h, c, n)
		s.barren.relieve(&b.Reply)
	case HoldMapping:
		s.unmap(outer{a, n, b.Reply.Proto})
	case HoldLease:
		s.leases.release(a)
	case HoldBlock:
		s.vacate(h, c, n)
	}
	s.forget(a, h)
}

// forget lets go of a holder that holds nothing.
func (s *Space) forget(a packet.Addr, h *holder) {
	if !h.idle() {
		return
	}
	if len(s.holders) <= keepHolders { // an address that comes and goes costs no memory management
		return
	}
	delete(s.holders, a)
	s.shelf.take(h.at)
	if s.last == h {
		s.last = nil
	}
}

// keepHolders is how many addresses are remembered though nothing is in use.
const keepHolders = 256

// below returns a random number less than n. The remainder favours none of at
// most 65536 values by more than one in 2^47.
func (s *Space) below(n uint32) uint32 { return uint32(s.random.Uint64() % uint64(n)) }

func noSources() *Sources {
	s := new(Sources)
	s.index()
	return s
}
