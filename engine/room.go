package engine

import (
	"time"

	"portcullis/packet"
	"portcullis/session"
	"portcullis/session/sctp"
)

// Theory of operation.
//
// A table that is full must not keep honest connections out because of those
// that came to nothing. So sessions of which nothing has come yet (half-open
// connections, and others without an answer) are few by a limit of their own:
// beyond it the oldest of them gives way to each new one. Under a flood that is
// what the flood began a moment ago, and an honest client is answered within
// that moment. Where the table is full all the same, they give way too, then
// sessions that have ended and are only remembered, then those that were one
// question and one answer. What is established, or goes on, never gives way: then
// the new one is refused.
//
// A half-open session is a record like any other, and nothing beside it: no
// helper's memory before the other side has answered.

// ephemeralShare is the part of the table that sessions may fill of which nothing
// has come yet.
const ephemeralShare = 4

// room makes room for a new session where there is none, and reports false where
// nothing can give way. spare does not.
func (w *Worker) room(spare session.Ref) bool {
	full := w.table.Len() >= w.table.Max()
	if !full && w.table.Count(session.Ephemeral) < w.ephemeralMax() {
		return true
	}
	if w.evict(session.Ephemeral, spare) || !full {
		return true
	}
	return w.evict(session.Over, spare) || w.evictBrief(spare)
}

func (w *Worker) ephemeralMax() int { return max(w.table.Max()/ephemeralShare, 1) }

// evict ends the oldest session of a class. One that has gone on lately, without an
// answer, as syslog does, is given another chance, and so are a few behind it.
func (w *Worker) evict(c session.Class, spare session.Ref) bool {
	s := w.table.Oldest(c, spare)
	for n := 0; n < chances && s != nil && s.Packets[packet.Original] > 1 && w.now.Sub(s.LastSeen) < lately; n++ {
		w.table.Requeue(s)
		s = w.table.Oldest(c, spare)
	}
	if s == nil {
		return false
	}
	if w.table.Len() >= w.table.Max() {
		w.stats.Tension++
	}
	w.stats.Evicted++
	w.remove(s, session.EndEvicted)
	return true
}

const (
	chances = 4
	lately  = 5 * time.Second
)

// evictBrief ends the oldest session that was one question and one answer. What
// has gone on since lasts: that is found out here and not where its packets pass.
func (w *Worker) evictBrief(spare session.Ref) bool {
	for range briefLooks {
		s := w.table.Oldest(session.Brief, spare)
		if s == nil {
			return false
		}
		if brief(s) {
			return w.evict(session.Brief, spare)
		}
		w.table.Classify(s, session.Lasting)
	}
	return false
}

// briefLooks bounds what one packet finds out.
const briefLooks = 64

// brief says whether no side has sent more than one packet.
func brief(s *session.Session) bool {
	return s.Packets[packet.Original] <= 1 && s.Packets[packet.Reply] <= 1
}

// remove ends s and takes it out of the table.
func (w *Worker) remove(s *session.Session, how session.End) {
	w.end(s, how)
	w.table.Remove(s)
}

// settle tells the table what it may do with s, after s has changed.
func (w *Worker) settle(s *session.Session) {
	c := classOf(s)
	if c == session.Brief && w.keeps(s) {
		c = session.Lasting // it may have opened a way for a long time by that
	}
	w.table.Classify(s, c)
}

func classOf(s *session.Session) session.Class {
	if s.Blocked {
		return session.Over
	}
	switch s.Key[packet.Original].Proto {
	case packet.ProtoTCP:
		switch s.State {
		case session.StateSynSent, session.StateSynReceived:
			return session.Ephemeral
		case session.StateTimeWait, session.StateClose:
			return session.Over
		}
	case packet.ProtoSCTP:
		if sctp.State(s.State) == sctp.Closed {
			return session.Over
		}
	default:
		if s.Replied && brief(s) {
			return session.Brief
		}
	}
	if !s.Replied {
		return session.Ephemeral
	}
	return session.Lasting
}
