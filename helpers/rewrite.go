package helpers

import (
	"bytes"
	"net/netip"

	"portcullis/packet"
)

// replacement says that n bytes at off become text.
type replacement struct {
	off, n  int
	lo, hi  int // of the text, in Output.spell
	pending *finding
}

// rewriting is what the findings of one call make of the bytes that they were
// found in.
type rewriting struct {
	list  [MaxFindings]replacement
	n     int
	open  bool   // some of them are lengths that are not spelt yet
	spell []byte // all texts, one behind the other

	base    int  // where the bytes are in the stream, or in the datagram
	unspelt bool // what was announced was voided because it could not be spelt
}

// carryOut asks ann for everything that was found in data, in order, and notes
// what is to be respelt. fixed is how many leading bytes of data can no longer be
// changed because they are gone.
func (r *rewriting) carryOut(h *Helper, e *ends, f *Findings, data []byte, fixed int, ann Announcer) {
	r.n, r.open, r.spell = 0, false, r.spell[:0]
	if f.Cancel {
		ann.Cancel()
	}
	if f.CancelTag != 0 {
		ann.CancelTag(f.CancelTag)
	}
	if f.EndTag != 0 {
		ann.EndTag(f.EndTag)
	}
	if f.RenewTag != 0 {
		ann.Renew(f.RenewTag, f.RenewFor)
	}
	for i := range f.list[:f.n] {
		x := &f.list[i]
		switch x.kind {
		case foundExpect:
			r.announce(h, e.dir, x, data, fixed, ann)
		case foundMention:
			if to, ok := e.known(x.expect.Endpoint, ann); ok && !same(to, x.expect.Endpoint) {
				r.put(h, x.expect.Edit, data, fixed, to)
			}
		case foundAnswer:
			ann.Answer(data[x.from:x.to])
		case foundVoid:
			ann.CancelTag(x.expect.Tag)
		case foundLength:
			r.add(replacement{off: x.expect.Edit.Off, n: x.expect.Edit.Len, pending: x})
			r.open = true
		}
	}
	if r.open && !r.measure(h, data, fixed) {
		r.n = 0
		r.unspelt = true
		ann.Cancel() // half of it would say something else
	}
	if r.n == 0 {
		return
	}
	if w := ann.Witness(); w != nil {
		r.report(w, data)
	}
}

// report tells what is rewritten.
func (r *rewriting) report(w Witness, data []byte) {
	for i := range r.list[:r.n] {
		x := &r.list[i]
		w.Rewrote(r.base+x.off, data[x.off:x.off+x.n], r.spell[x.lo:x.hi])
	}
}

// announce asks for a flow, and has the endpoint respelt that the peer must read.
func (r *rewriting) announce(h *Helper, dir packet.Dir, x *finding, data []byte, fixed int, ann Announcer) {
	e := &x.expect
	to, ok := ann.Announce(dir, *e)
	if !ok || e.Edit.Len == 0 || same(to, e.Endpoint) {
		return
	}
	if !r.put(h, e.Edit, data, fixed, to) {
		r.unspelt = true
		ann.Cancel() // the peer will read an endpoint that does not exist
	}
}

// put has the bytes that e marks spell to. It reports false where that can not be.
func (r *rewriting) put(h *Helper, e Edit, data []byte, fixed int, to netip.AddrPort) bool {
	if h.Spell == nil || e.Off < fixed || e.Len == 0 {
		return false
	}
	orig := data[e.Off : e.Off+e.Len]
	lo, ok := r.take(h.Spell(r.spell, orig, e, to))
	if !ok {
		return false
	}
	if bytes.Equal(r.spell[lo:], orig) {
		r.spell = r.spell[:lo]
		return true
	}
	r.add(replacement{off: e.Off, n: e.Len, lo: lo, hi: len(r.spell)})
	return true
}

// take takes all texts with one more behind them, and says where that begins. It
// reports false, and leaves it, where it is none.
func (r *rewriting) take(texts []byte) (lo int, ok bool) {
	lo = len(r.spell)
	if n := len(texts) - lo; n <= 0 || n > MaxSpell {
		return lo, false
	}
	r.spell = texts
	return lo, true
}

func (r *rewriting) add(x replacement) {
	r.list[r.n] = x
	r.n++
}

// measure spells the lengths. Where nothing grew they stay. It reports false where
// one can not be spelt.
func (r *rewriting) measure(h *Helper, data []byte, fixed int) bool {
	n := 0
	for i := range r.list[:r.n] {
		x := r.list[i]
		if x.pending != nil {
			grown := r.growth(x.pending.from, x.pending.to)
			if grown == 0 {
				continue
			}
			e := x.pending.expect.Edit
			if h.SpellLength == nil || e.Off < fixed || e.Len == 0 {
				return false
			}
			lo, ok := r.take(h.SpellLength(r.spell, data[e.Off:e.Off+e.Len], e, x.pending.to-x.pending.from+grown))
			if !ok {
				return false
			}
			x.lo, x.hi, x.pending = lo, len(r.spell), nil
		}
		r.list[n] = x
		n++
	}
	r.n = n
	return true
}

// growth is how many bytes more the range has that is from up to to.
func (r *rewriting) growth(from, to int) (n int) {
	for i := range r.list[:r.n] {
		if x := &r.list[i]; x.pending == nil && x.off >= from && x.off < to {
			n += x.hi - x.lo - x.n
		}
	}
	return n
}

// span is the range of bytes that change; empty where none do.
func (r *rewriting) span() (from, to int) {
	if r.n == 0 {
		return 0, 0
	}
	last := &r.list[r.n-1]
	return r.list[0].off, last.off + last.n
}

// render appends what the bytes of data from from up to to become. The range does
// not cut a replacement.
func (r *rewriting) render(dst, data []byte, from, to int) []byte {
	for i := range r.list[:r.n] {
		x := &r.list[i]
		if x.off < from || x.off >= to {
			continue
		}
		dst = append(append(dst, data[from:x.off]...), r.spell[x.lo:x.hi]...)
		from = x.off + x.n
	}
	return append(dst, data[from:to]...)
}

// same compares endpoints; an IPv4 address equals its IPv6-mapped form.
func same(a, b netip.AddrPort) bool {
	return a.Port() == b.Port() && a.Addr().Unmap() == b.Addr().Unmap()
}

// wellFormed says whether what f marks is inside data, in order and apart.
func (f *Findings) wellFormed(data []byte) bool {
	end := 0
	for i := range f.list[:f.n] {
		x := &f.list[i]
		if (x.kind == foundLength || x.kind == foundAnswer) && (x.from < 0 || x.to < x.from || x.to > len(data)) {
			return false
		}
		e := &x.expect.Edit
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

// edits says whether any bytes are marked.
func (f *Findings) edits() bool {
	for i := range f.list[:f.n] {
		if f.list[i].expect.Edit.Len > 0 {
			return true
		}
	}
	return false
}
