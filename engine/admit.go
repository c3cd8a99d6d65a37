package engine

import (
	"portcullis/nat"
	"portcullis/packet"
	"portcullis/policy"
	"portcullis/route"
	"portcullis/session"
	"portcullis/session/tcp"
)

// admit decides about the first packet of a flow: it creates its session, or
// returns a verdict and no session.
func (w *Worker) admit(p *Slot) (*session.Session, Verdict, packet.Reason) {
	if r := w.mayOpen(p); r != packet.ReasonNone {
		return w.alone(p, r)
	}
	if e := w.expect.Find(&p.Key); e != nil {
		if midway(p) { // what was announced has yet to begin
			return w.alone(p, packet.ReasonNoSession)
		}
		return w.adopt(p, e)
	}
	if w.own(p) {
		v, r := w.local(p)
		return nil, v, r
	}
	if r := w.mayCross(p); r != packet.ReasonNone {
		return nil, Drop, r
	}
	to, r := w.route(p.Key.Dst)
	if r != packet.ReasonNone {
		return nil, Drop, r
	}
	if !w.comesFrom(p) {
		return nil, Drop, packet.ReasonReversePath
	}
	m := w.rules.policies.Lookup(p.In, to.Out, &p.Key)
	if midway(p) && (m.Policy.Accept && !picksUp(m.Policy, p) || !m.Policy.Accept && w.strays(p)) {
		return w.alone(p, packet.ReasonNoSession)
	}
	if !m.Policy.Accept {
		if m.Policy.Tell {
			w.tell(p)
		}
		return nil, Drop, w.deny(p, to.Out, m)
	}
	return w.open(p, to, m)
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
	to, ok := w.rules.routes.Lookup(dst)
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
	w.push(&session.Event{
		Kind: session.EventDeny, Reason: why, HasRoute: true, LogIt: logIt,
		In: p.In, Out: out, Policy: policy, Service: service,
		Key: p.Key, ReplyKey: p.Key.Reply(),
	})
	return why
}

// open creates the session that policy m allows.
func (w *Worker) open(p *Slot, to route.Route, m policy.Match) (*session.Session, Verdict, packet.Reason) {
	shaper := w.rules.quotas.shaper(m.Policy.ID)
	if !w.mayHave(p.Key.Src, shaper, p.Key.Proto) {
		return nil, Drop, w.refuse(p, to.Out, packet.ReasonSessionQuota, m.Policy.ID, m.Service, m.Policy.LogAll || m.Policy.LogUTM)
	}
	b := nat.Identity(p.Key)
	if m.Policy.NAT {
		src, ok := w.rules.routes.SourceFor(to.Out, !p.Key.Dst.Is4(), nextHop(to.Gateway, p.Key.Dst))
		if !ok {
			return nil, Drop, packet.ReasonNATNoAddress
		}
		var r packet.Reason
		if b, r = w.ports.Plan(&p.Key, src, w); r != packet.ReasonNone {
			return nil, Drop, r
		}
	}
	s, r := w.create(p, b, to, w.rules.clocks.of(&p.Key, m.Policy.ID, m.Object))
	if s == nil {
		return nil, Drop, r
	}
	obey(s, m)
	w.shape(s, shaper)
	if n := w.rules.bindings[binding{proto: p.Key.Proto, port: p.Key.DstPort}]; n != 0 && !signed(p) && !midway(p) {
		s.Helper, s.Bound = n, true
	}
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
	b := nat.Binding{Original: p.Key, Reply: leave.Reply()}
	if leave.Src != p.Key.Src {
		// The opener is translated: another session may have its port already.
		asLeft := p.Key
		asLeft.Dst, asLeft.DstPort = leave.Dst, leave.DstPort
		var plan nat.Binding
		if plan, r = w.ports.Plan(&asLeft, leave.Src, w); r != packet.ReasonNone {
			return nil, Drop, r
		}
		b.Reply = plan.Reply
	}
	s, r := w.create(p, b, to, w.rules.clocks.of(&p.Key, master.Policy, 0))
	if s == nil {
		return nil, Drop, r
	}
	s.Master, s.Helper = e.Master, e.Helper
	s.Against = (e.Opener == packet.Reply) != master.Against
	s.Policy, s.Service, s.LogEnd, s.AnySeq = master.Policy, master.Service, master.LogEnd, master.AnySeq
	s.Resets, s.CheckNew = master.Resets, master.CheckNew
	w.shape(s, master.Shaper)
	w.expect.Remove(e)
	w.stats.Children++
	w.started(s, false)
	return s, Forward, packet.ReasonNone
}

// create puts a session with these keys into the table.
func (w *Worker) create(p *Slot, b nat.Binding, to route.Route, life clock) (*session.Session, packet.Reason) {
	s, i := w.table.New()
	if s == nil {
		return nil, packet.ReasonSessionTableFull
	}
	s.Key = [2]packet.Key{b.Original, b.Reply}
	s.SetRewrites()
	s.Out[packet.Original], s.Gateway[packet.Original] = to.Out, to.Gateway
	s.Out[packet.Reply] = p.In
	if back, ok := w.rules.routes.Lookup(p.Key.Src); ok && !back.Blackhole {
		s.Out[packet.Reply], s.Gateway[packet.Reply] = back.Out, back.Gateway
	}
	s.Created, s.Generation = w.now, w.rules.Generation
	if p.Key.Proto == packet.ProtoTCP {
		s.State = session.StateSynSent
	}
	if midway(p) {
		s.TCP = tcp.PickUp(uint8(packet.Original), w.segment(s, packet.Original, p))
		s.State = s.TCP.State()
	}
	w.rules.clocks.set(s, life)
	if !w.table.Insert(i, w.now) {
		w.table.Discard(i)
		return nil, packet.ReasonSessionClash
	}
	w.stats.Created++
	return s, packet.ReasonNone
}

// Taken says whether packets with key k would belong to a session or fulfil an
// expectation: what a new translation must not collide with. It is nat.InUse.
func (w *Worker) Taken(k *packet.Key) bool {
	return w.table.Taken(k) || w.expect.Taken(k)
}

// nextHop is the neighbour to send to on the way to dst.
func nextHop(gateway, dst packet.Addr) packet.Addr {
	if gateway.IsZero() {
		return dst
	}
	return gateway
}
