package helpers

import (
	"bytes"
	"net/netip"
	"slices"

	"portcullis/packet"
)

// replacement says that n bytes at off became a part of rewriting.text.
type replacement struct {
	off, n int
	lo, hi int // of the part
}

// rewriting is what the findings of one call make of data, the bytes that they were
// found in. They are written anew as they are carried out, from the first one that
// changes anything to the last.
type rewriting struct {
	text   []byte // behind what it began with: what data is from from up to at
	head   int    // where in text that begins
	from   int
	at     int // less than 0: not begun
	list   [MaxFindings]replacement
	n      int
	length []byte // spells a length

	base    int  // where data is in the stream, or in the datagram
	unspelt bool // what was announced was voided because it could not be spelt
}

// start prepares r to write behind text what data is from from on; where that is less
// than 0, from where it changes on. base is where data is in its stream.
func (r *rewriting) start(text []byte, from, base int) {
	r.text, r.head, r.from, r.at, r.base, r.n = text, len(text), from, from, base, 0
}

// carryOut asks ann for everything that was found in data, the first bytes of seg, in
// order, and writes what is to be respelt. fixed is how many leading bytes of data can no
// longer be changed because they are gone. Nothing has changed where r.n is 0.
func (r *rewriting) carryOut(h *Helper, seg *Segment, f *Findings, data []byte, fixed int, ann Announcer) {
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
	lengths := false
	for i := range f.list[:f.n] {
		x := &f.list[i]
		switch x.kind {
		case foundExpect:
			r.announce(h, seg.Dir, x, data, fixed, ann)
		case foundMention:
			if to, ok := seg.known(seg.Dir, x.expect.Endpoint, ann); ok {
				r.put(h, &x.expect.Edit, data, fixed, to)
			}
		case foundAnswer:
			ann.Answer(data[x.from:x.to])
		case foundVoid:
			ann.CancelTag(x.expect.Tag)
		case foundLength:
			lengths = true
		}
	}
	if r.n == 0 {
		return
	}
	if lengths && !r.measure(h, f, data, fixed) {
		r.text, r.n = r.text[:r.head], 0
		r.unspelt = true
		ann.Cancel() // half of it would say something else
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
		w.Rewrote(r.base+x.off, data[x.off:x.off+x.n], r.text[x.lo:x.hi])
	}
}

// announce asks for a flow, and has the endpoint respelt that the peer must read.
func (r *rewriting) announce(h *Helper, dir packet.Dir, x *finding, data []byte, fixed int, ann Announcer) {
	e := &x.expect
	to, ok := ann.Announce(dir, *e)
	if !ok || e.Edit.Len == 0 || same(to, e.Endpoint) {
		return
	}
	if !r.put(h, &e.Edit, data, fixed, to) {
		r.unspelt = true
		ann.Cancel() // the peer will read an endpoint that does not exist
	}
}

// put has the bytes that e marks spell to. It reports false where that can not be.
func (r *rewriting) put(h *Helper, e *Edit, data []byte, fixed int, to netip.AddrPort) bool {
	if h.Spell == nil || e.Off < fixed || e.Len == 0 {
		return false
	}
	at := r.at
	if at < 0 {
		at = e.Off
	}
	text := append(r.text, data[at:e.Off]...)
	orig, lo := data[e.Off:e.Off+e.Len], len(text)
	text = h.Spell(text, orig, *e, to)
	if !spelt(len(text) - lo) {
		return false
	}
	if bytes.Equal(text[lo:], orig) {
		return true
	}
	if r.at < 0 {
		r.from = e.Off
	}
	r.text, r.at = text, e.Off+e.Len
	x := &r.list[r.n]
	x.off, x.n, x.lo, x.hi = e.Off, e.Len, lo, len(text)
	r.n++
	return true
}

// spelt says whether n bytes are what a helper may spell.
func spelt(n int) bool { return n > 0 && n <= MaxSpell }

// measure spells the lengths of what grew. It reports false where one can not be spelt.
func (r *rewriting) measure(h *Helper, f *Findings, data []byte, fixed int) bool {
	for i := range f.list[:f.n] {
		x := &f.list[i]
		if x.kind != foundLength {
			continue
		}
		grown := r.growth(x.from, x.to)
		if grown == 0 {
			continue
		}
		e := &x.expect.Edit
		if h.SpellLength == nil || e.Off < fixed || e.Len == 0 {
			return false
		}
		r.length = h.SpellLength(r.length[:0], data[e.Off:e.Off+e.Len], *e, x.to-x.from+grown)
		if !spelt(len(r.length)) {
			return false
		}
		r.replace(data, e, r.length)
	}
	return true
}

// growth is how many bytes more the range has that is from up to to.
func (r *rewriting) growth(from, to int) (n int) {
	for i := range r.list[:r.n] {
		if x := &r.list[i]; x.off >= from && x.off < to {
			n += x.hi - x.lo - x.n
		}
	}
	return n
}

// replace has the bytes that e marks be by, among what was written already.
func (r *rewriting) replace(data []byte, e *Edit, by []byte) {
	if e.Off < r.from {
		r.text = slices.Insert(r.text, r.head, data[e.Off:r.from]...)
		r.move(0, r.from-e.Off)
		r.from = e.Off
	}
	if end := e.Off + e.Len; end > r.at {
		r.text, r.at = append(r.text, data[r.at:end]...), end
	}
	i, lo := 0, r.head+e.Off-r.from
	for i < r.n && r.list[i].off < e.Off {
		lo += r.list[i].hi - r.list[i].lo - r.list[i].n
		i++
	}
	r.text = slices.Replace(r.text, lo, lo+e.Len, by...)
	r.move(i, len(by)-e.Len)
	copy(r.list[i+1:r.n+1], r.list[i:r.n])
	r.list[i] = replacement{off: e.Off, n: e.Len, lo: lo, hi: lo + len(by)}
	r.n++
}

// move notes that what is in text from the i-th replacement on was moved by n bytes.
func (r *rewriting) move(i, n int) {
	for ; i < r.n; i++ {
		r.list[i].lo += n
		r.list[i].hi += n
	}
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
		if x.kind >= foundLength && x.kind != foundVoid && (x.from < 0 || x.to < x.from || x.to > len(data)) {
			return false
		}
		off, n := x.expect.Edit.Off, x.expect.Edit.Len
		if n == 0 {
			continue
		}
		if n < 0 || off < end || n > len(data)-off {
			return false
		}
		end = off + n
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
