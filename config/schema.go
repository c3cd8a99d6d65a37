package config

import (
	"fmt"
	"slices"
	"strings"
)

// Theory of operation. Every table and every attribute is described once, as a
// value, in the file of its noun (interface.go, policy.go and so on). A
// description holds the words an operator sees and, hidden, three small
// functions that tie it to its field: clear, add a word, list the words. Words
// are the common currency: a TOML value is read into words, a default is
// written as words, the printer and the reference ask for words, and so will
// the console and the API.

// Table describes one node of the FortiOS tree: "config system interface".
type Table struct {
	Path       string       // dotted, as in TOML: "system.interface.secondaryip"
	Key        string       // the attribute that FortiOS's edit takes; "" for a singleton
	Noun       string       // what one entry is called where another refers to it
	Help       string       // one sentence
	Note       string       // how ours differs from FortiOS's; "" for not at all
	Only       *Condition   // of the parent entry; nil for always
	SharesWith []string     // tables whose names this one's may not repeat
	Attributes []*Attribute // in FortiOS's order, the key first
	Tables     []*Table     // nested in each entry

	entries func(parent any) []any
	fresh   func() any              // a new entry, defaults not yet applied
	put     func(parent, entry any) // nil for a singleton
	check   func(*loader, *Table)   // what no single attribute can say
}

// Name is the last word of the path.
func (t *Table) Name() string { return t.Path[strings.LastIndexByte(t.Path, '.')+1:] }

// Singleton says whether the table is one set of attributes and not entries.
func (t *Table) Singleton() bool { return t.Key == "" }

// six says whether the table is IPv6's of a pair that FortiOS has for both
// families.
func (t *Table) six() bool { return strings.HasSuffix(t.Path, "6") }

// FortiOS is the path as FortiOS writes it after config: "system interface".
func (t *Table) FortiOS() string { return strings.ReplaceAll(t.Path, ".", " ") }

