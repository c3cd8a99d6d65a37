package engine

import (
	"portcullis/nat"
	"portcullis/packet"
	"portcullis/policy"
	"portcullis/route"
	"portcullis/session"
	"portcullis/session/sctp"
	"portcullis/session/tcp"
)

// admit decides about the first packet of a flow: it creates its session, or
// returns a verdict and no session.
func (w *Worker) admit(p *Slot) (*session.Session, Verdict, packet.Reason) {
	if r := w.mayOpen(p); r != packet.ReasonNone {
		return w.alone(p, r)
	}
	if s, v, r, ok := w.related(p); ok {
		return s, v, r
	}
	d := w.destination(p)
	if !d.altered && w.own(p) {
		v, r := w.local(p)
		return nil, v, r
	}
	if r := w.mayCross(p, &d); r != packet.ReasonNone {
		return nil, Drop, r
	}
	to, r := w.route(d.key.Dst)
	if r != packet.ReasonNone {
		return nil, Drop, r
	}
	if !w.comesFrom(p) {
		return nil, Drop, packet.ReasonReversePath
	}
	if w.tracing() {
		if d.altered {
			w.say("VIP-%s, outdev-%s", endText(d.key.Dst, d.key.DstPort), w.names.Interface(to.Out))
		}
		w.say("find a route: gw-%v via %s", nextHop(w.rules.gateways[to.Hop], d.key.Dst), w.names.Interface(to.Out))
	}
	m := w.rules.policies.Lookup(p.In, to.Out, &d.key, d.vip)
	if midway(p) && (m.Policy.Accept && !picksUp(m.Policy, p) || !m.Policy.Accept && w.strays(p)) {
		return w.alone(p, packet.ReasonNoSession)
	}
	if !m.Policy.Accept {
		w.tellOf(p, m.Policy)
		return nil, Drop, w.deny(p, to.Out, m)
	}
	return w.open(p, &d, to, m)
}

// related decides about a first packet that somebody has made way for, past
// policy lookup: by an announcement, a data range or a mapping. It reports false
// where nobody has.
func (w *Worker) related(p *Slot) (s *session.Session, v Verdict, r packet.Reason, ok bool) {
	if e := w.awaits(p); e != nil {
		if midway(p) { // what was announced has yet to begin
			s, v, r = w.alone(p, packet.ReasonNoSession)
			return s, v, r, true
		}
		if !p.ChecksumOK() { // the announcement is good for one packet
			return nil, Drop, packet.ReasonBadChecksum, true
		}
		if w.tracing() {
			w.say("Find an EXP session, helper-%s, master-%08x", w.names.Helper(e.Helper), e.Master.ID)
		}
		if s, v, r = w.adopt(p, e); s != nil {
			w.fulfilled(s)
		}
		return s, v, r, true
	}
	if master := w.covering(p); master != nil {
		if w.tracing() {
			w.say("Find a data range, helper-%s, master-%08x", w.names.Helper(master.Helper), master.ID)
		}
		s, v, r = w.adoptUnannounced(p, master)
		return s, v, r, true
	}
	if m := w.invites(p); m != nil {
		s, v, r = w.invite(p, m)
		return s, v, r, true
	}
	return nil, Drop, packet.ReasonNone, false
}

// alone decides about a packet that can not open a session, because of r: it is
// dropped, and its sender perhaps told, but where it strays.
func (w *Worker) alone(p *Slot, r packet.Reason) (*session.Session, Verdict, packet.Reason) {
	if r != packet.ReasonNoSession {
		return nil, Drop, r
	}
	if w.strays(p) {
		v, r := w.astray(p)
		return nil, v, r
	}
	w.sessionless(p)
	return nil, Drop, r
}

// route finds the way to dst.
func (w *Worker) route(dst packet.Addr) (route.Route, packet.Reason) {
	return usable(w.rules.routes.Lookup(dst))
}

// back finds the way of an answer to dst, whose packets come in by interface in.
func (w *Worker) back(dst packet.Addr, in uint16) (route.Route, packet.Reason) {
	return usable(w.rules.routes.Back(dst, in))
}

func usable(to route.Route, ok bool) (route.Route, packet.Reason) {
	switch {
	case !ok:
		return to, packet.ReasonNoRoute
	case to.Blackhole:
		return to, packet.ReasonBlackhole
	}
	return to, packet.ReasonNone
}

// deny reports that a policy, or none, refused p.
func (w *Worker) deny(p *Slot, out uint16, m policy.Match) packet.Reason {
	why, logIt := packet.ReasonPolicyDeny, m.Policy.LogAll || m.Policy.LogUTM
	if !m.Found {
		why, logIt = packet.ReasonImplicitDeny, w.rules.implicitLog
	}
	return w.refuse(p, out, why, m.Policy.ID, m.Service, logIt)
}

