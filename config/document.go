package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// node is a value of a file with its place: what the user wrote, before
// anything is made of it. At most one of table, array and value is set.
type node struct {
	*place
	table map[string]*node
	array []*node
	value any // string, int64, float64, bool or a time
}

// names lists the keys of a table in a fixed order.
func (n *node) names() []string { return slices.Sorted(maps.Keys(n.table)) }

// tables are the tables of an array of tables.
func (n *node) tables() ([]*node, bool) {
	for _, item := range n.array {
		if item.table == nil {
			return nil, false
		}
	}
	return n.array, n.array != nil
}

// show is the value for an error message.
func (n *node) show() string {
	switch v := n.value.(type) {
	case string:
		return shorten(v)
	case nil:
		if n.table != nil {
			return "{...}"
		}
		return "[...]"
	default:
		return fmt.Sprint(v)
	}
}

// shorten quotes a string, cut where it would flood the screen.
func shorten(s string) string {
	const longest = 60
	if utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest]) + "..."
	}
	return strconv.Quote(s)
}

// read turns a text into a tree of nodes. Keys written twice are left in
// place.again; any other mistake of syntax is returned as a diagnostic, and
// the tree is nil.
func read(file, text string) (*node, *Diagnostic) {
	text = unmark(text)
	root, s := places(text)
	if s.deep {
		return nil, &Diagnostic{File: file, Line: s.line, Column: s.column, Text: fmt.Sprintf("toml: expected at most %d levels of brackets", maxDepth)}
	}
	values := make(map[string]any)
	_, err := toml.Decode(text, &values)
	if err != nil && len(s.twice) > 0 {
		// The library stops at a key written twice. To report every mistake at
		// once, the second writings are put away and the rest is read again.
		clear(values)
		text = blot(text, s.twice)
		_, err = toml.Decode(text, &values)
		sweep(values)
	}
	if err != nil {
		return nil, syntaxError(file, text, err)
	}
	return join(values, root), nil
}

// unmark takes away the byte order marks that a text begins with. The library
// takes one, also of UTF-16, which a text of bytes cannot have but is given by
// some editors; one that it alone took would be a key to the scanner.
func unmark(text string) string {
	for {
		was := len(text)
		for _, mark := range []string{"\ufeff", "\xff\xfe", "\xfe\xff"} {
			text = strings.TrimPrefix(text, mark)
		}
		if len(text) == was {
			return text
		}
	}
}

// attic begins the names under which second writings are put away.
const attic = "\x00"

// blot puts spans of a text away, keeping lines where they are: a second
// writing of a key becomes a key of the attic, a second header leads there.
func blot(text string, spans []span) string {
	var b strings.Builder
	end := 0
	for i, s := range spans {
		if s.start < end { // inside a value that is gone already
			continue
		}
		b.WriteString(text[end:s.start])
		if s.header {
			b.WriteString(`[["\u0000"]]`)
		} else {
			lines := strings.Repeat("\n", strings.Count(text[s.start:s.end], "\n"))
			fmt.Fprintf(&b, `"\u0000%d" = [%s]`, i, lines)
		}
		end = s.end
	}
	return b.String() + text[end:]
}

// sweep removes what blot put away.
func sweep(value any) {
	switch v := value.(type) {
	case map[string]any:
		for k, x := range v {
			if strings.HasPrefix(k, attic) {
				delete(v, k)
			} else {
				sweep(x)
			}
		}
	case []map[string]any:
		for _, x := range v {
			sweep(x)
		}
	case []any:
		for _, x := range v {
			sweep(x)
		}
	}
}

// syntaxError is the library's error in our form. Where a line ends too early
// the library counts the line behind it, so lines are counted again.
func syntaxError(file, text string, err error) *Diagnostic {
	d := &Diagnostic{File: file, Line: 1, Text: "toml: " + err.Error()}
	if p := (toml.ParseError{}); errors.As(err, &p) {
		upTo := text[:max(0, min(len(text), p.Position.Start))]
		d.Line = max(1, min(p.Position.Line, 1+strings.Count(upTo, "\n")))
		d.Column, d.Text = p.Position.Col, "toml: "+oneLine(p.Message)
	}
	return d
}

// oneLine keeps a message on its line, whatever bytes of the file it quotes.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r)
	}), " ")
}

// join puts values and their places together. A value that the scanner did not
// find stands where what holds it stands.
func join(value any, p *place) *node {
	n := &node{place: p}
	switch v := value.(type) {
	case map[string]any:
		n.table = make(map[string]*node, len(v))
		for k, x := range v {
			n.table[k] = join(x, p.child(k))
		}
	case []map[string]any:
		n.array = make([]*node, len(v))
		for i, x := range v {
			n.array[i] = join(x, p.item(i))
		}
	case []any:
		n.array = make([]*node, len(v))
		for i, x := range v {
			n.array[i] = join(x, p.item(i))
		}
	default:
		n.value = v
	}
	return n
}

func (p *place) item(i int) *place {
	if i < len(p.items) {
		return p.items[i]
	}
	return p
}
