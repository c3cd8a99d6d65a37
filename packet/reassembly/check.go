package reassembly

import (
	"fmt"

	"portcullis/packet"
)

// CheckInvariants reports the first thing that is not as it must be: for tests.
func (t *Table) CheckInvariants() error {
	seen, pages := 0, map[uint32]bool{}
	for f := range t.queues {
		before := uint32(none)
		for n := t.queues[f].oldest; n != none; n = t.records.at(n).newer {
			d := t.records.at(n)
			if seen++; seen > t.records.used {
				return fmt.Errorf("more datagrams in the queues than the %d in use", t.records.used)
			}
			if d.older != before || family(&d.key) != f {
				return fmt.Errorf("datagram %d: out of place in its queue", n)
			}
			if before != none && t.records.at(before).birth > d.birth {
				return fmt.Errorf("datagram %d: older than the one before it", n)
			}
			if err := t.checkDatagram(n, d, pages); err != nil {
				return fmt.Errorf("datagram %d: %w", n, err)
			}
			before = n
		}
		if t.queues[f].newest != before {
			return fmt.Errorf("queue %d: ends with %d, expected %d", f, t.queues[f].newest, before)
		}
	}
	if seen != t.records.used || len(pages) != t.pages.used {
		return fmt.Errorf("%d datagrams and %d pages found, %d and %d in use", seen, len(pages), t.records.used, t.pages.used)
	}
	if t.Memory() > t.limits.Memory {
		return fmt.Errorf("%d bytes in use of %d", t.Memory(), t.limits.Memory)
	}
	return nil
}

func (t *Table) checkDatagram(n uint32, d *datagram, pages map[uint32]bool) error {
	at := *t.bucket(&d.key)
	for ; at != n; at = t.records.at(at).chain {
		if at == none {
			return fmt.Errorf("not in its bucket")
		}
	}
	bytes, end := 0, uint16(0)
	for i, s := range d.spans[:d.held] {
		if s.from < end || s.to <= s.from {
			return fmt.Errorf("span %d: %v behind %d", i, s, end)
		}
		bytes, end = bytes+int(s.to-s.from)*8, s.to
	}
	for i, p := range d.pages {
		if p == none {
			continue
		}
		if pages[p] || d.dead != packet.ReasonNone || i*pageSize >= int(end)*8 {
			return fmt.Errorf("page %d: lent twice, or for nothing", p)
		}
		pages[p] = true
	}
	switch {
	case d.dead != packet.ReasonNone && d.held == 0:
		return nil
	case d.held == 0 || d.dead != packet.ReasonNone:
		return fmt.Errorf("%d fragments held, dead of %v", d.held, d.dead)
	case d.complete(), int(d.got) > bytes, int(d.got) < bytes-7:
		return fmt.Errorf("%d of %d bytes are there, spans of %d", d.got, d.end, bytes)
	case (d.headSize > 0) != (d.spans[0].from == 0):
		return fmt.Errorf("headers of %d bytes, first span %v", d.headSize, d.spans[0])
	}
	return nil
}
