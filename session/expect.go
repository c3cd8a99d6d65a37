package session

import (
	"fmt"

	"portcullis/packet"
)

// Expectation says: the next flow that looks like this belongs to that control
// session, whatever the policies say. It holds no pointer.
type Expectation struct {
	// Match is the key of the first packet of the flow as it arrives. SrcPort 0
	// is any, but not of GRE, whose key it is a part of. A zero Src is any host.
	Match packet.Key
	// Leave is the key that packet must leave with. SrcPort 0 is the port it came
	// with, a zero Src where it came from.
	Leave packet.Key
	// Opener is the side of the control session that opens the flow.
	Opener packet.Dir

	Master  Ref
	Host    packet.Addr // who opened the control session: expectations are bounded by host
	Policy  uint32      // of the master, when it was announced
	Service uint32
	Helper  uint8
	Many    bool   // any number of flows fulfil it
	Helped  bool   // they are control sessions, too
	Keeps   bool   // the master lasts as long as it does
	Tag     uint32 // of its group; 0: none
	Call    CallStep
	Back    [2]uint16 // of an open or closing call: the id that packets of the other way arrive with, and the one that they leave with
	Created Tick
	Expires Tick

	id         uint32
	next       uint32 // others that differ in the source port alone, index+1
	nextMaster uint32 // others of the same master, newest first, index+1
	live       bool
}

// CallStep says how much is known of the call of PPTP that an expectation is one
// way of.
type CallStep uint8

// Steps of a call.
const (
	NoCall      CallStep = iota
	CallOffered          // the id of one end: it is taken, but no flow fulfils the expectation
	CallOpen             // both ids: a packet of either way fulfils it
	CallClosing          // both ids, still: an end wants it to end, and no packet fulfils it any more
)

// Paired says whether there is an expectation of the other way, too, or was.
func (e *Expectation) Paired() bool { return e.Call == CallOpen || e.Call == CallClosing }

// awaits says whether a packet fulfils e.
func (e *Expectation) awaits() bool { return e.Call == NoCall || e.Call == CallOpen }

// Twin is the key of the expectation of the other way of a call.
func (e *Expectation) Twin() packet.Key {
	k := e.Leave.Reply()
	k.DstPort = e.Back[0]
	return k
}

// bucketOf is what expectations are found by: all of the key but the source port,
// which may be any.
func bucketOf(k *packet.Key) packet.Key {
	b := *k
	b.SrcPort = 0
	return b
}

// wild says whether k stands for flows from any source port.
func wild(k *packet.Key) bool { return k.SrcPort == 0 && k.Proto != packet.ProtoGRE }

// meets says whether a flow of key k, which is of the bucket of m, matches m.
func meets(m, k *packet.Key) bool { return m.SrcPort == k.SrcPort || wild(m) }

// Expectations is the table of outstanding expectations of one worker.
type Expectations struct {
	recs    []Expectation
	byKey   map[packet.Key]uint32 // by bucket, head of a list by next, index+1
	masters map[uint32]uint32     // by session id, head of a list by nextMaster, index+1
	hosts   map[packet.Addr]int   // how many a host has outstanding
	at      hostFilter            // where the flows go to
	free    []uint32
	wheel   Wheel
	count   int
	open    int // those that any host may fulfil
	max     int
	serial  uint32
}

// NewExpectations makes a table for at most max expectations.
func NewExpectations(max int, now Tick) *Expectations {
	x := &Expectations{byKey: map[packet.Key]uint32{}, masters: map[uint32]uint32{}, hosts: map[packet.Addr]int{}, max: max}
	x.wheel.start(now)
	return x
}

// Len is the number of outstanding expectations.
func (x *Expectations) Len() int { return x.count }

// AddResult is what became of an expectation that was to be added.
type AddResult uint8

// Results of Add.
const (
	Added     AddResult = iota
	Refreshed           // the same master had announced the same before; the later end counts
	Clash               // another control session expects an overlapping flow
	Full                // the table, or the host's share of it, is full
)

// MaxPerHost bounds the expectations of all control sessions that one host
// opened, so that no host can take the table from the others.
const MaxPerHost = 1024

// Add puts e into the table. Where its master has perMaster outstanding ones
// already, the oldest of them gives way and is handed to gone first.
func (x *Expectations) Add(e Expectation, perMaster int, gone func(*Expectation)) AddResult {
	if i, same, found := x.overlapping(&e); found {
		if !same {
			return Clash
		}
		r := &x.recs[i]
		r.Leave, r.Expires = e.Leave, max(r.Expires, e.Expires)
		r.Call, r.Back = e.Call, e.Back
		if r.Call != NoCall {
			r.Expires = e.Expires
		}
		r.Many, r.Helped, r.Keeps = r.Many || e.Many, r.Helped || e.Helped, r.Keeps || e.Keeps
		if e.Tag != 0 {
			r.Tag = e.Tag
		}
		x.wheel.Arm(i, r.Expires)
		return Refreshed
	}
	if n, oldest := x.ofMaster(e.Master.ID); n > 0 && n >= perMaster {
		gone(&x.recs[oldest])
		x.remove(oldest)
	}
	if x.count >= x.max || x.hosts[e.Host] >= MaxPerHost {
		return Full
	}
	x.insert(e)
	return Added
}

