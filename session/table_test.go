package session_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// model is the table as a map: what the real one must agree with.
type model struct {
	byKey map[packet.Key]uint32 // to session id
	live  map[uint32]*modelSession

	queues [3][]uint32 // ids by class; who is gone is taken out late
}

type modelSession struct {
	index   uint32
	keys    [2]packet.Key
	seen    session.Tick
	timeout time.Duration
}

func (s *modelSession) due() session.Tick { return s.seen.Add(s.timeout) }

// keyOf is one of few keys, so that random ones meet.
func keyOf(r *rand.Rand) packet.Key {
	return packet.Key{
		Src: packet.Addr{Lo: 0xffff_0a00_0000 + r.Uint64N(3)}, Dst: packet.Addr{Lo: 0xffff_0a00_0000 + r.Uint64N(3)},
		SrcPort: uint16(r.IntN(3)), DstPort: uint16(r.IntN(3)), Proto: packet.ProtoUDP,
	}
}

// grain is how late a timer may be.
const grain = 128 * time.Millisecond

// TestTableModel does random operations on a table and on a map, and compares
// them after each.
func TestTableModel(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		size := 3 + r.IntN(40)
		run := &tableRun{
			t: t, r: r, now: session.Tick(r.Int64N(int64(time.Hour))),
			m: model{byKey: map[packet.Key]uint32{}, live: map[uint32]*modelSession{}},
		}
		run.table = session.NewTable(size, seed, run.now)
		for range 1500 {
			run.step()
			if err := run.table.CheckInvariants(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if run.table.Len() != len(run.m.live) {
				t.Fatalf("seed %d: %d sessions, expected %d", seed, run.table.Len(), len(run.m.live))
			}
		}
		if run.ended == 0 || size > 8 && run.clashes == 0 {
			t.Errorf("seed %d: %d ended, %d clashes", seed, run.ended, run.clashes)
		}
	}
}

type tableRun struct {
	t              *testing.T
	r              *rand.Rand
	table          *session.Table
	m              model
	now            session.Tick
	ended, clashes int
}

func (x *tableRun) step() {
	switch x.r.IntN(9) {
	case 0, 1, 2:
		x.insert()
	case 8:
		x.classify()
	case 3:
		if id, s := x.any(); s != nil {
			x.table.Remove(x.table.Get(s.index))
			x.forget(id)
		}
	case 4:
		x.touch()
	case 5:
		x.expire()
	default:
		x.find()
	}
}

func (x *tableRun) any() (uint32, *modelSession) {
	if len(x.m.live) == 0 {
		return 0, nil
	}
	ids := slices.Sorted(maps.Keys(x.m.live)) // the map's order is not the seed's
	id := ids[x.r.IntN(len(ids))]
	return id, x.m.live[id]
}

func (x *tableRun) forget(id uint32) {
	s := x.m.live[id]
	for _, k := range s.keys {
		delete(x.m.byKey, k)
	}
	delete(x.m.live, id)
}

func (x *tableRun) insert() {
	rec := x.table.New()
	if full := len(x.m.live) == x.table.Max(); (rec == nil) != full {
		x.t.Fatalf("record %v of a table with %d of %d", rec, len(x.m.live), x.table.Max())
	}
	if rec == nil {
		return
	}
	keys := [2]packet.Key{keyOf(x.r), keyOf(x.r)}
	if x.r.IntN(2) == 0 {
		keys[1] = keys[0].Reply()
	}
	timeout := time.Duration(x.r.IntN(5000)) * time.Millisecond
	rec.Key = keys
	rec.SetTimeout(timeout)
	_, a := x.m.byKey[keys[0]]
	_, b := x.m.byKey[keys[1]]
	if clash := x.table.Insert(rec, x.now); (clash != nil) != (a || b) {
		x.t.Fatalf("inserted %v: %v; taken: %v, %v", keys, clash, a, b)
	} else if clash != nil {
		x.clashes++
		x.table.Discard(rec)
		return
	}
	if x.m.live[rec.ID] != nil {
		x.t.Fatalf("serial %d is used twice", rec.ID)
	}
	x.m.live[rec.ID] = &modelSession{index: rec.Ref().Index, keys: keys, seen: x.now, timeout: timeout}
	x.m.byKey[keys[0]], x.m.byKey[keys[1]] = rec.ID, rec.ID
}

