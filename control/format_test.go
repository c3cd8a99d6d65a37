package control

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// shown are the sessions and expectations of the gallery.
func shown(t *testing.T, q Query) (list []Session) {
	t.Helper()
	w := &walker{source: gallery(), names: fakeNames{}, query: q, pause: func() error { return nil }}
	keep := func(s *Session) { list = append(list, *s) }
	if err := w.sessions(keep); err != nil {
		t.Fatal(err)
	}
	if err := w.expectations(keep); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestFormats(t *testing.T) {
	var block, short, lines []byte
	for _, s := range shown(t, Query{}) {
		block = append(s.AppendBlock(block), '\n')
		short = s.AppendShort(short)
		text, err := json.MarshalIndent(&s, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, text...), '\n')
		var back Session
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, back, cmpopts.IgnoreUnexported(Session{}), cmpopts.EquateComparable(s.Original.Src)); diff != "" {
			t.Errorf("session %d read back from JSON: %s", s.Serial, diff)
		}
	}
	golden(t, "block.txt", string(block))
	golden(t, "short.txt", shortHead+string(short))
	golden(t, "session.json", string(lines))
}

func TestStats(t *testing.T) {
	w := &walker{source: gallery(), names: fakeNames{}, query: Query{Family: Family4}, pause: func() error { return nil }}
	st, err := w.stats(12.4)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "stat.txt", st.String())
	golden(t, "full-stat.txt", st.Full())
}

func TestTop(t *testing.T) {
	w := &walker{source: gallery(), names: fakeNames{}, pause: func() error { return nil }}
	text := ""
	for _, by := range TopKeys {
		top, err := w.top(by, 3)
		if err != nil {
			t.Fatal(err)
		}
		text += top.String() + "\n"
	}
	golden(t, "top.txt", text)
}

// A million sources do not take a million counters; who has really many sessions
// is found all the same.
func TestTopIsBounded(t *testing.T) {
	rows := map[value]*TopRow{}
	for i := range topBound {
		rows[value{number: int64(i)}] = &TopRow{Sessions: 1 + i/(topBound/4)}
	}
	prune(rows)
	if len(rows) > topBound/2 || len(rows) == 0 {
		t.Errorf("%d rows are left", len(rows))
	}
	if rows[value{number: topBound - 1}] == nil {
		t.Error("the greatest is gone")
	}
}

// What is printed for a million sessions must not be allocated a million times.
func TestNoAllocations(t *testing.T) {
	f := gallery()
	var s Session
	buf := make([]byte, 0, 4096)
	filter, err := ParseFilter([]string{"src", "10.0.0.0/8", "negate", "dport", "dport", "443", "sintf", "port1"})
	if err != nil {
		t.Fatal(err)
	}
	n := testing.AllocsPerRun(100, func() {
		for i := range f.records {
			s.show(&f.records[i], f.at, fakeNames{})
			filter.Match(&s)
			buf = s.AppendShort(s.AppendBlock(buf[:0]))
		}
	})
	// The fake's Interface and Policy allocate.
	if perRecord := n / float64(len(f.records)); perRecord > 4 {
		t.Errorf("%v allocations a record", perRecord)
	}
}
