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
// The set may know too little: a session that shares a port does not occupy it,
// so that the port counts as free once its first owner has gone. That costs a
// second question, never a wrong answer. Only where a port must be one client's
// alone (an endpoint-independent mapping, a block) is it never shared.
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
	unused  *ports // a set to be used again, empty

	sources  *Sources
	reserved Reserved
	spares   map[*Pool]*spare
	maps     mappings
	leases   leases
	blocks   blocks
	pairs    pairs
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
	for _, h := range s.holders {
		h.spare = nil
	}
	s.leases.forget()
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
	if s.last != nil && s.recent == a {
		return s.last
	}
	h := s.holders[a]
	if h == nil {
		h = &holder{addr: a}
		h.at = s.shelf.put(h)
		s.holders[a] = h
	}
	s.recent, s.last = a, h
	return h
}

// take occupies a port.
func (s *Space) take(h *holder, c portClass, port uint16) {
	if h.ports[c] == nil {
		if h.ports[c], s.unused = s.unused, nil; h.ports[c] == nil {
			h.ports[c] = new(ports)
		}
	}
	h.ports[c].add(port)
}

// taken says whether a port is occupied.
func (h *holder) taken(c portClass, port uint16) bool {
	return h.ports[c] != nil && h.ports[c].has(port)
}

// drop frees a port.
func (s *Space) drop(h *holder, c portClass, port uint16) {
	set := h.ports[c]
	set.remove(port)
	if h.spare != nil {
		h.spare.relieve(c, h.place)
	}
	if set.used == 0 {
		h.ports[c], s.unused = nil, set
	}
}

// Release gives back what a session with these keys occupies by hold.
func (s *Space) Release(b *Binding) {
	if b.Hold == HoldNothing {
		return
	}
	a, c, n := b.Reply.Dst, classOf(b.Reply.Proto), *port(&b.Reply)
	h := s.holders[a]
	if h == nil {
		return
	}
	h.sessions[c]--
	switch b.Hold {
	case HoldPort:
		s.drop(h, c, n)
	case HoldMapping:
		s.unmap(h, outer{a, n, b.Reply.Proto})
	case HoldLease:
		s.leases.release(b.Original.Src)
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
