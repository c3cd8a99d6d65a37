package sip

import (
	"bytes"
	"net/netip"

	"portcullis/helpers"
)

// hosts are both ends of the control session as messages spell them, the sender first:
// nearly all hosts that stand in a message are these.
type hosts [2]spelt

// spelt is the text of an IPv4 address, which has at most 15 characters.
type spelt struct {
	text [2]word
	of   [2]word // which bits of them there are
	n    int     // 0: of IPv6, which has many texts
	addr netip.Addr
}

func (s *spelt) set(a netip.Addr) {
	if s.addr = a; !a.Is4() {
		return
	}
	var b [24]byte // with room to write
	s.n = len(helpers.AppendAddr(b[:0], a))
	s.of[0], s.of[1] = (^word(0)).upTo(min(s.n, 8)), (^word(0)).upTo(max(s.n-8, 0))
	s.text[0], s.text[1] = wordAt(b[:], 0)&s.of[0], wordAt(b[:], 8)&s.of[1]
}

// read reads the host at, which ends at to at most: its address, not valid where it is a
// name, and where it ends.
func (h *hosts) read(d []byte, at, to int) (end int, a netip.Addr) {
	first, second := wordAt(d, at), wordAt(d, at+8)
	for i := range h {
		s := &h[i]
		if first&s.of[0] != s.text[0] || second&s.of[1] != s.text[1] || s.n == 0 {
			continue
		}
		if end = at + s.n; end == to || end < to && marks[d[end]]&markHost != 0 && d[end] != '[' {
			return end, s.addr
		}
	}
	end = hostEnd(d, at, to)
	return end, address(d[at:end])
}

// is reads a host that is all of s.
func (h *hosts) of(d []byte, s span) netip.Addr {
	if end, a := h.read(d, s.from, s.to); end == s.to {
		return a
	}
	return address(s.of(d))
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
