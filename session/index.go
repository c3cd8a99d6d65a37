package session

import "portcullis/packet"

// entry refers to one direction of a session; ref is index<<1|dir plus 1, and 0
// where the entry is empty.
type entry struct {
	hash uint32
	ref  uint32
}

// indexShare is how many entries of the index a session has: two to fill and one
// to leave empty.
const indexShare = 3

// Hash is the hash of k in this table, for FindHashed.
func (t *Table) Hash(k *packet.Key) uint32 { return uint32(k.Hash(t.seed)) }

// home is the entry of the index that a key with hash h is looked for from.
func (t *Table) home(h uint32) uint32 { return uint32(uint64(h) * uint64(len(t.index)) >> 32) }

// after is the entry behind i.
func (t *Table) after(i uint32) uint32 {
	if i++; int(i) == len(t.index) {
		return 0
	}
	return i
}

// beyond is how many entries i lies behind h.
func (t *Table) beyond(i, h uint32) uint32 {
	if i < h {
		i += uint32(len(t.index))
	}
	return i - h
}

// Touch reads what FindHashed will read for a key with hash h, and what its caller
// will read of the session, so that it is in the processor's cache by then: of the
// index in the first round, of the record in the second. The result means
// nothing; it keeps the reads from being left out.
func (t *Table) Touch(h uint32, round int) uint64 {
	i := t.home(h)
	e := t.index[i]
	if round == 0 {
		return uint64(e.ref)
	}
	for e.hash != h && e.ref != 0 {
		i = t.after(i)
		e = t.index[i]
	}
	if e.ref == 0 {
		return 0
	}
	s := t.at((e.ref - 1) >> 1)
	r := uint64(s.Generation) + s.Key[0].Dst.Lo + uint64(s.TCP.State())
	if s.Rewrite[0].None() { // not the counters: others write them at the same time
		r++
	}
	return r
}

// Find returns the live session that one of whose directions has key k.
func (t *Table) Find(k *packet.Key) (*Session, packet.Dir) {
	return t.FindHashed(k, uint32(k.Hash(t.seed)))
}

// FindHashed is Find for a key whose hash is known.
func (t *Table) FindHashed(k *packet.Key, h uint32) (*Session, packet.Dir) {
	for i := t.home(h); ; i = t.after(i) {
		e := t.index[i]
		if e.ref == 0 {
			return nil, 0
		}
		if e.hash == h {
			s := t.at((e.ref - 1) >> 1)
			if d := packet.Dir((e.ref - 1) & 1); s.Key[d] == *k {
				return s, d
			}
		}
	}
}

// Taken says whether a live session has k as one of its keys.
func (t *Table) Taken(k *packet.Key) bool {
	s, _ := t.Find(k)
	return s != nil
}

func (t *Table) put(n uint32, d packet.Dir, h uint32) {
	i := t.home(h)
	for t.index[i].ref != 0 {
		i = t.after(i)
	}
	t.index[i] = entry{hash: h, ref: (n<<1 | uint32(d)) + 1}
}

func (t *Table) drop(s *Session, d packet.Dir) {
	ref := (s.index<<1 | uint32(d)) + 1
	i := t.home(t.Hash(&s.Key[d]))
	for t.index[i].ref != ref {
		i = t.after(i)
	}
	// Shift back whatever may move nearer to its home.
	for j := t.after(i); t.index[j].ref != 0; j = t.after(j) {
		if t.beyond(j, t.home(t.index[j].hash)) >= t.beyond(j, i) {
			t.index[i] = t.index[j]
			i = j
		}
	}
	t.index[i] = entry{}
}
