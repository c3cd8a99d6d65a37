package engine

import (
	"cmp"
	"encoding/binary"
	"math/rand/v2"

	"portcullis/helpers"
	"portcullis/nat"
	"portcullis/packet"
	"portcullis/packet/reassembly"
	"portcullis/session"
	"portcullis/session/sctp"
)

// Theory of operation.
//
// A worker is a machine without a clock: Process is given a tick and a batch of
// parsed packets, and leaves a verdict with each. trip is the packet's way as a
// list. Fragments are put together first, and what comes of them makes the trip
// whole. The first packet of a session goes the long way (admit), all others the
// short one: find, track, leave. The short way allocates nothing, takes no lock
// and calls nothing through an interface.
//
// What the engine itself has to say (ICMP errors, segments that a helper held
// back) it builds into buffers of its own and hands out by Generated. What
// happened (a session's start and end, a refusal) it pushes as fixed-size events
// to a sink that may lose them, but counts.

// Sink takes events. Push borrows e and reports false where it was lost. It must
// not block.
type Sink interface {
	Push(e *session.Event) bool
}

// Options are what a worker is made with.
type Options struct {
	Seed  uint64 // of the session table's hash and of port selection; unpredictable
	Sink  Sink   // nil: events go nowhere
	Names *Names
	// MaxSessions bounds the session table; 0 leaves it to the ruleset's bound.
	MaxSessions int
	// Advise is told of large blocks of memory; see session.Table.Advise. nil: it
	// is not.
	Advise func(block []byte)
	// AnyAddress lets sessions begin whose addresses cross no router: loopback and
	// IPv6's link-local ones. For captures, which are often taken on a host itself.
	AnyAddress bool
}

// Worker owns one session table and decides about the packets of its share of
// the flows. It is used by one goroutine at a time.
type Worker struct {
	rules  *Ruleset
	names  *Names
	now    session.Tick
	table  *session.Table
	expect *session.Expectations
	ranges ranges
	nat    *nat.Space
	sink   Sink
	event  session.Event // that the sink has

	controls  controls  // state of the helpers' control sessions
	calls     calls     // of PPTP, in progress
	tallies   tallies   // of the per-IP shapers
	announce  announcer // what a helper asks through
	groups    groups    // of children
	output    helpers.Output
	ends      helpers.Ends  // of a UDP control session, during a call
	sender    helpers.Ends  // likewise, but only what the sender sees
	state     helpers.State // a UDP helper's memory during a call
	gen       generated     // packets of the worker's own
	limit     bucket        // of ICMP errors
	successor sctp.Assoc    // what a new SCTP association begins as
	resets    bucket        // of resets that answer a packet
	request   nat.Request   // to nat
	held      nat.Binding   // likewise
	lacking   lacking       // pools that were told of as exhausted
	anywhere  bool          // see Options.AnyAddress
	landed    landings      // where children of control sessions have come to
	waiter    packet.Addr   // the host that an endpoint is sought for, while it is

	fragments *reassembly.Table
	whole     Slot   // the reassembled packet that is on its trip
	lastID    uint32 // identification given to fragments last

	drops [packet.NumReasons]uint64
	stats Stats
	tally helperTally // by helper
	trace *Trace      // nil: nobody asks
}

// Stats are counters of a worker, all growing but the first eleven.
type Stats struct {
	Sessions      int // live now
	Ephemeral     int // those of them of which nothing has come yet
	Removable     int // those of them that would give way in a full table, at most
	MaxEphemeral  int
	Expectations  int // outstanding now
	DataRanges    int // of encrypted control sessions, now (tls-data-ports)
	Mappings      int // endpoint-independent ones, now
	Fragmented    int // packets being reassembled now, those given up included
	FragmentMem   int // bytes that they hold
	MaxSessions   int
	MaxExpected   int
	Created       uint64 // sessions
	Children      uint64 // sessions created by expectations
	Expected      uint64 // expectations made
	Refused       uint64 // announcements of helpers that were not believed or had no room
	Detached      uint64 // helpers that gave up a session
	RangeChildren uint64 // sessions that came through a data range
	RangeRefused  uint64 // those that did not, because it was full, or that did not begin with TLS
	Blocked       uint64 // sessions that a configuration change blocked
	Cleared       uint64 // sessions that the operator cleared
	Clashes       uint64 // sessions that ended because a new one has their tuple
	Evicted       uint64 // sessions that gave way to new ones
	Tension       uint64 // those of them that did because the table was full
	Exhausted     uint64 // sessions that found no port or address to be translated to
	Astray        uint64 // packets that were routed without a session (asymroute)
	Reassembled   uint64 // packets that were put together from fragments
	EventsLost    uint64
}

