package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table in docs/helpers.md")

const helpersPage = "../../docs/helpers.md"

// TestMatrixPage holds the table of the page on helpers against the one that the
// lab runs; -update rewrites it.
func TestMatrixPage(t *testing.T) {
	const begin, end = "<!-- matrix: begin -->\n", "<!-- matrix: end -->"
	text, err := os.ReadFile(helpersPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s: no lines %q and %q", helpersPage, begin, end)
	}
	got := matrixRows()
	if got == old {
		return
	}
	if !*update {
		t.Fatalf("%s: stale: make docs", helpersPage)
	}
	if err := os.WriteFile(helpersPage, []byte(head+begin+got+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// matrixRows is the table, with why each cell is as it is.
func matrixRows() string {
	var b strings.Builder
	b.WriteString("| client to server |")
	for _, p := range pairings {
		fmt.Fprintf(&b, " %s to %s |", p.client, p.server)
	}
	b.WriteString(" why |\n|---|" + strings.Repeat("---|", len(pairings)) + "---|\n")
	for _, w := range ways {
		b.WriteString("| " + w.title + " |")
		var why []string
		for _, p := range pairings {
			if w.works(p) {
				b.WriteString(" works |")
				continue
			}
			b.WriteString(" no |")
			if no := "no: " + w.obstacle(p); !slices.Contains(why, no) {
				why = append(why, no)
			}
		}
		fmt.Fprintf(&b, " %s |\n", strings.Join(append([]string{w.why}, why...), "; "))
	}
	return b.String()
}