// classify makes a session of another class and looks at the queues.
func (x *tableRun) classify() {
	id, m := x.any()
	if m == nil {
		return
	}
	s, c := x.table.Get(m.index), session.Class(x.r.IntN(3))
	if x.table.Classify(s, c); s.Class() != c {
		x.t.Fatalf("session %d: class %d, expected %d", id, s.Class(), c)
	}
	for i := range x.m.queues {
		x.m.queues[i] = slices.DeleteFunc(x.m.queues[i], func(q uint32) bool {
			return x.m.live[q] == nil || q == id && session.Class(i) != c
		})
	}
	if q := &x.m.queues[c]; !slices.Contains(*q, id) {
		*q = append(*q, id)
	}
	for c := session.Ephemeral; c <= session.Over; c++ {
		q := x.m.queues[c]
		oldest := x.table.Oldest(c, session.Ref{})
		if x.table.Count(c) != len(q) || (oldest == nil) != (len(q) == 0) || oldest != nil && oldest.ID != q[0] {
			x.t.Fatalf("class %d: %d sessions, oldest %v, expected %v", c, x.table.Count(c), oldest, q)
		}
		if oldest != nil {
			next := x.table.Oldest(c, oldest.Ref())
			if (next == nil) != (len(q) == 1) || next != nil && next.ID != q[1] {
				x.t.Fatalf("class %d: spared the oldest and got %v of %v", c, next, q)
			}
		}
	}
}

func (x *tableRun) touch() {
	id, s := x.any()
	if s == nil {
		return
	}
	rec := x.table.Resolve(session.Ref{Index: s.index, ID: id})
	if rec == nil {
		x.t.Fatalf("session %d is not resolved", id)
	}
	s.seen, rec.LastSeen = x.now, x.now
	if x.r.IntN(2) == 0 {
		s.timeout = time.Duration(x.r.IntN(5000)) * time.Millisecond
		rec.SetTimeout(s.timeout)
		x.table.Shorten(rec)
	}
}

func (x *tableRun) expire() {
	x.now = x.now.Add(time.Duration(x.r.Int64N(int64(2 * time.Second))))
	more := x.table.Expire(x.now, 1000, func(s *session.Session) {
		m := x.m.live[s.ID]
		if m == nil || m.index != s.Ref().Index {
			x.t.Fatalf("session %d ended, which does not live", s.ID)
		}
		if m.due() > x.now {
			x.t.Fatalf("session %d ended %v early", s.ID, m.due().Sub(x.now))
		}
		x.forget(s.ID)
		x.ended++
	})
	if more {
		x.t.Fatal("the budget was not enough")
	}
	for id, m := range x.m.live {
		if late := x.now.Sub(m.due()); late > grain {
			x.t.Fatalf("session %d lives %v too long", id, late)
		}
	}
}

func (x *tableRun) find() {
	k := keyOf(x.r)
	s, d := x.table.Find(&k)
	id, ok := x.m.byKey[k]
	switch {
	case ok != (s != nil) || x.table.Taken(&k) != ok:
		x.t.Fatalf("found %v for %v, expected session %d", s, k, id)
	case s == nil:
	case s.ID != id || s.Key[d] != k:
		x.t.Fatalf("found session %d, %v, expected %d", s.ID, d, id)
	case s.Ref().Index != x.m.live[id].index || x.table.Get(x.m.live[id].index) != s:
		x.t.Fatalf("session %d: another index", id)
	}
}

func key(n int) packet.Key {
	return packet.Key{
		Src: packet.MustAddr("10.1.0.2"), Dst: packet.MustAddr("10.2.0.2"),
		SrcPort: uint16(n), DstPort: 53, Zone: uint16(n >> 16), Proto: packet.ProtoUDP,
	}
}

func insert(t *testing.T, table *session.Table, n int, now session.Tick, timeout time.Duration) uint32 {
	t.Helper()
	s := table.New()
	if s == nil {
		t.Fatalf("session %d: the table is full", n)
	}
	s.Key = [2]packet.Key{key(n), key(n).Reply()}
	s.SetTimeout(timeout)
	if table.Insert(s, now) != nil {
		t.Fatalf("session %d is in the table already", n)
	}
	return s.Ref().Index
}

