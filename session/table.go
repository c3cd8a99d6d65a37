package session

import (
	"fmt"

	"portcullis/packet"
)

// Theory of operation.
//
// Records live in slabs of slabSize, allocated as they are first needed and
// never freed or moved, so that a *Session stays valid while the session lives
// and the garbage collector has a handful of pointer-free blocks to skip.
//
// The index is one open-addressing hash table with linear probing over both keys
// of every session. An entry is the key's hash and a reference: record index and
// direction. Deletion shifts the following entries back (no tombstones), which
// the stored hashes make cheap. The index is sized for the bound of the table
// once, at half load, so that it never grows while packets wait.

const (
	slabShift = 10
	slabSize  = 1 << slabShift
)

// Table is the session table of one worker. Create it with NewTable.
type Table struct {
	slabs [][]Session
	index []entry
	mask  uint32
	seed  uint64
	free  uint32 // head of the free list, index+1
	used  uint32 // records handed out of slabs so far
	max   uint32
	count uint32
	id    uint32
	wheel Wheel
}

// entry refers to one direction of a session; ref is index<<1|dir plus 1, and 0
// where the entry is empty.
type entry struct {
	hash uint32
	ref  uint32
}

// MaxSessions bounds what NewTable accepts.
const MaxSessions = 1 << 28

// NewTable makes a table for at most that many sessions (1 to MaxSessions). seed
// should be unpredictable: it keeps a sender from choosing colliding keys. now
// is when the table's time begins.
func NewTable(sessions int, seed uint64, now Tick) *Table {
	bound := uint32(min(max(sessions, 1), MaxSessions))
	size := uint32(16)
	for size < bound*4 {
		size *= 2
	}
	t := &Table{index: make([]entry, size), mask: size - 1, seed: seed, max: bound}
	t.wheel.start(now)
	return t
}

// Len is the number of live sessions.
func (t *Table) Len() int { return int(t.count) }

// Max is the number of sessions the table may hold.
func (t *Table) Max() int { return int(t.max) }

func (t *Table) at(i uint32) *Session { return &t.slabs[i>>slabShift][i&(slabSize-1)] }

// Hash is the hash of k in this table, for FindHashed.
func (t *Table) Hash(k *packet.Key) uint32 { return uint32(k.Hash(t.seed)) }

// Touch reads what FindHashed will read for a key with hash h, so that it is in
// the processor's cache by then: of the index in the first round, of the record
// in the second. The result means nothing; it keeps the reads from being left
// out.
func (t *Table) Touch(h uint32, round int) uint64 {
	e := t.index[h&t.mask]
	if round == 0 || e.ref == 0 {
		return uint64(e.ref)
	}
	s := t.at((e.ref - 1) >> 1)
	return s.Key[0].Src.Lo + s.Packets[0] + uint64(s.LastSeen) + uint64(s.TCP.State())
}

// Find returns the live session that one of whose directions has key k.
func (t *Table) Find(k *packet.Key) (*Session, packet.Dir) {
	return t.FindHashed(k, uint32(k.Hash(t.seed)))
}

