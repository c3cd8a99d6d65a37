package helpers

// Theory of operation.
//
// One direction of a session has two sequence spaces: the sender's ("original",
// what it counts) and the receiver's ("new", what it is sent). They differ by
// the rewrites made so far. corrections holds those rewrites that the receiver
// has not yet acknowledged, in stream order, and base, the sum of all older
// ones. Between two corrections the spaces run in parallel; inside one there is
// no correspondence at all, so a correction is only ever sent whole:
//
//	original  ....[ORT 10,0,0,5,4,1).........[...)......
//	new       ....[ORT 203,0,113,9,156,64).........[....)......
//	              ^ seq, n bytes   text               ^ next correction
//
//   - a range of original bytes that touches a correction is widened to its ends
//     (span), and its bytes are replaced by the recorded text (render). So a
//     retransmission carries the same bytes however it is cut or merged;
//   - an acknowledgement inside the new text counts as one of its start: the
//     sender has to send all of it again (back);
//   - what the receiver has acknowledged is folded into base (acknowledge). From
//     then on acked is the floor: bytes below it can no longer be reproduced and
//     need not be, so a late retransmission is trimmed to what lies above it.
//
// An entry is "sticky" where the sender was told, in the receiver's name, that
// its bytes arrived. The sender will not repeat those; so a retransmission that
// starts right behind the entry is widened over it, too.
//
// All arithmetic is modulo 2^32 (RFC 9293 section 3.4).

// maxCorrections bounds the unacknowledged rewrites of one direction. One call
// of Inspect makes one at most; one more is kept for a sticky entry, so
// an empty list has always room for a call. Where the list is full, and the
// helper is detached while promised bytes are held, those leave all at once: the
// sticky entry that they need has a place of its own behind all others.
const (
	maxCorrections = 8 + 1
	maxEntries     = maxCorrections + 1
)

// correction says that n original bytes from seq are sent as text.
type correction struct {
	seq, n uint32
	text   []byte
	sticky bool
}

func (e *correction) end() uint32  { return e.seq + e.n }
func (e *correction) grow() uint32 { return uint32(len(e.text)) - e.n }

type corrections struct {
	base   uint32 // new minus original, before the first entry
	acked  uint32 // original: what the receiver has acknowledged
	folded bool   // an entry was folded into base: bytes below acked are lost
	n      int
	list   [maxEntries]correction
}

// reset forgets everything; seq is the first original byte of the stream.
func (c *corrections) reset(seq uint32) {
	c.base, c.acked, c.folded, c.n = 0, seq, false, 0
}

// idle says whether both spaces are one and the same for good.
func (c *corrections) idle() bool { return c.n == 0 && c.base == 0 }

// forward translates an original position into the receiver's space. A position
// inside a correction keeps its distance from the end, within the text.
func (c *corrections) forward(p uint32) uint32 {
	d := c.base
	for i := range c.n {
		e := &c.list[i]
		if !before(e.seq, p) {
			break
		}
		if before(p, e.end()) {
			return e.end() + d + e.grow() - min(e.end()-p, uint32(len(e.text)))
		}
		d += e.grow()
	}
	return p + d
}

// back translates a position of the receiver's space. Inside a correction it is
// its start, or with up its end.
func (c *corrections) back(a uint32, up bool) uint32 {
	d := c.base
	for i := range c.n {
		e := &c.list[i]
		if !before(e.seq+d, a) {
			break
		}
		if before(a, e.end()+d+e.grow()) {
			if up {
				return e.end()
			}
			return e.seq
		}
		d += e.grow()
	}
	return a - d
}

// acknowledge notes that the receiver has everything before a, which is in its
// own space, and folds what is done. limit is the end of what it was sent.
func (c *corrections) acknowledge(a, limit uint32) {
	if before(limit, a) {
		return // of something that was never sent
	}
	p := c.back(a, false)
	if !before(c.acked, p) {
		return
	}
	c.acked = p
	done := 0
	for done < c.n && !before(p, c.list[done].end()) {
		c.base += c.list[done].grow()
		done++
	}
	if done > 0 {
		c.folded = true
		c.remove(0, done)
	}
}

