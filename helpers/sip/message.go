package sip

import (
	"bytes"
	"math"
)

// cut is the reason of a head that is not yet all there.
const cut = "cut"

// method is what a request is, or what a response answers.
type method uint8

const (
	methodOther method = iota
	methodInvite
	methodAck
	methodBye
	methodCancel
	methodRegister
	methodPrack
	methodUpdate
	methodSubscribe
	methodNotify
	methodRefer
)

var methods = [...]string{
	methodInvite: "INVITE", methodAck: "ACK", methodBye: "BYE", methodCancel: "CANCEL", methodRegister: "REGISTER",
	methodPrack: "PRACK", methodUpdate: "UPDATE", methodSubscribe: "SUBSCRIBE", methodNotify: "NOTIFY", methodRefer: "REFER",
}

// methodOf is the method of that name, which is written in capitals.
func methodOf(b []byte) method {
	for i, name := range methods {
		if i > 0 && string(b) == name {
			return method(i)
		}
	}
	return methodOther
}

// message is the head of a message: what of it matters, by where it lies in data.
type message struct {
	data []byte
	body int // where the body begins
	end  int // where what is read of it ends

	status  int // of a response; 0: a request
	name    span
	method  method // of a response, what it answers
	uri     span   // of a request
	call    uint32 // hash of Call-ID
	cseq    uint32
	from    uint32 // hashes of the tags; 0: none
	to      uint32
	user    uint32 // hash of the user part of To
	expires int64  // -1: none

	hasLength  bool
	length     span
	bodyLength uint64
	kind       span // Content-Type
	encoded    bool
	seen       uint8 // headers that a message must have

	noted   [maxNoted]header // the first headers that are read
	nnoted  int
	further int // where the headers begin that found no room there; 0: nowhere
	late    header
}

// maxNoted is how many headers need not be looked for a second time.
const maxNoted = 16

const (
	seenVia = 1 << iota
	seenFrom
	seenTo
	seenCallID
	seenCSeq

	seenAll = seenCSeq<<1 - 1
)

// head reads the head of the message that begins data into m, which is empty. It says
// why there is none: cut where it is not all there.
func (m *message) head(data []byte) (why string) {
	window := data[:min(len(data), maxHead)]
	m.data, m.expires = data, -1
	if len(window) > 0 && !isToken(window[0]) {
		return whyNotSIP
	}
	first := lineEnd(window, 0)
	if first < 0 {
		return incomplete(data)
	}
	if !m.startLine(trim(window, span{0, first})) {
		return whyNotSIP
	}
	for at := first; ; {
		if end := blankLine(window, at); end > 0 {
			m.body = end
			break
		}
		h := m.slot()
		next := h.read(window, at)
		if next < 0 {
			return incomplete(data)
		}
		if h.name.empty() || !m.note(h) {
			if !ended(window[first-1:]) {
				return incomplete(data) // and malformed; it is said once all of it is there
			}
			return whyNotSIP
		}
		m.keep(h, at)
		at = next
	}
	if m.seen != seenAll {
		return whyNotSIP
	}
	return ""
}

// slot is where the next header is read to.
func (m *message) slot() *header {
	if m.nnoted < maxNoted {
		return &m.noted[m.nnoted]
	}
	return &m.late
}

// keep keeps the header at, which was read to the slot, for later.
func (m *message) keep(h *header, at int) {
	switch {
	case h.kind == headOther || m.further > 0:
	case m.nnoted == maxNoted:
		m.further = at
	default:
		m.nnoted++
	}
}

// cursor is a place among the headers that are read.
type cursor struct {
	n  int // of those that were kept
	at int // behind them; 0: not there yet
}

// next is the header at c, which moves on, or nil where there is none. It is valid
// until the next call.
func (m *message) next(c *cursor) *header {
	if c.n < m.nnoted {
		c.n++
		return &m.noted[c.n-1]
	}
	if m.further == 0 {
		return nil
	}
	c.at = max(c.at, m.further)
	if blankLine(m.data, c.at) > 0 {
		return nil
	}
	c.at = m.late.read(m.data, c.at)
	m.late.kind = kindOf(m.late.name.of(m.data))
	return &m.late
}

// ended says whether an empty line is in b, which begins with the end of a line.
func ended(b []byte) bool {
	return bytes.Contains(b, []byte("\n\r\n")) || bytes.Contains(b, []byte("\n\n"))
}

// incomplete is what a head without an end is.
func incomplete(data []byte) string {
	if len(data) >= maxHead {
		return whyHead
	}
	return cut
}

