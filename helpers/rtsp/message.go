package rtsp

import (
	"bytes"

	"portcullis/helpers"
)

// methods are what a client may begin with (RFC 2326 section 10, RFC 7826 section
// 13). Later ones need only look like a method.
var methods = [...]string{
	"OPTIONS", "DESCRIBE", "ANNOUNCE", "SETUP", "PLAY", "PAUSE", "RECORD", "TEARDOWN",
	"GET_PARAMETER", "SET_PARAMETER", "REDIRECT",
}

const (
	maxMethod = 24
	maxBody   = 1 << 30
)

// message is what matters of a message's head.
type message struct {
	size     int    // of the head with the empty line behind it
	start    []byte // the first line
	method   []byte // of a request
	status   int    // of an answer
	cseq     uint16 // the lower half of it
	numbered bool   // there is a CSeq
	session  uint16 // a hash of it; 0: there is none
	length   int    // of the body
	measured bool   // there is a Content-Length
	sdp      bool   // the body is a description of media
	digest   bool   // credentials cover the request's URL
	back     bool   // the client may send media as well (ONVIF)
}

func (m *message) is(method string) bool { return string(m.method) == method }

// read reads the head of the message that begins data.
func (m *message) read(data []byte, recognised bool, f *helpers.Findings) step {
	head := data[:min(len(data), maxHead)]
	n := bytes.IndexByte(head, '\n')
	if !m.first(head[:max(n, 0)], head, recognised) {
		f.Why = whyNoMessage
		return stepForeign
	}
	size := headSize(head)
	switch {
	case size == 0 && len(data) >= maxHead:
		f.Why = whyLong
		return stepForeign
	case size == 0:
		return stepCut
	}
	m.size = size
	c := cursor{data: head[:size], at: n + 1}
	for c.next() {
		if f.Why = m.field(&c); f.Why != "" {
			return stepForeign
		}
	}
	switch {
	case c.broken:
		f.Why = whyHead
	case m.method != nil && !m.numbered:
		f.Why = whyNoCSeq
	default:
		return stepOn
	}
	return stepForeign
}

// headSize is where the first empty line behind another one ends, 0 where there is
// none.
func headSize(b []byte) int {
	n := bytes.Index(b, []byte("\n\r\n")) + 3
	if n < 3 {
		n = 0
	} else {
		b = b[:n]
	}
	if i := bytes.Index(b, []byte("\n\n")); i >= 0 {
		return i + 2
	}
	return n
}

// first reads the first line. Where line is empty its end has not come yet, and head
// is judged by what is there.
func (m *message) first(line, head []byte, recognised bool) bool {
	whole := len(line) > 0
	if !whole {
		line = head
	} else if line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	m.start = line
	if len(line) >= 5 && string(line[:5]) == "RTSP/" {
		return recognised && (!whole || m.answer(line))
	}
	for i, b := range line {
		switch {
		case b == ' ' && i > 0:
			m.method = line[:i]
			return (recognised || known(m.method)) && (!whole || m.request(line[i+1:], recognised))
		case i == maxMethod, b != '_' && b != '-' && (b|0x20 < 'a' || b|0x20 > 'z') && (b < '0' || b > '9'):
			return false
		}
	}
	return !whole && (recognised || beginsMethod(line))
}

func known(method []byte) bool {
	for _, k := range methods {
		if string(method) == k {
			return true
		}
	}
	return false
}

func beginsMethod(b []byte) bool {
	for _, k := range methods {
		if len(b) <= len(k) && k[:len(b)] == string(b) {
			return true
		}
	}
	return false
}

// request reads the rest of a request's first line: the URL and the version. The
// first URL is absolute, or that of the server as a whole.
func (m *message) request(rest []byte, recognised bool) bool {
	i := bytes.LastIndexByte(rest, ' ')
	if i < 1 || !version(rest[i+1:]) || !printable(rest) {
		return false
	}
	url := rest[:i]
	return recognised || string(url) == "*" || len(url) > 4 && same(url[:4], "rtsp")
}

