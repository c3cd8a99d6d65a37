package engine

import (
	"math"
	"time"

	"portcullis/handover"
	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
// A worker that takes sessions up is a new one, under another Names and perhaps
// another configuration. What a session says in numbers is translated through the
// names of the process that wrote it. Its ruleset is gone: so it gets a
// generation that no ruleset has, is judged at its first packet as after every
// change, and lives until then by the idle time that it had.
//
// Sessions come in any order. Where a child's control session is only known by
// its serial, the reference waits for Finish.

// inherited is the generation of a session that no ruleset of this process has
// judged yet. Rulesets count from 1.
const inherited = 0

// Fate is what became of a session or an expectation of an earlier process.
type Fate uint8

// Fates.
const (
	Taken       Fate = iota
	Expired          // it was idle for too long meanwhile
	NoInterface      // an interface of it is gone
	NoHelper         // the helper that reads it is gone, or remembers in another way
	NoRoom           // the table is full
	NoMaster         // an expectation: its control session was not taken up
	Contradicts      // its tuple, or its serial, is another one's

	NumFates
)

var fates = [NumFates]string{
	Taken: "taken up", Expired: "ended meanwhile", NoInterface: "interface gone", NoHelper: "helper gone", NoRoom: "table full",
	NoMaster: "no control session", Contradicts: "contradicts another",
}

// String is the fate in words for the operator.
func (f Fate) String() string {
	if f < NumFates {
		return fates[f]
	}
	return "unknown"
}

// Heir takes up for a worker what another one has handed over. Between two calls
// the worker may do anything else but see packets.
type Heir struct {
	w       *Worker
	written session.Tick // when, in this process's time: in the past

	tables   handover.Tables
	services []uint32
	gateways []uint16
	helpers  []uint8
	shapers  []uint16
	profiles []uint16

	masters  map[uint32]session.Ref // control sessions taken up, by serial
	children []session.Ref
}

// Inherit begins to take up what was written under h, at tick now and the time
// that has passed since. Call Take for each record, then Finish.
func (w *Worker) Inherit(now session.Tick, h *handover.Header, away time.Duration) *Heir {
	const most = 100 * 365 * 24 * time.Hour
	i := &Heir{w: w, written: now - session.Tick(min(max(away, 0), most)), tables: h.Tables, masters: map[uint32]session.Ref{}}
	for _, name := range h.Services {
		i.services = append(i.services, w.names.ServiceNumber(name))
	}
	for n, addr := range h.Gateways {
		hop := uint16(0)
		if n > 0 {
			hop, _ = w.names.hop(addr)
		}
		i.gateways = append(i.gateways, hop)
	}
	for n, x := range h.Helpers {
		number := w.names.helperNumber(x.Name)
		if n == 0 || number != 0 && w.names.helper(number).Memory != x.Memory {
			number = 0
		}
		i.helpers = append(i.helpers, number)
	}
	for _, name := range h.Shapers {
		n, _ := w.names.shaperNumber(name)
		i.shapers = append(i.shapers, n)
	}
	for n := range h.Profiles {
		number, _ := w.names.profileNumber(inheritedProfile(&h.Profiles[n]))
		i.profiles = append(i.profiles, number)
	}
	w.SetRuleset(w.rules) // which learns the gateways and profiles
	for _, x := range h.Hosts {
		w.names.hosts.Restore(x.Name, x.By, x.Addr, i.written.Add(x.Left))
	}
	w.names.hosts.Expire(now)
	w.table.Continue(h.Serial)
	return i
}

// Take takes up one record, whose memory it keeps no longer than the call. A
// session that it can not take up is reported as ended.
func (i *Heir) Take(now session.Tick, r *handover.Record) Fate {
	i.w.now = now
	if r.Kind == handover.KindExpectation {
		return i.expectation(now, &r.Expect)
	}
	s := session.Session{Record: r.Session}
	f := i.session(now, &s, r.Memory)
	switch f {
	case Taken:
	case Expired:
		i.w.lost(&s, endOf(&s))
	default:
		i.w.lost(&s, session.EndLeft)
	}
	return f
}

// lost reports the end of a session that is not in the table.
func (w *Worker) lost(s *session.Session, how session.End) {
	e := w.about(s)
	e.Kind, e.End, e.LogIt = session.EventEnd, how, s.LogEnd
	w.push(e)
}

// session makes s, which speaks the old numbers, one of the worker.
func (i *Heir) session(now session.Tick, s *session.Session, memory []byte) Fate {
	w := i.w
	here := i.translate(s)
	s.Created += i.written
	s.LastSeen += i.written
	_, doubled := i.masters[s.ID]
	switch {
	case s.LastSeen.Add(s.Timeout()) <= now:
		return Expired
	case !here:
		return NoInterface
	case s.Bound && (s.Helper == 0 || !w.names.reads(s.Helper, s.Key[packet.Original].Proto)):
		return NoHelper
	case doubled:
		return Contradicts
	}
	s.SetRewrites()
	t := w.table.NewFrom(&s.Record)
	if t == nil {
		return NoRoom
	}
	if memory != nil && !i.remember(t, memory) {
		w.table.Discard(t)
		return NoHelper
	}
	if w.table.Insert(t, t.LastSeen) != nil {
		w.letGo(t)
		w.table.Discard(t)
		return Contradicts
	}
	if t.Master.ID == 0 {
		w.cover(t)
	}
	if t.IsCall() {
		w.calls.add(t)
	}
	w.hold(t)
	w.landed.add(t)
	t.Shaper = 0
	w.shape(t, s.Shaper)
	w.settle(t)
	if t.Master.ID != 0 {
		i.children = append(i.children, t.Ref())
		w.groups.join(t)
	}
	if t.Controls() {
		i.masters[t.ID] = t.Ref()
	}
	if w.reads(t) {
		w.counts(t.Helper).Reading++
	}
	return Taken
}

// translate makes the numbers of s those of this process, and reports whether its
// interfaces are there.
func (i *Heir) translate(s *session.Session) (here bool) {
	here = true
	for d := range s.Out {
		name := i.tables.Interfaces[s.Out[d]]
		n, ok := i.w.names.interfaceNumber(name)
		if !ok || !i.w.rules.has(n) {
			n, here = i.w.names.InterfaceIndex(name), false // the log tells its name
		}
		s.Out[d] = n
		if s.Hop[d] != 0 {
			s.Hop[d] = i.gateways[s.Hop[d]]
		}
	}
	s.Service = i.services[s.Service]
	if s.Shaper != 0 {
		s.Shaper = i.shapers[s.Shaper]
	}
	if s.Helper != 0 {
		s.Helper = i.helpers[s.Helper]
	}
	if s.Profile != 0 {
		s.Profile = i.profiles[s.Profile]
	}
	s.Generation, s.Control = inherited, 0
	if s.Master.ID != 0 {
		s.Master.Index = nobody
	}
	return here
}

// nobody is the index of a control session that is gone.
const nobody = math.MaxUint32

// remember gives s back what its helper remembers.
func (i *Heir) remember(s *session.Session, memory []byte) bool {
	c, h := &i.w.controls, i.w.names.helper(s.Helper)
	if s.Key[packet.Original].Proto != packet.ProtoTCP {
		st := helpers.State(memory)
		if !h.Knows(&st) {
			return false
		}
		s.Control = c.attachUDP(s, h, &st)
		return true
	}
	s.Control = c.attachTCP(s, h)
	if c.at(s.Control).control.Restore(h, memory) != nil {
		i.w.letGo(s)
		return false
	}
	return true
}

// expectation makes e, which speaks the old numbers, one of the worker.
func (i *Heir) expectation(now session.Tick, old *session.Expectation) (f Fate) {
	e := *old
	e.Helper, e.Service = i.helpers[e.Helper], i.services[e.Service]
	e.Created += i.written
	e.Expires += i.written
	if e.Call != session.CallOffered {
		i.w.counts(e.Helper).taken++
	}
	ref := i.masters[e.Master.ID]
	master := i.w.table.Resolve(ref)
	switch {
	case e.Expires <= now:
		f = Expired
	case e.Helper == 0:
		f = NoHelper
	case master == nil || !master.Controls():
		f = NoMaster
	default:
		e.Master, e.Host = ref, master.Key[packet.Original].Src
		f = expectFates[i.w.expect.Add(&e, math.MaxInt, i.w.expectationCrowded)]
	}
	switch f {
	case Taken:
	case Expired:
		i.w.expectationExpired(&e)
	default:
		i.w.expectationEnded(&e, session.ExpectLeft)
	}
	return f
}

var expectFates = [...]Fate{
	session.Added: Taken, session.Refreshed: Contradicts, session.Clash: Contradicts, session.Full: NoRoom,
}

// Finish joins children with the control sessions that were taken up.
func (i *Heir) Finish() {
	for _, ref := range i.children {
		s := i.w.table.Resolve(ref)
		if s == nil {
			continue
		}
		if m, ok := i.masters[s.Master.ID]; ok && i.w.table.Resolve(m) != nil {
			s.Master = m
			if s.Encrypted {
				i.w.ranges.take(m)
			}
		} else if s.IsCall() { // only its control session could tell when it is over
			i.w.remove(s, session.EndLeft)
		}
	}
	i.children, i.masters = nil, nil
}
