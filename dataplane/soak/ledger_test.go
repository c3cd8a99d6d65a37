package soak

import (
	"fmt"

	"portcullis/session"
)

// ledger is the sink of the engine's events: every session that was started ends
// exactly once. It has no lock on purpose: the engine pushes one event at a time,
// and the race detector knows whether that is true.
type ledger struct {
	open     map[uint32]session.Tick // sessions that live, by id: since when
	starts   uint64
	children uint64
	ends     map[session.End]uint64
	expects  uint64
	wrong    []string
}

func newLedger() *ledger {
	return &ledger{open: map[uint32]session.Tick{}, ends: map[session.End]uint64{}}
}

// Push implements engine.Sink.
func (l *ledger) Push(e *session.Event) bool {
	switch e.Kind {
	case session.EventStart:
		l.start(e)
	case session.EventEnd:
		l.end(e)
	case session.EventExpect:
		l.expects++
	}
	return true
}

func (l *ledger) start(e *session.Event) {
	if _, is := l.open[e.ID]; is {
		l.complain("session %d started twice", e.ID)
	}
	l.open[e.ID] = e.Created
	l.starts++
	if e.Master != 0 {
		l.children++
	}
}

func (l *ledger) end(e *session.Event) {
	since, is := l.open[e.ID]
	switch {
	case !is:
		l.complain("session %d ended without a start, or twice: %v", e.ID, e.Key)
	case since != e.Created || e.Tick < since:
		l.complain("session %d began at %d, and ended at %d as one of %d", e.ID, since, e.Tick, e.Created)
	case e.Packets[0] == 0 && e.End != session.EndIPConn:
		l.complain("session %d ended (%d) without a packet: %v", e.ID, e.End, e.Key)
	}
	delete(l.open, e.ID)
	l.ends[e.End]++
}

// complain notes what is wrong; the first few are enough.
func (l *ledger) complain(format string, args ...any) {
	if len(l.wrong) < 20 {
		l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
	}
}

// ended is how many sessions ended.
func (l *ledger) ended() (n uint64) {
	for _, k := range l.ends {
		n += k
	}
	return n
}
