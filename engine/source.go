package engine

import (
	"portcullis/nat"
	"portcullis/packet"
	"portcullis/policy"
	"portcullis/route"
	"portcullis/session"
)

// way is how a session is to cross the box: what Source asks about.
type way struct {
	in, out uint16
	hop     packet.Addr // the neighbour behind out
	key     packet.Key  // original direction, the destination translated
	vip     uint16
	policy  uint32
}

// wayOf is the way of first packet p.
func wayOf(p *Slot, d *destination, to route.Route, policy uint32) way {
	return way{in: p.In, out: to.Out, hop: nextHop(to.Gateway, d.key.Dst), key: d.key, vip: d.vip, policy: policy}
}

// source is how the source of a session is translated that crosses the box by x:
// nil is not at all. addr is the address to translate to where no pool gives one;
// sole says that it is the host's own. In this order, of which the third is left
// out with central-nat: the address of a virtual IP with nat-source-vip, a pool, the
// address of a static virtual IP, that of the outgoing interface.
func (rs *Ruleset) source(x *way) (how *nat.Source, addr packet.Addr, sole bool) {
	how = rs.translation(x)
	if how == nil {
		return nil, addr, false
	}
	if ext, always, ok := rs.virtual.SourceOf(x.out, x.key.Src); ok && (always || len(how.Pools) == 0 && rs.central == nil) {
		return how.Alone(), ext, true
	}
	if len(how.Pools) == 0 {
		addr, _ = rs.routes.SourceFor(x.out, !x.key.Dst.Is4(), x.hop)
	}
	return how, addr, false
}

// translation is what the policy, or the central SNAT map, says of the source.
// What turns around at the interface that it came by, because of a virtual IP, is
// translated in any case: else the server would answer to its neighbour itself
// (snat-hairpin-traffic).
func (rs *Ruleset) translation(x *way) (how *nat.Source) {
	switch {
	case rs.central == nil:
		how = rs.sources.Policy(x.policy)
	default:
		if rule, ok := rs.central.Lookup(x.in, x.out, &x.key); ok {
			how = rs.sources.Central(rule)
		}
	}
	if how == nil && x.vip != 0 && x.in == x.out && rs.hairpin {
		how = nat.Interface
	}
	return how
}

// translate decides the translation of the session that p opens: b, which is empty.
func (w *Worker) translate(p *Slot, d *destination, to route.Route, m policy.Match, b *nat.Binding) packet.Reason {
	b.Original = p.Key
	if w.rules.central == nil && !d.altered && w.rules.sources.Policy(m.Policy.ID) == nil { // most are not
		b.Reply = d.key.Reply()
		return packet.ReasonNone
	}
	x := wayOf(p, d, to, m.Policy.ID)
	r := w.bindSource(&x, b)
	if leave := b.Reply.Reply(); r == packet.ReasonNone && d.altered && land(&leave) {
		w.nat.Release(b)
		return packet.ReasonLand // a host that asks for itself
	}
	return r
}

// bindSource decides the translation of the source of a session that crosses the
// box by x: all of b, which is empty, but the original key.
func (w *Worker) bindSource(x *way, b *nat.Binding) packet.Reason {
	how, addr, sole := w.rules.source(x)
	if how == nil {
		b.Reply = x.key.Reply()
		return packet.ReasonNone
	}
	q := &w.request
	q.Key, q.How, q.Addr, q.Sole = x.key, how, addr, sole
	q.Out, q.Policy, q.Now = x.out, x.policy, int64(w.now)
	pool, r := w.nat.PlanReply(q, w, b)
	if r == packet.ReasonNATExhausted {
		w.exhausted(pool, x.policy, &x.key)
	}
	return r
}

// childSource is the address that a child leaves with whose policy translates no
// source: that of a virtual IP, or of the interface.
func (w *Worker) childSource(x *way) packet.Addr {
	if ext, _, ok := w.rules.virtual.SourceOf(x.out, x.key.Src); ok {
		return ext
	}
	src, _ := w.rules.routes.SourceFor(x.out, !x.key.Dst.Is4(), x.hop)
	return src
}

// keepsSource says whether the way that a translated session was moved to gives
// its packets the address that the other side knows. Where it does not, the
// session ends soon, so that a new one can take the way. vip is the virtual IP that
// leads its first packets now, 0 for none.
func (w *Worker) keepsSource(s *session.Session, vip uint16) bool {
	d := outward(s)
	leave := s.Leaving(d)
	x := way{in: s.Out[d.Other()], out: s.Out[d], hop: w.hop(s, d, leave.Dst), key: s.Key[d], vip: vip, policy: s.Policy}
	x.key.Dst, x.key.DstPort = leave.Dst, leave.DstPort
	how, addr, _ := w.rules.source(&x)
	if how != nil && how.Reaches(leave.Src, addr) {
		return true
	}
	if s.Master.ID != 0 && w.childSource(&x) == leave.Src { // it is translated as its master is
		return true
	}
	w.lapse(s)
	return false
}
