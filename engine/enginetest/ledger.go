package enginetest

import (
	"fmt"

	"portcullis/session"
)

// Ledger is a sink that holds every session's start against its end. It has no
// lock on purpose: the engine pushes one event at a time, and the race detector
// knows whether that is true.
type Ledger struct {
	Starts, Children, Expects uint64
	Ends                      map[session.End]uint64
	Wrong                     []string // the first few things that must not be

	open map[uint32]session.Tick // sessions that live, by id: since when
}

// NewLedger returns an empty one.
func NewLedger() *Ledger {
	return &Ledger{open: map[uint32]session.Tick{}, Ends: map[session.End]uint64{}}
}

// Open is how many sessions have started and not ended.
func (l *Ledger) Open() int { return len(l.open) }

// Ended is how many sessions have ended.
func (l *Ledger) Ended() (n uint64) {
	for _, k := range l.Ends {
		n += k
	}
	return n
}

// Push implements engine.Sink.
func (l *Ledger) Push(e *session.Event) bool {
	switch e.Kind {
	case session.EventStart:
		l.start(e)
	case session.EventEnd:
		l.end(e)
	case session.EventExpect:
		l.Expects++
	}
	return true
}

func (l *Ledger) start(e *session.Event) {
	if _, is := l.open[e.ID]; is {
		l.complain("session %d started twice", e.ID)
	}
	l.open[e.ID] = e.Created
	l.Starts++
	if e.Master != 0 {
		l.Children++
	}
}

func (l *Ledger) end(e *session.Event) {
	since, is := l.open[e.ID]
	switch {
	case !is:
		l.complain("session %d ended without a start, or twice: %v", e.ID, e.Key)
	case since != e.Created || e.Tick < since:
		l.complain("session %d began at %d, and ended at %d as one of %d", e.ID, since, e.Tick, e.Created)
	case e.End == session.EndNone:
		l.complain("session %d ended by nothing", e.ID)
	}
	delete(l.open, e.ID)
	l.Ends[e.End]++
}

// complain notes what is wrong.
func (l *Ledger) complain(format string, args ...any) {
	if len(l.Wrong) < 20 {
		l.Wrong = append(l.Wrong, fmt.Sprintf(format, args...))
	}
}
