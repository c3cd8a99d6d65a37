package sip

import "bytes"

// header is a header, folded lines and all.
type header struct{ name, value span }

// read reads the header at. next is -1 where its end is not there yet: that needs the
// byte behind it. A line without a colon is a value that has no name.
func (h *header) read(b []byte, at int) (next int) {
	end := at
	for {
		if end = lineEnd(b, end); end < 0 || end == len(b) {
			return -1
		}
		if b[end] != ' ' && b[end] != '\t' {
			break
		}
	}
	colon := at + max(bytes.IndexByte(b[at:end], ':'), 0)
	h.name, h.value = span{at, colon}, trim(b, span{colon + 1, end})
	for colon > at && (b[colon-1] == ' ' || b[colon-1] == '\t') {
		colon--
	}
	h.name.to = colon
	return end
}

// lineEnd is where the line behind the one at begins, -1 where it has no end.
func lineEnd(b []byte, at int) int {
	if i := bytes.IndexByte(b[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return -1
}

// blankLine is where the bytes behind an empty line begin, 0 where there is none at.
func blankLine(b []byte, at int) int {
	switch {
	case at < len(b) && b[at] == '\n':
		return at + 1
	case at+1 < len(b) && b[at] == '\r' && b[at+1] == '\n':
		return at + 2
	}
	return 0
}

// head is a kind of header that is read.
type head uint8

const (
	headOther head = iota
	headVia
	headFrom
	headTo
	headCallID
	headCSeq
	headContact
	headLength
	headType
	headEncoding
	headExpires
	headRoute    // and others whose URIs are where messages go
	headIdentity // and others whose URIs are who somebody is
)

// name is a name of headers that are read, in lower case. next is another one of the
// same first letter and length, in names.
type name struct {
	text string
	kind head
	next uint8
}

// names are those, and their compact forms (RFC 3261 section 7.3.3, RFC 3515, RFC 3892).
// The first is none.
var names = [...]name{
	{}, {text: "via", kind: headVia}, {text: "v", kind: headVia}, {text: "from", kind: headFrom}, {text: "f", kind: headFrom},
	{text: "to", kind: headTo}, {text: "t", kind: headTo}, {text: "call-id", kind: headCallID}, {text: "i", kind: headCallID},
	{text: "cseq", kind: headCSeq}, {text: "contact", kind: headContact}, {text: "m", kind: headContact},
	{text: "content-length", kind: headLength}, {text: "l", kind: headLength},
	{text: "content-type", kind: headType}, {text: "c", kind: headType},
	{text: "content-encoding", kind: headEncoding}, {text: "e", kind: headEncoding}, {text: "expires", kind: headExpires},
	{text: "route", kind: headRoute}, {text: "record-route", kind: headRoute}, {text: "path", kind: headRoute},
	{text: "service-route", kind: headRoute}, {text: "refer-to", kind: headRoute}, {text: "r", kind: headRoute},
	{text: "referred-by", kind: headIdentity}, {text: "b", kind: headIdentity}, {text: "p-asserted-identity", kind: headIdentity},
	{text: "p-preferred-identity", kind: headIdentity}, {text: "remote-party-id", kind: headIdentity},
}

// longestName is the length of the longest of them.
const longestName = len("p-preferred-identity")

// shapes are the first of the names by first letter and length, 0 where there is none.
var shapes = func() (t [26][longestName + 1]uint8) {
	for i := range names[1:] {
		n := &names[i+1]
		first := &t[n.text[0]-'a'][len(n.text)]
		n.next, *first = *first, uint8(i+1)
	}
	return t
}()

// kindOf is the kind of a header of that name.
func kindOf(b []byte) head {
	if len(b) == 0 || len(b) > longestName {
		return headOther
	}
	c := b[0] | 0x20 - 'a'
	if c >= 26 {
		return headOther
	}
	for i := shapes[c][len(b)]; i != 0; i = names[i].next {
		if fold(b, names[i].text) {
			return names[i].kind
		}
	}
	return headOther
}
