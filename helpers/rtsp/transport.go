package rtsp

import (
	"bytes"
	"net/netip"

	"portcullis/helpers"
)

// transport goes through the alternatives of a Transport field and the parameters of
// one (RFC 2326 section 12.39, RFC 7826 section 18.54).
type transport struct {
	text []byte // all of it
	off  int    // of text, in the data
	at   int    // of what comes next, in text
	end  int    // of the alternative

	udp, multicast, record bool
	sent                   bool       // there is a parameter "destination"
	destination            netip.Addr // its value; not valid where that is no address
}

// next goes on to the next alternative, and to its first parameter.
func (t *transport) next() bool {
	if t.at = t.end; t.at >= len(t.text) {
		return false
	}
	if t.text[t.at] == ',' {
		t.at++
	}
	t.end = t.at + until(t.text[t.at:], ',')
	t.udp, t.multicast, t.record, t.sent, t.destination = false, false, false, false, netip.Addr{}
	start := t.at
	first := true
	for p, ok := t.param(); ok; p, ok = t.param() {
		switch {
		case first:
			t.udp = overUDP(p.name)
		case same(p.name, "multicast"):
			t.multicast = true
		case same(p.name, "destination"):
			t.sent = len(p.value) > 0
			t.destination, _ = address(p.value)
		case same(p.name, "mode"):
			t.record = names(p.value, "record") || names(p.value, "receive")
		}
		first = false
	}
	t.at = start
	return true
}

// param is a parameter: "name" or "name=value".
type param struct {
	name, value []byte // without white space around and without quotation marks where they are the ends
	off         int    // of the value, in the data
}

// param reads a parameter of the alternative. Its first is the protocol.
func (t *transport) param() (p param, ok bool) {
	if t.at >= t.end {
		return p, false
	}
	n := until(t.text[t.at:t.end], ';')
	text, from := t.text[t.at:t.at+n], t.at
	t.at += n + 1
	p.name, p.value, _ = bytes.Cut(text, []byte("="))
	p.off = t.off + from + len(p.name) + 1
	p.name = bytes.Trim(p.name, " \t")
	for len(p.value) > 0 && (p.value[0] == ' ' || p.value[0] == '\t') {
		p.value = p.value[1:]
		p.off++
	}
	p.value = trimmed(p.value)
	return p, true
}

// until is where sep stands first, outside quotation marks; the length of b where it
// does not.
func until(b []byte, sep byte) int {
	quoted := false
	for i, c := range b {
		switch {
		case c == '"':
			quoted = !quoted
		case c == sep && !quoted:
			return i
		}
	}
	return len(b)
}

// overUDP says whether media of that protocol are sent in datagrams: RTP unless it
// says otherwise, all others only where they say so ("x-real-rdt/udp").
func overUDP(protocol []byte) bool {
	i := bytes.LastIndexByte(protocol, '/')
	if i < 0 {
		return false
	}
	if last := protocol[i+1:]; same(last, "UDP") {
		return true
	} else if same(last, "TCP") {
		return false
	}
	return len(protocol) > 4 && same(protocol[:4], "RTP/") && bytes.Count(protocol, []byte("/")) == 1
}

// names says whether word stands anywhere in b.
func names(b []byte, word string) bool {
	for i := range len(b) - len(word) + 1 {
		if same(b[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// address reads a literal address, an IPv6 one with brackets or without.
func address(b []byte) (netip.Addr, bool) {
	if n := len(b); n > 2 && b[0] == '[' && b[n-1] == ']' {
		a, ok := helpers.ParseAddr(b[1 : n-1])
		return a, ok && a.Is6()
	}
	return helpers.ParseAddr(b)
}

// portRange is a parameter of ports: "a", "a-b" or "a/b".
type portRange struct {
	a, b   uint16 // equal where there is one
	second int    // where b stands; 0 where there is none
}

func ports(text []byte) (r portRange, ok bool) {
	n := 0
	for n < len(text) && text[n] != '-' && text[n] != '/' {
		n++
	}
	if r.a, ok = port(text[:n]); !ok || n == len(text) {
		r.b = r.a
		return r, ok
	}
	r.second = n + 1
	r.b, ok = port(text[r.second:])
	return r, ok
}

// port reads a port that is not 0.
func port(b []byte) (uint16, bool) {
	n, ok := number(b, 0xffff)
	return uint16(n), ok && n > 0 && len(b) <= 5
}

// quoted is an endpoint in quotation marks, the address of which may be missing
// (RFC 7826 section 18.54.5): ":4000".
type quoted struct {
	off, host, len int // of the text in the field, of the address, of all
	addr           netip.Addr
	port           uint16
}

// quotes reads a list of such: at most two.
func quotes(text []byte) (list [2]quoted, n int, ok bool) {
	for at := 0; ; at++ {
		if at >= len(text) || text[at] != '"' || n == len(list) {
			return list, 0, false
		}
		size := bytes.IndexByte(text[at+1:], '"')
		if size < 0 {
			return list, 0, false
		}
		q := &list[n]
		q.off, q.len = at+1, size
		inside := text[q.off:][:size]
		colon := bytes.LastIndexByte(inside, ':')
		if colon < 0 {
			return list, 0, false
		}
		q.host = colon
		if q.port, ok = port(inside[colon+1:]); !ok {
			return list, 0, false
		}
		if colon > 0 {
			if q.addr, ok = address(inside[:colon]); !ok || q.addr.Is6() != (inside[0] == '[') {
				return list, 0, false
			}
		}
		n++
		if at = q.off + size + 1; at == len(text) {
			return list, n, true
		}
		if text[at] != '/' {
			return list, 0, false
		}
	}
}