// refuse reports that p, which would have opened a session under a policy, dies
// of why.
func (w *Worker) refuse(p *Slot, out uint16, why packet.Reason, policy, service uint32, logIt bool) packet.Reason {
	if w.tracing() && (why == packet.ReasonPolicyDeny || why == packet.ReasonImplicitDeny) {
		w.say("Denied by forward policy check (policy %d)", policy)
	}
	w.push(&session.Event{
		Kind: session.EventDeny, Reason: why, HasRoute: true, LogIt: logIt,
		In: p.In, Out: out, Policy: policy, Service: service,
		Key: p.Key, ReplyKey: p.Key.Reply(),
	})
	return why
}

// open creates the session that policy m allows, to destination d.
func (w *Worker) open(p *Slot, d *destination, to route.Route, m policy.Match) (*session.Session, Verdict, packet.Reason) {
	if p.Key.Proto == packet.ProtoTCP && !p.ChecksumOK() {
		return nil, Drop, packet.ReasonBadChecksum
	}
	shaper := w.rules.quotas.shaper(m.Policy.ID)
	if !w.mayHave(p.Key.Src, shaper, p.Key.Proto) {
		w.tellOf(p, m.Policy)
		return nil, Drop, w.refuse(p, to.Out, packet.ReasonSessionQuota, m.Policy.ID, m.Service, m.Policy.LogAll || m.Policy.LogUTM)
	}
	var b nat.Binding
	r := w.translate(p, d, to, m, &b)
	if r != packet.ReasonNone {
		w.tellOf(p, m.Policy)
		return nil, Drop, w.refuse(p, to.Out, r, m.Policy.ID, m.Service, m.Policy.LogAll || m.Policy.LogUTM)
	}
	s := w.begin(p, &b, to, session.Ref{})
	if s == nil {
		w.tellOf(p, m.Policy)
		return nil, Drop, packet.ReasonSessionTableFull
	}
	obey(s, m)
	w.bind(s, p, m)
	w.enter(s, w.rules.clocks.of(&d.key, m.Policy.ID, m.Object))
	if w.tracing() {
		w.traceAllowed(s)
	}
	w.shape(s, shaper)
	w.started(s, m.Policy.LogAll && m.Policy.LogStart)
	return s, Forward, packet.ReasonNone
}

// obey makes s a session of the policy that matched.
func obey(s *session.Session, m policy.Match) {
	s.Policy, s.Service, s.LogEnd, s.AnySeq = m.Policy.ID, m.Service, m.Policy.LogAll, m.Policy.AnySeq
	s.Resets, s.CheckNew = m.Policy.ResetEnd, m.Policy.CheckNew
}

// adopt creates the session of a flow that a helper announced: a child of the
// control session, under its policy.
func (w *Worker) adopt(p *Slot, e *session.Expectation) (*session.Session, Verdict, packet.Reason) {
	master := w.table.Resolve(e.Master) // it lives: its expectations die with it
	if master.Generation != w.rules.Generation {
		w.recheck(master)
	}
	if master.Blocked {
		return nil, Drop, packet.ReasonSessionBlocked
	}
	leave := e.Leave
	leave.SrcPort = p.Key.SrcPort
	if leave.Src.IsZero() { // anyone: the peer is translated as it is for the control session
		leave.Src = p.Key.Src
		if leave.Src == master.Key[e.Opener].Src {
			leave.Src = master.Leaving(e.Opener).Src
		}
	}
	to, r := w.route(leave.Dst)
	if r != packet.ReasonNone {
		return nil, Drop, r
	}
	if !w.comesFrom(p) {
		return nil, Drop, packet.ReasonReversePath
	}
	if !w.mayHave(source(master), master.Shaper, p.Key.Proto) {
		return nil, Drop, w.refuse(p, to.Out, packet.ReasonSessionQuota, master.Policy, master.Service, master.LogEnd)
	}
	was := *e // what makes room for the child may take it along
	b := nat.Binding{Original: p.Key, Reply: leave.Reply()}
	if was.Call == session.CallOpen {
		b.Reply = w.connect(&was)
	}
	if reply, ok := w.announcedSource(&was, &p.Key, &leave); ok {
		b.Reply = reply
	} else if leave.Src != p.Key.Src {
		// The opener is translated: another session may have its port already.
		asLeft := p.Key
		asLeft.Dst, asLeft.DstPort = leave.Dst, leave.DstPort
		if was.Call == session.CallOpen {
			asLeft.DstPort = b.Reply.DstPort
		}
		var plan nat.Binding
		if plan, r = w.nat.PlanAt(&asLeft, leave.Src, p.Key.Src, int64(w.now), w); r != packet.ReasonNone {
			w.exhausted(0, master.Policy, &asLeft)
			return nil, Drop, r
		}
		b.Reply, b.Hold = plan.Reply, plan.Hold
	}
	if old, _ := w.table.Find(&b.Reply); old == master {
		w.nat.Release(&b)
		return nil, Drop, packet.ReasonSessionClash
	}
	s := w.begin(p, &b, to, was.Master)
	if s == nil {
		return nil, Drop, packet.ReasonSessionTableFull
	}
	if was.Call == session.CallOpen {
		*s.Call() = session.Call{On: true, Leave: [2]uint16{was.Leave.DstPort, was.Back[1]}}
		s.SetRewrites()
	}
	s.Master, s.Helper = was.Master, was.Helper
	s.SetTag(was.Tag)
	if was.Helped && master.Master.ID == 0 && !signed(p) {
		s.Bound, s.Hello, s.Profile = true, session.Helped, master.Profile
	}
	s.Against = (was.Opener == packet.Reply) != master.Against
	s.Policy, s.Service, s.LogEnd, s.AnySeq = master.Policy, master.Service, master.LogEnd, master.AnySeq
	s.Resets, s.CheckNew = master.Resets, master.CheckNew
	w.enter(s, w.rules.clocks.of(&leave, master.Policy, 0))
	if w.reads(s) {
		w.readFromNow(s, nil)
	}
	if w.tracing() {
		w.traceAllowed(s)
	}
	w.landed.add(s)
	w.shape(s, master.Shaper)
	w.groups.join(s)
	if s.IsCall() {
		w.calls.add(s)
	}
	if e := w.expect.Find(&p.Key); e != nil && !e.Many {
		w.counts(e.Helper).spent++
		w.expect.Remove(e)
	}
	w.stats.Children++
	w.started(s, false)
	return s, Forward, packet.ReasonNone
}