// spare is the memory for the text of another correction, empty.
func (c *corrections) spare() []byte {
	if c.n == maxEntries {
		return nil
	}
	return c.list[c.n].text[:0]
}

// add appends a correction behind all others, with a text in spare memory. There has to
// be room.
func (c *corrections) add(seq, n uint32, text []byte) {
	e := &c.list[c.n]
	c.n++
	e.seq, e.n, e.sticky, e.text = seq, n, false, text
}

// merge replaces the corrections within [lo, hi) by a single sticky one. text is
// what the range is sent as; it is copied.
func (c *corrections) merge(lo, hi uint32, text []byte) {
	i := 0
	for i < c.n && before(c.list[i].seq, lo) {
		i++
	}
	j := i
	for j < c.n && before(c.list[j].seq, hi) {
		j++
	}
	if i == j {
		// Make a hole at i; the spare entry's memory moves into it.
		for k := c.n; k > i; k-- {
			c.list[k], c.list[k-1] = c.list[k-1], c.list[k]
		}
		c.n++
	} else {
		c.remove(i+1, j-i-1)
	}
	e := &c.list[i]
	e.seq, e.n, e.sticky = lo, hi-lo, true
	e.text = append(e.text[:0], text...)
}

// remove drops n entries from i on. Their memory is kept for later ones.
func (c *corrections) remove(i, n int) {
	for k := i; n > 0 && k+n < c.n; k++ {
		c.list[k], c.list[k+n] = c.list[k+n], c.list[k]
	}
	c.n -= n
}

// span widens [lo, hi) to the ends of the corrections that it cuts, with again
// also over sticky ones that end at lo.
func (c *corrections) span(lo, hi uint32, again bool) (uint32, uint32) {
	for i := range c.n {
		e := &c.list[i]
		if before(e.seq, lo) && (before(lo, e.end()) || again && e.sticky && lo == e.end()) {
			lo = e.seq
		}
		if before(e.seq, hi) && before(hi, e.end()) {
			hi = e.end()
		}
	}
	return lo, hi
}

// touches says whether a correction lies in [lo, hi).
func (c *corrections) touches(lo, hi uint32) bool {
	for i := range c.n {
		if !before(c.list[i].seq, lo) && before(c.list[i].seq, hi) {
			return true
		}
	}
	return false
}

// render appends what [lo, hi) is sent as. The range comes from span. raw holds
// the original bytes from rawLo on; outside corrections it covers the range.
func (c *corrections) render(dst []byte, lo, hi uint32, raw []byte, rawLo uint32) []byte {
	for i := range c.n {
		e := &c.list[i]
		if before(e.seq, lo) {
			continue
		}
		if !before(e.seq, hi) {
			break
		}
		if before(lo, e.seq) {
			dst = append(dst, raw[lo-rawLo:e.seq-rawLo]...)
		}
		dst = append(dst, e.text...)
		lo = e.end()
	}
	if before(lo, hi) {
		dst = append(dst, raw[lo-rawLo:hi-rawLo]...)
	}
	return dst
}

// splice makes of p, the original bytes of [lo, hi), in place what the range is sent as.
// It reports false, and leaves them, where there is no room in the capacity of p, or more
// to it than one correction.
func (c *corrections) splice(p []byte, lo, hi uint32) ([]byte, bool) {
	var e *correction
	for i := range c.n {
		switch x := &c.list[i]; {
		case before(x.seq, lo) || !before(x.seq, hi):
		case e != nil:
			return nil, false
		default:
			e = x
		}
	}
	if e == nil || int(e.grow()) > cap(p)-len(p) && int32(e.grow()) > 0 {
		return nil, false
	}
	from, old := int(e.seq-lo), p
	p = p[:len(p)+int(int32(e.grow()))]
	copy(p[from+len(e.text):], old[from+int(e.n):])
	copy(p[from:], e.text)
	return p, true
}

// before compares sequence numbers: a is less than half the space behind b.
func before(a, b uint32) bool { return int32(a-b) < 0 }
