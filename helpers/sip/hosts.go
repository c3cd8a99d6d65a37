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

// spelt is an address and its text. Of IPv6, which has many texts, there is none.
type spelt struct {
	addr netip.Addr
	text *helpers.Text
	of   *[2]word // which bits of the text there are
}

func (s *spelt) set(a netip.Addr, text *helpers.Text) {
	s.addr, s.text, s.of = a, text, &lengths[text.Len]
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
		t := s.text
		if t.Len == 0 || first&s.of[0] != word(t.First) || second&s.of[1] != word(t.Second) {
			continue
		}
		if end = at + t.Len; end == to || end < to && marks[d[end]]&which != 0 && d[end] != '[' {
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
