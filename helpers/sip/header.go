package sip

import "bytes"

// header is a header, folded lines and all.
type header struct{ name, value span }

// read reads the header at. next is -1 where its end is not there yet: that needs the
// byte behind it. The name is empty where it is none.
func (h *header) read(b []byte, at int) (next int) {
	i := at
	for i < len(b) && isToken(b[i]) {
		i++
	}
	h.name, h.value = span{at, i}, span{}
	end := i
	for {
		if end = lineEnd(b, end); end < 0 || end == len(b) {
			return -1
		}
		if b[end] != ' ' && b[end] != '\t' {
			break
		}
	}
	for b[i] == ' ' || b[i] == '\t' { // it ends with a line feed
		i++
	}
	if b[i] != ':' {
		h.name = span{}
		return end
	}
	h.value = trim(b, span{i + 1, end})
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

// kindOf is the kind of a header of that name, which is a token, or of its compact form
// (RFC 3261 section 7.3.3, RFC 3515, RFC 3892).
func kindOf(name []byte) head {
	var buf [len("p-preferred-identity")]byte
	if len(name) > len(buf) {
		return headOther
	}
	for i, c := range name {
		buf[i] = c | 0x20 // makes no other character of a token one of those below
	}
	switch string(buf[:len(name)]) {
	case "via", "v":
		return headVia
	case "from", "f":
		return headFrom
	case "to", "t":
		return headTo
	case "call-id", "i":
		return headCallID
	case "cseq":
		return headCSeq
	case "contact", "m":
		return headContact
	case "content-length", "l":
		return headLength
	case "content-type", "c":
		return headType
	case "content-encoding", "e":
		return headEncoding
	case "expires":
		return headExpires
	case "route", "record-route", "path", "service-route", "refer-to", "r":
		return headRoute
	case "referred-by", "b", "p-asserted-identity", "p-preferred-identity", "remote-party-id":
		return headIdentity
	}
	return headOther
}
