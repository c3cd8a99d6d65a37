package engine

import (
	"fmt"
	"maps"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/session"
)

// HelperCounts are what a worker counts of one helper.
type HelperCounts struct {
	Reading  int    // sessions that it reads now
	Hits     uint64 // sessions that it was given to read
	Expected uint64 // expectations made
	Renewed  uint64 // those that were announced again
	Used     uint64 // sessions that one let in
	Expired  uint64 // expectations whose time was over
	Voided   uint64 // those that ended before: cancelled, crowded out, cleared, or with their control session
	Refused  [session.NumRefusals]uint64
	Detached map[string]uint64 // sessions that it let go of, by why

	spent uint64 // expectations that one flow has fulfilled
	taken uint64 // expectations of an earlier process
}

// helperTally is what a worker counts of its helpers. What was counted outlasts
// changes of the configuration.
type helperTally struct {
	counts   []HelperCounts     // by the helper's number
	detached map[letting]uint64 // of few helpers and reasons
	hits     map[usedEntry]uint64
}

// letting is a helper that lets go of a session, and why.
type letting struct {
	helper uint8
	why    uint16
}

// usedEntry is an entry of the session helper table; one that was changed is
// another one.
type usedEntry struct {
	binding
	id     uint32
	helper uint8
}

func (e *helperEntry) used() usedEntry {
	return usedEntry{binding: e.binding, id: e.config.ID, helper: e.helper}
}

// counts are those of a helper. They are valid until another's are asked for.
func (w *Worker) counts(helper uint8) *HelperCounts {
	for len(w.tally.counts) <= int(helper) {
		w.tally.counts = append(w.tally.counts, HelperCounts{})
	}
	return &w.tally.counts[helper]
}

// reads says whether a helper reads s, and has not let go of it.
func (w *Worker) reads(s *session.Session) bool {
	if !s.Bound || s.Watched() {
		return false
	}
	if s.Control == 0 || s.Key[packet.Original].Proto != packet.ProtoTCP {
		return true
	}
	_, detached := w.controls.at(s.Control).control.Detached()
	return !detached
}

// readFromNow counts s, which a helper was given to read: by an entry, or because a
// policy, a service or a control session said so.
func (w *Worker) readFromNow(s *session.Session, by *helperEntry) {
	c := w.counts(s.Helper)
	c.Hits++
	c.Reading++
	if by != nil {
		if w.tally.hits == nil {
			w.tally.hits = map[usedEntry]uint64{}
		}
		w.tally.hits[by.used()]++
	}
}

// readNoMore counts s out, which is about to end.
func (w *Worker) readNoMore(s *session.Session) {
	if w.reads(s) {
		w.counts(s.Helper).Reading--
	}
}

// unread counts s out, which its helper has let go of.
func (w *Worker) unread(s *session.Session, why uint16) {
	w.counts(s.Helper).Reading--
	if w.tally.detached == nil {
		w.tally.detached = map[letting]uint64{}
	}
	w.tally.detached[letting{s.Helper, why}]++
}

// HelperEntry is an entry of the session helper table that is in force, and how many
// sessions got their helper by it.
type HelperEntry struct {
	Config *config.SessionHelper
	Hits   uint64
}

// HelperState is a built-in helper, what binds it, and what was counted.
type HelperState struct {
	Name    string
	Entries []HelperEntry
	HelperCounts
}

// Helpers are all built-in helpers in order of their names. The configuration of an
// entry is borrowed and does not change.
func (w *Worker) Helpers() []HelperState {
	list := make([]HelperState, 0, len(w.names.helpers))
	for i, h := range w.names.helpers {
		if h == nil {
			continue
		}
		s := HelperState{Name: h.Name, HelperCounts: HelperCounts{}}
		if i < len(w.tally.counts) {
			s.HelperCounts = w.tally.counts[i]
		}
		s.Detached = map[string]uint64{}
		for l, n := range w.tally.detached {
			if int(l.helper) == i {
				s.Detached[w.names.Why(l.why)] += n
			}
		}
		for _, e := range w.rules.bindings.entries {
			if int(e.helper) == i {
				s.Entries = append(s.Entries, HelperEntry{Config: e.config, Hits: w.tally.hits[e.used()]})
			}
		}
		list = append(list, s)
	}
	return list
}

// checkTally reports a helper whose sessions or expectations were counted wrongly: for
// tests.
func (w *Worker) checkTally() error {
	reading := map[uint8]int{}
	w.table.All(func(s *session.Session) bool {
		if w.reads(s) {
			reading[s.Helper]++
		}
		return true
	})
	counted := map[uint8]int{}
	for i := range w.tally.counts {
		if n := w.tally.counts[i].Reading; n != 0 {
			counted[uint8(i)] = n
		}
	}
	if !maps.Equal(reading, counted) {
		return fmt.Errorf("helpers read sessions %v by number, counted %v", reading, counted)
	}
	return w.checkExpected()
}

// checkExpected reports a helper whose expectations are not all accounted for.
func (w *Worker) checkExpected() error {
	waiting := map[uint8]uint64{}
	w.expect.All(func(x *session.Expectation) bool {
		if x.Call != session.CallOffered {
			waiting[x.Helper]++
		}
		return true
	})
	for i := range w.tally.counts {
		c, n := &w.tally.counts[i], waiting[uint8(i)]
		if c.Expected+c.taken != c.spent+c.Expired+c.Voided+n {
			return fmt.Errorf("helper %s: %d expectations made and %d taken up, of which %d were used, %d expired, %d voided and %d wait",
				w.names.Helper(uint8(i)), c.Expected, c.taken, c.spent, c.Expired, c.Voided, n)
		}
	}
	return nil
}
