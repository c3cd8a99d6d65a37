package control

import (
	"fmt"
	"slices"
	"strings"
)

// Filter chooses sessions: those that every field which is set agrees with. A
// negated field agrees where its range does not cover the session's value. The
// zero Filter chooses all.
type Filter struct {
	terms [len(fields)]term
	set   int // how many fields are set
}

// term is what a filter asks of one field.
type term struct {
	span   span
	set    bool
	negate bool
}

// ParseFilter reads a filter from words: a field and one or two values, as often
// as one likes; "negate" and a field reverses what that asks for, and does again.
func ParseFilter(words []string) (Filter, error) {
	var f Filter
	err := f.Add(words)
	return f, err
}

// Add reads more words into the filter. Fields that are named again are replaced.
// On an error nothing changes.
func (f *Filter) Add(words []string) error {
	next := *f
	for len(words) > 0 {
		word := words[0]
		if word == "negate" {
			if len(words) < 2 {
				return fmt.Errorf("filter negate: expected a field: %s", strings.Join(FieldNames(), ", "))
			}
			i, err := findField(words[1])
			if err != nil {
				return err
			}
			next.terms[i].negate = !next.terms[i].negate
			words = words[2:]
			continue
		}
		i, err := findField(word)
		if err != nil {
			return err
		}
		n := valuesAfter(words)
		if n == 0 {
			return fmt.Errorf("filter %s: expected a value", word)
		}
		t := &next.terms[i]
		if t.span, err = fields[i].parseSpan(words[1 : 1+n]); err != nil {
			return err
		}
		if !t.set {
			t.set = true
			next.set++
		}
		words = words[1+n:]
	}
	*f = next
	return nil
}

// valuesAfter counts the values behind the field that words begin with.
func valuesAfter(words []string) int {
	n := 0
	for n < 2 && 1+n < len(words) {
		w := words[1+n]
		if _, ok := fieldIndex(w); ok || w == "negate" {
			break
		}
		n++
	}
	return n
}

func findField(name string) (int, error) {
	i, ok := fieldIndex(name)
	if !ok {
		return 0, fmt.Errorf("filter %q: no such field: expected one of %s", name, strings.Join(FieldNames(), ", "))
	}
	return i, nil
}

// Empty says whether the filter chooses everything.
func (f *Filter) Empty() bool { return f.set == 0 }

// Words are the filter as ParseFilter reads it.
func (f *Filter) Words() (words []string) {
	for i := range f.terms {
		t := &f.terms[i]
		if t.set {
			words = append(append(words, fields[i].name), fields[i].words(&t.span)...)
		}
		if t.negate {
			words = append(words, "negate", fields[i].name)
		}
	}
	return words
}

// String is the filter as the bare filter command prints it.
func (f *Filter) String() string {
	var b strings.Builder
	for i := range f.terms {
		t, text := &f.terms[i], "any"
		if t.set {
			text = strings.Join(fields[i].words(&t.span), "-")
		}
		if t.negate {
			text = "not " + text
		}
		fmt.Fprintf(&b, "\t%s: %s\n", fields[i].label, text)
	}
	return b.String()
}

// Match says whether the filter chooses s. A field that s has no value in, such
// as nport without translation, is not covered by any range; an expectation that
// takes any source port, or any host, is covered by all, and a data range by one that
// has any of its ports.
func (f *Filter) Match(s *Session) bool {
	if f.set == 0 {
		return true
	}
	for i := range f.terms {
		t := &f.terms[i]
		if !t.set {
			continue
		}
		v, has := fields[i].value(s)
		covered := has && fields[i].covers(&t.span, &v)
		if !has && (fields[i].name == "sport" || fields[i].name == "src") {
			continue
		}
		if s.DataRange != nil && fields[i].name == "dport" {
			covered = t.span.from.number <= int64(s.lastPort()) && int64(s.Original.DstPort) <= t.span.to.number
		}
		if covered == t.negate {
			return false
		}
	}
	return true
}

// only refuses fields that what is listed has none of; no names are all.
func (f *Filter) only(names []string) error {
	for i := range f.terms {
		if t := &f.terms[i]; (t.set || t.negate) && len(names) > 0 && !slices.Contains(names, fields[i].name) {
			return fmt.Errorf("filter %s: not in this list: expected one of %s", fields[i].name, strings.Join(names, ", "))
		}
	}
	return nil
}

// check refuses interfaces that no configuration has named, and translates those
// given by number.
func (f *Filter) check(names Names) error {
	known := names.Interfaces()
	for i := range f.terms {
		t := &f.terms[i]
		if !t.set || fields[i].kind != kindInterface {
			continue
		}
		for n, name := range known {
			if fmt.Sprint(n+1) == t.span.from.name && !slices.Contains(known, t.span.from.name) {
				t.span.from.name = name
			}
		}
		if !slices.Contains(known, t.span.from.name) {
			return fmt.Errorf("filter %s: %q: no such interface", fields[i].name, t.span.from.name)
		}
	}
	return nil
}
