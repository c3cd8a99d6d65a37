package engine

import "portcullis/session"

// dirty is FortiOS's firewall-session-dirty: which sessions are judged again when
// the configuration, a route or a link changes.
type dirty uint8

const (
	checkAll    dirty = iota
	checkNew          // none
	checkPolicy       // those whose policy says so
)

// dirties are the words of system settings' firewall-session-dirty.
var dirties = map[string]dirty{"check-all": checkAll, "check-new": checkNew, "check-policy-option": checkPolicy}

// leavesAlone says whether rs does not judge s, which an earlier ruleset allowed.
// One that can not be carried as it is must be judged, whatever was asked for: its
// other way is looked for, or it is blocked, not fed to an interface that is no
// more.
func (rs *Ruleset) leavesAlone(s *session.Session) bool {
	if s.Generation == inherited || rs.dirty == checkAll || rs.dirty == checkPolicy && !s.CheckNew {
		return false
	}
	return !s.Blocked && rs.carries(s.Out[0]) && rs.carries(s.Out[1])
}

// Dirty says whether s will be judged again at its next packet.
func (w *Worker) Dirty(s *session.Session) bool {
	return s.Generation != w.rules.Generation && !w.rules.leavesAlone(s)
}
