package pmap

import (
	"encoding/binary"

	"portcullis/helpers"
	"portcullis/packet"
)

// Record marking (RFC 5531 section 11): over TCP a message is one or more
// fragments, each behind four bytes that tell its length and whether it is the
// last.
const (
	markSize     = 4
	lastFragment = 1 << 31

	maxRecord    = 2048 // bytes of a message that is read
	maxFragments = 16
)

// record is a message and the bytes of a stream that it came in.
type record struct {
	msg   []byte // as much of it as there is
	raw   int    // bytes of the stream, marks included
	whole bool
	long  bool // it is too long, or in too many fragments, to be read
}

// gather reads the record that begins b. A message of several fragments is put
// together in buf.
func gather(b []byte, buf *[maxRecord]byte) record {
	r := record{}
	n := 0
	for i := 0; ; i++ {
		if len(b)-r.raw < markSize {
			return r
		}
		mark := binary.BigEndian.Uint32(b[r.raw:])
		size := mark &^ lastFragment
		if i == maxFragments || size > uint32(maxRecord-n) {
			r.long = true
			return r
		}
		r.raw += markSize
		part := b[r.raw:min(len(b), r.raw+int(size))]
		if i == 0 && mark&lastFragment != 0 {
			r.msg = part
		} else {
			n += copy(buf[n:], part)
			r.msg = buf[:n]
		}
		r.raw += len(part)
		if len(part) < int(size) {
			return r
		}
		if mark&lastFragment != 0 {
			r.whole = true
			return r
		}
	}
}

// records reads the records of a stream. Replies that nobody waits for are skipped
// as they come: lists of all programs are long.
func records(seg *helpers.Segment, s *state, f *helpers.Findings) helpers.Status {
	var buf [maxRecord]byte
	for at := 0; at < len(seg.Data); {
		if s.has(of(seg.Dir, skipping)) {
			n := s.skip(seg.Dir, seg.Data[at:])
			if at += n; n == 0 {
				return cut(seg, f, at)
			}
			continue
		}
		r := gather(seg.Data[at:], &buf)
		switch what := judge(seg, s, f, &r); {
		case what == stepForeign:
			return helpers.Foreign
		case r.whole:
			what = message(seg, s, f, r.msg, at, r.raw)
			if what == stepForeign {
				return helpers.Foreign
			}
			at += r.raw
			if what == stepFound {
				f.Consumed = at
				return helpers.More
			}
		case s.has(of(seg.Dir, skipping)):
		default:
			return cut(seg, f, at)
		}
	}
	return helpers.Read
}

// judge decides about a record that is not whole: to skip it, or to give up, or to
// wait for more.
func judge(seg *helpers.Segment, s *state, f *helpers.Findings, r *record) step {
	if seg.Dir == packet.Reply && len(r.msg) >= 8 {
		if !beginsReply(r.msg) {
			f.Why = whyNoReply
			return stepForeign
		}
		if !r.whole && s.pending(binary.BigEndian.Uint32(r.msg)) == 0 {
			s.set(of(seg.Dir, skipping))
			return stepOn
		}
	}
	if r.long {
		if !s.has(spoken) {
			f.Why = whyNoCall
			return stepForeign
		}
		s.set(of(seg.Dir, skipping))
	}
	return stepOn
}

// cut answers that a message is cut short at byte at.
func cut(seg *helpers.Segment, f *helpers.Findings, at int) helpers.Status {
	if seg.Final {
		return helpers.Read // half a message is none
	}
	f.Consumed = at
	return helpers.Partial
}

// skip goes on skipping a record, and says over how many bytes: 0 where b is the
// beginning of a mark.
func (s *state) skip(dir packet.Dir, b []byte) int {
	last := s.has(of(dir, lastOne))
	if n := s.left(dir); n > 0 {
		take := min(uint64(n), uint64(len(b)))
		s.setLeft(dir, n-uint32(take))
		if last && uint64(n) == take {
			s.clear(of(dir, skipping|lastOne))
		}
		return int(take)
	}
	if len(b) < markSize {
		return 0
	}
	mark := binary.BigEndian.Uint32(b)
	s.setLeft(dir, mark&^lastFragment)
	switch {
	case mark == lastFragment:
		s.clear(of(dir, skipping))
	case mark&lastFragment != 0:
		s.set(of(dir, lastOne))
	}
	return markSize
}
