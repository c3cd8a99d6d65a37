package config

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// decode reads the whole document into the tree.
func (l *loader) decode(root *node) { l.folder("", root) }

// folder reads a TOML table that is no table of ours but holds some, such as
// [firewall] or [firewall.service].
func (l *loader) folder(path string, n *node) {
	noun := strings.ReplaceAll(path, ".", " ")
	for _, k := range n.names() {
		sub := n.table[k]
		inner := strings.TrimPrefix(path+"."+k, ".")
		t := tableAt(inner)
		switch {
		case t != nil:
			l.tables(t, sub, l.cfg, "")
			continue
		case !isFolder(inner) && (sub.table != nil || sub.array != nil):
			l.report(sub.place, noun, "unknown table %s%s", shorten(k), didYouMean(k, foldersIn(path)))
		case !isFolder(inner):
			l.report(sub.place, noun, "unknown attribute %s", shorten(k))
		case sub.table == nil:
			l.report(sub.place, strings.ReplaceAll(inner, ".", " "), "expected tables below it, such as %s", firstHeader(inner))
		default:
			l.folder(inner, sub)
		}
		l.repeats(noun, k, sub)
	}
}

// isFolder says whether tables of the schema lie below a path.
func isFolder(path string) bool {
	return slices.ContainsFunc(schema, func(t *Table) bool { return strings.HasPrefix(t.Path, path+".") })
}

// foldersIn lists what may stand next in a path, for suggestions.
func foldersIn(path string) (names []string) {
	prefix := path + "."
	if path == "" {
		prefix = ""
	}
	for _, t := range schema {
		if rest, ok := strings.CutPrefix(t.Path, prefix); ok {
			first, _, _ := strings.Cut(rest, ".")
			names = append(names, first)
		}
	}
	return names
}

func firstHeader(path string) string {
	for _, t := range schema {
		if strings.HasPrefix(t.Path, path+".") {
			return t.header()
		}
	}
	return ""
}

// header is how the table is opened in TOML.
func (t *Table) header() string {
	if t.Singleton() {
		return "[" + t.Path + "]"
	}
	return "[[" + t.Path + "]]"
}

// tables reads a table of the schema into its parent. within is the noun of
// the entry it is nested in.
func (l *loader) tables(t *Table, n *node, parent any, within string) {
	noun := t.FortiOS()
	if within != "" {
		noun = within + ": " + t.Name()
	}
	l.repeats(noun, "", n)
	if t.Singleton() {
		if n.table == nil {
			l.report(n.place, noun, "expected one table, %s", t.header())
			return
		}
		l.entry(t, n, t.entries(parent)[0], noun)
		return
	}
	entries, ok := n.tables()
	if !ok {
		l.report(n.place, noun, "expected an array of tables, %s", t.header())
		return
	}
	known := make(map[string]any)
	for _, e := range t.entries(parent) {
		known[t.KeyOf(e)] = e
	}
	for _, item := range entries {
		l.keyed(t, item, parent, noun, known)
	}
}

// keyed reads one entry of a table: into the factory's entry of the same key,
// or into a new one.
func (l *loader) keyed(t *Table, n *node, parent any, noun string, known map[string]any) {
	entry := t.blank()
	key := t.Attribute(t.Key)
	written := n.table[t.Key]
	if written == nil {
		l.report(n.place, noun, "missing %s: expected %s", t.Key, l.expectation(key))
		t.put(parent, entry)
		l.entry(t, n, entry, noun)
		l.spots[entry].bad[t.Key] = true
		return
	}
	draft := &spot{noun: noun, bad: make(map[string]bool)}
	l.assign(draft, key, entry, written)
	if draft.bad[t.Key] {
		t.put(parent, entry)
		l.entry(t, n, entry, noun)
		l.spots[entry].bad[t.Key] = true
		return
	}
	id := t.KeyOf(entry)
	if key.Type.Number {
		noun += " " + id
	} else {
		noun += " " + strconv.Quote(id)
	}
	old, merged, twice := known[id], false, false
	switch first := l.spots[old]; {
	case old == nil:
		known[id] = entry
		t.put(parent, entry)
	case first == nil:
		entry, merged = old, true
	default:
		l.report(written.place, noun, "%s %s: given twice, first on line %d", t.Key, written.show(), first.node.line)
		t.put(parent, entry)
		twice = true
	}
	l.entry(t, n, entry, noun)
	l.spots[entry].factory = merged
	l.spots[entry].bad[t.Key] = twice
}