// maxExpectations bounds the expectations of a worker.
const maxExpectations = 1 << 17

// NewWorker makes a worker that obeys rs from tick now on.
func NewWorker(rs *Ruleset, now session.Tick, o Options) *Worker {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], o.Seed)
	rng := rand.NewChaCha8(seed)
	keys := rng.Uint64()
	w := &Worker{
		rules: rs, names: o.Names, now: now, sink: o.Sink,
		table:  session.NewTable(cmp.Or(o.MaxSessions, rs.MaxSession), keys, now),
		expect: session.NewExpectations(maxExpectations, keys, now),
		landed: landings{},
		lastID: uint32(rng.Uint64()), anywhere: o.AnyAddress,
		calls: newCalls(),
	}
	if o.Advise != nil {
		w.table.Advise(o.Advise)
	}
	w.fragments = reassembly.New(rng.Uint64(), w.Count)
	w.fragments.SetLimits(rs.fragments)
	w.announce.w = w
	w.groups = newGroups()
	w.nat = nat.New(rng, w.noteBlock)
	w.nat.Obey(rs.sources, rs.virtual)
	w.names.hosts.Obey(rs.wishes)
	return w
}

// SetRuleset makes the worker obey rs from the next packet on. Sessions are
// re-checked against it one by one, at their next packet, or left alone as it
// says. One that was compiled before the ruleset in force must not leave any
// alone: it does not know the numbers that were given out since (see Names).
func (w *Worker) SetRuleset(rs *Ruleset) {
	w.rules = rs.knowing(w.names)
	w.nat.Obey(rs.sources, rs.virtual)
	w.names.hosts.Obey(rs.wishes)
	w.fragments.SetLimits(rs.fragments)
}

// Process decides about those packets of a batch that Quick has not decided about.
// It writes Verdict and what goes with it into each slot and may edit the frames in
// place, growing them within their capacity. It keeps none of them.
func (w *Worker) Process(now session.Tick, batch []Slot) {
	w.now = now
	w.gen.reset()
	for i := range batch {
		p := &batch[i]
		if p.decided {
			continue
		}
		if !p.hashed {
			p.hash = w.table.Hash(&p.Key)
		}
		if w.trace != nil {
			w.traceBegins(p)
		}
		v, r := w.trip(p)
		p.Verdict, p.Reason = v, r
		if w.trace != nil {
			w.traceEnds(p)
		}
		if v == Drop {
			w.drops[r]++
		}
	}
}

// fetch reads ahead what the batch will look for: the reads of many packets
// overlap, where those of one wait for each other.
func (w *Worker) fetch(batch []Slot) {
	for i := range batch {
		batch[i].hash, batch[i].hashed = w.table.Hash(&batch[i].Key), true
	}
	if len(batch) == 1 {
		return
	}
	rounds := 1 // the index is large, however few sessions there are
	if w.table.Len() >= fetchFrom {
		rounds = 2
	}
	for round := range rounds {
		for i := range batch {
			batch[i].fetched = w.table.Touch(batch[i].hash, round)
		}
	}
}

// fetchFrom is the number of sessions from which on their records are not all in
// the processor's cache.
const fetchFrom = 4096

// trip is the way of one packet.
func (w *Worker) trip(p *Slot) (Verdict, packet.Reason) {
	p.FragmentTo = 0
	if p.Frag {
		return w.defrag(p)
	}
	if r := w.sane(p); r != packet.ReasonNone {
		return Drop, r
	}
	s, dir := w.table.FindHashed(&p.Key, p.hash)
	if p.Key.Proto == packet.ProtoGRE {
		var pair bool
		if s, dir, pair = w.tunnel(p, s, dir); pair {
			p.Key.DstPort = 0
		}
	}
	if s == nil || mayReopen(p) && w.reopens(s, dir, p) {
		if packet.IsICMPError(p.Key.Proto, p.ICMPType) && isICMP(p.Key.Proto) {
			return w.relay(p)
		}
		var v Verdict
		var r packet.Reason
		s, v, r = w.admit(p)
		w.successor = sctp.Assoc{}
		if s == nil {
			return v, r
		}
		dir = packet.Original
	} else if w.tracing() {
		w.traceFound(s, dir)
	}
	if s.Generation != w.rules.Generation {
		w.recheck(s)
	}
	if r := w.passes(s, dir, p); r != packet.ReasonNone {
		return Drop, r
	}
	if s.Bound {
		return w.help(s, dir, p)
	}
	if r := w.track(s, dir, p); r != packet.ReasonNone {
		return Drop, r
	}
	return w.leave(s, dir, p)
}

