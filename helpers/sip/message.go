package sip

import "math"

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

// methodOf is the method of that name, which is written in capitals.
func methodOf(b []byte) method {
	switch string(b) {
	case "INVITE":
		return methodInvite
	case "ACK":
		return methodAck
	case "BYE":
		return methodBye
	case "CANCEL":
		return methodCancel
	case "REGISTER":
		return methodRegister
	case "PRACK":
		return methodPrack
	case "UPDATE":
		return methodUpdate
	case "SUBSCRIBE":
		return methodSubscribe
	case "NOTIFY":
		return methodNotify
	case "REFER":
		return methodRefer
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
	who     span  // the URI of To
	expires int64 // -1: none

	hasLength  bool
	length     span
	bodyLength uint64
	kind       span // Content-Type
	encoded    bool
	seen       uint8 // headers that a message must have

	contacts  [maxContacts]span // the values of the first headers Contact
	ncontacts int
	further   int // where the headers begin that found no room there; 0: nowhere
}

// maxContacts is how many headers Contact need not be looked for a second time.
const maxContacts = 4

const (
	seenVia = 1 << iota
	seenFrom
	seenTo
	seenCallID
	seenCSeq

	seenAll = seenCSeq<<1 - 1
)

// keepContact keeps the value of a Contact, whose header is at, for when the message is
// known.
func (m *message) keepContact(v span, at int) {
	switch {
	case m.further > 0:
	case m.ncontacts == maxContacts:
		m.further = at
	default:
		m.contacts[m.ncontacts] = v
		m.ncontacts++
	}
}

// eachContact calls yield for the value of every Contact.
func (m *message) eachContact(yield func(span) bool) {
	for _, v := range m.contacts[:m.ncontacts] {
		if !yield(v) {
			return
		}
	}
	for at := m.further; at > 0 && blankLine(m.data, at) == 0; {
		var h header
		next := headerEnd(m.data, at)
		if h.read(m.data, at, next); h.kind == headContact && !yield(h.value) {
			return
		}
		at = next
	}
}

var textVersion = textOf("sip/2.0")

// startLine reads the first line.
func (m *message) startLine(s span) bool {
	n := textVersion.n
	if line := s.of(m.data); len(line) > n && line[n] == ' ' && textVersion.begins(line, 0) {
		return m.statusLine(line[n+1:])
	}
	i := s.from + tokenLen(s.of(m.data))
	uri := span{i + 1, s.to - n - 1}
	if i == s.from || i > s.from+32 || uri.empty() || m.data[i] != ' ' || m.data[uri.to] != ' ' || !textVersion.begins(m.data, uri.to+1) {
		return false
	}
	m.name = span{s.from, i}
	m.method = methodOf(m.name.of(m.data))
	m.uri = trim(m.data, uri)
	return anyScheme(m.uri.of(m.data)) > 0
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

// anyScheme is how long the scheme of a URI is, with its colon; 0: it is none.
func anyScheme(b []byte) int {
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
	m.cseq = uint32(n)
	if m.status == 0 {
		return string(name) == string(m.name.of(m.data))
	}
	m.method = methodOf(name)
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

var (
	textSDP       = textOf("application/sdp")
	textMultipart = textOf("multipart/")
)

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
	return textSDP.starts(m.data, m.kind) || textMultipart.starts(m.data, m.kind)
}