// FindHashed is Find for a key whose hash is known.
func (t *Table) FindHashed(k *packet.Key, h uint32) (*Session, packet.Dir) {
	for i := h & t.mask; ; i = (i + 1) & t.mask {
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

// New returns a zeroed record with a serial, not yet findable, or nil where the
// table is full. It must go to Insert or back by Discard before the next New.
func (t *Table) New() (*Session, uint32) {
	if t.count >= t.max {
		return nil, 0
	}
	i := t.free
	if i != 0 {
		i--
		t.free = t.at(i).next
	} else {
		if i = t.used; i&(slabSize-1) == 0 {
			t.slabs = append(t.slabs, make([]Session, slabSize))
			t.wheel.grow(int(i) + slabSize)
		}
		t.used++
	}
	t.id++
	if t.id == 0 {
		t.id = 1
	}
	s := t.at(i)
	*s = Session{ID: t.id}
	return s, i
}

// Discard takes back a record that New returned and Insert did not take.
func (t *Table) Discard(i uint32) {
	s := t.at(i)
	s.live = false
	s.next = t.free
	t.free = i + 1
}

// Insert makes the record findable by both keys and arms its timer. It reports
// false, and leaves the record to the caller, where another session has one of
// the keys.
func (t *Table) Insert(i uint32, now Tick) bool {
	s := t.at(i)
	if t.Taken(&s.Key[packet.Original]) || t.Taken(&s.Key[packet.Reply]) {
		return false
	}
	s.live = true
	t.put(i, packet.Original)
	if s.Key[packet.Reply] != s.Key[packet.Original] {
		t.put(i, packet.Reply)
	}
	t.count++
	s.LastSeen = now
	t.wheel.Arm(i, now.Add(s.Timeout()))
	return true
}

func (t *Table) put(n uint32, d packet.Dir) {
	s := t.at(n)
	h := uint32(s.Key[d].Hash(t.seed))
	i := h & t.mask
	for t.index[i].ref != 0 {
		i = (i + 1) & t.mask
	}
	t.index[i] = entry{hash: h, ref: (n<<1 | uint32(d)) + 1}
}

// Remove takes a live session out of the table.
func (t *Table) Remove(i uint32) {
	s := t.at(i)
	t.drop(i, packet.Original)
	if s.Key[packet.Reply] != s.Key[packet.Original] {
		t.drop(i, packet.Reply)
	}
	t.wheel.Disarm(i)
	t.count--
	t.Discard(i)
}

func (t *Table) drop(n uint32, d packet.Dir) {
	ref := (n<<1 | uint32(d)) + 1
	h := uint32(t.at(n).Key[d].Hash(t.seed))
	i := h & t.mask
	for t.index[i].ref != ref {
		i = (i + 1) & t.mask
	}
	// Shift back whatever may move nearer to its home.
	for j := (i + 1) & t.mask; t.index[j].ref != 0; j = (j + 1) & t.mask {
		if home := t.index[j].hash & t.mask; (j-home)&t.mask >= (j-i)&t.mask {
			t.index[i] = t.index[j]
			i = j
		}
	}
	t.index[i] = entry{}
}

// Get returns the live session at index i, or nil.
func (t *Table) Get(i uint32) *Session {
	if i >= t.used {
		return nil
	}
	if s := t.at(i); s.live {
		return s
	}
	return nil
}

// Resolve returns the session that r names while it still lives.
func (t *Table) Resolve(r Ref) *Session {
	if s := t.Get(r.Index); s != nil && s.ID == r.ID && r.ID != 0 {
		return s
	}
	return nil
}

// IndexOf returns the index of a session that Find returned, by looking up its
// key again: for slow paths.
func (t *Table) IndexOf(s *Session) uint32 {
	k := &s.Key[packet.Original]
	h := uint32(k.Hash(t.seed))
	for i := h & t.mask; t.index[i].ref != 0; i = (i + 1) & t.mask {
		if e := t.index[i]; e.hash == h && t.at((e.ref-1)>>1) == s {
			return (e.ref - 1) >> 1
		}
	}
	panic("session: IndexOf of a session that is not in the table")
}

// Shorten re-arms the timer of s after its timeout was made shorter.
func (t *Table) Shorten(s *Session) {
	t.wheel.Arm(t.IndexOf(s), s.LastSeen.Add(s.Timeout()))
}

// Expire hands sessions whose idle time ended by now to end, at most budget of
// timers looked at, and removes them. A session that was seen since its timer
// was armed is armed again: so a packet costs one store to LastSeen, not a move
// in the wheel. It reports whether more were due than the budget allowed.
func (t *Table) Expire(now Tick, budget int, end func(i uint32, s *Session)) (more bool) {
	for range budget {
		i, ok := t.wheel.Next(now)
		if !ok {
			return false
		}
		s := t.at(i)
		if due := s.LastSeen.Add(s.Timeout()); due > now {
			t.wheel.Arm(i, due)
			continue
		}
		end(i, s)
		t.Remove(i)
	}
	return true
}

// All calls f for every live session until it returns false.
func (t *Table) All(f func(i uint32, s *Session) bool) {
	for i := range t.used {
		if s := t.at(i); s.live && !f(i, s) {
			return
		}
	}
}

// CheckInvariants walks the whole table and reports the first thing that is not
// as it must be: for tests.
func (t *Table) CheckInvariants() error {
	live := uint32(0)
	for i := range t.used {
		s := t.at(i)
		if !s.live {
			continue
		}
		live++
		for d := range s.Key {
			if f, _ := t.Find(&s.Key[d]); f != s {
				return fmt.Errorf("session %d: %v key %v is not in the index", s.ID, packet.Dir(d), s.Key[d])
			}
		}
		if st := s.TCP.State(); st != StateNone && st != s.State {
			return fmt.Errorf("session %d: state %v, its connection %v", s.ID, s.State, st)
		}
		if !t.wheel.Armed(i) {
			return fmt.Errorf("session %d: no timer is armed", s.ID)
		}
	}
	if live != t.count {
		return fmt.Errorf("%d sessions live, %d counted", live, t.count)
	}
	entries := uint32(0)
	for _, e := range t.index {
		if e.ref == 0 {
			continue
		}
		entries++
		if s := t.at((e.ref - 1) >> 1); !s.live {
			return fmt.Errorf("index refers to free record %d", (e.ref-1)>>1)
		}
	}
	if entries > 2*live || entries < live {
		return fmt.Errorf("%d index entries for %d sessions", entries, live)
	}
	return nil
}