// answer reads the first line of an answer.
func (m *message) answer(line []byte) bool {
	if len(line) < 12 || !version(line[:8]) || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return false
	}
	n, ok := number(line[9:12], 999)
	m.status = n
	return ok && n >= 100
}

func version(b []byte) bool {
	return len(b) == 8 && string(b[:5]) == "RTSP/" && (b[5] == '1' || b[5] == '2') && b[6] == '.' && b[7] == '0'
}

// field reads a header field. It says why there is no going on with the session, or
// nothing.
func (m *message) field(c *cursor) (why string) {
	switch {
	case same(c.name, "CSeq"):
		n, ok := number(c.value, 1<<32-1)
		if !ok || m.numbered && m.cseq != uint16(n) {
			return whyHead
		}
		m.cseq, m.numbered = uint16(n), true
	case same(c.name, "Content-Length"):
		n, ok := number(c.value, maxBody)
		if !ok || c.folded || m.measured && m.length != n {
			return whyLength
		}
		m.length, m.measured = n, true
	case same(c.name, "Content-Type"):
		kind, _, _ := bytes.Cut(c.value, []byte(";"))
		m.sdp = same(trimmed(kind), "application/sdp")
	case same(c.name, "Session"):
		id, _, _ := bytes.Cut(c.value, []byte(";"))
		m.session = hash(trimmed(id))
	case same(c.name, "Require"):
		m.back = m.back || names(c.value, "onvif.org/ver20/backchannel")
	case same(c.name, "Authorization"):
		m.digest = m.digest || len(c.value) > 6 && same(c.value[:6], "Digest")
	}
	return ""
}

// hash is FNV-1a, folded; it is never 0.
func hash(b []byte) uint16 {
	v := uint32(2166136261)
	for _, c := range b {
		v = (v ^ uint32(c)) * 16777619
	}
	return max(uint16(v>>16)^uint16(v), 1)
}

// number reads digits: at most ten, and no more than most.
func number(b []byte, most int) (int, bool) {
	n := 0
	for _, d := range b {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int(d-'0')
	}
	return n, len(b) > 0 && len(b) <= 10 && n <= most
}

// same compares without regard to the case of ASCII letters; s has no others.
func same(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		x, y := b[i], s[i]
		if x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}

// cursor goes through the header fields of a head.
type cursor struct {
	data        []byte
	at          int // behind the field
	name, value []byte
	off         int  // of the value, in data
	folded      bool // the value goes on in further lines, which are not in value
	broken      bool // a line has control characters
}

// next reads a field and reports whether there was one.
func (c *cursor) next() bool {
	for {
		from, text, ok := c.line()
		if !ok {
			return false
		}
		if len(text) == 0 {
			return false
		}
		colon := bytes.IndexByte(text, ':')
		if colon < 0 || text[0] == ' ' || text[0] == '\t' {
			continue // it says nothing that anybody knows
		}
		c.name = trimmed(text[:colon])
		c.off = from + colon + 1
		for c.off < from+len(text) && (c.data[c.off] == ' ' || c.data[c.off] == '\t') {
			c.off++
		}
		c.value = trimmed(c.data[c.off : from+len(text)])
		c.folded = c.at < len(c.data) && (c.data[c.at] == ' ' || c.data[c.at] == '\t')
		return true
	}
}

// trimmed is b without the white space at its end.
func trimmed(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// line is the next line without its end, and where it begins.
func (c *cursor) line() (from int, text []byte, ok bool) {
	from = c.at
	n := bytes.IndexByte(c.data[from:], '\n')
	if n < 0 {
		return 0, nil, false
	}
	c.at = from + n + 1
	text = c.data[from : from+n]
	if n > 0 && text[n-1] == '\r' {
		text = text[:n-1]
	}
	if !printable(text) {
		c.broken = true
		return 0, nil, false
	}
	return from, text, true
}

// printable says whether b has no control characters but tabs.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' {
			return false
		}
	}
	return true
}
