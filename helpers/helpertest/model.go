package helpertest

import (
	"errors"
	"fmt"
	"slices"

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
	over    []bool   // of each turn, whether it is the last (Findings.Over)
	sent    [2]string
	want    [2]string
	changes [2][]change
	seen    []Announced
	cancels int
	why     string
	tls     bool
	unread  bool // a turn ends within a message
}

// newModel reads d whole and, with translate, rewrites it.
func newModel(h *helpers.Helper, d *Dialogue, translate bool) (*model, error) {
	r, err := read(h, d, whole)
	if err != nil {
		return nil, err
	}
	m := &model{why: r.why, tls: r.tls, unread: r.unread}
	ann := translator(d, !translate)
	next := 0
	for i, t := range d.Turns {
		start := len(m.sent[t.Dir])
		first := next
		for next < len(r.events) && r.events[next].Turn == i {
			next++
		}
		all, err := m.carryOut(h, r.events[first:next], start, t.Text, ann)
		if err != nil {
			return nil, fmt.Errorf("turn %d: %w", i, err)
		}
		text := rewritten(t.Text, start, all, start, start+len(t.Text))
		m.changes[t.Dir] = append(m.changes[t.Dir], slices.DeleteFunc(all, func(c change) bool { // a length that stays is none
			return c.text == t.Text[c.off-start:][:c.n]
		})...)
		m.over = append(m.over, next > first && r.events[next-1].Kind == eventOver)
		m.turns = append(m.turns, text)
		m.sent[t.Dir] += t.Text
		m.want[t.Dir] += text
	}
	m.seen, m.cancels = ann.Seen, ann.Cancels
	return m, nil
}

// errSplit is the fault of a dialogue whose turns end within messages that are
// rewritten.
var errSplit = errors.New("an edit begins before the turn; let messages end with turns")

// carryOut asks ann for what was found in a turn, text, which begins at start, and
// returns what changes.
func (m *model) carryOut(h *helpers.Helper, events []event, start int, text string, ann *Translator) ([]change, error) {
	var all []change
	var lengths []int // in all
	measured := map[int]event{}
	for _, ev := range events {
		to, ok := ev.Expect.Endpoint, false
		switch ev.Kind {
		case eventCancel:
			ann.Cancel()
			continue
		case eventCancelTag:
			ann.CancelTag(ev.Expect.Tag)
			continue
		case eventEndTag:
			ann.EndTag(ev.Expect.Tag)
			continue
		case eventRenewTag:
			ann.Renew(ev.Expect.Tag, ev.Expect.Lifetime)
			continue
		case eventAnnounce:
			to, ok = ann.Announce(ev.Dir, ev.Expect)
		case eventMention:
			to, ok = ann.Known(ev.Dir, ev.Expect.Endpoint)
		}
		n := ev.Expect.Edit.Len
		if n == 0 || ann.Off {
			continue
		}
		if ev.Off < start || ev.Kind == eventLength && ev.From < start {
			return nil, errSplit
		}
		orig := text[ev.Off-start:][:n]
		switch {
		case ev.Kind == eventLength:
			measured[len(all)] = ev
			lengths = append(lengths, len(all))
			all = append(all, change{ev.Off, n, orig})
		case ok && to != ev.Expect.Endpoint:
			spelt := h.Spell(nil, []byte(orig), ev.Expect.Edit, to)
			if len(spelt) == 0 || len(spelt) > helpers.MaxSpell {
				return nil, fmt.Errorf("spelt %q for %q", spelt, orig)
			}
			all = append(all, change{ev.Off, n, string(spelt)})
		}
	}
	for range 3 { // a length may count other lengths
		for _, i := range lengths {
			ev, c := measured[i], &all[i]
			orig := text[c.off-start:][:c.n]
			size := len(rewritten(text, start, all, ev.From, ev.To))
			if size == ev.To-ev.From {
				c.text = orig
				continue
			}
			c.text = string(h.SpellLength(nil, []byte(orig), ev.Expect.Edit, size))
			if len(c.text) == 0 || len(c.text) > helpers.MaxSpell {
				return nil, fmt.Errorf("spelt %q for %q, the number %d", c.text, orig, size)
			}
		}
	}
	return all, nil
}

// rewritten is what the bytes from from up to to become. text begins at start.
func rewritten(text string, start int, all []change, from, to int) string {
	out := ""
	for _, c := range all {
		if c.off >= from && c.off < to {
			out += text[from-start:c.off-start] + c.text
			from = c.off + c.n
		}
	}
	return out + text[from-start:to-start]
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
