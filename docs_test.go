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

const reasonsPage = "docs/reasons.md"

// TestReasons holds the page of drop reasons against the code; -update rewrites
// it.
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
	got := reasons()
	if got == old {
		return
	}
	if !*update {
		t.Fatalf("%s: stale: make docs", reasonsPage)
	}
	if err := os.WriteFile(reasonsPage, []byte(head+begin+got+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// reasons is the generated part of the page: an index, and then everything.
func reasons() string {
	var b strings.Builder
	b.WriteString("| where | reasons |\n|---|---|\n")
	for i, st := range packet.Stages {
		var names []string
		for r := st.First; r < packet.End(i); r++ {
			names = append(names, fmt.Sprintf("[%v](#%v)", r, r))
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s |\n", st.Name, anchor(st.Name), strings.Join(names, ", "))
	}
	for i, st := range packet.Stages {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", st.Name, st.About)
		for r := st.First; r < packet.End(i); r++ {
			reason(&b, r)
		}
	}
	return b.String()
}

// reason is what there is to say of one.
func reason(b *strings.Builder, r packet.Reason) {
	text := r.Text()
	fmt.Fprintf(b, "\n### %v\n\n%s%s.\n\n", r, strings.ToUpper(text[:1]), text[1:])
	a := r.Advice()
	for _, line := range [][2]string{
		{"Where from", a.Cause}, {"What to do", a.Cure}, {"The sender is told", a.Answer}, {"Logged by", a.Log},
	} {
		if line[1] != "" {
			fmt.Fprintf(b, "* *%s:* %s\n", line[0], line[1])
		}
	}
}

// anchor is what a heading is linked by.
func anchor(heading string) string { return strings.ReplaceAll(strings.ToLower(heading), " ", "-") }

// TestAdvice wants every reason explained, with words that mean something: each
// in backquotes is an attribute, a table or a reason.
func TestAdvice(t *testing.T) {
	reference, err := os.ReadFile("docs/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{
		"ip -s link": true, "diagnose sys session top": true, "diagnose firewall vip list": true, "diagnose firewall ippool-all stats": true,
		"PROT C": true, "PROT P": true, "diagnose sys session clear": true,
		"deny": true, "local": true, "policyid=0": true, "local-in-policy": true, "NAT port is exhausted.": true, // values of the log
	}
	for r := packet.ReasonNone + 1; r < packet.NumReasons; r++ {
		known[r.String()] = true
	}
	word := regexp.MustCompile("`([^`]*)`")
	for r := packet.ReasonNone + 1; r < packet.NumReasons; r++ {
		a := r.Advice()
		if a.Cause == "" || a.Cure == "" {
			t.Errorf("%v: where it comes from, or what to do, is not told", r)
		}
		for _, m := range word.FindAllStringSubmatch(a.Cause+a.Cure+a.Answer+a.Log, -1) {
			w := m[1]
			if !known[w] && !strings.Contains(string(reference), "| `"+w+"` |") && !strings.Contains(string(reference), "\n## "+w+"\n") {
				t.Errorf("%v: %q is no attribute, no table and no reason", r, w)
			}
		}
	}
	for i := range packet.Stages {
		if packet.Stages[i].First >= packet.End(i) {
			t.Errorf("%s: no reason strikes there", packet.Stages[i].Name)
		}
	}
	if packet.Stages[0].First != packet.ReasonNone+1 {
		t.Error("a reason strikes before the first stage")
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
