package tns

import (
	"bytes"
	"net/netip"
	"strconv"

	"portcullis/helpers"
	"portcullis/packet"
)

const (
	maxAddresses = 4
	maxDepth     = 16
	maxSpan      = 200 // from the first byte of HOST or PORT to the last
)

// Ways in which an endpoint is spelt; Edit.Kind. The edit is from the one value to
// the other, with what is between.
const (
	hostFirst = 1 // 10.1.0.2)(PORT=1522
	portFirst = 2 // 1522)(HOST=10.1.0.2
)

// group is an ADDRESS while it is read: where its values are.
type group struct {
	depth      int // 0: none is being read
	host, port [2]int
	tcp, tls   bool
	twice      bool // it says something twice
}

// addresses reads the text of a redirection: what it says of ADDRESS, up to a zero
// byte. "(ADDRESS=(PROTOCOL=tcp)(HOST=10.1.0.2)(PORT=1522))", in any order, case and
// nesting, with spaces anywhere between words. Where its brackets do not match it
// says nothing.
func addresses(text []byte, own netip.Addr) (all [maxAddresses]helpers.Expect, n int) {
	if i := bytes.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	depth := 0
	var g group
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case space(c):
			i++
		case c == ')':
			if depth == 0 {
				return all, 0
			}
			if g.depth == depth {
				if e, ok := g.expect(text, own); ok && n < maxAddresses {
					all[n] = e
					n++
				}
				g = group{}
			}
			depth--
			i++
		case c == '(':
			if depth++; depth > maxDepth {
				return all, 0
			}
			key, at, ok := key(text, i+1)
			if !ok {
				return all, 0
			}
			if is(key, "ADDRESS") {
				g = group{depth: depth}
			}
			value := at
			at = valueEnd(text, at)
			if at < len(text) && text[at] == ')' && g.depth != 0 && depth == g.depth+1 {
				g.note(key, text, value, at)
			}
			i = at
		default:
			return all, 0
		}
	}
	if depth != 0 {
		return all, 0
	}
	return all, n
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func is(word []byte, what string) bool {
	return len(word) == len(what) && bytes.EqualFold(word, []byte(what))
}

// valueEnd is where the value at text[i:] ends: before a bracket that is not between
// quotation marks.
func valueEnd(text []byte, i int) int {
	quoted := false
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '(' || c == ')'):
			return i
		}
	}
	return i
}

// key reads "NAME =" at text[i:], and says where what follows begins.
func key(text []byte, i int) ([]byte, int, bool) {
	for i < len(text) && space(text[i]) {
		i++
	}
	from := i
	for i < len(text) && keyByte(text[i]) {
		i++
	}
	word := text[from:i]
	for i < len(text) && space(text[i]) {
		i++
	}
	if len(word) == 0 || i == len(text) || text[i] != '=' {
		return nil, 0, false
	}
	for i++; i < len(text) && space(text[i]); i++ {
	}
	return word, i, true
}

func keyByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// note takes the value of a word, which is text[from:to] and may have spaces behind
// it.
func (g *group) note(word, text []byte, from, to int) {
	for to > from && space(text[to-1]) {
		to--
	}
	put := func(where *[2]int) {
		g.twice = g.twice || where[1] != 0
		*where = [2]int{from, to}
	}
	switch {
	case is(word, "HOST"):
		put(&g.host)
	case is(word, "PORT"):
		put(&g.port)
	case is(word, "PROTOCOL"):
		g.tls = is(text[from:to], "tcps")
		g.tcp = g.tls || is(text[from:to], "tcp")
	}
}

// expect is what g announces. A name stands for the server itself: nothing is
// resolved here.
func (g *group) expect(text []byte, own netip.Addr) (helpers.Expect, bool) {
	host, digits := text[g.host[0]:g.host[1]], text[g.port[0]:g.port[1]]
	port, ok := number(digits)
	if !ok || !g.tcp || g.twice || len(host) == 0 {
		return helpers.Expect{}, false
	}
	addr, ok := address(host, own)
	from, to, kind := g.host[0], g.port[1], uint8(hostFirst)
	if g.port[0] < g.host[0] {
		from, to, kind = g.port[0], g.host[1], portFirst
	}
	return helpers.Expect{
		Proto: packet.ProtoTCP, Endpoint: netip.AddrPortFrom(addr, port),
		Helped: !g.tls, // a listener may redirect who was redirected to it
		Edit:   helpers.Edit{Off: from, Len: to - from, Kind: kind},
	}, ok && to-from <= maxSpan
}

// address is what host stands for, of the family of own.
func address(host []byte, own netip.Addr) (netip.Addr, bool) {
	if bytes.IndexByte(host, ':') < 0 && !numeric(host) {
		return own, name(host)
	}
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	a, ok := helpers.ParseAddr(host)
	return a, ok && !a.Is4In6() && a.Is4() == own.Is4()
}

// numeric says whether host has no characters but those of an IPv4 address.
func numeric(host []byte) bool {
	for _, c := range host {
		if c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// name says whether host is a host name.
func name(host []byte) bool {
	for _, c := range host {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// number reads a port: digits alone.
func number(b []byte) (uint16, bool) {
	if len(b) == 0 || len(b) > 5 || b[0] == '0' {
		return 0, false
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return uint16(n), n <= 0xffff
}

// spell writes host and port into the bytes between their values.
func spell(dst, orig []byte, e helpers.Edit, to netip.AddrPort) []byte {
	// What is between begins behind the first value and ends where the second
	// begins: behind "=" and spaces.
	from := bytes.IndexByte(orig, ')')
	till := bytes.LastIndexByte(orig, '=') + 1
	if from < 0 || till < from {
		return dst
	}
	for from > 0 && space(orig[from-1]) {
		from--
	}
	for till < len(orig) && space(orig[till]) {
		till++
	}
	host := to.Addr()
	if e.Kind == hostFirst {
		dst = append(helpers.AppendAddr(dst, host), orig[from:till]...)
		return strconv.AppendUint(dst, uint64(to.Port()), 10)
	}
	dst = strconv.AppendUint(dst, uint64(to.Port()), 10)
	return helpers.AppendAddr(append(dst, orig[from:till]...), host)
}

// spellLength writes a length of two bytes.
func spellLength(dst, _ []byte, _ helpers.Edit, n int) []byte {
	if n > 0xffff {
		return dst
	}
	return append(dst, byte(n>>8), byte(n))
}
