package config

import (
	"fmt"
	"os"
)

// Load reads a file: Parse of what is in it.
func Load(path string) (*Config, Diagnostics) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, Diagnostics{{Text: err.Error()}}
	}
	return Parse(path, text)
}

// Parse reads a configuration, a delta over the factory defaults. The name is
// what the diagnostics call the text. Either the text is without a mistake and
// the diagnostics are empty, or the Config is nil and every mistake is told.
// Only a mistake of TOML's syntax hides those behind it.
func Parse(name string, text []byte) (*Config, Diagnostics) {
	root, bad := read(name, string(text))
	if bad != nil {
		return nil, Diagnostics{*bad}
	}
	l := &loader{
		file:  name,
		cfg:   Factory(),
		spots: make(map[any]*spot),
	}
	l.decode(root)
	l.validate()
	if len(l.found) > 0 {
		l.found.sort()
		return nil, l.found
	}
	return l.cfg, nil
}

// loader carries one reading: the tree being filled and what is wrong with it.
type loader struct {
	file  string
	cfg   *Config
	spots map[any]*spot // by entry; none for a factory entry the file leaves alone
	found Diagnostics
}

// spot is what the file says of one entry.
type spot struct {
	noun    string // "firewall policy 12"
	node    *node
	factory bool            // the entry is the factory's, and the file adds to it
	bad     map[string]bool // attributes with a mistake told already
}

// at is where an attribute stands, or the entry if the file does not write it.
func (s *spot) at(attribute string) *place {
	if n := s.node.table[attribute]; n != nil {
		return n.place
	}
	return s.node.place
}

// item is where one value of a list stands: its own line in a long array.
func (s *spot) item(attribute string, i int) *place {
	if n := s.node.table[attribute]; n != nil && i < len(n.array) {
		return n.array[i].place
	}
	return s.at(attribute)
}

// report tells a mistake at a place.
func (l *loader) report(at *place, noun, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if noun != "" { // "" is the top of the file
		text = noun + ": " + text
	}
	l.found = append(l.found, Diagnostic{File: l.file, Line: at.line, Column: at.column, Text: text})
}

// complain tells a mistake of an entry where an attribute of it stands. The
// file must speak of the entry: the factory's own make no mistakes.
func (l *loader) complain(entry any, attribute, format string, args ...any) {
	s := l.spots[entry]
	l.report(s.at(attribute), s.noun, format, args...)
}

// refuse is complain about the value of an attribute, which it shows first.
func (l *loader) refuse(entry any, attribute, format string, args ...any) {
	subject := attribute
	if n := l.spots[entry].node.table[attribute]; n != nil {
		subject += " " + n.show()
	}
	l.complain(entry, attribute, "%s: %s", subject, fmt.Sprintf(format, args...))
}

// sound says that no mistake has been told of any of the attributes, so that
// one mistake does not draw others after it.
func (l *loader) sound(entry any, attributes ...string) bool {
	if s := l.spots[entry]; s != nil {
		for _, a := range attributes {
			if s.bad[a] {
				return false
			}
		}
	}
	return true
}
