package config

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Print writes a configuration in normal form: tables in the schema's order,
// attributes in FortiOS's, one spelling for each value. Without full it writes
// what differs from the factory, as FortiOS's show does; with full everything,
// as show full-configuration does. Parse of either gives the same tree again.
func Print(w io.Writer, cfg *Config, full bool) error {
	p := &printer{full: full}
	factory := Factory()
	for _, t := range schema {
		p.table(t, cfg, factory, 0)
	}
	_, err := io.WriteString(w, strings.TrimPrefix(p.out.String(), "\n"))
	return err
}

type printer struct {
	out  strings.Builder
	full bool
}

// table writes the entries of a parent. base is the parent's twin as it would
// be had nothing been written.
func (p *printer) table(t *Table, parent, base any, depth int) {
	twins := make(map[string]any)
	for _, e := range t.entries(base) {
		twins[t.KeyOf(e)] = e
	}
	for _, e := range t.entries(parent) {
		twin, known := twins[t.KeyOf(e)]
		if !known {
			twin = t.blank()
		}
		p.entry(t, e, twin, known, depth)
	}
}

// entry writes one entry, unless it is known and has nothing to say.
func (p *printer) entry(t *Table, entry, twin any, known bool, depth int) {
	indent := strings.Repeat("  ", depth)
	var body strings.Builder
	for _, a := range t.Attributes {
		if a.Name == t.Key || !t.applies(a.Only, entry) {
			continue
		}
		words := a.Words(entry)
		if p.full || !slices.Equal(words, a.Words(twin)) {
			fmt.Fprintf(&body, "%s%s = %s\n", indent, a.Name, a.toml(words))
		}
	}
	nested := &printer{full: p.full}
	for _, sub := range t.Tables {
		if t.applies(sub.Only, entry) {
			nested.table(sub, entry, twin, depth+1)
		}
	}
	silent := body.Len() == 0 && (nested.out.Len() == 0 || t.Singleton())
	if !silent || !known {
		fmt.Fprintf(&p.out, "\n%s%s\n", indent, t.header())
		if key := t.Attribute(t.Key); key != nil {
			fmt.Fprintf(&p.out, "%s%s = %s\n", indent, key.Name, key.toml(key.Words(entry)))
		}
		p.out.WriteString(body.String())
	}
	p.out.WriteString(nested.out.String())
}

// toml spells words as a TOML value. Of a number that is not set FortiOS shows
// two quotes, which assign reads back as unset.
func (a *Attribute) toml(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	switch {
	case a.Type.Many:
		return "[" + strings.Join(quoted, ", ") + "]"
	case len(words) == 0:
		return `""`
	case a.Type.Number && !slices.Contains(a.Type.Words, words[0]):
		return words[0]
	}
	return quoted[0]
}
