package helpertest

import (
	"fmt"

	"portcullis/helpers"
	"portcullis/packet"
)

// change is one rewrite of a direction's stream.
type change struct {
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
			if ev.Cancel {
				m.cancels++
				continue
			}
			m.seen = append(m.seen, Announced{ev.Dir, ev.Expect.Endpoint.String()})
			if !translate || ev.Expect.Edit.Len == 0 {
				continue
			}
			off := ev.Off - start
			if off < at {
				return nil, fmt.Errorf("turn %d: an edit begins before the turn; let messages end with turns", i)
			}
			orig := t.Text[off : off+ev.Expect.Edit.Len]
			spelt := h.Spell(nil, []byte(orig), ev.Expect.Edit, Translate(ev.Dir, ev.Expect.Endpoint))
			if len(spelt) == 0 || len(spelt) > helpers.MaxSpell {
				return nil, fmt.Errorf("turn %d: spelt %q for %q", i, spelt, orig)
			}
			text += t.Text[at:off] + string(spelt)
			at = off + len(orig)
			m.changes[t.Dir] = append(m.changes[t.Dir], change{ev.Off, len(orig), string(spelt)})
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
