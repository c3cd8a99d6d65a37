package config

import (
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// Theory of operation. The toml library checks the syntax and gives the
// values, but does not tell where a key stood. The scanner below goes over the
// same text once more and only looks for that: it builds a tree of places of
// the same shape as the tree of values. It runs on text that has been found to
// be valid TOML, save for keys and headers written twice; on any other text it may find
// nonsense, but it always ends.

// place is where one value of the file stands, and those inside it.
type place struct {
	line, column int
	keys         map[string]*place // of a table
	items        []*place          // of an array, of tables or of values
	again        []span            // the same key or header once more, which TOML forbids
	opened       bool              // a [header] of its own was seen
}

// span is a stretch of the text: a key with its value, or a header.
type span struct {
	line, column, start, end int
	header                   bool
}

func (p *place) child(key string) *place {
	if p.keys == nil {
		p.keys = make(map[string]*place)
	}
	if p.keys[key] == nil {
		p.keys[key] = &place{line: p.line, column: p.column}
	}
	return p.keys[key]
}

// latest is the table a header's path goes on in: of an array, the last one.
func (p *place) latest() *place {
	if n := len(p.items); n > 0 {
		return p.items[n-1]
	}
	return p
}

type scanner struct {
	text   string
	at     int // byte offset
	line   int
	column int    // in characters
	depth  int    // of brackets
	twice  []span // every again of the tree
	deep   bool   // brackets were nested deeper than maxDepth
}

// maxDepth bounds the recursion into arrays and inline tables, here and in the
// toml library. The schema needs three.
const maxDepth = 64

// places maps the values of a text to where they stand. The scanner it returns
// knows what was written twice.
func places(text string) (*place, *scanner) {
	s := &scanner{text: text, line: 1, column: 1}
	root := &place{line: 1, column: 1}
	table := root
	for s.blank(); s.at < len(s.text); s.blank() {
		if s.peek() == '[' {
			table = s.header(root)
		} else {
			s.pair(table)
		}
	}
	return root, s
}

func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// next steps over one byte, counting lines and characters. It stays at the end.
func (s *scanner) next() {
	if s.at >= len(s.text) {
		return
	}
	switch c := s.peek(); {
	case c == '\n':
		s.line++
		s.column = 1
	case utf8.RuneStart(c):
		s.column++
	}
	s.at++
}

func (s *scanner) skip(n int) {
	for ; n > 0 && s.at < len(s.text); n-- {
		s.next()
	}
}

// has steps over a token if it comes next.
func (s *scanner) has(token string) bool {
	if strings.HasPrefix(s.text[s.at:], token) {
		s.skip(len(token))
		return true
	}
	return false
}

// space steps over blanks on a line.
func (s *scanner) space() {
	for s.peek() == ' ' || s.peek() == '\t' {
		s.next()
	}
}

// blank steps over blanks, lines and comments.
func (s *scanner) blank() {
	for s.at < len(s.text) {
		switch s.peek() {
		case ' ', '\t', '\r', '\n':
			s.next()
		case '#':
			for s.at < len(s.text) && s.peek() != '\n' {
				s.next()
			}
		default:
			return
		}
	}
}

func (s *scanner) here() span {
	return span{line: s.line, column: s.column, start: s.at}
}

// header reads "[a.b]" or "[[a.b]]" and returns the table it opens.
func (s *scanner) header(root *place) *place {
	where := s.here()
	array := s.has("[[")
	if !array {
		s.has("[")
	}
	path := s.key()
	s.space()
	if !s.has("]") || array && !s.has("]") {
		s.next() // not TOML: go on, if only by a byte
	}
	p := root
	for i, k := range path {
		known := p.keys[k] != nil
		p = p.child(k)
		if !known {
			p.line, p.column = where.line, where.column
		}
		if i < len(path)-1 {
			p = p.latest()
		}
	}
	if array {
		p.items = append(p.items, &place{})
		p = p.latest()
	} else if p.opened {
		where.end, where.header = s.at, true
		p.again = append(p.again, where)
		s.twice = append(s.twice, where)
		return new(place) // what follows belongs to a table that cannot be
	}
	p.opened = !array
	p.line, p.column = where.line, where.column
	return p
}

// pair reads "key = value" into a table.
func (s *scanner) pair(table *place) {
	where := s.here()
	path := s.key()
	p, known := table, false
	for _, k := range path {
		known = p.keys[k] != nil
		p = p.child(k)
		if !known {
			p.line, p.column = where.line, where.column
		}
	}
	s.space()
	if !s.has("=") {
		s.next() // not TOML
		return
	}
	s.space()
	if known {
		s.value(&place{})
		where.end = s.at
		p.again = append(p.again, where)
		s.twice = append(s.twice, where)
		return
	}
	s.value(p)
}

// key reads a dotted key of bare and quoted parts.
func (s *scanner) key() (path []string) {
	for {
		s.space()
		start := s.at
		if q := s.peek(); q == '"' || q == '\'' {
			s.quoted(q)
			path = append(path, unquote(s.text[start:s.at]))
		} else {
			for isBare(s.peek()) {
				s.next()
			}
			path = append(path, s.text[start:s.at])
		}
		s.space()
		if !s.has(".") {
			return path
		}
	}
}

func isBare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// unquote lets the library undo a quoted key, so that there is one reading of
// its escapes.
func unquote(key string) string {
	var v struct{ K string }
	if _, err := toml.Decode("K = "+key, &v); err != nil {
		return key
	}
	return v.K
}

// quoted steps over a string on one line.
func (s *scanner) quoted(q byte) {
	s.next()
	for s.at < len(s.text) && s.peek() != '\n' {
		switch c := s.peek(); {
		case c == '\\' && q == '"':
			s.skip(2)
		case c == q:
			s.next()
			return
		default:
			s.next()
		}
	}
}

// multiline steps over a string between triple quotes. Up to two quotes may
// stand inside before the closing three.
func (s *scanner) multiline(q byte) {
	s.skip(3)
	close := strings.Repeat(string(q), 3)
	for s.at < len(s.text) {
		switch c := s.peek(); {
		case c == '\\' && q == '"':
			s.skip(2)
		case s.has(close):
			for i := 0; i < 2 && s.peek() == q; i++ {
				s.next()
			}
			return
		default:
			s.next()
		}
	}
}

// value steps over a value; what is inside arrays and inline tables gets its
// own places.
func (s *scanner) value(p *place) {
	switch c := s.peek(); c {
	case '"', '\'':
		if strings.HasPrefix(s.text[s.at:], strings.Repeat(string(c), 3)) {
			s.multiline(c)
		} else {
			s.quoted(c)
		}
	case '[':
		s.next()
		s.list(']', func() {
			where := s.here()
			item := &place{line: where.line, column: where.column}
			p.items = append(p.items, item)
			s.value(item)
		})
	case '{':
		s.next()
		s.list('}', func() { s.pair(p) })
	default:
		for s.at < len(s.text) && !strings.ContainsRune(",]}#\n", rune(s.peek())) {
			s.next()
		}
	}
}

// list steps over what stands between brackets, item by item.
func (s *scanner) list(close byte, item func()) {
	s.depth++
	defer func() { s.depth-- }()
	if s.depth > maxDepth {
		s.deep, s.at = true, len(s.text)
	}
	for s.blank(); s.at < len(s.text); s.blank() {
		if s.peek() == close {
			s.next()
			return
		}
		before := s.at
		item()
		s.blank()
		if s.peek() == ',' || s.at == before {
			s.next()
		}
	}
}
