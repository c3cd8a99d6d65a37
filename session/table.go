package session

import (
	"fmt"
	"unsafe"

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
// once, with room for half as many entries more, so that it never grows while
// packets wait.

const (
	slabShift = 15 // so that a slab holds several large pages
	slabSize  = 1 << slabShift
)

// Table is the session table of one worker. Create it with NewTable.
type Table struct {
	slabs [][]Session
	index []entry
	seed  uint64
	free  uint32 // head of the free list, index+1
	used  uint32 // records handed out of slabs so far
	max   uint32
	count uint32
	id    uint32
	wheel Wheel

	queues [classes]queue
	advise func(block []byte)
}

// MaxSessions bounds what NewTable accepts.
const MaxSessions = 1 << 28

// NewTable makes a table for at most that many sessions (1 to MaxSessions). seed
// should be unpredictable: it keeps a sender from choosing colliding keys. now
// is when the table's time begins.
func NewTable(sessions int, seed uint64, now Tick) *Table {
	bound := uint32(min(max(sessions, 1), MaxSessions))
	t := &Table{index: make([]entry, max(bound*indexShare, 16)), seed: seed, max: bound}
	t.wheel.start(now)
	return t
}

// Len is the number of live sessions.
func (t *Table) Len() int { return int(t.count) }

// Max is the number of sessions the table may hold.
func (t *Table) Max() int { return int(t.max) }

func (t *Table) at(i uint32) *Session { return &t.slabs[i>>slabShift][i&(slabSize-1)] }

// New returns a zeroed record with a serial, not yet findable, or nil where the
// table is full. It must go to Insert or back by Discard before the next New.
func (t *Table) New() *Session {
	s := t.record()
	if s == nil {
		return nil
	}
	t.id++
	if t.id == 0 {
		t.id = 1
	}
	*s = Session{Record: Record{ID: t.id, index: s.index}}
	return s
}

// slab allocates the slab that record i begins.
func (t *Table) slab(i uint32) {
	n := min(slabSize, t.max-i)
	s := make([]Session, n)
	t.slabs = append(t.slabs, s)
	t.wheel.grow(int(i + n))
	if t.advise != nil {
		t.advise(unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), uintptr(n)*Size))
	}
}

// Advise has f told of each large block of memory that the table has and will
// have, before it is used: so that f can ask the operating system for large pages. f
// must not touch the block, nor keep it.
func (t *Table) Advise(f func(block []byte)) {
	t.advise = f
	f(unsafe.Slice((*byte)(unsafe.Pointer(&t.index[0])), uintptr(len(t.index))*unsafe.Sizeof(entry{})))
}

// record is a free record, of which only the index is set; nil where the table is
// full.
func (t *Table) record() *Session {
	if t.count >= t.max {
		return nil
	}
	i := t.free
	if i != 0 {
		i--
		t.free = t.at(i).next
	} else {
		if i = t.used; i&(slabSize-1) == 0 {
			t.slab(i)
		}
		t.used++
	}
	s := t.at(i)
	s.index = i
	return s
}

// Discard takes back a record that New returned and Insert did not take.
func (t *Table) Discard(s *Session) {
	s.live = false
	s.next = t.free
	t.free = s.index + 1
}

// Insert makes s, which New returned, findable by both keys and arms its timer.
// Where another session has one of the keys it returns that one, and leaves s to
// the caller.
func (t *Table) Insert(s *Session, now Tick) (clash *Session) {
	var hashes [2]uint32
	for d := range s.Key {
		hashes[d] = t.Hash(&s.Key[d])
		if clash, _ = t.FindHashed(&s.Key[d], hashes[d]); clash != nil {
			return clash
		}
	}
	s.live = true
	t.put(s.index, packet.Original, hashes[0])
	if s.Key[packet.Reply] != s.Key[packet.Original] {
		t.put(s.index, packet.Reply, hashes[1])
	}
	t.count++
	s.LastSeen = now
	t.wheel.Arm(s.index, now.Add(s.Timeout()))
	return nil
}

// Remove takes a live session out of the table.
func (t *Table) Remove(s *Session) {
	t.drop(s, packet.Original)
	if s.Key[packet.Reply] != s.Key[packet.Original] {
		t.drop(s, packet.Reply)
	}
	t.Classify(s, Lasting)
	t.wheel.Disarm(s.index)
	t.count--
	t.Discard(s)
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

// Shorten re-arms the timer of s after its timeout was made shorter.
func (t *Table) Shorten(s *Session) { t.wheel.Arm(s.index, s.LastSeen.Add(s.Timeout())) }

// Expire hands sessions whose idle time ended by now to end and removes them. It
// takes at most budget steps of bounded work and reports whether those were not
// enough. A session that was seen since its timer was armed is armed again: so a
// packet costs one store to LastSeen, not a move in the wheel.
func (t *Table) Expire(now Tick, budget int, end func(*Session)) (more bool) {
	for {
		i, ok := t.wheel.Next(now, &budget)
		if !ok {
			return budget <= 0
		}
		s := t.at(i)
		if due := s.LastSeen.Add(s.Timeout()); due > now {
			t.wheel.Arm(i, due)
			continue
		}
		end(s)
		t.Remove(s)
	}
}

// All calls f for every live session until it returns false.
func (t *Table) All(f func(*Session) bool) {
	for i := range t.used {
		if s := t.at(i); s.live && !f(s) {
			return
		}
	}
}

// CheckInvariants walks the whole table and reports the first thing that is not
// as it must be: for tests.
func (t *Table) CheckInvariants() error {
	live, queued := uint32(0), 0
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
		if st := s.tracked(); st != StateNone && st != s.State {
			return fmt.Errorf("session %d: state %d, its connection or association %d", s.ID, s.State, st)
		}
		if !t.wheel.Armed(i) {
			return fmt.Errorf("session %d: no timer is armed", s.ID)
		}
		if s.index != i || s.claimed != 0 {
			return fmt.Errorf("session %d: record %d, which takes itself for %d, claimed %d", s.ID, i, s.index, s.claimed)
		}
		if s.class != Lasting {
			queued++
		}
	}
	if err := t.checkQueues(queued); err != nil {
		return err
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
