package sip

import (
	"encoding/binary"
	"net/netip"

	"portcullis/helpers"
)

// span is a part of a message, from from up to to.
type span struct{ from, to int }

func (s span) empty() bool                { return s.from >= s.to }
func (s span) of(data []byte) []byte      { return data[s.from:s.to] }
func (s span) is(d []byte, w string) bool { return fold(s.of(d), w) }

// blank says whether c is white space within a header, which may be folded.
func blank(c byte) bool { return c <= ' ' && 1<<c&(1<<' '|1<<'\t'|1<<'\r'|1<<'\n') != 0 }

// trim takes white space from both ends of s.
func trim(d []byte, s span) span {
	for s.from < s.to && blank(d[s.from]) {
		s.from++
	}
	for s.from < s.to && blank(d[s.to-1]) {
		s.to--
	}
	return s
}

// skip takes white space from the beginning of s.
func skip(d []byte, s span) span { return span{skipBlanks(d, s.from, s.to), s.to} }

// skipBlanks is where white space ends that begins at, if any does, to at most.
func skipBlanks(d []byte, at, to int) int {
	for at < to && blank(d[at]) {
		at++
	}
	return at
}

// lower is a letter in lower case, and any other byte as it is.
func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// fold compares b with w, a word in lower case, in any case. What is no letter in w has
// no bit 0x40: that which sets letters of either case apart counts there.
func fold(b []byte, w string) bool {
	if len(b) != len(w) {
		return false
	}
	differ := byte(0)
	for i, c := range b {
		differ |= (c ^ w[i]) &^ (w[i] & 0x40 >> 1)
	}
	return differ == 0
}

// tokens are the characters of tokens (RFC 3261 section 25.1).
var tokens = func() (t [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~") {
		t[c] = true
	}
	return t
}()

// isToken says whether c may be in a token.
func isToken(c byte) bool { return tokens[c] }

// tokenLen is how many characters of a token b begins with.
func tokenLen(b []byte) int {
	for i, c := range b {
		if !tokens[c] {
			return i
		}
	}
	return len(b)
}

// number reads b, which is digits and nothing else, at most most.
func number(b []byte, most uint64) (uint64, bool) {
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	n := uint64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, n <= most
}

// port reads a port. 0 is one.
func port(b []byte) (uint16, bool) {
	n, ok := number(b, 65535)
	return uint16(n), ok
}

// portAt reads the port of the digits at, and says where they end. It is 0 where it is
// none.
func portAt(d []byte, at, to int) (n uint16, end int) {
	x := uint32(0)
	for ; at < to; at++ {
		c := d[at] - '0'
		if c > 9 {
			break
		}
		if x = x*10 + uint32(c); x > 65535 {
			x = 1 << 16 // and stays so, whatever follows
		}
	}
	return uint16(x), at
}

// address reads an address, IPv6 with or without brackets. It is not valid where b
// is a name.
func address(b []byte) netip.Addr {
	if len(b) > 2 && b[0] == '[' && b[len(b)-1] == ']' {
		b = b[1 : len(b)-1]
	}
	a, _ := helpers.ParseAddr(b)
	return a
}

const odd = 0x9e3779b97f4a7c15 // 2^64 by the golden ratio

// hash mixes b into h, which may be the hash of what is before it. It is never 0.
func hash(h uint32, b []byte) uint32 {
	x := (uint64(h) + uint64(len(b)) + 1) * odd
	for ; len(b) >= 8; b = b[8:] {
		x = (x ^ binary.LittleEndian.Uint64(b)) * odd
		x ^= x >> 32
	}
	x = (x ^ uint64(lastWord(b, 0))) * odd
	return max(uint32(x>>32), 1)
}
