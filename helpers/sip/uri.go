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
