package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// printer tells the story. It shows progress in place and in colour on a
// terminal, and plain lines elsewhere.
type printer struct {
	w        io.Writer
	terminal bool
	colours  bool
}

func newPrinter(f *os.File) *printer {
	terminal := term.IsTerminal(int(f.Fd()))
	return &printer{w: f, terminal: terminal, colours: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// Colours, as parameters of the terminal's SGR sequence.
const (
	bold  = "1"
	faint = "2"
	red   = "31"
	green = "32"
)

func (p *printer) paint(colour, text string) string {
	if !p.colours {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

// standard is the picture of the standard topology.
const standard = `
   client                     firewall                     server
   10.1.0.2   ────────  port1          port2  ────────  10.2.0.2
   fd01::2           10.1.0.1          10.2.0.1           fd02::2
                     fd01::1           fd02::1`

func (p *printer) act(a act) {
	p.line("\n%s", p.paint(bold, fmt.Sprintf("Act %d: %s", a.number, a.title)))
	p.line("   %s", p.paint(faint, "examples/"+a.example))
	for line := range strings.SplitSeq(strings.TrimSpace(a.plot), "\n") {
		p.line("   %s", strings.TrimSpace(line))
	}
	if a.picture != "" {
		p.line("%s\n", a.picture)
	}
}

// doing shows what is being waited for, where it can be wiped away again.
func (p *printer) doing(text string) {
	if p.terminal {
		fmt.Fprintf(p.w, "   … %s", text)
	}
}

// done tells how it went.
func (p *printer) done(ok bool, text string, took time.Duration) {
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	mark := p.paint(green, "✓")
	if !ok {
		mark = p.paint(red, "✗")
	}
	if took >= 100*time.Millisecond {
		text += p.paint(faint, fmt.Sprintf("  (%.1f s)", took.Seconds()))
	}
	p.line("   %s %s", mark, text)
}

// quote shows a line that somebody else wrote.
func (p *printer) quote(text string) { p.line("       %s", p.paint(faint, text)) }

func (p *printer) summary(scores []score, took time.Duration) {
	p.line("\n%s", p.paint(bold, "Summary"))
	rows := [][]string{{"act", "what", "configuration", "checks", "result", "time"}}
	all := true
	for _, s := range scores {
		result := "as expected"
		if !s.ok() {
			result, all = "FAILED", false
		}
		rows = append(rows, []string{fmt.Sprint(s.act.number), s.act.title, s.act.example,
			fmt.Sprintf("%d/%d", s.passed, s.passed+len(s.failures)), result, fmt.Sprintf("%.1f s", s.took.Seconds())})
	}
	for i, row := range table(rows) {
		switch {
		case i == 0:
			row = p.paint(faint, row)
		case !scores[i-1].ok():
			row = p.paint(red, row)
		}
		p.line("   %s", row)
	}
	for _, s := range scores {
		for _, f := range s.failures {
			p.line("   %s", p.paint(red, fmt.Sprintf("act %d: %s", s.act.number, f)))
		}
	}
	if all {
		p.line("\n%s (%.1f s)", p.paint(green, "Every act went as expected."), took.Seconds())
	}
}

// table pads the cells of each column to one width.
func table(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var lines []string
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}
