package portcullis

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"portcullis/config"
	"portcullis/packet"
)

var update = flag.Bool("update", false, "rewrite the generated parts of docs")

const reasonsPage = "docs/operation.md"

// TestReasons holds the table of drop reasons in the documentation against the
// code; -update rewrites it.
func TestReasons(t *testing.T) {
	const begin, end = "<!-- reasons: begin -->\n", "<!-- reasons: end -->"
	text, err := os.ReadFile(reasonsPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s: no lines %q and %q", reasonsPage, begin, end)
	}
	var b strings.Builder
	b.WriteString("| reason | the packet was dropped because |\n|---|---|\n")
	for r := packet.ReasonNone + 1; r < packet.NumReasons; r++ {
		fmt.Fprintf(&b, "| `%v` | %s |\n", r, r.Text())
	}
	if b.String() == old {
		return
	}
	if !*update {
		t.Fatalf("%s: the table of reasons is stale: make docs", reasonsPage)
	}
	if err := os.WriteFile(reasonsPage, []byte(head+begin+b.String()+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// twoPorts stands before a snippet that is no configuration by itself.
const twoPorts = `
[[system.interface]]
name = "port1"
[[system.interface]]
name = "port2"
[[firewall.service.custom]]
name = "FTP-8021"
tcp-portrange = "8021"
`

// TestSnippets loads every configuration that a page shows: whole ones, and
// parts of one that has two ports.
func TestSnippets(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	fence := regexp.MustCompile("(?ms)^ *```toml\n(.*?)^ *```")
	found := 0
	for _, page := range append(pages, "README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
			found++
			_, whole := config.Parse(page, []byte(m[1]))
			if whole.Err() == nil {
				continue
			}
			if _, part := config.Parse(page, []byte(twoPorts+m[1])); part.Err() != nil {
				t.Errorf("%s: %v\nor, with two ports:\n%v\nin:\n%s", page, whole, part, m[1])
			}
		}
	}
	if found < 3 {
		t.Errorf("%d configurations found in the pages: expected more", found)
	}
}

// TestLinks follows the links between the pages.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("helpers/*/README.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	for _, page := range append(append(pages, more...), "README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: link to %s: %v", page, m[1], err)
			}
		}
	}
}