// Attribute finds an attribute by name, nil where there is none.
func (t *Table) Attribute(name string) *Attribute {
	for _, a := range t.Attributes {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// Entries lists the entries in a parent: a *Config for a table of the top, an
// entry for a nested one. A singleton has exactly one entry. The entries are
// pointers to the types of this package; see Attribute.Words.
func (t *Table) Entries(parent any) []any { return t.entries(parent) }

// KeyOf is the key of an entry as a word; "" for a singleton.
func (t *Table) KeyOf(entry any) string {
	if t.Singleton() {
		return ""
	}
	return strings.Join(t.Attribute(t.Key).Words(entry), " ")
}

// blank is a new entry with every default in place.
func (t *Table) blank() any {
	e := t.fresh()
	t.reset(e)
	return e
}

func (t *Table) reset(entry any) {
	for _, a := range t.Attributes {
		a.reset(entry)
	}
	for _, sub := range t.Tables {
		if sub.Singleton() {
			sub.reset(sub.entries(entry)[0])
		}
	}
}

// applies says whether a condition on the entry holds; nil always does.
func (t *Table) applies(c *Condition, entry any) bool { return t.unmet(c, entry) == nil }

// unmet is the first part of a condition on the entry that does not hold, nil
// where all do.
func (t *Table) unmet(c *Condition, entry any) *Condition {
	for ; c != nil; c = c.And {
		words := t.Attribute(c.Attribute).Words(entry)
		if len(words) != 1 || !slices.Contains(c.Words, words[0]) {
			return &Condition{Attribute: c.Attribute, Words: c.Words}
		}
	}
	return nil
}

// Attribute describes one "set" of an entry.
type Attribute struct {
	Name      string
	Type      Type
	Default   string     // in normal form, words separated by spaces; "" is unset
	Required  bool       // has no default and must be written
	Unique    bool       // no two entries of the table may have the same
	Refs      []string   // paths of the tables a value names an entry of
	Also      []string   // words accepted beside the names in Refs
	Only      *Condition // when the attribute exists; nil for always
	Help      string     // one sentence
	Note      string     // how ours differs from FortiOS's; "" for not at all
	Extension bool       // ours: FortiOS has no such attribute

	clear func(entry any)
	add   func(entry any, word string) error
	words func(entry any) []string
}

// Words is the value in an entry, as FortiOS's words: none for unset, one for
// most types, any number for a list.
func (a *Attribute) Words(entry any) []string { return a.words(entry) }

// reset gives the attribute its default. A default that its own type refuses
// is a mistake of the programmer.
func (a *Attribute) reset(entry any) {
	a.clear(entry)
	for _, w := range strings.Fields(a.Default) {
		if err := a.add(entry, w); err != nil {
			panic(fmt.Sprintf("config: default of %s: %q: %v", a.Name, w, err))
		}
	}
}

// Condition makes an attribute or a table exist only where another attribute
// of the same entry has one of some values, as FortiOS hides what does not
// apply.
type Condition struct {
	Attribute string
	Words     []string
	And       *Condition // must hold as well; nil for none
}

// String reads "protocol ICMP or ICMP6", with "and" between two.
func (c *Condition) String() string {
	s := c.Attribute + " " + either(c.Words)
	if c.And != nil {
		s += " and " + c.And.String()
	}
	return s
}

func only(attribute string, words ...string) *Condition {
	return &Condition{Attribute: attribute, Words: words}
}

// and is c with another condition.
func (c *Condition) and(attribute string, words ...string) *Condition {
	return &Condition{Attribute: c.Attribute, Words: c.Words, And: only(attribute, words...)}
}

// attr ties a description to a field of T through the codec of its type.
func attr[T, V any](field func(*T) *V, c codec[V], a Attribute) *Attribute {
	a.Type = c.Type
	a.clear = func(entry any) { *field(entry.(*T)) = c.unset }
	a.add = func(entry any, word string) error { return c.add(field(entry.(*T)), word) }
	a.words = func(entry any) []string { return c.words(*field(entry.(*T))) }
	return &a
}

// table ties a description to a list of entries of T in a parent P.
func table[P, T any](field func(*P) *[]*T, t Table) *Table {
	return tableAs(field, func(e *T) *T { return e }, func(e *T) *T { return e }, t)
}

// tableAs is table for a type T that has the attributes of V: the descriptions
// see each entry as a *V.
func tableAs[P, T, V any](field func(*P) *[]*T, view func(*T) *V, back func(*V) *T, t Table) *Table {
	t.fresh = func() any { return view(new(T)) }
	t.put = func(parent, entry any) {
		list := field(parent.(*P))
		*list = append(*list, back(entry.(*V)))
	}
	t.entries = func(parent any) []any {
		list := *field(parent.(*P))
		all := make([]any, len(list))
		for i, e := range list {
			all[i] = view(e)
		}
		return all
	}
	return &t
}

// singleton ties a description to one T in a parent P.
func singleton[P, T any](field func(*P) *T, t Table) *Table {
	t.fresh = func() any { return new(T) }
	t.entries = func(parent any) []any { return []any{field(parent.(*P))} }
	return &t
}

// schema is every table, in the order a FortiOS backup has them.
var schema = []*Table{
	globalTable,
	interfaceTable,
	sessionHelperTable,
	sessionTTLTable,
	addressTable,
	address6Table,
	addrGroupTable,
	addrGroup6Table,
	serviceTable,
	serviceGroupTable,
	perIPShaperTable,
	ipPoolTable,
	ipPool6Table,
	vipTable,
	vip6Table,
	vipGroupTable,
	vipGroup6Table,
	centralSNATTable,
	policyTable,
	staticTable,
	static6Table,
	logSettingTable,
	settingsTable,
}

// Schema is the description of the whole tree, in the order of printing. It is
// shared: read it, do not change it.
func Schema() []*Table { return schema }

// tableAt finds a table of the top by its path.
func tableAt(path string) *Table {
	for _, t := range schema {
		if t.Path == path {
			return t
		}
	}
	return nil
}

// either lists words for a sentence: "a", "a or b", "a, b or c".
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