// TestTableFull fills a table to its bound, past several slabs, empties it in
// another order and fills it again.
func TestTableFull(t *testing.T) {
	const n = 5000
	table := session.NewTable(n, 9, 0)
	for round := range 3 {
		var indices []uint32
		for i := range n {
			indices = append(indices, insert(t, table, i, 0, time.Minute))
		}
		if s := table.New(); s != nil {
			t.Fatal("one more than the bound")
		}
		if err := table.CheckInvariants(); err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(uint64(round), 0))
		r.Shuffle(n, func(i, j int) { indices[i], indices[j] = indices[j], indices[i] })
		for _, i := range indices {
			table.Remove(table.Get(i))
		}
		if err := table.CheckInvariants(); err != nil || table.Len() != 0 {
			t.Fatal(err, table.Len())
		}
	}
}

// TestRefs: a reference to a session that is gone finds nothing, also when its
// record is used again.
func TestRefs(t *testing.T) {
	table := session.NewTable(1, 9, 0)
	i := insert(t, table, 1, 0, time.Second)
	old := session.Ref{Index: i, ID: table.Get(i).ID}
	table.Remove(table.Get(i))
	if table.Get(i) != nil || table.Resolve(old) != nil {
		t.Error("a free record is found")
	}
	i = insert(t, table, 2, 0, time.Second)
	if i != old.Index || table.Resolve(old) != nil {
		t.Error("the record's next session is taken for the old one")
	}
	if table.Resolve(session.Ref{}) != nil || table.Resolve(session.Ref{Index: 99, ID: 1}) != nil {
		t.Error("no reference finds a session")
	}
}

// TestExpireBudget: no call takes more steps than its budget.
func TestExpireBudget(t *testing.T) {
	table := session.NewTable(100, 9, 0)
	for i := range 100 {
		insert(t, table, i, 0, time.Second)
	}
	now := session.Tick(10 * time.Second)
	ended := 0
	end := func(*session.Session) { ended++ }
	for calls := 0; table.Expire(now, 30, end); calls++ {
		if ended > 30*(calls+1) || calls > 10 {
			t.Fatalf("%d ended in %d calls", ended, calls+1)
		}
	}
	if ended != 100 || table.Expire(now, 30, end) {
		t.Errorf("%d ended", ended)
	}
}

// TestAllWhileRemoving: sessions may be removed while All goes through them.
func TestAllWhileRemoving(t *testing.T) {
	table := session.NewTable(50, 9, 0)
	for i := range 50 {
		insert(t, table, i, 0, time.Second)
	}
	seen := 0
	table.All(func(s *session.Session) bool {
		seen++
		table.Remove(s)
		return seen < 40
	})
	if seen != 40 || table.Len() != 10 {
		t.Errorf("%d seen, %d left", seen, table.Len())
	}
}

func TestTableAllocs(t *testing.T) {
	table := session.NewTable(50, 9, 0)
	insert(t, table, 1, 0, time.Hour)
	k := key(1)
	if n := testing.AllocsPerRun(100, func() {
		if s, _ := table.Find(&k); s == nil {
			t.Fatal("gone")
		}
		s := table.New()
		s.Key = [2]packet.Key{key(2), key(2).Reply()}
		table.Insert(s, 0)
		table.Remove(s)
		table.Expire(0, 10, func(*session.Session) {})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func ExampleTable() {
	table := session.NewTable(1000, 42, 0)
	s := table.New()
	s.Key[packet.Original] = packet.Key{
		Src: packet.MustAddr("10.1.0.2"), Dst: packet.MustAddr("10.2.0.2"), SrcPort: 5000, DstPort: 53, Proto: packet.ProtoUDP,
	}
	s.Key[packet.Reply] = s.Key[packet.Original].Reply()
	s.SetTimeout(180 * time.Second)
	table.Insert(s, 0)

	answer := s.Key[packet.Reply]
	found, dir := table.Find(&answer)
	fmt.Println(found == s, dir)
	// Output: true reply
}
