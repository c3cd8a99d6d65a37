package engine

import (
	"portcullis/packet"
	"portcullis/route"
	"portcullis/session"
)

// recheck judges a session by a ruleset that is newer than the one that allowed
// it, unless it is to be left alone (firewall-session-dirty): one that is no
// longer allowed is blocked until it expires, one that is goes on, under the
// policy that now allows it.
func (w *Worker) recheck(s *session.Session) {
	alone := w.rules.leavesAlone(s)
	s.Generation = w.rules.Generation
	if alone {
		return
	}
	out, hop := s.Out, s.Hop
	blocked := !w.stillAllowed(s)
	if blocked { // it keeps the ways that it was allowed, to return to
		s.Out, s.Hop = out, hop
	}
	if blocked && !s.Blocked {
		w.stats.Blocked++
	}
	s.Blocked = blocked
	if s.Encrypted {
		w.ranges.bar(s.Ref(), blocked)
	}
	w.settle(s)
}

func (w *Worker) stillAllowed(s *session.Session) bool {
	moved, ok := w.stillLeads(s)
	switch {
	case !ok:
		return false
	case s.Master.ID != 0:
		return w.masterAllows(s) && (!moved || w.keepsSource(s, 0))
	case isInvited(s):
		return w.stillInvited(s)
	}
	d, stays := w.rules.stays(s)
	if !stays {
		return false
	}
	m := w.rules.policies.LookupLive(s.Out[packet.Reply], s.Out[packet.Original], &d.key, d.vip)
	if !m.Policy.Accept {
		return false
	}
	obey(s, m)
	if moved && sourceTranslated(s) && !w.keepsSource(s, d.vip) {
		return false
	}
	w.shape(s, w.rules.quotas.shaper(m.Policy.ID))
	w.retime(s, m.Object)
	return true
}

// stillLeads finds the ways of s as the routes are now. A translated session
// stays on one that some route still takes, unless snat-route-change is enabled,
// and has none at all when its address is no longer ours. moved says that it
// leaves its translated address by another way than before.
func (w *Worker) stillLeads(s *session.Session) (moved, ok bool) {
	translated := s.Translated()
	outside := outward(s)
	if translated {
		if !w.rules.ours(s.Key[outside.Other()].Dst) {
			return false, false
		}
	}
	out, hop := s.Out, s.Hop
	for d := range out {
		dst := s.Leaving(packet.Dir(d)).Dst
		if translated && !w.rules.rerouteSNAT && w.rules.routes.Leads(dst, out[d], hop[d]) {
			continue
		}
		to, r := w.onward(dst, packet.Dir(d), out[d])
		if r != packet.ReasonNone {
			return false, false
		}
		out[d], hop[d] = to.Out, to.Hop
	}
	moved = translated && (out[outside] != s.Out[outside] || hop[outside] != s.Hop[outside])
	s.Out, s.Hop = out, hop
	return moved, true
}

// onward finds the way of a session's packets of direction dir, which have left by
// interface out so far. Answers stay there as long as a route does.
func (w *Worker) onward(dst packet.Addr, dir packet.Dir, out uint16) (route.Route, packet.Reason) {
	if dir == packet.Reply {
		return w.back(dst, out)
	}
	return w.route(dst)
}

// outward is the direction in which the packets of s leave with a translated
// source: the opener's, but where only the destination is translated for it, the
// other.
func outward(s *session.Session) packet.Dir {
	if !sourceTranslated(s) && s.Key[packet.Original].Dst != s.Key[packet.Reply].Src {
		return packet.Reply
	}
	return packet.Original
}

// sourceTranslated says whether the opener's address is translated.
func sourceTranslated(s *session.Session) bool {
	return s.Key[packet.Reply].Dst != s.Key[packet.Original].Src
}

// lapse has s end at the next tick.
func (w *Worker) lapse(s *session.Session) {
	s.SetTimeout(0)
	w.table.Shorten(s)
}

// masterAllows lets a child follow its control session. One that outlives its
// master follows the policy that the master had, as long as that still accepts.
func (w *Worker) masterAllows(s *session.Session) bool {
	if m := w.table.Resolve(s.Master); m != nil {
		if m.Generation != w.rules.Generation {
			w.recheck(m)
		}
		s.Policy, s.AnySeq, s.Resets, s.CheckNew = m.Policy, m.AnySeq, m.Resets, m.CheckNew
		w.shape(s, m.Shaper)
		w.retime(s, 0)
		return !m.Blocked
	}
	p, ok := w.rules.policies.Policy(s.Policy)
	w.retime(s, 0)
	return ok && p.Accept
}

// retime gives s the timers that the new ruleset has for it; object is the
// service that admits it, 0 for a child: that is not of its master's service.
func (w *Worker) retime(s *session.Session, object uint32) {
	if s.Master.ID != 0 && s.Still == stillBoth {
		return // its group has ended
	}
	before, leave := s.Timeout(), s.Leaving(packet.Original) // the port is the mapped one, as for the policy
	w.rules.clocks.set(s, w.rules.clocks.of(&leave, s.Policy, object))
	if s.Timeout() < before {
		if w.keeps(s) {
			s.SetTimeout(before)
		}
		w.table.Shorten(s)
	}
	w.outlast(s)
}
