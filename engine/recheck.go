package engine

import (
	"portcullis/packet"
	"portcullis/session"
)

// recheck judges a session by a ruleset that is newer than the one that allowed
// it (firewall-session-dirty check-all): one that is no longer allowed is
// blocked until it expires, one that is goes on, under the policy that now
// allows it.
func (w *Worker) recheck(s *session.Session) {
	s.Generation = w.rules.Generation
	blocked := !w.stillAllowed(s)
	if blocked && !s.Blocked {
		w.stats.Blocked++
	}
	s.Blocked = blocked
	w.settle(s)
}

func (w *Worker) stillAllowed(s *session.Session) bool {
	if !w.stillLeads(s) {
		return false
	}
	if s.Master.ID != 0 {
		return w.masterAllows(s)
	}
	m := w.rules.policies.Lookup(s.Out[packet.Reply], s.Out[packet.Original], &s.Key[packet.Original])
	if !m.Policy.Accept {
		return false
	}
	obey(s, m)
	w.retime(s, m.Object)
	return true
}

// stillLeads says whether both ways of s exist: as the routes are now or, where
// it is translated, as they were, as long as the translated address is ours.
func (w *Worker) stillLeads(s *session.Session) bool {
	if !s.Translated() {
		return w.reroute(s)
	}
	address := s.Key[packet.Reply].Dst // what the source was translated to
	if address == s.Key[packet.Original].Src {
		address = s.Key[packet.Original].Dst // the destination was translated
	}
	_, own := w.rules.routes.Local(address)
	return own && w.rules.up(s.Out[packet.Original]) && w.rules.up(s.Out[packet.Reply])
}

// reroute finds the ways of an untranslated session anew.
func (w *Worker) reroute(s *session.Session) bool {
	there, r := w.route(s.Key[packet.Original].Dst)
	if r != packet.ReasonNone {
		return false
	}
	back, r := w.route(s.Key[packet.Original].Src)
	if r != packet.ReasonNone {
		return false
	}
	s.Out = [2]uint16{there.Out, back.Out}
	s.Hop = [2]uint16{there.Hop, back.Hop}
	return true
}

// masterAllows lets a child follow its control session. One that outlives its
// master follows the policy that the master had, as long as that still accepts.
func (w *Worker) masterAllows(s *session.Session) bool {
	if m := w.table.Resolve(s.Master); m != nil {
		if m.Generation != w.rules.Generation {
			w.recheck(m)
		}
		s.Policy, s.AnySeq, s.Resets = m.Policy, m.AnySeq, m.Resets
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
	before := s.Timeout()
	w.rules.clocks.set(s, w.rules.clocks.of(&s.Key[packet.Original], s.Policy, object))
	if s.Timeout() < before {
		w.table.Shorten(s)
	}
}
