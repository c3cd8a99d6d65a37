package engine

import (
	"encoding/binary"

	"portcullis/nat"
	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
// Under permit-any-host a client's port is one external port for all that it sends
// from it (endpoint-independent mapping), and what anybody sends to that port is
// for the client (endpoint-independent filtering, RFC 4787 section 5), under the
// policy that let the client out. Who sends to it from the inside is translated as
// if it went out, so that the two never see each other's inner address (hairpin
// with external source, section 6).
//
// Only the client's own packets keep such a session alive, and through it the
// mapping: a stranger can not hold a port open.

// invites is the mapping that lets first packet p in, or nil.
func (w *Worker) invites(p *Slot) *nat.Mapping {
	if p.Key.Proto != packet.ProtoUDP {
		return nil
	}
	m := w.nat.Inbound(&p.Key)
	if m == nil {
		return nil
	}
	switch w.filter(m.Outer, m.Policy) {
	case nat.FilterExact:
		return nil
	case nat.FilterSTUN:
		if !isSTUN(p) {
			return nil
		}
	}
	if pol, ok := w.rules.policies.Policy(m.Policy); !ok || !pol.Accept {
		return nil
	}
	return m
}

// filter is who may send to address outer of a mapping that a policy has let its
// client make: as the policy, or the pool, says now.
func (w *Worker) filter(outer packet.Addr, policy uint32) nat.Filter {
	return w.nat.Filter(outer, w.rules.sources.Policy(policy))
}

// isSTUN says whether p carries a STUN message (RFC 8489 section 5): two zero bits,
// a length in whole words that fits, and the magic cookie.
func isSTUN(p *Slot) bool {
	b := p.Data()
	return len(b) >= 20 && b[0]&0xc0 == 0 && binary.BigEndian.Uint32(b[4:]) == 0x2112a442 &&
		b[3]&3 == 0 && int(binary.BigEndian.Uint16(b[2:])) <= len(b)-20
}

// invite creates the session of p, which mapping m lets in.
func (w *Worker) invite(p *Slot, m *nat.Mapping) (*session.Session, Verdict, packet.Reason) {
	d := destination{key: p.Key, altered: true}
	d.key.Dst, d.key.DstPort = m.Inner, m.InnerPort
	policy := m.Policy
	to, r := w.route(d.key.Dst)
	if r != packet.ReasonNone {
		return nil, Drop, r
	}
	if !w.comesFrom(p) {
		return nil, Drop, packet.ReasonReversePath
	}
	b := nat.Binding{Original: p.Key, Reply: d.key.Reply()}
	if out, r := w.route(p.Key.Dst); r == packet.ReasonNone && out.Out != p.In {
		if r = w.turnAround(p, &d, out.Out, &b); r != packet.ReasonNone {
			return nil, Drop, r
		}
	}
	s := w.begin(p, &b, to, session.Ref{})
	if s == nil {
		return nil, Drop, packet.ReasonSessionTableFull
	}
	pol, _ := w.rules.policies.Policy(policy)
	w.invitedBy(s, pol.ID)
	s.Hold |= invited
	w.enter(s, w.rules.clocks.of(&d.key, policy, 0))
	s.Still |= 1 << packet.Original
	w.started(s, pol.LogAll && pol.LogStart)
	return s, Forward, packet.ReasonNone
}

// turnAround translates the source of p, which is sent from the inside to a
// mapping: as the policy would that lets it out by interface out, where the
// mapping's address is.
func (w *Worker) turnAround(p *Slot, d *destination, out uint16, b *nat.Binding) packet.Reason {
	m := w.rules.policies.Lookup(p.In, out, &p.Key, 0)
	if !m.Policy.Accept {
		to, _ := w.route(p.Key.Dst)
		return w.deny(p, to.Out, m)
	}
	x := way{in: p.In, out: out, hop: p.Key.Dst, key: d.key, policy: m.Policy.ID}
	return w.bindSource(&x, b)
}

// invitedBy makes s a session of the policy that let the client of a mapping out,
// against its direction.
func (w *Worker) invitedBy(s *session.Session, id uint32) {
	pol, _ := w.rules.policies.Policy(id)
	leave := s.Leaving(packet.Original)
	s.Policy, s.Against, s.Service = pol.ID, true, w.rules.policies.ServiceName(&leave)
	s.LogEnd, s.AnySeq, s.CheckNew = pol.LogAll, pol.AnySeq, pol.CheckNew
}

// stillInvited says whether the policy that let the client of a mapping out would
// do so still, and let strangers in.
func (w *Worker) stillInvited(s *session.Session) bool {
	pol, ok := w.rules.policies.Policy(s.Policy)
	if !ok || !pol.Accept || w.filter(s.Key[packet.Original].Dst, s.Policy) == nat.FilterExact {
		return false
	}
	w.invitedBy(s, pol.ID)
	w.retime(s, 0)
	s.Still |= 1 << packet.Original
	return true
}
