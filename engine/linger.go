package engine

import (
	"time"

	"portcullis/session"
)

// maxLinger bounds how long a control session that is over is remembered for the sake
// of what was announced in it.
const maxLinger = 30 * time.Second

// lingering is how long s is remembered, which is idle unless its connection has ended
// and its helper's clients open only then what was announced to them
// (helpers.Helper.Lingers).
func (w *Worker) lingering(s *session.Session, idle time.Duration) time.Duration {
	if s.State != session.StateTimeWait && s.State != session.StateClose || !s.Controls() || !w.names.helper(s.Helper).Lingers {
		return idle
	}
	if until := w.expect.WaitedUntil(s.ID); until != 0 {
		return max(idle, min(until.Sub(s.LastSeen), maxLinger))
	}
	return idle
}
