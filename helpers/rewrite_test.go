package helpers

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"portcullis/packet"
)

// scribe is an Announcer that knows every endpoint by another port, and writes down what
// was rewritten.
type scribe struct {
	anyone
	wrote []string
}

func (s *scribe) Known(_ packet.Dir, ap netip.AddrPort) (netip.AddrPort, bool) {
	return netip.AddrPortFrom(ap.Addr(), ap.Port()+1), true
}

func (s *scribe) Witness() Witness { return s }

// Rewrote implements Witness.
func (s *scribe) Rewrote(at int, from, to []byte) {
	s.wrote = append(s.wrote, fmt.Sprintf("%d %s %s", at, from, to))
}

// numbers is a helper that spells a port as so many letters, and lengths as numbers.
var numbers = Helper{
	Name: "numbers", Mentions: true,
	Spell: func(dst, _ []byte, _ Edit, to netip.AddrPort) []byte {
		return append(dst, strings.Repeat("p", int(to.Port()))...)
	},
	SpellLength: func(dst, _ []byte, _ Edit, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) },
}

// TestRewriting compares with the simplest way to rewrite bytes, which begins with the
// last edit.
func TestRewriting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	moved := 0
	for range 20000 {
		data := []byte(strings.Repeat("abcdefghijklmnopqrstuvwxyz", 4)[:20+r.IntN(80)])
		var f Findings
		var wrote []string
		want := string(data)
		counted := -1 // where the length is that counts from there on
		for at := r.IntN(9); at < len(data)-8 && f.n < 12; at += 1 + r.IntN(9) {
			e := Edit{Off: at, Len: 1 + r.IntN(6)}
			at += e.Len
			if counted < 0 && r.IntN(4) == 0 {
				counted = f.n
				f.Measure(Length{Edit: e})
			} else {
				f.Mention(Mention{netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(r.IntN(8))), e})
			}
		}
		grown := 0
		if counted >= 0 { // what is behind it, or before
			l := &f.list[counted]
			if l.from, l.to = l.expect.Edit.Off+l.expect.Edit.Len, len(data); r.IntN(2) == 0 {
				l.from, l.to = 0, l.expect.Edit.Off
			}
			for i := range f.list[:f.n] {
				if x := &f.list[i]; i != counted && x.expect.Edit.Off >= l.from && x.expect.Edit.Off < l.to {
					grown += int(x.expect.Endpoint.Port()) + 1 - x.expect.Edit.Len
				}
			}
		}
		for _, x := range slices.Backward(f.list[:f.n]) {
			e := x.expect.Edit
			text := strings.Repeat("p", int(x.expect.Endpoint.Port())+1)
			if x.kind == foundLength {
				if grown == 0 {
					continue
				}
				moved++
				text = strconv.Itoa(x.to - x.from + grown)
			}
			was := want[e.Off : e.Off+e.Len]
			if text != was {
				want = want[:e.Off] + text + want[e.Off+e.Len:]
				wrote = append(wrote, fmt.Sprintf("%d %s %s", 1000+e.Off, was, text))
			}
		}
		slices.Reverse(wrote)

		var w rewriting
		var s scribe
		from := r.IntN(2) - 1 // -1, or all from the first byte on
		w.start([]byte("before "), from, 1000)
		w.carryOut(&numbers, &Segment{Ends: &Ends{}}, &f, data, 0, &s)
		got := string(data)
		if w.n > 0 {
			got = string(data[:w.from]) + strings.TrimPrefix(string(w.text), "before ") + string(data[w.at:])
		}
		if got != want || !slices.Equal(s.wrote, wrote) || (w.n > 0) != (len(wrote) > 0) {
			t.Fatalf("%q with %+v, from %d:\n became %q (%q),\n expected %q (%q)", data, f.list[:f.n], from, got, s.wrote, want, wrote)
		}
		if w.n > 0 && from < 0 && (w.from != w.list[0].off || w.at != w.list[w.n-1].off+w.list[w.n-1].n) {
			t.Fatalf("from %d to %d is written anew, for %+v", w.from, w.at, w.list[:w.n])
		}
	}
	if moved < 1000 {
		t.Errorf("%d lengths were spelt", moved)
	}
}
