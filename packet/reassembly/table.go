package reassembly

import (
	"time"
	"unsafe"

	"portcullis/packet"
)

// Theory of operation.
//
// A datagram is what fragments belong to; it is known by its addresses, its
// identification, its protocol (IPv4) and the interface they come in by. Its
// record says which parts have arrived; the bytes themselves lie in pages, at
// the place they will have in the whole, so that a datagram never holds more
// memory than the longest packet, however it is cut.
//
// Two fragments that claim one byte are never merged: which of them the receiver
// would believe can not be known, and what a policy or a helper read might not be
// what arrives (RFC 1858, RFC 3128, RFC 5722). Such a datagram is dead, and its
// record stays until its time is over, so that its other fragments are not
// taken for a new one. Only a fragment that is there already, byte for byte, is
// harmless and forgotten.
//
// Records and pages are bounded. Where one is wanted and none is free the oldest
// datagram gives way: those of honest senders are whole within milliseconds, so a
// flood of lone fragments mostly displaces itself.

// Limits are what an operator may set.
type Limits struct {
	Memory  int           // bytes that all datagrams together may hold
	Timeout time.Duration // how long an IPv4 datagram may take; an IPv6 one twice that
}

const (
	// maxSpans bounds the fragments of a datagram: the longest packet in fragments
	// of 576 bytes, twice.
	maxSpans = 256
	// maxHead bounds the headers that are kept of the first fragment.
	maxHead = 256
	// perDatagram is the memory that there is one record for: as little as an
	// incomplete datagram can hold, a record and a page.
	perDatagram = 4096
)

// A record and a page are what perDatagram must pay for.
const _ = -uint((unsafe.Sizeof(datagram{}) + pageSize) / (perDatagram + 1))

// Table holds the datagrams that are being reassembled. It is used by one
// goroutine at a time.
type Table struct {
	seed   uint64
	limits Limits
	lost   func(packet.Reason, uint64)

	records pool[datagram]
	pages   pool[page]
	buckets []uint32 // first record by hash of its key; allocated with the first
	queues  [2]queue // by family, each in order of birth
}

// New makes a table that hashes with seed, which senders must not know, and tells
// lost of fragments that it had taken in and that died.
func New(seed uint64, lost func(r packet.Reason, n uint64)) *Table {
	return &Table{seed: seed, lost: lost}
}

// SetLimits changes the limits. Where the memory changes, what was held of it
// dies: it is given back to the machine.
func (t *Table) SetLimits(l Limits) {
	if l.Memory != t.limits.Memory {
		for t.evict() != none {
		}
		n := l.Memory / perDatagram
		t.records = pool[datagram]{max: n}
		t.pages = pool[page]{max: (l.Memory - n*int(unsafe.Sizeof(datagram{}))) / pageSize}
		t.buckets = nil
	}
	t.limits = l
}

// Add takes in the fragment p, at now, in nanoseconds. Where p is the last that
// was missing it returns the whole datagram, which is to be taken before the next
// call. With any reason but ReasonNone, p died of it.
func (t *Table) Add(now int64, p *packet.Packet) (Whole, packet.Reason) {
	f := p.Piece()
	key := keyOf(p, &f)
	n := t.find(now, &key)
	if n == none {
		if n = t.begin(now, &key); n == none {
			return Whole{}, packet.ReasonFragmentMemory
		}
	}
	d := t.records.at(n)
	if d.dead != packet.ReasonNone {
		return Whole{}, d.dead
	}
	switch r := t.accept(n, d, p, &f); r {
	case packet.ReasonNone:
	case packet.ReasonFragmentDuplicate, packet.ReasonFragmentMemory:
		return Whole{}, r
	default:
		t.kill(d, r)
		return Whole{}, r
	}
	if !d.complete() {
		return Whole{}, packet.ReasonNone
	}
	return t.whole(n, d), packet.ReasonNone
}

// keyOf is what p's datagram is known by, spelt as the key of a flow: its
// identification in the place of ports, the interface in that of the zone. The
// protocol of an IPv6 fragment may differ from that of the first (RFC 8200
// section 4.5), so all have that of the fragment header.
func keyOf(p *packet.Packet, f *packet.Piece) packet.Key {
	k := packet.Key{
		Src: p.Key.Src, Dst: p.Key.Dst, Proto: p.Key.Proto, Zone: p.In,
		SrcPort: uint16(f.ID >> 16), DstPort: uint16(f.ID),
	}
	if p.Kind == packet.KindIPv6 {
		k.Proto = 44
	}
	return k
}

func (t *Table) bucket(k *packet.Key) *uint32 {
	return &t.buckets[k.Hash(t.seed)&uint64(len(t.buckets)-1)]
}

