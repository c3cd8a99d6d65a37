package sip

import "bytes"

// header is a header, folded lines and all. Of one of no kind that is read the value is
// not known.
type header struct {
	kind  head
	value span
}

// headerEnd is where the header at ends, -1 where that is not there yet: it needs the
// byte behind it.
func headerEnd(b []byte, at int) int {
	for {
		i := bytes.IndexByte(b[at:], '\n')
		if at += i + 1; i < 0 || at == len(b) {
			return -1
		}
		if c := b[at]; c != ' ' && c != '\t' {
			return at
		}
	}
}

// read reads the header from at up to end. A line without a colon is a value that has
// no name.
func (h *header) read(b []byte, at, end int) {
	w := wordAt(b, at)
	n := w.before(':')
	if n == 8 {
		h.long(b, at, end)
		return
	}
	switch h.kind = shortKind(w.lower().upTo(n), n); {
	case h.kind != headOther:
		h.value = valueOf(b, span{at + n + 1, end})
	case w.beforeBlank() < n: // which may be behind the name
		h.slowly(b, span{at, end})
	}
}

// long reads one whose name has eight characters or more.
func (h *header) long(b []byte, at, end int) {
	first, second := wordAt(b, at), wordAt(b, at+8)
	n := second.before(':')
	if n == 8 || first.beforeBlank() < 8 || second.beforeBlank() < n {
		h.slowly(b, span{at, end})
		return
	}
	if h.kind = longKind(first.lower(), second.lower().upTo(n)); h.kind != headOther {
		h.value = valueOf(b, span{at + 8 + n + 1, end})
	}
}

// valueOf is the value of a header, without the white space around it: a blank and CRLF,
// mostly.
func valueOf(b []byte, s span) span {
	if v := s.of(b); len(v) > 3 && v[0] == ' ' && v[1] > ' ' && v[len(v)-2] == '\r' && v[len(v)-3] > ' ' {
		return span{s.from + 1, s.to - 2}
	}
	return trim(b, s)
}

// slowly reads a header, whatever its name, which it returns.
func (h *header) slowly(b []byte, line span) (name []byte) {
	colon := line.from + max(bytes.IndexByte(line.of(b), ':'), 0)
	h.value = trim(b, span{colon + 1, line.to})
	for colon > line.from && (b[colon-1] == ' ' || b[colon-1] == '\t') {
		colon--
	}
	name = b[line.from:colon]
	h.kind = kindOf(name)
	return name
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
