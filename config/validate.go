package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// validate looks at what the entries of the file say together.
func (l *loader) validate() {
	names := l.names()
	for _, t := range schema {
		l.settle(t, l.cfg, names)
	}
	for _, t := range schema {
		for _, other := range t.SharesWith {
			l.checkShared(t, tableAt(other))
		}
		if t.check != nil {
			t.check(l, t)
		}
	}
}

// names lists the keys of every table of the top, by path. A key that is wrong
// in itself counts as it was written: who refers to it makes no mistake.
func (l *loader) names() map[string]map[string]bool {
	all := map[string]map[string]bool{schedulePath: {}}
	for _, s := range factorySchedules {
		all[schedulePath][s] = true
	}
	for _, t := range schema {
		keys := make(map[string]bool)
		for _, e := range t.entries(l.cfg) {
			keys[t.KeyOf(e)] = true
			if s := l.spots[e]; s != nil && s.bad[t.Key] && s.node.table[t.Key] != nil {
				if written, ok := s.node.table[t.Key].value.(string); ok {
					keys[written] = true
				}
			}
		}
		all[t.Path] = keys
	}
	return all
}

// settle checks, in each entry of a table that the file speaks of, what the
// descriptions of the attributes say: conditions, required values, references,
// unique values.
func (l *loader) settle(t *Table, parent any, names map[string]map[string]bool) {
	unique := make(map[string]*spot)
	for _, entry := range t.entries(parent) {
		s := l.spots[entry]
		if s == nil {
			if t.Singleton() { // [system.interface.ipv6] is not written, yet its parent is
				s = &spot{node: &node{place: &place{}}}
			} else {
				continue
			}
		}
		for _, a := range t.Attributes {
			if l.conditions(t, a, entry, s) {
				l.value(a, entry, s, names, unique)
			}
		}
		for _, sub := range t.Tables {
			unmet := t.unmet(sub.Only, entry)
			if n := s.node.table[sub.Name()]; n != nil && unmet != nil && !s.bad[unmet.Attribute] {
				l.report(n.place, s.noun, "%s: only with %s", sub.Name(), unmet)
			}
			l.settle(sub, entry, names)
		}
	}
}

// conditions says whether an attribute exists in an entry. Where it does not,
// it must not be written; what a factory entry had there goes back to default.
func (l *loader) conditions(t *Table, a *Attribute, entry any, s *spot) bool {
	unmet := t.unmet(a.Only, entry)
	if unmet == nil {
		return true
	}
	if n := s.node.table[a.Name]; n == nil {
		a.reset(entry)
	} else if !s.bad[unmet.Attribute] {
		l.report(n.place, s.noun, "%s: only with %s", a.Name, unmet)
	}
	return false
}

// value checks one attribute that exists in an entry. A new entry must write
// what is required; one that adds to the factory's has it from there.
func (l *loader) value(a *Attribute, entry any, s *spot, names map[string]map[string]bool, unique map[string]*spot) {
	if s.bad[a.Name] {
		return
	}
	words := a.Words(entry)
	n := s.node.table[a.Name]
	if a.Required && (len(words) == 0 || n == nil && !s.factory) {
		l.report(s.at(a.Name), s.noun, "missing %s: expected %s", a.Name, l.expectation(a))
		s.bad[a.Name] = true
	}
	if a.Unique && len(words) > 0 {
		id := a.Name + " " + strings.Join(words, " ")
		if first := unique[id]; first != nil {
			l.refuse(entry, a.Name, "%s on line %d has it: expected one of its own", first.noun, first.node.line)
		} else {
			unique[id] = s
		}
	}
	for i, w := range words {
		if len(a.Refs) > 0 && !slices.Contains(a.Also, w) && !known(names, a.Refs, w) {
			l.dangling(a, s, i, w, names)
		}
	}
}

func known(names map[string]map[string]bool, paths []string, name string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return names[p][name] })
}

// dangling tells of a reference to nothing, at its own line in a long array.
// In the message stands what is missing: "service "web": no such service".
func (l *loader) dangling(a *Attribute, s *spot, i int, name string, names map[string]map[string]bool) {
	hint := ""
	for _, p := range a.Refs {
		for _, other := range sorted(names[p]) {
			if hint == "" && strings.EqualFold(other, name) {
				hint = " (did you mean " + strconv.Quote(other) + "?)"
			}
		}
	}
	if hint == "" {
		hint = elsewhere(a, names, name)
	}
	s.bad[a.Name] = true
	l.report(s.item(a.Name, i), s.noun, "%s %s: no such %s%s", a.Name, shorten(name), nounOf(a.Refs[0]), hint)
}

// relatives are tables of which one is easily taken for another.
var relatives = []string{
	"firewall.address", "firewall.addrgrp", "firewall.vip", "firewall.vipgrp",
	"firewall.address6", "firewall.addrgrp6", "firewall.vip6", "firewall.vipgrp6",
	"firewall.ippool", "firewall.ippool6",
}

// elsewhere is a hint at an entry of the name that a table has which the
// attribute cannot refer to: a virtual IP as a source, a pool of the other
// family.
func elsewhere(a *Attribute, names map[string]map[string]bool, name string) string {
	if !slices.Contains(relatives, a.Refs[0]) {
		return ""
	}
	for _, p := range relatives {
		if names[p][name] {
			return fmt.Sprintf(" (%s %s is not one)", tableAt(p).FortiOS(), shorten(name))
		}
	}
	return ""
}

func sorted(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// nounOf is what an entry of a table is called.
func nounOf(path string) string {
	if t := tableAt(path); t != nil {
		return t.Noun
	}
	return "schedule"
}

// expectation says in words what an attribute wants.
func (l *loader) expectation(a *Attribute) string {
	if len(a.Refs) == 0 {
		return a.Type.Range
	}
	noun := nounOf(a.Refs[0])
	article := "a "
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		article = "an "
	}
	what := "the name of " + article + noun
	if a.Type.Many {
		what = "names of " + plural(noun)
	}
	if len(a.Also) > 0 {
		what += ", or " + strconv.Quote(a.Also[0])
	}
	return what
}

func plural(noun string) string {
	if strings.HasSuffix(noun, "s") {
		return noun + "es"
	}
	return noun + "s"
}

// checkShared refuses an entry whose name an entry of the other table has:
// where both may be referred to, a name must mean one thing.
func (l *loader) checkShared(t, other *Table) {
	taken := make(map[string]any)
	for _, e := range other.entries(l.cfg) {
		taken[other.KeyOf(e)] = e
	}
	for _, e := range t.entries(l.cfg) {
		twin := taken[t.KeyOf(e)]
		switch {
		case twin == nil || !l.sound(e, t.Key) || !l.sound(twin, other.Key):
		case l.spots[e] != nil:
			l.refuse(e, t.Key, "%s has this name: expected one of its own", article(other))
		default:
			l.refuse(twin, other.Key, "%s has this name: expected one of its own", article(t))
		}
	}
}

func article(t *Table) string { return "a " + t.FortiOS() }
