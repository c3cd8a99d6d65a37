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
}

func (w *Worker) stillAllowed(s *session.Session) bool {
	if s.Master.ID != 0 {
		return w.masterAllows(s)
	}
	k := &s.Key[packet.Original]
	if s.Rewrite[packet.Original].None() {
		if !w.reroute(s) {
			return false
		}
	} else if _, own := w.rules.routes.Local(s.Key[packet.Reply].Dst); !own || !w.rules.up(s.Out[packet.Original]) {
		return false // the address it was translated to is no longer ours
	}
	m := w.rules.policies.Lookup(s.Out[packet.Reply], s.Out[packet.Original], k)
	if !m.Policy.Accept {
		return false
	}
	s.Policy, s.Service, s.LogEnd = m.Policy.ID, m.Service, m.Policy.LogAll
	return true
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
	s.Gateway = [2]packet.Addr{there.Gateway, back.Gateway}
	return true
}

// masterAllows lets a child follow its control session. One that outlives its
// master follows the policy that the master had, as long as that still accepts.
func (w *Worker) masterAllows(s *session.Session) bool {
	if m := w.table.Resolve(s.Master); m != nil {
		if m.Generation != w.rules.Generation {
			w.recheck(m)
		}
		s.Policy = m.Policy
		return !m.Blocked
	}
	p, ok := w.rules.policies.Policy(s.Policy)
	return ok && p.Accept
}
