package nat

import (
	"time"

	"portcullis/packet"
)

// Theory of operation.
//
// A pool of port blocks cuts the ports of each address into blocks of equal size.
// A client gets one when it has no free port left, up to as many as one may have,
// and gives it back when it has been empty for a while: so what has to be logged
// is a line for each block, and not one for each session (RFC 6888 section 4).
//
// The blocks of an address are a grid, whose shape is the pool's when its first
// block is given out: after a change of the configuration it stays until all of
// them came back. A block that is empty waits in a queue of its pool's linger
// time; all that wait as long as one another stand in the order in which they are
// due.

// NoteKind is what is to be logged of a block or a pool.
type NoteKind uint8

// Kinds of Note.
const (
	NoteBlockGranted NoteKind = iota
	NoteBlockHeld             // interim: the client has it still
	NoteBlockReturned
)

// Note is something to be logged about a block of ports.
type Note struct {
	Kind        NoteKind
	Pool        uint16
	Client      packet.Addr
	Addr        packet.Addr
	First, Last uint16
	Since       int64 // when it was granted
}

// grid are the blocks of an address.
type grid struct {
	first, size uint16
	blocks      []*block // by place; nil: nobody's
	taken       ports    // places of blocks that somebody has
}

// owns says whether port n is of a block that somebody has. g may be nil.
func (g *grid) owns(n uint16) bool {
	if g == nil || n < g.first {
		return false
	}
	at := int(n-g.first) / int(g.size)
	return at < len(g.blocks) && g.blocks[at] != nil
}

// block is a run of ports that one client has.
type block struct {
	client  packet.Addr
	addr    packet.Addr
	first   uint16
	last    uint16
	place   uint16 // among the blocks of the address
	pool    uint16
	used    [classOther]uint16 // ports, by protocol
	since   int64
	linger  time.Duration
	interim time.Duration
	due     int64  // when it goes back, unless it is used again; 0: it is in use
	noted   int64  // when the next interim note is due; 0: never
	at      uint32 // on the shelf
	next    *block // of the same client
	idle    link   // in the queue of those that linger
	notes   link   // in the queue of interim notes
}

// blocks are all blocks.
type blocks struct {
	clients map[packet.Addr]*block // by client, a list by next
	idle    map[time.Duration]*queue
	notes   map[time.Duration]*queue
	shelf   shelf[block] // all of them
	count   int
}

func newBlocks() blocks {
	return blocks{clients: map[packet.Addr]*block{}, idle: map[time.Duration]*queue{}, notes: map[time.Duration]*queue{}}
}

// queue is a list of blocks whose times come in its order.
type queue struct{ head, tail *block }

// link is a place in a queue.
type link struct {
	prev, next *block
	in         *queue
}

func (q *queue) push(b *block, l func(*block) *link) {
	at := l(b)
	at.prev, at.next, at.in = q.tail, nil, q
	if q.tail != nil {
		l(q.tail).next = b
	} else {
		q.head = b
	}
	q.tail = b
}

func pull(b *block, l func(*block) *link) {
	at := l(b)
	q := at.in
	if q == nil {
		return
	}
	if at.prev != nil {
		l(at.prev).next = at.next
	} else {
		q.head = at.next
	}
	if at.next != nil {
		l(at.next).prev = at.prev
	} else {
		q.tail = at.prev
	}
	*at = link{}
}

func idleLink(b *block) *link { return &b.idle }
func noteLink(b *block) *link { return &b.notes }

// queueOf is the queue of what is due after d.
func queueOf(all map[time.Duration]*queue, d time.Duration) *queue {
	q := all[d]
	if q == nil {
		q = new(queue)
		all[d] = q
	}
	return q
}

// fromBlocks translates to a port of a block that the client has, or now gets.
func (s *Space) fromBlocks(r *Request, p *Pool, use InUse) (Hold, bool) {
	c, n := classOf(r.Key.Proto), 0
	if c == classOther {
		return s.outsideBlocks(r, p, use)
	}
	for b := s.blocks.clients[r.Key.Src]; b != nil; b = b.next {
		if !p.Holds(b.addr) {
			continue
		}
		n++
		if hold, ok := s.fromBlock(r, b, use); ok {
			return hold, true
		}
	}
	if n >= p.maxBlocks || r.How.Fixed && n > 0 {
		return HoldNothing, false
	}
	return s.fromNewBlock(r, s.grant(p, r.Key.Src), use)
}

