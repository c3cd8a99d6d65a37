package sip

import (
	"bytes"
)

// uri is what matters of a URI.
type uri struct {
	whose whose  // host it is
	host  span   // without its port
	place span   // with it
	port  uint16 // the scheme's where none is given
	tls   bool   // sips, or over TLS
	ws    bool   // over WebSocket
	tcp   bool   // transport=tcp
	udp   bool   // transport=udp
	maddr span
}

// Default ports (RFC 3261 section 19.1.2).
const (
	portSIP = 5060
	portTLS = 5061
)

// element is one of the elements of a header's value, which commas separate.
type element struct {
	text    span // of its URI
	uri     uri
	ok      bool // the URI was read
	tag     span // parameters of the header, the first of each
	expires span
}

// What characters mean to those who look for others.
const (
	markElement = 1 << iota // to the reader of elements
	markParam               // to that of parameters, in a URI or a Content-Type
	markList                // to that of parameters, in an element of a list
	markEquals              // to that of their names
	markHost                // to hostEnd
	markAngle               // to it between < and >
)

var marks = [256]uint8{
	'"': markElement | markParam | markList | markEquals, '<': markElement, ',': markElement | markList | markHost | markAngle,
	';': markElement | markParam | markList | markHost | markAngle, '=': markEquals, '?': markParam | markHost | markAngle,
	':': markHost | markAngle, '[': markHost | markAngle, '>': markAngle,
	' ': markHost | markAngle, '\t': markHost | markAngle, '\r': markHost | markAngle, '\n': markHost | markAngle,
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
	if i < to {
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

const wordTag word = 't' | 'a'<<8 | 'g'<<16 | '='<<24

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

var endsQuote = stopsAt("\"\\", 0)

// quoteEnd is where the quotes are closed that open at, to where they are not.
func quoteEnd(d []byte, at, to int) int {
	for at++; ; at += 2 {
		if at = endsQuote.before(d, at, to); at >= to || d[at] == '"' {
			return min(at, to)
		}
	}
}

// param is a parameter. Its value is empty where it has none.
type param struct{ name, value span }

// What parameters end at, or begin to be quoted.
var (
	endsList  = stopsAt(";,\"", markList)  // in an element of a list
	endsParam = stopsAt(";?\"", markParam) // in a URI or a Content-Type
)

// read reads the parameter at into p, and says where it ends, to at most.
func (p *param) read(d []byte, at, to int, ends *stops) (end int) {
	name := marked(d, at, to, ends.mark|markEquals)
	p.name, p.value, end = trim(d, span{at, name}), span{name, name}, name
	if name < to && d[name] == '=' {
		p.value, end = valueAt(d, name+1, to, ends)
	}
	return end
}

// valueAt is the value of a parameter that begins at, and where it ends, to at most.
func valueAt(d []byte, at, to int, ends *stops) (v span, end int) {
	if end = ends.before(d, at, to); end < to && d[end] == '"' {
		end = marked(d, end, to, ends.mark)
	}
	return trim(d, span{at, end}), end
}

// skip says where the parameter at ends, which is not read.
func (p *param) skip(d []byte, at, to int, ends *stops) (end int) {
	if end = ends.before(d, at, to); end < to && d[end] == '"' {
		return marked(d, end, to, ends.mark)
	}
	return end
}

// unlike says whether the parameter at has a name that begins with neither of two
// letters.
func unlike(d []byte, at, to int, a, b byte) bool {
	if at >= to {
		return true
	}
	c := d[at]
	return c > ' ' && c|0x20 != a && c|0x20 != b
}

// readNext takes the first parameter off params, of a URI or of a Content-Type, and
// reads it into p. Behind a question mark there are none.
func (p *param) readNext(d []byte, params *span) {
	at, to := params.from, params.to
	for at < to && d[at] != ';' {
		at++
	}
	at = p.read(d, min(at+1, to), to, &endsParam)
	if at < to && d[at] == '?' {
		at = to
	}
	params.from = at
}

// paramOf is the value of a parameter. found says whether it is there, perhaps without
// a value.
func paramOf(d []byte, params span, name *text) (value span, found bool) {
	for !params.empty() {
		var p param
		if p.readNext(d, &params); name.is(d, p.name) {
			return p.value, true
		}
	}
	return span{}, false
}

// marked is where the first of the characters at is, outside of quotes, that is one of
// marks, to where there is none.
func marked(d []byte, at, to int, which uint8) int {
	for {
		if at += unmarked(d, at, to, which); at >= to {
			return to
		}
		if d[at] != '"' {
			return at
		}
		at = quoteEnd(d, at, to) + 1
	}
}

// unmarked is how many characters there are at, up to to, before one of those marks.
func unmarked(d []byte, at, to int, which uint8) int {
	if at >= to {
		return 0
	}
	b := d[at:to]
	for i, c := range b {
		if marks[c]&which != 0 {
			return i
		}
	}
	return len(b)
}

// parse reads a sip or sips URI into u, which is empty. It reports false for any other.
func (u *uri) parse(d []byte, s span, ends *hosts) (ok bool) {
	n := scheme(d, s)
	if n == 0 {
		return false
	}
	s.from += n
	u.tls = n == len("sips:")
	if n = userEnd(d, s); n < s.to {
		s.from = n + 1
	}
	i := u.endpoint(d, s.from, s.to, ends, markHost)
	if i < s.to {
		u.params(d, span{i, s.to})
	}
	if u.tls && u.place.to == u.host.to {
		u.port = portTLS
	}
	return u.port != 0
}

var endsUser = stopsAt("@>", 0)

// quickly reads a URI at, up to the > behind it, in the way in which nearly all of them
// are written: sip:user@host:port. It says where the > is, 0 where it is written in
// another way; what is in u then is void.
func (u *uri) quickly(d []byte, at, to int, ends *hosts) (end int) {
	if wordAt(d, at).lower().upTo(4) != wordSIP {
		return 0
	}
	if at = endsUser.before(d, at+4, to); at == to || d[at] != '@' {
		return 0
	}
	at = u.endpoint(d, at+1, to, ends, markAngle)
	if at == to || d[at] != '>' || u.port == 0 {
		return 0
	}
	return at
}

// endpoint reads a host and port at, and says where they end.
func (u *uri) endpoint(d []byte, at, to int, ends *hosts, which uint8) (end int) {
	end, u.whose, _ = ends.read(d, at, to, which)
	u.port, u.host = portSIP, span{at, end}
	if end < to && d[end] == ':' {
		u.port, end = portAt(d, end+1, to)
	}
	u.place = span{at, end}
	return end
}

var (
	textTransport = textOf("transport")
	textMaddr     = textOf("maddr")
	textTCP       = textOf("tcp")
	textUDP       = textOf("udp")
	textTLS       = textOf("tls")
)

// params reads the parameters of a URI: the first of each that matters.
func (u *uri) params(d []byte, params span) {
	transport, maddr := false, false
	for !params.empty() {
		var p param
		switch p.readNext(d, &params); {
		case !transport && textTransport.is(d, p.name):
			transport = true
			u.tcp, u.udp = textTCP.is(d, p.value), textUDP.is(d, p.value)
			u.tls = u.tls || textTLS.is(d, p.value)
			u.ws = !u.tcp && !u.udp && !u.tls
		case !maddr && textMaddr.is(d, p.name):
			u.maddr, maddr = p.value, true
		}
	}
}

// The schemes that are read.
const (
	wordSIP  word = 's' | 'i'<<8 | 'p'<<16 | ':'<<24
	wordSIPS word = 's' | 'i'<<8 | 'p'<<16 | 's'<<24 | ':'<<32
)

// scheme is how long the scheme is that a sip or sips URI begins with, with its colon,
// 0 for any other.
func scheme(d []byte, s span) int {
	switch w := wordAt(d, s.from).lower(); {
	case w.upTo(4) == wordSIP && s.to-s.from >= 4:
		return 4
	case w.upTo(5) == wordSIPS && s.to-s.from >= 5:
		return 5
	}
	return 0
}

// userEnd is where the @ is behind the user part of s, which has no scheme: s.to where
// it has none.
func userEnd(d []byte, s span) int {
	n := wordAt(d, s.from).before('@')
	if n == 8 && s.to-s.from > 8 {
		if n = bytes.IndexByte(s.of(d), '@'); n < 0 {
			return s.to
		}
	}
	return min(s.from+n, s.to)
}

// userPart is the user part of a sip or sips URI, empty where it has none or is
// another.
func userPart(d []byte, s span) span {
	n := scheme(d, s)
	if n == 0 {
		return span{}
	}
	s.from += n
	if n = userEnd(d, s); n == s.to {
		n = s.from
	}
	return span{s.from, n}
}
