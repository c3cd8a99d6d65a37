package sip

import "net/netip"

// uri is what matters of a URI.
type uri struct {
	user  span
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
	i := params.from
	for i < params.to {
		if d[i] != ';' {
			i++
			continue
		}
		at, end, quoted := i+1, i+1, false
		for end < params.to && (quoted || d[end] != ';' && d[end] != '?') {
			if d[end] == '"' {
				quoted = !quoted
			}
			end++
		}
		equals := at
		for equals < end && d[equals] != '=' {
			equals++
		}
		if trim(d, span{at, equals}).is(d, name) {
			return trim(d, span{min(equals+1, end), end}), true
		}
		if end < params.to && d[end] == '?' {
			break
		}
		i = end
	}
	return span{}, false
}

// parseURI reads a sip or sips URI. ok is false of any other.
func parseURI(d []byte, s span) (u uri, ok bool) {
	switch b := s.of(d); {
	case begins(b, "sip:"):
		s.from += 4
	case begins(b, "sips:"):
		s.from += 5
		u.tls = true
	default:
		return u, false
	}
	u.user = span{s.from, s.from}
	for i := s.from; i < s.to; i++ {
		if d[i] == '@' {
			u.user.to = i
			s.from = i + 1
			break
		}
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
			return u, false
		}
	}
	u.addr = address(u.name.of(d))
	return u, true
}

// tag is the hash of the tag of a From or To, 0 where it has none.
func (m *message) tag(s span) uint32 {
	e, _, ok := nextElement(m.data, s)
	if !ok {
		return 0
	}
	if v, found := param(m.data, e.params, "tag"); found && !v.empty() {
		return hash(0, v.of(m.data))
	}
	return 0
}

// userOf is the hash of the user part of a From or To.
func (m *message) userOf(s span) uint32 {
	e, _, _ := nextElement(m.data, s)
	u, _ := parseURI(m.data, e.uri)
	return hash(0, u.user.of(m.data))
}