// lineEnd is where the line behind the one at begins, -1 where it has no end.
func lineEnd(b []byte, at int) int {
	if i := bytes.IndexByte(b[min(at, len(b)):], '\n'); i >= 0 {
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

// header is a header, folded lines and all.
type header struct {
	name, value span
	kind        head // once it was noted
}

// read reads the header at. next is -1 where its end is not there yet: that needs the
// byte behind it. The name is empty where it is none.
func (h *header) read(b []byte, at int) (next int) {
	*h = header{}
	end := at
	for {
		if end = lineEnd(b, end); end < 0 || end == len(b) {
			return -1
		}
		if b[end] != ' ' && b[end] != '\t' {
			break
		}
	}
	i := at
	for i < end && isToken(b[i]) {
		i++
	}
	name := span{at, i}
	for i < end && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	if i == end || b[i] != ':' {
		return end
	}
	h.name, h.value = name, trim(b, span{i + 1, end})
	return end
}

const version = "sip/2.0"

// startLine reads the first line.
func (m *message) startLine(s span) bool {
	line := s.of(m.data)
	if begins(line, version+" ") {
		return m.statusLine(line[len(version)+1:])
	}
	i := 0
	for i < len(line) && isToken(line[i]) {
		i++
	}
	if i == 0 || i > 32 || i == len(line) || line[i] != ' ' {
		return false
	}
	m.name, m.method = span{s.from, s.from + i}, methodOf(line[:i])
	uri := line[i+1:]
	if len(uri) < len(version)+2 || !fold(uri[len(uri)-len(version):], version) || uri[len(uri)-len(version)-1] != ' ' {
		return false
	}
	uri = uri[:len(uri)-len(version)-1]
	m.uri = trim(m.data, span{s.from + i + 1, s.from + i + 1 + len(uri)})
	return scheme(m.uri.of(m.data)) > 0
}

// statusLine reads what is behind the version of a response.
func (m *message) statusLine(b []byte) bool {
	if len(b) < 3 || len(b) > 3 && b[3] != ' ' {
		return false
	}
	n, ok := number(b[:3], 699)
	m.status = int(n)
	return ok && n >= 100
}

// scheme is how long the scheme of a URI is, with its colon; 0: it is none.
func scheme(b []byte) int {
	for i, c := range b {
		switch {
		case c == ':' && i > 0:
			return i + 1
		case !isToken(c) || i == 0 && (c < 'A' || lower(c) > 'z' || lower(c) < 'a'):
			return 0
		}
	}
	return 0
}

// note notes what a header says of the message. It reports false where no message
// can have it.
func (m *message) note(h *header) bool {
	v := h.value.of(m.data)
	h.kind = kindOf(h.name.of(m.data))
	switch h.kind {
	case headVia:
		m.seen |= seenVia
	case headFrom:
		m.seen |= seenFrom
		e, _, _ := nextElement(m.data, h.value)
		m.from = m.tag(&e)
	case headTo:
		m.seen |= seenTo
		e, _, _ := nextElement(m.data, h.value)
		m.to, m.user = m.tag(&e), m.userOf(&e)
	case headCallID:
		if m.seen&seenCallID != 0 || len(v) == 0 {
			return false
		}
		m.seen |= seenCallID
		m.call = hash(0, v)
	case headCSeq:
		if m.seen&seenCSeq != 0 {
			return false
		}
		m.seen |= seenCSeq
		return m.sequence(v)
	case headLength:
		return m.lengthOf(h.value)
	case headType:
		m.kind = h.value
	case headEncoding:
		m.encoded = !fold(v, "identity")
	case headExpires:
		if n, ok := number(v, math.MaxUint32); ok {
			m.expires = int64(n)
		}
	}
	return true
}

// sequence reads a CSeq: a number and the method, which is the request's.
func (m *message) sequence(v []byte) bool {
	i := 0
	for i < len(v) && v[i] >= '0' && v[i] <= '9' {
		i++
	}
	n, ok := number(v[:i], math.MaxUint32)
	if !ok || i == len(v) || !blank(v[i]) {
		return false
	}
	for i < len(v) && blank(v[i]) {
		i++
	}
	name := v[i:]
	if m.status == 0 && string(name) != string(m.name.of(m.data)) {
		return false
	}
	m.cseq, m.method = uint32(n), methodOf(name)
	return len(name) > 0
}

// lengthOf reads a Content-Length. One that is no number is longer than any body.
func (m *message) lengthOf(s span) bool {
	n, ok := number(s.of(m.data), math.MaxInt64)
	if !ok {
		n = math.MaxInt64
	}
	if m.hasLength && n != m.bodyLength {
		return false // which one holds, each reader has its own opinion
	}
	m.hasLength, m.length, m.bodyLength = true, s, n
	return true
}

// describes says whether the message is one whose description opens anything.
func (m *message) describes() bool {
	switch m.method {
	case methodInvite, methodAck, methodPrack, methodUpdate:
	default:
		return false
	}
	if m.encoded || m.status == 100 || m.status >= 300 {
		return false
	}
	kind := m.kind.of(m.data)
	return begins(kind, "application/sdp") || begins(kind, "multipart/")
}

// head kinds: headers that are read.
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

// heads are the names of headers, in lower case, and their compact forms (RFC 3261
// section 7.3.3, RFC 3515, RFC 3892).
var heads = [...]struct {
	name string
	kind head
}{
	{"via", headVia}, {"v", headVia}, {"from", headFrom}, {"f", headFrom}, {"to", headTo}, {"t", headTo},
	{"call-id", headCallID}, {"i", headCallID}, {"cseq", headCSeq}, {"contact", headContact}, {"m", headContact},
	{"content-length", headLength}, {"l", headLength}, {"content-type", headType}, {"c", headType},
	{"content-encoding", headEncoding}, {"e", headEncoding}, {"expires", headExpires},
	{"route", headRoute}, {"record-route", headRoute}, {"path", headRoute}, {"service-route", headRoute},
	{"refer-to", headRoute}, {"r", headRoute},
	{"referred-by", headIdentity}, {"b", headIdentity}, {"p-asserted-identity", headIdentity},
	{"p-preferred-identity", headIdentity}, {"remote-party-id", headIdentity},
}

// byLetter are the heads by their first letter.
var byLetter = func() (t [26][]int) {
	for i := range heads {
		c := heads[i].name[0] - 'a'
		t[c] = append(t[c], i)
	}
	return t
}()

func kindOf(name []byte) head {
	if len(name) == 0 {
		return headOther
	}
	c := lower(name[0]) - 'a'
	if c >= 26 {
		return headOther
	}
	for _, i := range byLetter[c] {
		if fold(name, heads[i].name) {
			return heads[i].kind
		}
	}
	return headOther
}
