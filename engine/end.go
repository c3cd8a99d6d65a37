package engine

import (
	"portcullis/packet"
	"portcullis/session"
	"portcullis/session/sctp"
)

// push hands an event to the sink and counts it where it is lost. What is
// handed to a sink does not stay on the stack, so it lies in the worker.
func (w *Worker) push(e *session.Event) {
	if w.sink == nil {
		return
	}
	if e != &w.event {
		w.event = *e
	}
	w.event.Tick = w.now
	if !w.sink.Push(&w.event) {
		w.stats.EventsLost++
	}
}

// started reports a new session.
func (w *Worker) started(s *session.Session, logIt bool) {
	if w.sink == nil {
		return
	}
	e := w.about(s)
	e.Kind, e.LogIt = session.EventStart, logIt
	w.push(e)
}

// expired ends a session by its state; the table removes it.
func (w *Worker) expired(s *session.Session) { w.end(s, endOf(s)) }

// idled ends a session that was idle for too long; the table removes it.
func (w *Worker) idled(s *session.Session) {
	if s.Resets && s.Key[packet.Original].Proto == packet.ProtoTCP && s.State == session.StateEstablished && !s.Blocked {
		w.resetEnd(s, packet.Original)
		w.resetEnd(s, packet.Reply)
	}
	w.expired(s)
}

// clash ends a session whose tuple a new one is to have (FortiOS: session clash).
func (w *Worker) clash(old, s *session.Session) {
	w.stats.Clashes++
	e := w.about(s)
	e.Kind, e.LogIt, e.Logged = session.EventClash, true, s.LogEnd
	e.Old = session.Rival{Policy: old.Policy, Child: old.Master.ID != 0, Logged: old.LogEnd, Key: old.Key}
	w.push(e)
	w.remove(old, session.EndClash)
}

// end reports that s is over and lets go of what belongs to it.
func (w *Worker) end(s *session.Session, how session.End) {
	switch {
	case s.IsCall():
		w.calls.drop(s)
	case s.Helper != 0 && s.Master.ID == 0:
		w.endCalls(s.ID)
	}
	w.readNoMore(s)
	w.letGo(s)
	w.shape(s, 0)
	w.uncover(s)
	w.vacate(s)
	w.groups.leave(s)
	w.landed.remove(s)
	if s.Controls() {
		w.expect.RemoveMaster(s.ID, w.expectationOrphaned)
	}
	if w.sink == nil {
		return
	}
	e := w.about(s)
	e.Kind, e.End, e.LogIt = session.EventEnd, how, s.LogEnd
	w.push(e)
}

// about begins an event, in w.event, with what a session knows.
func (w *Worker) about(s *session.Session) *session.Event {
	e := &w.event
	*e = session.Event{
		HasRoute: true,
		Helper:   s.Helper,
		In:       s.Out[packet.Reply],
		Out:      s.Out[packet.Original],
		Policy:   s.Policy,
		Service:  s.Service,
		ID:       s.ID,
		Master:   s.Master.ID,
		Created:  s.Created,
		Key:      s.Key[packet.Original],
		ReplyKey: s.Key[packet.Reply],
		Bytes:    s.Bytes,
		Packets:  s.Packets,
	}
	return e
}

// endOf tells from its last state how a session ended.
func endOf(s *session.Session) session.End {
	switch s.Key[packet.Original].Proto {
	case packet.ProtoTCP:
	case packet.ProtoSCTP:
		return endOfSCTP(s)
	default:
		return session.EndAccept
	}
	switch s.State {
	case session.StateTimeWait:
		return session.EndClose
	case session.StateClose:
		return resetter(s)
	case session.StateSynSent:
		return session.EndIPConn
	}
	return session.EndTimeout
}

func endOfSCTP(s *session.Session) session.End {
	switch st := sctp.State(s.State); {
	case st == sctp.Closed && s.ResetBy == 0:
		return session.EndClose
	case st == sctp.Closed:
		return resetter(s)
	case (st == sctp.None || st == sctp.CookieWait) && s.Packets[packet.Reply] == 0:
		return session.EndIPConn
	}
	return session.EndTimeout
}

// resetter is the end of a session that one side has reset.
func resetter(s *session.Session) session.End {
	if s.ResetBy == uint8(packet.Reply)+1 {
		return session.EndServerRST
	}
	return session.EndClientRST
}
