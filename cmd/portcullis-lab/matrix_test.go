package main

import (
	"slices"
	"strings"
	"testing"

	"portcullis/lab/tool"
)

// What is told of a cell comes from its transfers: one that came out otherwise
// than it must, or that failed of something else than it must, is a failure.
func TestCell(t *testing.T) {
	active, passive := ways[0], ways[3]
	hidden := pairing{"public", "private"}
	in, private, public := "< 230 welcome", "< 227 Entering Passive Mode (10,2,0,2,195,80)", "< 227 Entering Passive Mode (192,0,2,2,195,80)"
	for _, test := range []struct {
		name    string
		way     way
		pairing pairing
		whole   []bool
		lines   []string
		ok      bool
		outcome string
	}{
		{"works", active, hidden, []bool{true, true}, nil, true, "works"},
		{"one does not", active, hidden, []bool{true, false}, nil, false, "1 of 2 work"},
		{"none does", active, hidden, []bool{false, false}, nil, false, "no"},
		{"cannot", passive, hidden, []bool{false, false}, []string{in, private}, true, "no"},
		{"cannot, but does", passive, hidden, []bool{true, true}, []string{in, private}, false, "works"},
		{"no login", passive, hidden, []bool{false, false}, []string{private}, false, "no"},
		{"not of that", passive, hidden, []bool{false, false}, []string{in, public}, false, "no"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &cell{way: test.way, pairing: test.pairing}
			for _, whole := range test.whole {
				c.tries = append(c.tries, &try{client: clients[0], daemon: daemons[0], whole: whole, got: &tool.FTPFetched{Lines: slices.Clone(test.lines)}})
			}
			var out strings.Builder
			s := &stage{out: &printer{w: &out}}
			if err := s.tell(c); err != nil {
				t.Fatal(err)
			}
			if s.score.ok() != test.ok || c.outcome() != test.outcome {
				t.Errorf("as expected: %t, want %t; %q, want %q\n%s", s.score.ok(), test.ok, c.outcome(), test.outcome, out.String())
			}
		})
	}
}

// Every way works for somebody, and of every obstacle there is a proof.
func TestWays(t *testing.T) {
	for _, w := range ways {
		works := slices.ContainsFunc(pairings, w.works)
		if !works || w.why == "" || (w.obstacle == nil) != (w.proof == nil) {
			t.Errorf("%s: %+v", w.title, w)
		}
	}
	if n := len(cells()); n != len(ways)*len(pairings) {
		t.Errorf("%d cells", n)
	}
}