// entry reads the attributes and nested tables of one entry.
func (l *loader) entry(t *Table, n *node, entry any, noun string) {
	s := &spot{noun: noun, node: n, bad: make(map[string]bool)}
	l.spots[entry] = s
	for _, k := range n.names() {
		sub := n.table[k]
		if i := slices.IndexFunc(t.Tables, func(t *Table) bool { return t.Name() == k }); i >= 0 {
			l.tables(t.Tables[i], sub, entry, noun)
			continue
		}
		l.repeats(noun, k, sub)
		switch a := t.Attribute(k); {
		case a == nil:
			l.report(sub.place, noun, "unknown attribute %s%s", shorten(k), didYouMean(k, t.words()))
		case k != t.Key:
			l.assign(s, a, entry, sub)
		}
	}
}

// repeats tells of a key written twice in one table, or a table opened twice.
func (l *loader) repeats(noun, key string, n *node) {
	if strings.IndexFunc(key, unicode.IsControl) >= 0 {
		key = shorten(key)
	}
	if key != "" {
		key += ": "
	}
	for _, again := range n.again {
		l.report(&place{line: again.line, column: again.column}, noun, "%sgiven twice, first on line %d", key, n.line)
	}
}

// words lists what may be written in an entry, for suggestions.
func (t *Table) words() (names []string) {
	for _, a := range t.Attributes {
		names = append(names, a.Name)
	}
	for _, sub := range t.Tables {
		names = append(names, sub.Name())
	}
	return names
}

// assign gives an attribute of an entry the value of a node.
func (l *loader) assign(s *spot, a *Attribute, entry any, n *node) {
	a.clear(entry)
	items, ok := a.split(n)
	if !ok {
		s.bad[a.Name] = true
		l.report(n.place, s.noun, "%s %s: expected %s", a.Name, n.show(), a.shape())
		return
	}
	for _, item := range items {
		word, ok := a.word(item)
		if !ok {
			s.bad[a.Name] = true
			l.report(item.place, s.noun, "%s %s: expected %s", a.Name, item.show(), a.shape())
			continue
		}
		if err := a.add(entry, word); err != nil {
			s.bad[a.Name] = true
			l.report(item.place, s.noun, "%s %s: %v", a.Name, item.show(), err)
		}
	}
}

// split takes a value apart into those of one word each. A string may stand
// for a list of one, or for a whole list where FortiOS separates by spaces.
func (a *Attribute) split(n *node) (items []*node, ok bool) {
	text, isText := n.value.(string)
	switch {
	case !a.Type.Many && text == "" && isText && a.Type.Number && a.Default == "" && !a.Required:
		return nil, true // FortiOS's '' for a number that is not set
	case !a.Type.Many:
		return []*node{n}, n.array == nil && n.table == nil
	case n.array != nil:
		return n.array, true
	case isText && a.Type.Spaced:
		for _, w := range strings.Fields(text) {
			items = append(items, &node{place: n.place, value: w})
		}
		return items, true
	}
	return []*node{n}, isText
}

// word is a TOML value as FortiOS would write it. Integers and strings are not
// mixed up: the file has one way to write a value.
func (a *Attribute) word(n *node) (string, bool) {
	switch v := n.value.(type) {
	case string:
		return v, !a.Type.Number || slices.Contains(a.Type.Words, v)
	case int64:
		return strconv.FormatInt(v, 10), a.Type.Number
	}
	return "", false
}

// shape says which kind of TOML value is expected.
func (a *Attribute) shape() string {
	switch {
	case a.Type.Number:
		return "an integer, " + a.Type.Range
	case a.Type.Many:
		return "a string or an array of strings"
	case len(a.Type.Words) > 0:
		quoted := make([]string, len(a.Type.Words))
		for i, w := range a.Type.Words {
			quoted[i] = strconv.Quote(w)
		}
		return either(quoted)
	}
	return "a string, " + a.Type.Range
}