// find is the record of the datagram with key k whose time is not over.
func (t *Table) find(now int64, k *packet.Key) uint32 {
	if t.buckets == nil {
		return none
	}
	for n := *t.bucket(k); n != none; {
		d := t.records.at(n)
		if d.key == *k {
			if t.due(now, d) {
				t.end(n, packet.ReasonFragmentTimeout)
				return none
			}
			return n
		}
		n = d.chain
	}
	return none
}

// begin makes a record for a new datagram.
func (t *Table) begin(now int64, k *packet.Key) uint32 {
	n := t.records.get()
	if n == none && t.evict() != none {
		n = t.records.get()
	}
	if n == none {
		return none
	}
	if t.buckets == nil {
		size := 1
		for size < t.records.max {
			size *= 2
		}
		t.buckets = make([]uint32, size)
	}
	d := t.records.at(n)
	d.reset(k, now)
	b := t.bucket(k)
	d.chain, *b = *b, n
	t.queues[family(k)].push(&t.records, n)
	return n
}

// accept notes what p brings to d and keeps its bytes.
func (t *Table) accept(n uint32, d *datagram, p *packet.Packet, f *packet.Piece) packet.Reason {
	i, r := d.place(f)
	if r == packet.ReasonFragmentOverlap && d.same(i, f) && t.holds(d, f) {
		return packet.ReasonFragmentDuplicate
	}
	if r != packet.ReasonNone {
		return r
	}
	if f.Offset == 0 {
		if r := f.HeadersWhole(); r != packet.ReasonNone {
			return r
		}
		if len(f.Head) > maxHead {
			return packet.ReasonFragmentOverflow
		}
	}
	if d.tooLong(p, f) {
		return packet.ReasonBadFragment
	}
	if !t.room(n, d, f) {
		return packet.ReasonFragmentMemory
	}
	t.store(d, f)
	d.add(i, p, f)
	return packet.ReasonNone
}

// room takes the pages that f needs, from older datagrams where none is free. It
// reports false where d was itself the oldest, and is gone.
func (t *Table) room(n uint32, d *datagram, f *packet.Piece) bool {
	for i := f.Offset / pageSize; i*pageSize < f.Offset+len(f.Data); i++ {
		for d.pages[i] == none {
			if d.pages[i] = t.pages.get(); d.pages[i] == none && t.evict() == n {
				return false
			}
		}
	}
	return true
}

// kill keeps of d, which died of r, only the record.
func (t *Table) kill(d *datagram, r packet.Reason) {
	t.lost(r, uint64(d.held))
	t.release(d)
	d.dead, d.held = r, 0
}

// release gives back the pages of d.
func (t *Table) release(d *datagram) {
	for i, n := range d.pages {
		if n != none {
			t.pages.put(n)
			d.pages[i] = none
		}
	}
}

// end forgets the datagram of record n; what it held died of r.
func (t *Table) end(n uint32, r packet.Reason) {
	d := t.records.at(n)
	if d.held > 0 {
		t.lost(r, uint64(d.held))
	}
	t.forget(n, d)
}

// forget takes record n out of the table.
func (t *Table) forget(n uint32, d *datagram) {
	t.release(d)
	at := t.bucket(&d.key)
	for *at != n {
		at = &t.records.at(*at).chain
	}
	*at = d.chain
	t.queues[family(&d.key)].remove(&t.records, n)
	t.records.put(n)
}

// evict ends the oldest datagram and returns its number, none where there is none.
func (t *Table) evict() uint32 {
	n, other := t.queues[0].oldest, t.queues[1].oldest
	if n == none || other != none && t.records.at(other).birth < t.records.at(n).birth {
		n = other
	}
	if n != none {
		t.end(n, packet.ReasonFragmentMemory)
	}
	return n
}

// Expire ends datagrams whose time is over, at most budget of them.
func (t *Table) Expire(now int64, budget int) (more bool) {
	for f := range t.queues {
		for n := t.queues[f].oldest; n != none && budget > 0; n = t.queues[f].oldest {
			if !t.due(now, t.records.at(n)) {
				break
			}
			t.end(n, packet.ReasonFragmentTimeout)
			budget--
		}
	}
	return budget <= 0
}

// due says whether the time of d is over.
func (t *Table) due(now int64, d *datagram) bool {
	return now-d.birth >= int64(t.limits.Timeout)<<family(&d.key)
}

// Len is the number of datagrams, dead ones included.
func (t *Table) Len() int { return t.records.used }

// Memory is how many bytes they hold.
func (t *Table) Memory() int {
	return t.records.used*int(unsafe.Sizeof(datagram{})) + t.pages.used*pageSize
}

// family is 0 for IPv4 and 1 for IPv6.
func family(k *packet.Key) int {
	if k.Src.Is4() {
		return 0
	}
	return 1
}
