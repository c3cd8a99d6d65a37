package helpers

import (
	"bytes"
	"net/netip"

	"portcullis/packet"
)

// Announcer is whoever opens what a helper announces: the engine. It believes
// no payload: it compares the announced address with the sender's, refuses low
// ports and bounds what one session may expect.
type Announcer interface {
	// Announce asks for the flow e, announced by the sender of direction dir.
	// Where ok is false nothing was opened and the bytes pass as they are.
	// Otherwise spell is the endpoint that the peer must read; the bytes are
	// rewritten where it differs from e.Endpoint.
	Announce(dir packet.Dir, e Expect) (spell netip.AddrPort, ok bool)
	// Cancel voids the outstanding expectations of the session.
	Cancel()
	// MayRewrite says whether Announce could ever answer direction dir with
	// another endpoint. Only then are cut messages held back.
	MayRewrite(dir packet.Dir) bool
}

// rewrite asks ann for e and returns the bytes to put in place of the marked
// bytes of data, nil where they stay as they are. fixed is how many leading
// bytes of data can no longer be changed because they are gone. The text is
// appended to dst[:0].
func rewrite(h *Helper, dir packet.Dir, e Expect, data []byte, fixed int, ann Announcer, dst []byte) []byte {
	spell, ok := ann.Announce(dir, e)
	if !ok || e.Edit.Len == 0 || same(spell, e.Endpoint) {
		return nil
	}
	if h.Spell == nil || e.Edit.Off < fixed {
		ann.Cancel() // the peer will read an endpoint that does not exist
		return nil
	}
	orig := data[e.Edit.Off : e.Edit.Off+e.Edit.Len]
	text := h.Spell(dst[:0], orig, e.Edit, spell)
	if len(text) == 0 || len(text) > MaxSpell {
		ann.Cancel()
		return nil
	}
	if bytes.Equal(text, orig) {
		return nil
	}
	return text
}

// same compares endpoints; an IPv4 address equals its IPv6-mapped form.
func same(a, b netip.AddrPort) bool {
	return a.Port() == b.Port() && a.Addr().Unmap() == b.Addr().Unmap()
}

// wellFormed says whether the edits of f are inside data, in order and apart.
func (f *Findings) wellFormed(data []byte) bool {
	end := 0
	for i := range f.Expects() {
		e := &f.expects[i].Edit
		if e.Len == 0 {
			continue
		}
		if e.Len < 0 || e.Off < end || e.Off > len(data) || e.Len > len(data)-e.Off {
			return false
		}
		end = e.Off + e.Len
	}
	return true
}

// edits counts the findings that mark bytes.
func (f *Findings) edits() int {
	n := 0
	for i := range f.Expects() {
		if f.expects[i].Edit.Len > 0 {
			n++
		}
	}
	return n
}
