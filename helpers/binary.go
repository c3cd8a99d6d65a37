package helpers

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Theory of operation.
//
// A Control is written down for another process as fields, big-endian, lengths
// as unsigned varints. What is read may come from anywhere: it is taken only
// where the marks of each stream stand as control.go draws them, because bytes
// are copied by them. Of the helper nothing is written: who reads knows it by the
// session.

// Conditions of a Control and of a stream, as they are written.
const (
	binaryOpen  = 1 << 0
	binaryBlind = 1 << 1

	binarySynced = 1 << 0
	binaryFin    = 1 << 1
	binaryOwes   = 1 << 2
	binaryFolded = 1 << 3

	binarySticky = 1 << 0
)

// maxWhy bounds the length of a reason to detach that is read.
const maxWhy = 255

// AppendBinary appends c, all but its helper, to b. The error is nil. It is
// encoding.BinaryAppender.
func (c *Control) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, bit(c.open, binaryOpen)|bit(c.blind, binaryBlind))
	b = appendBytes(b, c.why[:min(len(c.why), maxWhy)])
	b = append(b, c.state[:]...)
	for i := range c.dirs {
		b = c.dirs[i].append(b)
	}
	return b, nil
}

func (s *stream) append(b []byte) []byte {
	b = append(b, bit(s.synced, binarySynced)|bit(s.fin, binaryFin)|bit(s.owes, binaryOwes)|bit(s.fix.folded, binaryFolded))
	b = binary.BigEndian.AppendUint16(b, s.window)
	if !s.synced { // nothing else is known
		return b
	}
	for _, n := range [...]uint32{s.isn, s.next, s.released, s.promised, s.fix.base, s.fix.acked} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	b = appendBytes(b, s.buf)
	b = append(b, uint8(s.fix.n))
	for i := range s.fix.n {
		e := &s.fix.list[i]
		b = append(b, bit(e.sticky, binarySticky))
		b = binary.BigEndian.AppendUint32(b, e.seq)
		b = binary.BigEndian.AppendUint32(b, e.n)
		b = appendBytes(b, e.text)
	}
	return b
}

func bit(is bool, b uint8) uint8 {
	if is {
		return b
	}
	return 0
}

func appendBytes[T string | []byte](b []byte, v T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

// Restore makes c the Control that AppendBinary was given, for a session of helper
// h. It refuses what no Control can be, and what h can not have remembered; c is
// then as after Reset. With a nil h it only says whether b could be read.
func (c *Control) Restore(h *Helper, b []byte) error {
	c.Reset(h)
	r := reading{b: b}
	c.restore(&r)
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d bytes behind the end", len(r.b))
	}
	if r.err == nil && h != nil && !c.blind && !h.Knows(&c.state) {
		r.fail("a memory that the helper %s does not know", h.Name)
	}
	if r.err != nil {
		c.Reset(h)
	}
	return r.err
}

func (c *Control) restore(r *reading) {
	flags := r.flags(binaryOpen | binaryBlind)
	c.open, c.blind = flags&binaryOpen != 0, c.blind || flags&binaryBlind != 0
	c.why = string(r.bytes(maxWhy))
	copy(c.state[:], r.take(len(c.state)))
	for i := range c.dirs {
		c.dirs[i].restore(r)
	}
}

func (s *stream) restore(r *reading) {
	flags := r.flags(binarySynced | binaryFin | binaryOwes | binaryFolded)
	s.synced, s.fin, s.owes = flags&binarySynced != 0, flags&binaryFin != 0, flags&binaryOwes != 0
	s.fix.folded = flags&binaryFolded != 0
	s.window = r.uint16()
	if !s.synced {
		if flags != 0 {
			r.fail("flags %#x of a stream that has not begun", flags)
		}
		return
	}
	for _, to := range [...]*uint32{&s.isn, &s.next, &s.released, &s.promised, &s.fix.base, &s.fix.acked} {
		*to = r.uint32()
	}
	s.buf = append(s.buf[:0], r.bytes(MaxHoldLimit)...)
	n := int(r.uint8())
	if n > maxEntries {
		r.fail("%d corrections: expected at most %d", n, maxEntries)
		return
	}
	for s.fix.n = 0; s.fix.n < n; s.fix.n++ {
		e := &s.fix.list[s.fix.n]
		e.sticky = r.flags(binarySticky) != 0
		e.seq, e.n = r.uint32(), r.uint32()
		e.text = append(e.text[:0], r.bytes(MaxPayload)...)
	}
	if r.err == nil {
		if why := s.misplaced(); why != "" {
			r.fail("%s", why)
		}
	}
}

// misplaced says what of the marks of a stream does not stand where it can, ""
// where all does. Distances are counted from what is acknowledged.
func (s *stream) misplaced() string {
	at := func(p uint32) int32 { return int32(p - s.fix.acked) }
	end := at(s.released)
	if s.fin {
		end++
	}
	switch held := s.next - s.released; {
	case end < 0:
		return "more is acknowledged than was sent on"
	case before(s.next, s.released):
		return "more was sent on than came"
	case held > uint32(len(s.buf)):
		return "bytes are held that are not there"
	case s.owes && (at(s.promised) <= 0 || before(s.next, s.promised)):
		return "what was promised did not come"
	case s.owes && held > 0 && s.fix.n == maxEntries:
		return "there is no room for what was promised"
	}
	last := int32(0)
	for i := range s.fix.n {
		e := &s.fix.list[i]
		if e.n == 0 || e.n > MaxPayload || at(e.seq) < last || at(e.end()) <= at(e.seq) || before(s.next, e.end()) {
			return "corrections overlap, or are of what did not come"
		}
		last = at(e.end())
	}
	return ""
}

// reading takes fields off b until one is not there or not right.
type reading struct {
	b   []byte
	err error
}

var errShort = errors.New("helper's control: cut short")

func (r *reading) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("helper's control: "+format, args...)
	}
}

// take is the next n bytes, nil where there are fewer.
func (r *reading) take(n int) []byte {
	if r.err == nil && n > len(r.b) {
		r.err = errShort
	}
	if r.err != nil {
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reading) uint8() uint8 {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

// flags is a byte that has no bits but those of all.
func (r *reading) flags(all uint8) uint8 {
	v := r.uint8()
	if v&^all != 0 {
		r.fail("flags %#x: expected none but %#x", v, all)
	}
	return v
}

func (r *reading) uint16() uint16 {
	if v := r.take(2); v != nil {
		return binary.BigEndian.Uint16(v)
	}
	return 0
}

func (r *reading) uint32() uint32 {
	if v := r.take(4); v != nil {
		return binary.BigEndian.Uint32(v)
	}
	return 0
}

// bytes is a length of at most limit and so many bytes.
func (r *reading) bytes(limit int) []byte {
	n, size := binary.Uvarint(r.b)
	switch {
	case r.err != nil:
	case size <= 0:
		r.err = errShort
	case n > uint64(limit):
		r.fail("%d bytes: expected at most %d", n, limit)
	default:
		r.b = r.b[size:]
		return r.take(int(n))
	}
	return nil
}
