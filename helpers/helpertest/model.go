package helpertest

import (
	"fmt"
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
)

// change is one rewrite of a direction's stream.
type change struct {
	call   int // of Inspect
	off, n int // original bytes
	text   string
}

// model is the dumb twin of the corrections: the whole stream, rewritten in one
// go.
type model struct {
	turns   []string // as they are received
	sent    [2]string
	want    [2]string
	changes [2][]change
	seen    []Announced
	cancels int
	why     string
	tls     bool
}

// newModel reads d whole and, with translate, rewrites it.
func newModel(h *helpers.Helper, d *Dialogue, translate bool) (*model, error) {
	r, err := read(h, d, whole)
	if err != nil {
		return nil, err
	}
	m := &model{why: r.why, tls: r.tls}
	next := 0
	for i, t := range d.Turns {
		start, text, at := len(m.sent[t.Dir]), "", 0
		for ; next < len(r.events) && r.events[next].Turn == i; next++ {
			ev := r.events[next]
			switch ev.Kind {
			case eventCancel, eventEnd:
				m.cancels++
				continue
			case eventRenew:
				continue
			case eventExpect:
				m.seen = append(m.seen, Announced{ev.Dir, ev.Expect.Endpoint.String()})
			}
			if !translate || ev.Expect.Edit.Len == 0 {
				continue
			}
			off := ev.Off - start
			if off < at {
				return nil, fmt.Errorf("turn %d: an edit begins before the turn; let messages end with turns", i)
			}
			orig := t.Text[off : off+ev.Expect.Edit.Len]
			spelt, err := spelling(h, r.events[next:], d)
			if err != nil {
				return nil, err
			}
			if spelt == nil {
				continue
			}
			if len(spelt) == 0 || len(spelt) > helpers.MaxSpell {
				return nil, fmt.Errorf("turn %d: spelt %q for %q", i, spelt, orig)
			}
			text += t.Text[at:off] + string(spelt)
			at = off + len(orig)
			m.change(t.Dir, change{ev.Call, ev.Off, len(orig), string(spelt)}, t.Text, start)
		}
		text += t.Text[at:]
		m.turns = append(m.turns, text)
		m.sent[t.Dir] += t.Text
		m.want[t.Dir] += text
	}
	return m, nil
}

// spread returns where the original bytes [l, r) of dir are in the rewritten
// stream, changes that they touch included whole.
func (m *model) spread(dir packet.Dir, l, r int) (int, int) {
	shift, nl, nr := 0, l, r
	foundL := false
	for _, c := range m.changes[dir] {
		end := c.off + c.n
		if !foundL && l < end {
			foundL = true
			nl = l + shift
			if l > c.off {
				nl = c.off + shift
			}
		}
		if r <= c.off {
			if !foundL {
				nl = l + shift
			}
			return nl, r + shift
		}
		if r < end {
			return nl, end + shift + len(c.text) - c.n
		}
		shift += len(c.text) - c.n
	}
	if !foundL {
		nl = l + shift
	}
	nr = r + shift
	return nl, nr
}

// change appends a change, in a turn of that text which begins at start. What one
// call has found is one change.
func (m *model) change(dir packet.Dir, c change, turn string, start int) {
	list := m.changes[dir]
	if n := len(list); n > 0 && list[n-1].call == c.call {
		last := &list[n-1]
		end := last.off + last.n
		last.text += turn[end-start:c.off-start] + c.text
		last.n = c.off + c.n - last.off
		return
	}
	m.changes[dir] = append(list, c)
}

// spelling is what the bytes become that the first of the events marks, nil where
// they stay.
func spelling(h *helpers.Helper, events []event, d *Dialogue) ([]byte, error) {
	ev := events[0]
	orig := []byte(textOf(d, &ev))
	if ev.Kind != eventLength {
		to := Translate(ev.Dir, ev.Expect.Endpoint)
		if ev.Expect.Endpoint.Port() == 0 {
			to = netip.AddrPortFrom(Public(ev.Dir, ev.Expect.Endpoint.Addr()), 0)
		}
		return h.Spell(nil, orig, ev.Expect.Edit, to), nil
	}
	grown := 0
	for i := range events {
		e := &events[i]
		if e.Turn != ev.Turn || e.Dir != ev.Dir || e.Kind >= eventLength || e.Expect.Edit.Len == 0 || e.Off < ev.From || e.Off >= ev.To {
			continue
		}
		text, err := spelling(h, events[i:], d)
		if err != nil {
			return nil, err
		}
		grown += len(text) - e.Expect.Edit.Len
	}
	if grown == 0 {
		return nil, nil
	}
	return h.SpellLength(nil, orig, ev.Expect.Edit, ev.To-ev.From+grown), nil
}

// textOf is the bytes that an event marks.
func textOf(d *Dialogue, ev *event) string {
	start := 0
	for i := range d.Turns[:ev.Turn] {
		if d.Turns[i].Dir == ev.Dir {
			start += len(d.Turns[i].Text)
		}
	}
	return d.Turns[ev.Turn].Text[ev.Off-start : ev.Off-start+ev.Expect.Edit.Len]
}