// outsideBlocks translates what has no ports to the address of the client's
// blocks, or to that where it would get one.
func (s *Space) outsideBlocks(r *Request, p *Pool, use InUse) (Hold, bool) {
	for b := s.blocks.clients[r.Key.Src]; b != nil; b = b.next {
		if p.Holds(b.addr) {
			return s.portless(r, b.addr, use)
		}
	}
	return s.portless(r, offset(p.first, uint32(mix(r.Key.Src)%uint64(p.n))), use)
}

// fromBlock occupies a port of b.
func (s *Space) fromBlock(r *Request, b *block, use InUse) (Hold, bool) {
	c := classOf(r.Key.Proto)
	if b.used[c] > b.last-b.first {
		return HoldNothing, false
	}
	s.start(r, b.addr)
	w := window{h: s.holder(b.addr), class: c, first: b.first, last: b.last, keep: r.How.Preserve, fixed: r.How.Fixed, alone: true}
	if w.fixed && (r.Key.SrcPort < b.first || r.Key.SrcPort > b.last) {
		return HoldNothing, false
	}
	if _, ok := s.choose(&w, use); !ok {
		return HoldNothing, false
	}
	b.used[c]++
	s.busy(b)
	return HoldBlock, true
}

// fromBlocksAt is fromBlocks at one address of p.
func (s *Space) fromBlocksAt(r *Request, p *Pool, addr packet.Addr, use InUse) (Hold, bool) {
	n := 0
	for b := s.blocks.clients[s.client]; b != nil; b = b.next {
		if !p.Holds(b.addr) {
			continue
		}
		n++
		if b.addr != addr {
			continue
		}
		if hold, ok := s.fromBlock(r, b, use); ok {
			return hold, true
		}
	}
	if n >= p.maxBlocks {
		return HoldNothing, false
	}
	return s.fromNewBlock(r, s.grantAt(p, s.client, addr), use)
}

// fromNewBlock is fromBlock of a block that was just granted; nil is none.
func (s *Space) fromNewBlock(r *Request, b *block, use InUse) (Hold, bool) {
	if b == nil {
		return HoldNothing, false
	}
	hold, ok := s.fromBlock(r, b, use)
	if !ok {
		s.rest(b)
	}
	return hold, ok
}

// rest has b, which is empty, linger.
func (s *Space) rest(b *block) {
	b.due = s.now + int64(b.linger)
	queueOf(s.blocks.idle, b.linger).push(b, idleLink)
	s.tally[b.pool].Lingering++
}

// busy takes b out of those that linger.
func (s *Space) busy(b *block) {
	if b.due != 0 {
		b.due = 0
		pull(b, idleLink)
		t := s.tally[b.pool]
		t.Lingering--
		t.Reused++
	}
}

// vacate gives back a port of a block.
func (s *Space) vacate(h *holder, c portClass, n uint16) {
	s.drop(h, c, n)
	g := h.blocks
	if g == nil || n < g.first || int((n-g.first)/g.size) >= len(g.blocks) {
		return
	}
	b := g.blocks[(n-g.first)/g.size]
	if b == nil {
		return
	}
	b.used[c]--
	if b.used == [classOther]uint16{} {
		s.rest(b)
	}
}

// grant gives a client a block of p: at the address where it has others, or that
// its own address tells, else at another one.
func (s *Space) grant(p *Pool, client packet.Addr) *block {
	place := uint16(mix(client) % uint64(p.n))
	for b := s.blocks.clients[client]; b != nil; b = b.next {
		if p.Holds(b.addr) {
			place = uint16(distance(p.first, b.addr))
		}
	}
	sp := s.spareOf(p)
	for range addressTries {
		if b := s.grantAt(p, client, offset(p.first, uint32(place))); b != nil {
			return b
		}
		sp.fill(classTCP, place)
		next, ok := sp.next(classTCP, place, uint16(p.n-1))
		if !ok {
			break
		}
		place = next
	}
	return nil
}

// grantAt gives a client a block of one address.
func (s *Space) grantAt(p *Pool, client, addr packet.Addr) *block {
	g := s.gridOf(p, addr)
	// Where nobody else has them, a client gets the same blocks again.
	last := uint16(len(g.blocks) - 1)
	at, ok := g.taken.find(0, last, uint16(mix(client)>>32%uint64(len(g.blocks))), either)
	if !ok {
		return nil
	}
	b := s.give(p, g, at, client, addr)
	s.note(NoteBlockGranted, b)
	return b
}

