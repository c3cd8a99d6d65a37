package control

// pageSize is how many records are copied while packets wait: some 20 µs of
// copying.
const pageSize = 512

// removeSize is how many sessions are ended while packets wait; each writes an
// event and leaves three indices.
const removeSize = 64

// Family chooses sessions by version of IP.
type Family uint8

// Families; the zero Family chooses both.
const (
	FamilyAny Family = 0
	Family4   Family = 4
	Family6   Family = 6
)

// has says whether s is of the family.
func (f Family) has(s *Session) bool { return f == FamilyAny || s.is6() == (f == Family6) }

// Query chooses what a walk shows.
type Query struct {
	Family Family
	Filter Filter
}

func (q *Query) match(s *Session) bool { return q.Family.has(s) && q.Filter.Match(s) }

// walker reads a source page by page and shows what its query chooses. It is the
// memory of one walk, which does not grow with the table.
type walker struct {
	source Source
	names  Names
	query  Query
	// pause is called between pages: what the walk found goes out, and an error
	// ends it.
	pause func() error

	shown Session
	pace  pacer
}

// turn is what happens between pages.
func (w *walker) turn() error {
	w.pace.pause()
	return w.pause()
}

// sessions calls f for every session that the query chooses. f borrows it.
func (w *walker) sessions(f func(*Session)) error {
	return w.records(func(r *Record, at Moment) {
		if w.shown.show(r, at, w.names); w.query.match(&w.shown) {
			f(&w.shown)
		}
	})
}

// records calls f for the copy of every session. f borrows it.
func (w *walker) records(f func(*Record, Moment)) error {
	page := make([]Record, pageSize)
	for cursor := uint64(0); ; {
		n, next, at := w.source.Sessions(cursor, page)
		for i := range page[:n] {
			f(&page[i], at)
		}
		if err := w.turn(); err != nil || next == 0 {
			return err
		}
		cursor = next
	}
}

// expectations does the same with expectations.
func (w *walker) expectations(f func(*Session)) error {
	page := make([]ExpectRecord, pageSize)
	for cursor := uint64(0); ; {
		n, next, at := w.source.Expectations(cursor, page)
		for i := range page[:n] {
			if w.shown.showExpected(&page[i], at, w.names); w.query.match(&w.shown) {
				f(&w.shown)
			}
		}
		if err := w.turn(); err != nil || next == 0 {
			return err
		}
		cursor = next
	}
}
