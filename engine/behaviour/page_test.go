package behaviour_test

import (
	"fmt"
	"path"
	"strings"
)

// row is a requirement with what was found about it.
type row struct {
	*requirement
	verdict
}

// page is the generated part of docs/nat-behaviour.md.
func page(rows map[*document][]row) string {
	var b strings.Builder
	summary(&b, rows)
	for _, d := range documents {
		fmt.Fprintf(&b, "\n## %s\n\n[RFC %d](https://www.rfc-editor.org/rfc/rfc%d), %s.\n\n", d.title, d.number, d.number, d.about)
		b.WriteString("| | asked for | by default | by option | shown by |\n|---|---|---|---|---|\n")
		for _, r := range rows[d] {
			line(&b, r)
		}
	}
	return b.String()
}

// summary counts, and lists what must be and by default is not.
func summary(b *strings.Builder, rows map[*document][]row) {
	b.WriteString("| | met by default | by option | in part | not met | choices offered | does not apply |\n|---|---|---|---|---|---|---|\n")
	var broken []string
	for _, d := range documents {
		n := map[string]int{}
		for _, r := range rows[d] {
			n[r.kind()]++
			if r.level == must && (r.stand == unmet || r.stand == partly) {
				text := fmt.Sprintf("* RFC %d %s: %s", d.number, r.id, r.asks)
				if len(r.with) > 0 {
					text += " Met with " + code(r.with) + "."
				}
				broken = append(broken, text)
			}
		}
		fmt.Fprintf(b, "| [RFC %d](#%s), %s |", d.number, strings.ToLower(strings.ReplaceAll(d.title, " ", "-")), d.title)
		for _, k := range []string{"met", "option", "part", "unmet", "choice", "aside"} {
			fmt.Fprintf(b, " %d |", n[k])
		}
		b.WriteString("\n")
	}
	b.WriteString("\nWhat an RFC demands (MUST) and the default does not do, or does in part:\n\n")
	b.WriteString(strings.Join(broken, "\n") + "\n")
}

// kind is the column of the summary that counts r.
func (r row) kind() string {
	switch {
	case r.stand == aside:
		return "aside"
	case r.stand == met:
		return "met"
	case r.stand == chosen:
		return "choice"
	case len(r.with) > 0:
		return "option"
	case r.stand == partly || len(r.partly) > 0:
		return "part"
	}
	return "unmet"
}

// line is a row of a table.
func line(b *strings.Builder, r row) {
	words := map[stand]string{aside: "does not apply", met: "yes", partly: "in part", unmet: "no", chosen: "offered"}
	said := words[r.stand]
	for _, more := range []string{r.aside, r.lacks, r.note} {
		if more != "" {
			said += ": " + more
			break
		}
	}
	var shown []string
	for i := range r.shown {
		shown = append(shown, link(&r.shown[i]))
	}
	with := code(r.with)
	if len(r.partly) > 0 {
		with = strings.TrimPrefix(with+", in part "+code(r.partly), ", ")
	}
	fmt.Fprintf(b, "| %s | %s: %s | %s | %s | %s |\n", strings.ReplaceAll(r.id, " ", "&nbsp;"), r.level, r.asks, said, with, strings.Join(shown, ", "))
}

// code is options as the page writes them.
func code(options []string) string {
	var list []string
	for _, o := range options {
		var parts []string
		for _, p := range strings.Split(o, ", ") {
			parts = append(parts, "`"+p+"`")
		}
		list = append(list, strings.Join(parts, " and "))
	}
	return strings.Join(list, ", or ")
}

// link leads from the page to the test that shows something.
func link(r *remark) string {
	name := strings.TrimSuffix(path.Base(r.by), ".txtar")
	if r.test != "" {
		name = r.test
	}
	return fmt.Sprintf("[%s](../%s)", name, r.by)
}