// overlapping finds an expectation that some flow could match as well as e.
func (x *Expectations) overlapping(e *Expectation) (i uint32, same, found bool) {
	for n := x.byKey[bucketOf(&e.Match)]; n != 0; n = x.recs[n-1].next {
		r := &x.recs[n-1]
		if meets(&r.Match, &e.Match) || wild(&e.Match) {
			return n - 1, r.Master == e.Master && r.Match == e.Match, true
		}
	}
	return 0, false, false
}

// ofMaster counts a master's expectations and finds the oldest.
func (x *Expectations) ofMaster(id uint32) (n int, oldest uint32) {
	for i := x.masters[id]; i != 0; i = x.recs[i-1].nextMaster {
		n, oldest = n+1, i-1
	}
	return n, oldest
}

func (x *Expectations) insert(e Expectation) {
	var i uint32
	if n := len(x.free); n > 0 {
		i, x.free = x.free[n-1], x.free[:n-1]
	} else {
		i = uint32(len(x.recs))
		x.recs = append(x.recs, Expectation{})
		x.wheel.grow(len(x.recs))
	}
	x.serial++
	d := bucketOf(&e.Match)
	e.id, e.live = x.serial, true
	e.next, e.nextMaster = x.byKey[d], x.masters[e.Master.ID]
	x.recs[i] = e
	x.byKey[d], x.masters[e.Master.ID] = i+1, i+1
	x.hosts[e.Host]++
	x.at.add(e.Match.Dst)
	if e.Match.Src.IsZero() {
		x.open++
	}
	x.wheel.Arm(i, e.Expires)
	x.count++
}

// Find returns the expectation that a first packet with key k fulfils, or nil.
// It is valid until the table changes.
func (x *Expectations) Find(k *packet.Key) *Expectation {
	if x.count == 0 || x.at.none(k.Dst) {
		return nil
	}
	return x.find(k)
}

func (x *Expectations) find(k *packet.Key) *Expectation {
	b := bucketOf(k)
	if r := x.met(&b, k); r != nil || x.open == 0 {
		return r
	}
	b.Src = packet.Addr{}
	return x.met(&b, k)
}

// met is the expectation of a bucket that a flow of key k matches.
func (x *Expectations) met(bucket, k *packet.Key) *Expectation {
	for n := x.byKey[*bucket]; n != 0; n = x.recs[n-1].next {
		if r := &x.recs[n-1]; meets(&r.Match, k) && r.awaits() {
			return r
		}
	}
	return nil
}

// Announced returns the expectation of the control session with that id whose
// flow leaves with key leave, or nil.
func (x *Expectations) Announced(id uint32, leave *packet.Key) *Expectation {
	for n := x.masters[id]; n != 0; n = x.recs[n-1].nextMaster {
		if x.recs[n-1].Leave == *leave {
			return &x.recs[n-1]
		}
	}
	return nil
}

// Arriving returns the expectation of the control session with that id whose flow
// arrives with key match, also where it is only offered, or nil.
func (x *Expectations) Arriving(id uint32, match *packet.Key) *Expectation {
	for n := x.masters[id]; n != 0; n = x.recs[n-1].nextMaster {
		if x.recs[n-1].Match == *match {
			return &x.recs[n-1]
		}
	}
	return nil
}

// Taken says whether some flow could match both k and an expectation. In k a zero
// SrcPort is any port.
func (x *Expectations) Taken(k *packet.Key) bool {
	if x.count == 0 || x.at.none(k.Dst) {
		return false
	}
	b := bucketOf(k)
	if x.meetsAny(&b, k) || x.open == 0 {
		return x.meetsAny(&b, k)
	}
	b.Src = packet.Addr{}
	return x.meetsAny(&b, k)
}

// meetsAny says whether some flow could match both k and an expectation of a
// bucket.
func (x *Expectations) meetsAny(bucket, k *packet.Key) bool {
	for n := x.byKey[*bucket]; n != 0; n = x.recs[n-1].next {
		if meets(&x.recs[n-1].Match, k) || wild(k) {
			return true
		}
	}
	return false
}

// Remove takes out an expectation that Find returned.
func (x *Expectations) Remove(e *Expectation) {
	for n := x.byKey[bucketOf(&e.Match)]; n != 0; n = x.recs[n-1].next {
		if &x.recs[n-1] == e {
			x.remove(n - 1)
			return
		}
	}
}

// RemoveMaster takes out all expectations of the control session with that id,
// handing each to gone first.
func (x *Expectations) RemoveMaster(id uint32, gone func(*Expectation)) {
	for n := x.masters[id]; n != 0; n = x.masters[id] {
		gone(&x.recs[n-1])
		x.remove(n - 1)
	}
}

// RemoveTag takes out those of them that have a tag.
func (x *Expectations) RemoveTag(id, tag uint32, gone func(*Expectation)) {
	x.removeIf(id, func(e *Expectation) bool { return e.Tag == tag }, gone)
}

