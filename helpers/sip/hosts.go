package sip

import (
	"bytes"
	"net/netip"

	"portcullis/helpers"
)

// whose says whose address one is.
type whose uint8

const (
	nobodys whose = iota // neither end's
	senders              // of the message
	peers                // as the sender knows it
)

// hosts are both ends of the control session as messages spell them, the sender first:
// nearly all hosts that stand in a message are these.
type hosts [2]spelt

// spelt is the text of an IPv4 address, which has at most 15 characters.
type spelt struct {
	first, second word
	of            *[2]word // which bits of them there are
	n             int      // 0: of IPv6, which has many texts
	addr          netip.Addr
}

func (s *spelt) set(a netip.Addr) {
	if s.addr = a; a.Is4() {
		first, second, n := helpers.Text4(a)
		s.first, s.second, s.n, s.of = word(first), word(second), n, &lengths[n]
	}
}

// whose says whose the address a is.
func (h *hosts) whose(a netip.Addr) whose {
	switch {
	case !a.IsValid():
		return nobodys
	case a == h[0].addr:
		return senders
	case a == h[1].addr:
		return peers
	}
	return nobodys
}

// read reads the host at, which ends before one of marks, at to at most: where it ends,
// whose it is, and its address, not valid where it is a name.
func (h *hosts) read(d []byte, at, to int, which uint8) (end int, of whose, a netip.Addr) {
	first, second := wordAt(d, at), wordAt(d, at+8)
	for i := range h {
		s := &h[i]
		if s.n == 0 || first&s.of[0] != s.first || second&s.of[1] != s.second {
			continue
		}
		if end = at + s.n; end == to || end < to && marks[d[end]]&which != 0 && d[end] != '[' {
			return end, senders + whose(i), s.addr
		}
	}
	end = hostEnd(d, at, to, which)
	a = address(d[at:end])
	return end, h.whose(a), a
}

// all reads a host that is all of s.
func (h *hosts) all(d []byte, s span) (whose, netip.Addr) {
	end, of, a := h.read(d, s.from, s.to, markHost)
	if end != s.to {
		a = address(s.of(d))
		of = h.whose(a)
	}
	return of, a
}

// hostEnd is where the host at ends, to at most: behind the brackets of IPv6, before
// what can follow a host, which is one of marks.
func hostEnd(d []byte, at, to int, which uint8) int {
	for ; ; at++ {
		if at += unmarked(d, at, to, which); at >= to {
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
