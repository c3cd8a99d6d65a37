package sip

import (
	"bytes"
	"net/netip"
)

// uri is what matters of a URI.
type uri struct {
	host  span // with its port
	name  span // without
	addr  netip.Addr
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
	uri     span
	tag     span // parameters of the header, the first of each
	expires span
}

// What characters mean to those who look for others.
const (
	markElement = 1 << iota // to nextElement
	markParam               // to oneParam, in a URI or a Content-Type
	markList                // to oneParam, in an element of a list
	markHost                // to hostEnd
)

var marks = [256]uint8{
	'"': markElement | markParam | markList, '<': markElement, ',': markElement | markList | markHost,
	';': markElement | markParam | markList | markHost, '=': markParam | markList, '?': markParam | markHost, ':': markHost, '[': markHost,
	' ': markHost, '\t': markHost, '\r': markHost, '\n': markHost,
}

// nextElement takes the first element off a list of name-addr and addr-spec (RFC
// 3261 section 20.10). ok is false at the end.
func nextElement(d []byte, list span) (e element, rest span, ok bool) {
	list = trim(d, list)
	if list.empty() {
		return element{}, list, false
	}
	open, semicolon := -1, -1
	i, to := list.from, list.to
scan:
	for ; ; i++ {
		if i += unmarked(d, i, to, markElement); i >= to {
			break
		}
		switch d[i] {
		case '"':
			i = quoteEnd(d, i, to)
		case '<':
			if open >= 0 {
				continue
			}
			open = i + 1
			n := bytes.IndexByte(d[open:to], '>')
			if n < 0 {
				return e, span{to, to}, true
			}
			i = open + n
			e.uri = trim(d, span{open, i})
		case ';':
			if open >= 0 {
				i = e.param(d, i, to) - 1
			} else if semicolon < 0 {
				semicolon = i
			}
		default: // a comma
			break scan
		}
	}
	end := min(i, to)
	if open < 0 {
		if semicolon < 0 {
			semicolon = end
		}
		e.uri = trim(d, span{list.from, semicolon})
		for at := semicolon; at < end; {
			at = e.param(d, at, end)
		}
	}
	return e, span{min(end+1, to), to}, true
}

// param reads the parameter behind the semicolon at, and says where it ends: with a
// semicolon, a comma, or to.
func (e *element) param(d []byte, at, to int) int {
	name, value, end := oneParam(d, span{at + 1, to}, markList)
	switch {
	case e.tag.to == 0 && name.is(d, "tag"):
		e.tag = value
	case e.expires.to == 0 && name.is(d, "expires"):
		e.expires = value
	}
	return end
}

// quoteEnd is where the quotes are closed that open at, to where they are not.
func quoteEnd(d []byte, at, to int) int {
	for i := at + 1; i < to; i++ {
		switch d[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return to
}

// param is the value of a parameter, whose name is in lower case. found says whether
// it is there, perhaps without a value.
func param(d []byte, params span, name string) (value span, found bool) {
	for !params.empty() {
		var n span
		n, value, params = nextParam(d, params)
		if n.is(d, name) {
			return value, true
		}
	}
	return span{}, false
}

// nextParam takes the first parameter off params. Behind a question mark there are
// none.
func nextParam(d []byte, params span) (name, value, rest span) {
	at := params.from
	for at < params.to && d[at] != ';' {
		at++
	}
	name, value, at = oneParam(d, span{min(at+1, params.to), params.to}, markParam)
	if at < params.to && d[at] == '?' {
		at = params.to
	}
	return name, value, span{at, params.to}
}

// oneParam reads the parameter that begins s and ends where one of marks is.
func oneParam(d []byte, s span, ends uint8) (name, value span, end int) {
	equals := -1
scan:
	for end = s.from; ; end++ {
		end += unmarked(d, end, s.to, ends)
		if end >= s.to {
			end = s.to
			break
		}
		switch d[end] {
		case '"':
			end = quoteEnd(d, end, s.to)
		case '=':
			if equals < 0 {
				equals = end
			}
		default:
			break scan
		}
	}
	if equals < 0 {
		return trim(d, span{s.from, end}), span{end, end}, end
	}
	return trim(d, span{s.from, equals}), trim(d, span{equals + 1, end}), end
}

// hostEnd is where the host at ends, to at most: behind the brackets of IPv6, before
// what can follow a host.
func hostEnd(d []byte, at, to int) int {
	for ; ; at++ {
		if at += unmarked(d, at, to, markHost); at >= to {
			return to
		}
		if d[at] != '[' {
			return at
		}
		if n := bytes.IndexByte(d[at:to], ']'); n > 0 {
			at += n
		} else {
			return to
		}
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
func (u *uri) parse(d []byte, s span) (ok bool) {
	n := scheme(s.of(d))
	if n == 0 {
		return false
	}
	s.from += n
	u.tls = n == len("sips:")
	if at := bytes.IndexByte(s.of(d), '@'); at >= 0 {
		s.from += at + 1
	}
	i := hostEnd(d, s.from, s.to)
	u.name = span{s.from, i}
	u.host = u.name
	if i < s.to && d[i] == ':' {
		for i++; i < s.to && d[i] >= '0' && d[i] <= '9'; i++ {
		}
		u.host.to = i
	}
	if i < s.to {
		u.params(d, span{i, s.to})
	}
	u.port = portSIP
	if u.tls {
		u.port = portTLS
	}
	if u.host.to > u.name.to {
		if u.port, ok = port(d[u.name.to+1 : u.host.to]); !ok || u.port == 0 {
			return false
		}
	}
	u.addr = address(u.name.of(d))
	return true
}

// params reads the parameters of a URI: the first of each that matters.
func (u *uri) params(d []byte, params span) {
	transport, maddr := false, false
	for !params.empty() {
		var name, value span
		switch name, value, params = nextParam(d, params); {
		case !transport && name.is(d, "transport"):
			transport = true
			u.tcp, u.udp = value.is(d, "tcp"), value.is(d, "udp")
			u.tls = u.tls || value.is(d, "tls")
			u.ws = !u.tcp && !u.udp && !u.tls
		case !maddr && name.is(d, "maddr"):
			u.maddr, maddr = value, true
		}
	}
}

// scheme is how long the scheme is that a sip or sips URI begins with, with its colon,
// 0 for any other.
func scheme(b []byte) int {
	switch {
	case begins(b, "sip:"):
		return len("sip:")
	case begins(b, "sips:"):
		return len("sips:")
	}
	return 0
}

// userPart is the user part of a sip or sips URI, empty where it has none or is
// another.
func userPart(d []byte, s span) span {
	n := scheme(s.of(d))
	if n == 0 {
		return span{}
	}
	s.from += n
	s.to = s.from + max(0, bytes.IndexByte(s.of(d), '@'))
	return s
}