// strayCall says whether p, which has no session by its own key, carries PPTP of a
// call that nobody expects: then it belongs to the pair of its addresses. Either
// direction of a call has the call id of its receiver, so that no key is that of
// both.
func (w *Worker) strayCall(p *Slot) bool {
	return p.CarriesPPTP() && w.expect.Find(&p.Key) == nil
}

// Tick lets time pass: sessions and expectations that are due end. Call it at
// least every 100 ms. It does a bounded part of what is to be done, and reports
// whether there is more: then call it again, after the packets that wait.
func (w *Worker) Tick(now session.Tick) (more bool) {
	w.now = now
	w.gen.reset()
	w.names.hosts.Expire(now)
	more = w.fragments.Expire(int64(now), expireBudget)
	more = w.expect.Expire(now, expireBudget, w.expectationExpired) || more
	more = w.nat.Expire(int64(now), expireBudget) || more
	return w.table.Expire(now, expireBudget, w.idled) || more
}

// expireBudget bounds the timers that one Tick looks at, so that it holds up
// packets for a fraction of a millisecond.
const expireBudget = 512

// Generated is what the worker itself has to send since the last call of Process
// or Tick, which is also how long it is valid.
func (w *Worker) Generated() []Slot { return w.gen.slots() }

// Count accounts for n packets that died of r outside of the engine.
func (w *Worker) Count(r packet.Reason, n uint64) { w.drops[r] += n }

// Drops is how many packets died of each reason.
func (w *Worker) Drops() [packet.NumReasons]uint64 { return w.drops }

// Stats returns the counters.
func (w *Worker) Stats() Stats {
	st := w.stats
	st.Sessions, st.Expectations = w.table.Len(), w.expect.Len()
	st.Ephemeral, st.MaxEphemeral = w.table.Count(session.Ephemeral), w.ephemeralMax()
	st.Removable = st.Ephemeral + w.table.Count(session.Over) + w.table.Count(session.Brief)
	st.DataRanges, st.Mappings = w.ranges.Len(), w.nat.Mappings()
	st.MaxSessions, st.MaxExpected = w.table.Max(), maxExpectations
	st.Fragmented, st.FragmentMem = w.fragments.Len(), w.fragments.Memory()
	return st
}

// Sessions calls f for every live session until it returns false. f borrows the
// session.
func (w *Worker) Sessions(f func(*session.Session) bool) {
	w.table.All(f)
}

// Expectations calls f for every outstanding expectation until it returns false.
func (w *Worker) Expectations(f func(*session.Expectation) bool) { w.expect.All(f) }

// Shutdown ends up to budget sessions, so that each is logged, and reports whether
// there are more.
func (w *Worker) Shutdown(now session.Tick, budget int) (more bool) {
	w.now = now
	w.table.All(func(s *session.Session) bool {
		if more = budget == 0; more {
			return false
		}
		budget--
		w.remove(s, session.EndShutdown)
		return true
	})
	if !more {
		w.nat.Abandon()
	}
	return more
}

// CheckInvariants reports the first thing that is not as it must be: for tests.
func (w *Worker) CheckInvariants() error {
	if err := w.table.CheckInvariants(); err != nil {
		return err
	}
	if err := w.expect.CheckInvariants(func(r session.Ref) bool { return w.table.Resolve(r) != nil }); err != nil {
		return err
	}
	if err := w.fragments.CheckInvariants(); err != nil {
		return err
	}
	if err := w.ranges.check(w.table, w.rangeOf); err != nil {
		return err
	}
	if err := w.calls.check(w.table); err != nil {
		return err
	}
	if err := w.tallies.check(w.table); err != nil {
		return err
	}
	if err := w.nat.CheckInvariants(w.holdings); err != nil {
		return err
	}
	if err := w.landed.check(w.table); err != nil {
		return err
	}
	if err := w.checkTally(); err != nil {
		return err
	}
	return w.controls.check(w.table)
}
