package control

import "portcullis/session"

// showRange fills s with what a record of a data range says. It looks like an
// expectation that does not expire, and has no number of its own.
func (s *Session) showRange(r *RangeRecord, at Moment, names Names) {
	s.showExpected(&ExpectRecord{
		Expect: session.Expectation{
			Match: r.Match, Leave: r.Leave, Master: session.Ref{ID: r.Master}, Policy: r.Policy, Service: r.Service,
			Helper: r.Helper, Created: r.Created, Expires: at.Now,
		},
		In: r.In, Out: r.Out, Against: r.Against,
	}, at, names)
	s.Never, s.Expire = true, 0
	s.DataRange = &Range{LastPort: r.Last, Sessions: r.Used, Limit: r.Limit}
	if s.State |= WordTLS; r.Blocked {
		s.State |= WordBlock
	}
}

// awaited calls f for every expectation and every data range that the query chooses.
// f borrows it.
func (w *walker) awaited(f func(*Session)) error {
	if err := w.expectations(f); err != nil {
		return err
	}
	page := make([]RangeRecord, pageSize)
	for cursor := uint64(0); ; {
		n, next, at := w.source.DataRanges(cursor, page)
		for i := range page[:n] {
			if w.shown.showRange(&page[i], at, w.names); w.query.match(&w.shown) {
				f(&w.shown)
			}
		}
		if err := w.turn(); err != nil || next == 0 {
			return err
		}
		cursor = next
	}
}

// lastPort is the last port that the flow of an expectation may be for.
func (s *Session) lastPort() uint32 {
	if s.DataRange != nil {
		return uint32(s.DataRange.LastPort)
	}
	return s.Original.DstPort
}

// ports appends "-last" to an endpoint that stands for several ports.
func (b *line) ports(s *Session) {
	if s.DataRange != nil {
		b.text("-")
		b.uint(uint64(s.DataRange.LastPort))
	}
}
