package control

import "portcullis/session"

// Cleared is how many sessions and expectations were taken out.
type Cleared struct {
	Sessions     int `json:"sessions"`
	Expectations int `json:"expectations"`
}

// clear takes out what the query chooses: first what is expected, so that no
// flow comes of it behind the walk's back.
func (w *walker) clear() (c Cleared, err error) {
	take := func(walk func(func(*Session)) error, remove func([]session.Ref) int, n *int) error {
		var refs []session.Ref
		then := w.pause
		defer func() { w.pause = then }()
		w.pause = func() error {
			for len(refs) > 0 {
				k := min(len(refs), removeSize)
				*n += remove(refs[:k])
				refs = refs[k:]
			}
			refs = refs[:0]
			return then()
		}
		return walk(func(s *Session) { refs = append(refs, s.ref) })
	}
	if err = take(w.expectations, w.source.ClearExpectations, &c.Expectations); err == nil {
		err = take(w.sessions, w.source.Clear, &c.Sessions)
	}
	return c, err
}
