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
	uri    span
	params span // of the header, from their first semicolon on
}

// marks are the characters that matter to nextElement.
var marks = [256]bool{'"': true, '\\': true, '<': true, '>': true, ';': true, ',': true}

// nextElement takes the first element off a list of name-addr and addr-spec (RFC
// 3261 section 20.10). ok is false at the end.
func nextElement(d []byte, list span) (e element, rest span, ok bool) {
	list = trim(d, list)
	if list.empty() {
		return element{}, list, false
	}
	quoted, open, closed, semicolon := false, -1, -1, -1
	i := list.from
scan:
	for ; i < list.to; i++ {
		if !marks[d[i]] {
			continue
		}
		switch c := d[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && (open < 0 || closed >= 0):
			quoted = !quoted
		case quoted:
		case c == '<' && open < 0:
			open, semicolon = i, -1
		case c == '>' && open >= 0 && closed < 0:
			closed = i
		case open >= 0 && closed < 0: // within the brackets
		case c == ';' && semicolon < 0:
			semicolon = i
		case c == ',':
			break scan
		}
	}
	end := min(i, list.to)
	if semicolon < 0 || semicolon > end {
		semicolon = end
	}
	switch {
	case open >= 0 && closed >= 0:
		e.uri = trim(d, span{open + 1, closed})
	case open < 0:
		e.uri = trim(d, span{list.from, semicolon})
	}
	e.params = span{semicolon, end}
	return e, span{min(end+1, list.to), list.to}, true
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
	at = min(at+1, params.to)
	end, equals, quoted := at, -1, false
	for ; end < params.to; end++ {
		c := d[end]
		if c == '"' {
			quoted = !quoted
		}
		if c == '=' && equals < 0 {
			equals = end
		}
		if !quoted && (c == ';' || c == '?') {
			break
		}
	}
	rest = span{end, params.to}
	if end < params.to && d[end] == '?' {
		rest.from = params.to
	}
	if equals < 0 {
		return trim(d, span{at, end}), span{end, end}, rest
	}
	return trim(d, span{at, equals}), trim(d, span{equals + 1, end}), rest
}

// parse reads a sip or sips URI into u, which is empty. It reports false for any other.
func (u *uri) parse(d []byte, s span) (ok bool) {
	switch b := s.of(d); {
	case begins(b, "sip:"):
		s.from += 4
	case begins(b, "sips:"):
		s.from += 5
		u.tls = true
	default:
		return false
	}
	if at := bytes.IndexByte(s.of(d), '@'); at >= 0 {
		s.from += at + 1
	}
	i := s.from
	for bracket := false; i < s.to; i++ {
		c := d[i]
		if c == '[' || c == ']' {
			bracket = c == '['
		}
		if c == ';' || c == '?' || c == ':' && !bracket || blank(c) {
			break
		}
	}
	u.name = span{s.from, i}
	u.host = u.name
	params := span{i, s.to}
	if i < s.to && d[i] == ':' {
		for i++; i < s.to && d[i] >= '0' && d[i] <= '9'; i++ {
		}
		u.host.to, params.from = i, i
	}
	if v, found := param(d, params, "transport"); found {
		u.tcp, u.udp = v.is(d, "tcp"), v.is(d, "udp")
		u.tls = u.tls || v.is(d, "tls")
		u.ws = !u.tcp && !u.udp && !u.tls
	}
	u.maddr, _ = param(d, params, "maddr")
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

// userPart is the user part of a sip or sips URI, empty where it has none or is
// another.
func userPart(d []byte, s span) span {
	n := 0
	switch b := s.of(d); {
	case begins(b, "sip:"):
		n = len("sip:")
	case begins(b, "sips:"):
		n = len("sips:")
	default:
		return span{}
	}
	s.from += n
	s.to = s.from + max(0, bytes.IndexByte(s.of(d), '@'))
	return s
}

// tag is the hash of the tag of a From or To, 0 where it has none.
func (m *message) tag(e *element) uint32 {
	if v, found := param(m.data, e.params, "tag"); found && !v.empty() {
		return hash(0, v.of(m.data))
	}
	return 0
}

// userOf is the hash of the user part of a From or To.
func (m *message) userOf(e *element) uint32 {
	return hash(0, userPart(m.data, e.uri).of(m.data))
}
