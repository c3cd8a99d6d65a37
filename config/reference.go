package config

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteReference writes the reference page, docs/reference.md, from the
// schema: every table and every attribute, so that the page cannot say
// anything else than the program does.
func WriteReference(w io.Writer) error {
	r := new(strings.Builder)
	r.WriteString(`# Configuration reference

Every table and attribute of the configuration. This page is generated from the
schema in package config (` + "`go test ./config -run TestReference -update`" + `); the guide is
[configuration.md](configuration.md).

Names, values and defaults are FortiOS's. What FortiOS does not have is marked
**extension**. A default of – means unset; **required** means that there is no
default and the attribute must be written.

`)
	for _, t := range schema {
		contents(r, t, 0)
	}
	for _, t := range schema {
		describe(r, t)
	}
	_, err := io.WriteString(w, r.String())
	return err
}

// contents lists a table and those nested in it, linked to their sections.
func contents(r *strings.Builder, t *Table, depth int) {
	fmt.Fprintf(r, "%s* [%s](#%s)\n", strings.Repeat("  ", depth), t.Path, anchor(t.Path))
	for _, sub := range t.Tables {
		contents(r, sub, depth+1)
	}
}

// anchor is how Markdown viewers name a heading.
func anchor(path string) string {
	return strings.ToLower(strings.ReplaceAll(path, ".", ""))
}

func describe(r *strings.Builder, t *Table) {
	fmt.Fprintf(r, "\n## %s\n\n%s\n\n", t.Path, t.Help)
	if parent, nested := t.parent(); nested {
		fmt.Fprintf(r, "`%s`, in FortiOS `config %s` inside an entry of `config %s`", t.header(), t.Name(), parent)
	} else {
		fmt.Fprintf(r, "`%s`, in FortiOS `config %s`", t.header(), t.FortiOS())
	}
	if t.Key != "" {
		fmt.Fprintf(r, "; the key is `%s`", t.Key)
	}
	r.WriteString(".")
	if t.Only != nil {
		fmt.Fprintf(r, " Only with `%s`.", t.Only)
	}
	r.WriteString("\n")
	if t.Note != "" {
		fmt.Fprintf(r, "\nDiffers from FortiOS: %s\n", t.Note)
	}
	r.WriteString("\n| attribute | type | default | values | what it is |\n|---|---|---|---|---|\n")
	for _, a := range t.Attributes {
		fmt.Fprintf(r, "| `%s` | %s | %s | %s | %s |\n",
			a.Name, a.Type.Name, a.defaultCell(), a.valuesCell(), a.helpCell())
	}
	for _, sub := range t.Tables {
		describe(r, sub)
	}
}

// parent is FortiOS's path of the table this one is nested in, if it is.
func (t *Table) parent() (fortios string, nested bool) {
	for _, top := range schema {
		if strings.HasPrefix(t.Path, top.Path+".") {
			return top.FortiOS(), true
		}
	}
	return "", false
}

func (a *Attribute) defaultCell() string {
	switch {
	case a.Required:
		return "**required**"
	case a.Default == "":
		return "–"
	case a.Type.Number:
		return "`" + a.Default + "`"
	}
	return "`" + strconv.Quote(a.Default) + "`"
}

func (a *Attribute) valuesCell() string {
	if len(a.Refs) == 0 {
		return strings.ReplaceAll(a.Type.Range, "<", "\\<") // or a viewer takes it for HTML
	}
	names := make([]string, 0, len(a.Refs)+len(a.Also))
	for _, p := range a.Refs {
		if tableAt(p) != nil {
			names = append(names, fmt.Sprintf("[%s](#%s)", p, anchor(p)))
		} else {
			names = append(names, p)
		}
	}
	for _, w := range a.Also {
		names = append(names, "`"+strconv.Quote(w)+"`")
	}
	return either(names)
}

func (a *Attribute) helpCell() string {
	s := a.Help
	if a.Only != nil {
		s += " Only with " + a.Only.String() + "."
	}
	if a.Unique {
		s += " No two entries may have the same."
	}
	if a.Note != "" {
		s += " *Differs from FortiOS: " + a.Note + "*"
	}
	if a.Extension {
		s = "**extension** " + s
	}
	return strings.ReplaceAll(s, "|", "\\|")
}