// gridOf are the blocks of an address of p.
func (s *Space) gridOf(p *Pool, addr packet.Addr) *grid {
	h := s.holder(addr)
	if h.blocks == nil {
		h.blocks = newGrid(p)
		h.spare, h.place = s.spareOf(p), uint16(distance(p.first, addr))
	}
	return h.blocks
}

// newGrid cuts the ports of an address of p into blocks.
func newGrid(p *Pool) *grid {
	return &grid{first: p.lo, size: p.blockSize, blocks: make([]*block, p.width()/uint32(p.blockSize))}
}

// give makes the block at that place the client's.
func (s *Space) give(p *Pool, g *grid, at uint16, client, addr packet.Addr) *block {
	first := g.first + at*g.size
	b := &block{client: client, addr: addr, first: first, last: first + g.size - 1, place: at, pool: p.Number, since: s.now, linger: p.linger, interim: p.interim}
	g.blocks[at] = b
	g.taken.add(at)
	b.at = s.blocks.shelf.put(b)
	t := s.tallyOf(p)
	t.Blocks++
	t.Granted++
	if !s.hasBlock(client, p.Number) {
		t.Clients++
	}
	b.next = s.blocks.clients[client]
	s.blocks.clients[client] = b
	s.blocks.count++
	if b.interim > 0 {
		b.noted = s.now + int64(b.interim)
		queueOf(s.blocks.notes, b.interim).push(b, noteLink)
	}
	return b
}

// hasBlock says whether a client has a block of a pool.
func (s *Space) hasBlock(client packet.Addr, pool uint16) bool {
	for b := s.blocks.clients[client]; b != nil; b = b.next {
		if b.pool == pool {
			return true
		}
	}
	return false
}

func (s *Space) note(kind NoteKind, b *block) {
	s.tell(Note{Kind: kind, Pool: b.pool, Client: b.client, Addr: b.addr, First: b.first, Last: b.last, Since: b.since})
}

// takeBack makes a block nobody's.
func (s *Space) takeBack(b *block) {
	h := s.holders[b.addr]
	g := h.blocks
	g.blocks[b.place] = nil
	g.taken.remove(b.place)
	pull(b, idleLink)
	pull(b, noteLink)
	s.blocks.shelf.take(b.at)
	s.blocks.count--
	if s.blocks.clients[b.client] == b {
		if b.next == nil {
			delete(s.blocks.clients, b.client)
		} else {
			s.blocks.clients[b.client] = b.next
		}
	} else {
		for o := s.blocks.clients[b.client]; o != nil; o = o.next {
			if o.next == b {
				o.next = b.next
			}
		}
	}
	t := s.tally[b.pool]
	t.Blocks--
	if b.due != 0 {
		t.Lingering--
	}
	if !s.hasBlock(b.client, b.pool) {
		t.Clients--
	}
	s.note(NoteBlockReturned, b)
	if h.spare != nil && h.spare.blocks {
		h.spare.relieve(classTCP, h.place)
	}
	if g.taken.used == 0 {
		h.blocks = nil
		s.forget(b.addr, h)
	}
}

// Expire takes back the blocks that were empty for long enough, and tells of those
// that are to be told of again. It takes at most budget of those steps and reports
// whether that was not enough.
func (s *Space) Expire(now int64, budget int) (more bool) {
	if s.blocks.count == 0 {
		return false
	}
	s.now = now
	for _, q := range s.blocks.idle {
		for ; q.head != nil && q.head.due <= now; budget-- {
			if budget <= 0 {
				return true
			}
			s.takeBack(q.head)
		}
	}
	for interim, q := range s.blocks.notes {
		for ; q.head != nil && q.head.noted <= now; budget-- {
			if budget <= 0 {
				return true
			}
			b := q.head
			pull(b, noteLink)
			b.noted = now + int64(interim)
			q.push(b, noteLink)
			s.note(NoteBlockHeld, b)
		}
	}
	return false
}

// Abandon tells of the blocks that linger, as if they were taken back: their time
// does not outlast the process. Nothing else is to be asked of s then.
func (s *Space) Abandon() {
	for _, q := range s.blocks.idle {
		for b := q.head; b != nil; b = b.idle.next {
			s.note(NoteBlockReturned, b)
		}
	}
}

// blockOf is a range of ports that a client has of an address.
func (s *Space) blockOf(client, addr packet.Addr) (first, last uint16, ok bool) {
	for b := s.blocks.clients[client]; b != nil; b = b.next {
		if b.addr == addr {
			return b.first, b.last, true
		}
	}
	return 0, 0, false
}
