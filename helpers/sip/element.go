package sip

import "bytes"

// element is one of the elements of a header's value, which commas separate.
type element struct {
	text    span // of its URI
	uri     uri
	ok      bool // the URI was read
	tag     span // parameters of the header, the first of each
	expires span
}

// read reads the first element of a list of name-addr and addr-spec (RFC 3261 section
// 20.10) into e, which is empty, and takes it off the list. It reports false at the end.
// Where ends is nil the URI is not read.
func (e *element) read(d []byte, list *span, ends *hosts) bool {
	at, to := skipBlanks(d, list.from, list.to), list.to
	if at == to {
		list.from = to
		return false
	}
	i := at
	if d[i] == '"' { // a name, as nearly everybody writes it
		i = min(quoteEnd(d, i, to)+1, to)
		if i < to && d[i] == ' ' {
			i++
		}
	}
	open := false
	if i < to && d[i] == '<' && ends != nil {
		if end := e.uri.quickly(d, i+1, to, ends); end > 0 {
			e.text, e.ok = span{i + 1, end}, true
			i, open = end+1, true
		}
	}
	switch {
	case i >= to:
	case open && to-i >= 5 && wordAt(d, i).lower().upTo(5) == wordSemicolonTag: // as nearly everybody goes on
		if e.tag, i = valueAt(d, i+5, to, &endsList); i < to {
			i = e.rest(d, at, i, to, open, ends)
		}
	default:
		i = e.rest(d, at, i, to, open, ends)
	}
	list.from = min(i+1, to)
	return true
}

// rest reads the rest of an element that begins at from, from i on, behind its URI where
// open is set. It says where the comma behind it is, or to.
func (e *element) rest(d []byte, from, i, to int, open bool, ends *hosts) (end int) {
	semicolon := -1
scan:
	for ; ; i++ {
		if i += unmarked(d, i, to, markElement); i >= to {
			break
		}
		switch d[i] {
		case '"':
			i = quoteEnd(d, i, to)
		case '<':
			if open {
				continue
			}
			open = true
			n := bytes.IndexByte(d[i+1:to], '>')
			if n < 0 {
				return to
			}
			e.address(d, span{i + 1, i + 1 + n}, ends)
			i += 1 + n
		case ';':
			if open {
				i = e.param(d, i, to) - 1
			} else if semicolon < 0 {
				semicolon = i
			}
		default: // a comma
			break scan
		}
	}
	end = min(i, to)
	if !open {
		if semicolon < 0 {
			semicolon = end
		}
		e.address(d, span{from, semicolon}, ends)
		for at := semicolon; at < end; {
			at = e.param(d, at, end)
		}
	}
	return end
}

// address notes the URI s.
func (e *element) address(d []byte, s span, ends *hosts) {
	if e.text = trim(d, s); ends != nil {
		e.uri = uri{}
		e.ok = e.uri.parse(d, e.text, ends)
	}
}

var (
	textTag     = textOf("tag")
	textExpires = textOf("expires")
)

const (
	wordTag          word = 't' | 'a'<<8 | 'g'<<16 | '='<<24
	wordSemicolonTag      = ';' | wordTag<<8
)

// param reads the parameter behind the semicolon at, and says where it ends: with a
// semicolon, a comma, or to.
func (e *element) param(d []byte, at, to int) (end int) {
	var p param
	switch at++; {
	case unlike(d, at, to, 't', 'e'):
		return p.skip(d, at, to, &endsList)
	case e.tag.to == 0 && to-at >= 4 && wordAt(d, at).lower().upTo(4) == wordTag: // as nearly everybody writes it
		e.tag, end = valueAt(d, at+4, to, &endsList)
		return end
	}
	end = p.read(d, at, to, &endsList)
	switch {
	case e.tag.to == 0 && textTag.is(d, p.name):
		e.tag = p.value
	case e.expires.to == 0 && textExpires.is(d, p.name):
		e.expires = p.value
	}
	return end
}
