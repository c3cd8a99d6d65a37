package behaviour_test

import (
	"flag"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"portcullis/engine/enginetest"
)

var update = flag.Bool("update", false, "rewrite the generated part of docs/nat-behaviour.md")

const (
	root      = "../.."
	scenarios = "engine/testdata"
	pagePath  = root + "/docs/nat-behaviour.md"
)

// TestBehaviour plays what shows a requirement, draws the verdicts, and holds the
// page against them; -update rewrites it, unless something fails.
func TestBehaviour(t *testing.T) {
	said, err := remarks(root, scenarios)
	if err != nil {
		t.Fatal(err)
	}
	play(t, said)
	rows := verdicts(t, said)
	if t.Failed() {
		return
	}
	compare(t, page(rows))
}

// play plays every scenario that shows something.
func play(t *testing.T, said []remark) {
	played := map[string]bool{}
	for i := range said {
		by := said[i].by
		if said[i].test != "" || played[by] {
			continue
		}
		played[by] = true
		t.Run(strings.TrimSuffix(path.Base(by), ".txtar"), func(t *testing.T) {
			enginetest.Run(t, filepath.Join(root, by), false)
		})
	}
	if len(played) == 0 {
		t.Error("no scenario shows anything")
	}
}

// verdicts judges every requirement by the remarks about it.
func verdicts(t *testing.T, said []remark) map[*document][]row {
	about := map[string][]remark{}
	for _, r := range said {
		about[r.label] = append(about[r.label], r)
	}
	rows := map[*document][]row{}
	for _, d := range documents {
		for i := range d.requirements {
			r := &d.requirements[i]
			label := d.label(r)
			v, complaints := judge(label, r, about[label])
			for _, c := range complaints {
				t.Error(c)
			}
			rows[d] = append(rows[d], row{r, v})
			delete(about, label)
		}
	}
	for label, list := range about {
		t.Errorf("%s: %s: there is no such requirement", list[0].place(), label)
	}
	return rows
}

// compare holds the generated part of the page against got.
func compare(t *testing.T, got string) {
	const begin, end = "<!-- behaviour: begin -->\n", "<!-- behaviour: end -->"
	text, err := os.ReadFile(pagePath)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s: no lines %q and %q", pagePath, begin, end)
	}
	if got == old {
		return
	}
	if !*update {
		t.Fatalf("%s: stale: make docs", pagePath)
	}
	if err := os.WriteFile(pagePath, []byte(head+begin+got+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}
