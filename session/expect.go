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
	index      uint32 // its own
	next       uint32 // others that differ in the source port alone, index+1
	prev       uint32 // likewise, back
	chain      uint32 // of the first of those: the first of others, index+1
	nextMaster uint32 // others of the same master, newest first, index+1
	prevMaster uint32 // likewise, back
	master     uint32 // in Expectations.masters
	host       uint32 // in Expectations.hosts
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

// wild says whether k stands for flows from any source port.
func wild(k *packet.Key) bool { return k.SrcPort == 0 && k.Proto != packet.ProtoGRE }

// meets says whether a flow of key k, which is of the bucket of m, matches m.
func meets(m, k *packet.Key) bool { return m.SrcPort == k.SrcPort || wild(m) }

// Expectations is the table of outstanding expectations of one worker.
type Expectations struct {
	recs    []Expectation
	buckets buckets
	masters shares[uint32] // by session id, heads of lists by nextMaster, index+1
	hosts   shares[packet.Addr]
	at      hostFilter // where the flows go to
	free    []uint32
	wheel   Wheel
	count   int
	open    int // those that any host may fulfil
	max     int
	serial  uint32
}

// NewExpectations makes a table for at most max expectations. seed should be
// unpredictable: it keeps a sender from choosing colliding keys.
func NewExpectations(max int, seed uint64, now Tick) *Expectations {
	x := &Expectations{buckets: buckets{seed: seed}, masters: newShares[uint32](), hosts: newShares[packet.Addr](), max: max}
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
func (x *Expectations) Add(e *Expectation, perMaster int, gone func(*Expectation)) AddResult {
	bucket := bucketOf(&e.Match)
	first := x.first(&bucket)
	if r := x.overlapping(first, e); r != nil {
		if r.Master != e.Master || r.Match != e.Match {
			return Clash
		}
		x.Refresh(r, e)
		return Refreshed
	}
	master, n := x.masters.find(e.Master.ID)
	if n > 0 && n >= perMaster {
		oldest := x.oldest(x.masters.list[master].head)
		gone(&x.recs[oldest])
		x.remove(oldest)
		first = x.first(&bucket)
		master, n = x.masters.find(e.Master.ID)
	}
	host, all := x.hosts.find(e.Host)
	if x.count >= x.max || all >= MaxPerHost {
		return Full
	}
	r := x.insert(&bucket, first, e)
	r.master, r.host = x.masters.take(e.Master.ID, master, n), x.hosts.take(e.Host, host, all)
	x.link(r)
	return Added
}

// Refresh has r, which is in the table, be e as well, which has the same keys and was
// announced later by the same control session. The later end counts, but for a call's.
func (x *Expectations) Refresh(r, e *Expectation) {
	r.Leave, r.Expires = e.Leave, max(r.Expires, e.Expires)
	r.Call, r.Back = e.Call, e.Back
	if r.Call != NoCall {
		r.Expires = e.Expires
	}
	r.Many, r.Helped, r.Keeps = r.Many || e.Many, r.Helped || e.Helped, r.Keeps || e.Keeps
	if e.Tag != 0 {
		r.Tag = e.Tag
	}
	x.wheel.Arm(r.index, r.Expires)
}

// overlapping finds an expectation that some flow could match as well as e, among those
// of its bucket, which first begins, or nil.
func (x *Expectations) overlapping(first uint32, e *Expectation) *Expectation {
	for n := first; n != 0; n = x.recs[n-1].next {
		if r := &x.recs[n-1]; meets(&r.Match, &e.Match) || wild(&e.Match) {
			return r
		}
	}
	return nil
}

// Rival returns the expectation of another control session of the same host's that e could
// stand for as well: it is of the very same flow, and allows no more. It is nil where there
// is none. Add reports a Clash there, and finds room once it was removed.
func (x *Expectations) Rival(e *Expectation) *Expectation {
	bucket := bucketOf(&e.Match)
	r := x.overlapping(x.first(&bucket), e)
	switch {
	case r == nil, r.Master == e.Master, r.Match != e.Match, r.Leave != e.Leave, r.Helper != e.Helper, r.Host != e.Host:
		return nil
	case r.Call != NoCall, e.Call != NoCall, r.Many && !e.Many, r.Helped && !e.Helped:
		return nil
	}
	return r
}

// oldest finds the last of a master's expectations, whose list head begins.
func (x *Expectations) oldest(head uint32) uint32 {
	n := head
	for x.recs[n-1].nextMaster != 0 {
		n = x.recs[n-1].nextMaster
	}
	return n - 1
}

// insert puts e into the table, before the others of its bucket, which first begins.
func (x *Expectations) insert(bucket *packet.Key, first uint32, e *Expectation) *Expectation {
	var i uint32
	if n := len(x.free); n > 0 {
		i, x.free = x.free[n-1], x.free[:n-1]
	} else {
		i = uint32(len(x.recs))
		x.recs = append(x.recs, Expectation{})
		x.wheel.grow(len(x.recs))
	}
	x.serial++
	r := &x.recs[i]
	*r = *e
	r.id, r.index, r.live = x.serial, i, true
	x.begin(bucket, first, i)
	x.at.add(e.Match.Dst)
	if e.Match.Src.IsZero() {
		x.open++
	}
	x.wheel.Arm(i, e.Expires)
	x.count++
	return r
}

// link puts an expectation before the others of its master.
func (x *Expectations) link(r *Expectation) {
	head := &x.masters.list[r.master].head
	r.nextMaster, r.prevMaster = *head, 0
	if *head != 0 {
		x.recs[*head-1].prevMaster = r.index + 1
	}
	*head = r.index + 1
}

// unlink takes it out of there.
func (x *Expectations) unlink(r *Expectation) {
	if r.prevMaster != 0 {
		x.recs[r.prevMaster-1].nextMaster = r.nextMaster
	} else {
		x.masters.list[r.master].head = r.nextMaster
	}
	if r.nextMaster != 0 {
		x.recs[r.nextMaster-1].prevMaster = r.prevMaster
	}
	x.masters.give(r.master)
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
	for n := x.first(bucket); n != 0; n = x.recs[n-1].next {
		if r := &x.recs[n-1]; meets(&r.Match, k) && r.awaits() {
			return r
		}
	}
	return nil
}

// Announced returns the expectation of the control session with that id whose
// flow leaves with key leave, or nil.
func (x *Expectations) Announced(id uint32, leave *packet.Key) *Expectation {
	for n := x.masters.of(id).head; n != 0; n = x.recs[n-1].nextMaster {
		if x.recs[n-1].Leave == *leave {
			return &x.recs[n-1]
		}
	}
	return nil
}

// Arriving returns the expectation of the control session with that id whose flow
// arrives with key match, also where it is only offered, or nil.
func (x *Expectations) Arriving(id uint32, match *packet.Key) *Expectation {
	for n := x.masters.of(id).head; n != 0; n = x.recs[n-1].nextMaster {
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
	for n := x.first(bucket); n != 0; n = x.recs[n-1].next {
		if meets(&x.recs[n-1].Match, k) || wild(k) {
			return true
		}
	}
	return false
}

// Remove takes out an expectation that Find returned.
func (x *Expectations) Remove(e *Expectation) { x.remove(e.index) }

// RemoveMaster takes out all expectations of the control session with that id,
// handing each to gone first.
func (x *Expectations) RemoveMaster(id uint32, gone func(*Expectation)) {
	for n := x.masters.of(id).head; n != 0; n = x.masters.of(id).head {
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
	for n := x.masters.of(id).head; n != 0; {
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
	for n := x.masters.of(id).head; n != 0; n = x.recs[n-1].nextMaster {
		if r := &x.recs[n-1]; r.Tag == tag {
			r.Expires, r.Keeps = until, true
			x.wheel.Arm(n-1, until)
		}
	}
}

// KeptUntil is how long the control session with that id is to last for the sake of
// its expectations, 0 where none asks for that.
func (x *Expectations) KeptUntil(id uint32) (until Tick) {
	for n := x.masters.of(id).head; n != 0; n = x.recs[n-1].nextMaster {
		if r := &x.recs[n-1]; r.Keeps {
			until = max(until, r.Expires)
		}
	}
	return until
}

// WaitedUntil is when the last of those expires, 0 where there are none.
func (x *Expectations) WaitedUntil(id uint32) (until Tick) {
	for n := x.masters.of(id).head; n != 0; n = x.recs[n-1].nextMaster {
		until = max(until, x.recs[n-1].Expires)
	}
	return until
}

// OfTag appends to list copies of those of a tag that keep accepts, at most most.
func (x *Expectations) OfTag(list []Expectation, most int, id, tag uint32, keep func(*Expectation) bool) []Expectation {
	for n := x.masters.of(id).head; n != 0 && most > 0; n = x.recs[n-1].nextMaster {
		if r := &x.recs[n-1]; r.Tag == tag && keep(r) {
			list = append(list, *r)
			most--
		}
	}
	return list
}

// Waiting returns the expectation of the control session with that id whose flow
// arrives at, or leaves for, the endpoint, or nil.
func (x *Expectations) Waiting(id uint32, at packet.Addr, port uint16) *Expectation {
	for n := x.masters.of(id).head; n != 0; n = x.recs[n-1].nextMaster {
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
	x.unchain(r)
	x.unlink(r)
	x.hosts.give(r.host)
	x.at.remove(r.Match.Dst)
	if r.Match.Src.IsZero() {
		x.open--
	}
	x.wheel.Disarm(i)
	*r = Expectation{}
	x.free = append(x.free, i)
	x.count--
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
	if err := x.checkShares(n); err != nil {
		return err
	}
	if err := x.at.check(x); err != nil {
		return err
	}
	if n = len(x.recs) - len(x.free); n != x.count {
		return fmt.Errorf("%d expectations live, %d counted", n, x.count)
	}
	return nil
}

// checkShares reports that what masters and hosts have is not the n that there are.
func (x *Expectations) checkShares(n int) error {
	ofHosts, ofMasters := 0, 0
	for _, i := range x.hosts.index {
		ofHosts += x.hosts.list[i].n
	}
	for _, i := range x.masters.index {
		ofMasters += x.masters.list[i].n
		for m := x.masters.list[i].head; m != 0; m = x.recs[m-1].nextMaster {
			ofMasters--
		}
	}
	if ofHosts != n || ofMasters != 0 {
		return fmt.Errorf("hosts have %d of %d expectations, and masters %d that are in no list", ofHosts, n, ofMasters)
	}
	return nil
}