// announcedSource is what answers to a flow with key k look like that e lets in, where
// its opener has announced the endpoint that it comes from: then it is translated as
// it was announced. So media is one flow for both of its directions.
func (w *Worker) announcedSource(e *session.Expectation, k, leave *packet.Key) (packet.Key, bool) {
	if leave.Src == k.Src || k.SrcPort == 0 {
		return packet.Key{}, false
	}
	own := w.expect.Waiting(e.Master.ID, k.Src, k.SrcPort)
	if own == nil || own.Leave.Dst != k.Src || own.Leave.DstPort != k.SrcPort || own.Match.Dst != leave.Src ||
		own.Match.Proto != k.Proto || own.Helped {
		return packet.Key{}, false
	}
	reply := leave.Reply()
	reply.DstPort = own.Match.DstPort
	return reply, !w.table.Taken(&reply)
}

// begin makes a session with these keys, which is not yet in the table, or nil
// where that has no room; then what the binding holds is given back. Its master,
// where it has one, does not give way to it.
func (w *Worker) begin(p *Slot, b *nat.Binding, to route.Route, master session.Ref) *session.Session {
	if !w.room(master) {
		w.nat.Release(b)
		return nil
	}
	s := w.table.New()
	s.Key, s.Hold = [2]packet.Key{b.Original, b.Reply}, uint8(b.Hold)
	s.SetRewrites()
	s.Out[packet.Original], s.Hop[packet.Original] = to.Out, to.Hop
	s.Out[packet.Reply] = p.In
	if back, ok := w.rules.routes.Back(p.Key.Src, p.In); ok && !back.Blackhole {
		s.Out[packet.Reply], s.Hop[packet.Reply] = back.Out, back.Hop
	}
	s.Created, s.Generation = w.now, w.rules.Generation
	w.beginTracking(s, p)
	return s
}

// beginTracking gives s the connection or association that p, its first packet,
// begins or is picked up in the middle of.
func (w *Worker) beginTracking(s *session.Session, p *Slot) {
	switch {
	case p.Key.Proto == packet.ProtoTCP && midway(p):
		var seg tcp.Segment
		w.segment(&seg, s, packet.Original, p)
		s.TCP = tcp.PickUp(uint8(packet.Original), seg)
		s.State = s.TCP.State()
	case p.Key.Proto == packet.ProtoTCP:
		s.State = session.StateSynSent
	case p.Key.Proto == packet.ProtoSCTP && midway(p):
		q := chunks(p)
		*s.SCTP() = sctp.PickUp(uint8(packet.Original), &q)
		s.State = session.State(sctp.Established)
	case p.Key.Proto == packet.ProtoSCTP:
		*s.SCTP() = w.successor
	}
}

// enter puts a session that began into the table. Whoever has one of its keys
// ends.
func (w *Worker) enter(s *session.Session, life clock) {
	w.rules.clocks.set(s, life)
	for old := w.table.Insert(s, w.now); old != nil; old = w.table.Insert(s, w.now) {
		w.clash(old, s)
	}
	w.settle(s)
	w.stats.Created++
}

// Taken says whether packets with key k would belong to a session or fulfil an
// expectation: what a new translation must not collide with. It is nat.InUse.
func (w *Worker) Taken(k *packet.Key) bool {
	return w.table.Taken(k) || w.expect.Taken(k) || w.landed.taken(k, w.waiter)
}

// hop is the neighbour that packets of s and direction dir are sent to on their way
// to dst.
func (w *Worker) hop(s *session.Session, dir packet.Dir, dst packet.Addr) packet.Addr {
	if n := s.Hop[dir]; n != 0 {
		return w.rules.gateways[n]
	}
	return dst
}

// nextHop is the neighbour to send to on the way to dst.
func nextHop(gateway, dst packet.Addr) packet.Addr {
	if gateway.IsZero() {
		return dst
	}
	return gateway
}