// RemoveCalls takes out those of them that are of calls.
func (x *Expectations) RemoveCalls(id uint32, gone func(*Expectation)) {
	x.removeIf(id, func(e *Expectation) bool { return e.Call != NoCall }, gone)
}

func (x *Expectations) removeIf(id uint32, which func(*Expectation) bool, gone func(*Expectation)) {
	for n := x.masters[id]; n != 0; {
		i := n - 1
		n = x.recs[i].nextMaster
		if which(&x.recs[i]) {
			gone(&x.recs[i])
			x.remove(i)
		}
	}
}

// Renew has those of them that have a tag wait until then, and no other time.
func (x *Expectations) Renew(id, tag uint32, until Tick) {
	for n := x.masters[id]; n != 0; n = x.recs[n-1].nextMaster {
		if r := &x.recs[n-1]; r.Tag == tag {
			r.Expires, r.Keeps = until, true
			x.wheel.Arm(n-1, until)
		}
	}
}

// KeptUntil is how long the control session with that id is to last for the sake of
// its expectations, 0 where none asks for that.
func (x *Expectations) KeptUntil(id uint32) (until Tick) {
	for n := x.masters[id]; n != 0; n = x.recs[n-1].nextMaster {
		if r := &x.recs[n-1]; r.Keeps {
			until = max(until, r.Expires)
		}
	}
	return until
}

// OfTag appends to list copies of those of a tag.
func (x *Expectations) OfTag(list []Expectation, id, tag uint32) []Expectation {
	for n := x.masters[id]; n != 0; n = x.recs[n-1].nextMaster {
		if x.recs[n-1].Tag == tag {
			list = append(list, x.recs[n-1])
		}
	}
	return list
}

// Waiting returns the expectation of the control session with that id whose flow
// arrives at, or leaves for, the endpoint, or nil.
func (x *Expectations) Waiting(id uint32, at packet.Addr, port uint16) *Expectation {
	for n := x.masters[id]; n != 0; n = x.recs[n-1].nextMaster {
		r := &x.recs[n-1]
		if r.Leave.Dst == at && r.Leave.DstPort == port || r.Match.Dst == at && r.Match.DstPort == port {
			return r
		}
	}
	return nil
}

// Expire takes out what is due by now, handing each to gone first. It takes at
// most budget steps of bounded work and reports whether those were not enough.
func (x *Expectations) Expire(now Tick, budget int, gone func(*Expectation)) (more bool) {
	for {
		i, ok := x.wheel.Next(now, &budget)
		if !ok {
			return budget <= 0
		}
		gone(&x.recs[i])
		x.remove(i)
	}
}

func (x *Expectations) remove(i uint32) {
	r := &x.recs[i]
	unchain(x.byKey, bucketOf(&r.Match), i+1, func(n uint32) *uint32 { return &x.recs[n-1].next })
	unchain(x.masters, r.Master.ID, i+1, func(n uint32) *uint32 { return &x.recs[n-1].nextMaster })
	if x.hosts[r.Host]--; x.hosts[r.Host] == 0 {
		delete(x.hosts, r.Host)
	}
	x.at.remove(r.Match.Dst)
	if r.Match.Src.IsZero() {
		x.open--
	}
	x.wheel.Disarm(i)
	*r = Expectation{}
	x.free = append(x.free, i)
	x.count--
}

// unchain takes n out of the list that heads[key] begins.
func unchain[K comparable](heads map[K]uint32, key K, n uint32, next func(uint32) *uint32) {
	if heads[key] == n {
		if after := *next(n); after != 0 {
			heads[key] = after
		} else {
			delete(heads, key)
		}
		return
	}
	for i := heads[key]; i != 0; i = *next(i) {
		if *next(i) == n {
			*next(i) = *next(n)
			return
		}
	}
}

// All calls f for every outstanding expectation until it returns false.
func (x *Expectations) All(f func(*Expectation) bool) {
	for i := range x.recs {
		if x.recs[i].live && !f(&x.recs[i]) {
			return
		}
	}
}

// CheckInvariants reports the first thing in the table that is not as it must
// be, given whether a master still lives: for tests.
func (x *Expectations) CheckInvariants(lives func(Ref) bool) error {
	n := 0
	for i := range x.recs {
		r := &x.recs[i]
		if !r.live {
			continue
		}
		n++
		if !x.wheel.Armed(uint32(i)) {
			return fmt.Errorf("expectation %d: no timer is armed", r.id)
		}
		if !lives(r.Master) {
			return fmt.Errorf("expectation %d: its master %d is gone", r.id, r.Master.ID)
		}
		if f := x.Arriving(r.Master.ID, &r.Match); f != r || r.awaits() && x.Find(&r.Match) == nil {
			return fmt.Errorf("expectation %d: not found by its own key", r.id)
		}
	}
	for _, h := range x.hosts {
		n -= h
	}
	if n != 0 {
		return fmt.Errorf("%d expectations are of no host", n)
	}
	if err := x.at.check(x); err != nil {
		return err
	}
	if n = len(x.recs) - len(x.free); n != x.count {
		return fmt.Errorf("%d expectations live, %d counted", n, x.count)
	}
	return nil
}
