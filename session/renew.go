package session

// What a table takes over from another one, which was a process's before this
// one.

// Serial is the serial that was given to a session last.
func (t *Table) Serial() uint32 { return t.id }

// Continue makes the table give serials from behind id on.
func (t *Table) Continue(id uint32) { t.id = id }

// NewFrom is New for a session of another table: all that is exported of old, its
// serial and its timeout are those of the new one. The serials of live sessions
// must differ.
func (t *Table) NewFrom(old *Record) *Session {
	s := t.record()
	if s == nil {
		return nil
	}
	index := s.index
	*s = Session{Record: *old}
	s.index, s.next, s.prev, s.class, s.live = index, 0, 0, Lasting, false
	return s
}

// Queued calls f for the sessions of a class other than Lasting, in the order in
// which they came into it, until it returns false.
func (t *Table) Queued(c Class, f func(*Session) bool) {
	for n := t.queues[c].first; n != 0; n = t.at(n - 1).next {
		if !f(t.at(n - 1)) {
			return
		}
	}
}
