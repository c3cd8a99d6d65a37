package helpers

import "portcullis/packet"

// stream is one direction of a session. Sequence numbers are original ones,
// unless said otherwise; control.go draws the marks.
type stream struct {
	isn      uint32
	next     uint32 // the first byte that never came
	released uint32 // the first byte not sent on
	promised uint32 // valid iff owes: acknowledged to the sender up to here
	window   uint16 // as the sender last wrote it, for AckBack of the other direction
	synced   bool   // isn and what follows are valid
	fin      bool   // the sender's FIN was sent on
	owes     bool   // the receiver has not yet acknowledged what was promised
	buf      []byte // the unread bytes, up to next; none where the helper is blind
	fix      corrections
}

func (s *stream) reset() {
	s.synced, s.fin, s.owes, s.window, s.buf = false, false, false, 0, s.buf[:0]
	s.isn, s.next, s.released, s.promised = 0, 0, 0, 0
	s.fix.reset(0)
}

// sync starts the stream behind an initial sequence number.
func (s *stream) sync(isn uint32) {
	s.reset()
	s.synced, s.isn, s.next, s.released = true, isn, isn+1, isn+1
	s.fix.reset(isn + 1)
}

// marks are the marks of a stream before a segment was taken in.
type marks struct {
	next, released, promised uint32
	unread                   int
	owes                     bool
}

// of makes m the marks of s.
func (m *marks) of(s *stream) {
	m.next, m.released, m.promised, m.unread, m.owes = s.next, s.released, s.promised, len(s.buf), s.owes
}

// holds says whether bytes were taken that are not yet sent on.
func (s *stream) holds() bool { return s.released != s.next }

// end is the first sequence number that the receiver was not sent.
func (s *stream) end() uint32 {
	if s.fin {
		return s.released + 1
	}
	return s.released
}

func (s *stream) idle() bool { return !s.holds() && !s.owes && s.fix.idle() }

// acknowledge takes the receiver's acknowledgement, in its own space.
func (s *stream) acknowledge(ack uint32) {
	s.fix.acknowledge(ack, s.fix.forward(s.end()))
	if s.owes && !before(s.fix.acked, s.promised) {
		s.owes = false
	}
}

// ackOut is what the sender is told of an acknowledgement of its receiver.
func (s *stream) ackOut(ack uint32) uint32 {
	p := s.fix.back(ack, false)
	if s.owes && before(p, s.promised) {
		return s.promised
	}
	return p
}

// outcome says how far the helper came with the bytes it was shown.
type outcome uint8

const (
	readAll  outcome = iota
	readCut          // what is left is a message cut short
	readBusy         // what is left would need more corrections than there is room for
)

// take accepts bytes that never came before, or the end of the stream.
func (c *Control) take(seg *TCPSegment, st *stream, ann Announcer, out *Output) {
	start := seg.start()
	end := start + uint32(len(seg.Payload))
	fin := seg.Flags&packet.TCPFin != 0 && !before(end, st.next)
	fresh := seg.Payload[min(len(seg.Payload), int(st.next-start)):]
	var was marks
	was.of(st)
	first := st.next - uint32(len(st.buf))
	data := fresh
	if len(st.buf) > 0 {
		out.data = append(append(out.data[:0], st.buf...), fresh...)
		data = out.data
	}

	pos, how := c.read(seg, st, data, first, fin, ann, out)
	st.next = was.next + uint32(len(fresh))
	if how == readBusy {
		fin = false
		st.next = later(first+uint32(pos), was.next)
		if pos == 0 && st.next == was.next && !before(start, was.released) {
			out.drop(packet.ReasonHelperBusy)
			return
		}
	}
	st.released = st.next
	if how != readAll && ann.MayRewrite(seg.Dir) {
		st.released = later(first+uint32(pos), was.released)
	}
	st.fin = st.fin || fin
	st.buf = st.buf[:0]
	if how != readAll {
		st.buf = append(st.buf, data[pos:st.next-first]...)
	}
	c.release(seg, st, &was, data, first, fin, out)
	out.Held = st.holds()
}

// release sends on what take made free, behind what seg repeats. data are the
// bytes from first on.
func (c *Control) release(seg *TCPSegment, st *stream, was *marks, data []byte, first uint32, fin bool, out *Output) {
	start := seg.start()
	lo := start
	if before(was.released, start) {
		lo = was.released
	}
	raw, rawLo := []byte(nil), start
	if was.unread > 0 {
		raw, rawLo = data, first
		gap := first - start
		switch {
		case !before(start, first):
		case int(gap) <= len(seg.Payload):
			out.raw = append(append(out.raw[:0], seg.Payload[:gap]...), data...)
			raw, rawLo = out.raw, start
		default: // it repeats something older; only what was held leaves now
			lo = was.released
		}
	}
	if was.owes && before(was.released, was.promised) && before(was.released, st.released) {
		hi := st.released
		if before(was.promised, hi) {
			hi = was.promised
		}
		lo, hi := st.fix.span(was.released, hi, false)
		out.text = st.fix.render(out.text[:0], lo, hi, raw, rawLo)
		st.fix.merge(lo, hi, out.text)
	}
	flags := seg.Flags
	if !fin {
		flags &^= packet.TCPFin
	}
	st.emit(seg, flags, lo, st.released, raw, rawLo, before(start, was.next) || fin, out)
}

// read shows data, the bytes from first on, to the helper and carries out what it
// finds. It returns how many bytes were read.
func (c *Control) read(seg *TCPSegment, st *stream, data []byte, first uint32, final bool, ann Announcer, out *Output) (int, outcome) {
	if c.blind || st.fin {
		return len(data), readAll
	}
	s := &out.seg
	s.Dir, s.Proto, s.Final, s.State, s.Ends = seg.Dir, packet.ProtoTCP, final, &c.state, seg.Ends
	pos := 0
	for pos < len(data) {
		rest := data[pos:]
		full := st.room() < 1
		if full {
			out.state = c.state
		}
		out.found.Reset()
		s.Data = rest
		status := c.helper.Inspect(s, &out.found)
		n := out.found.Consumed
		switch {
		case status == Foreign:
			out.Encrypted = out.found.Encrypted
			c.detach(out, out.found.Why)
			return len(data), readAll
		case !c.keeps(status, &out.found, rest, final):
			c.detach(out, whyBroken)
			return len(data), readAll
		case full && out.found.edits():
			c.state = out.state
			return pos, readBusy
		}
		at := first + uint32(pos)
		c.carryOut(st, rest, at, ann, out)
		switch {
		case status == Read || n == len(rest):
			return len(data), readAll
		case status == Partial:
			return pos + n, readCut
		}
		pos += n
	}
	return pos, readAll
}

// keeps says whether the helper's answer keeps to its contract.
func (c *Control) keeps(status Status, f *Findings, rest []byte, final bool) bool {
	switch status {
	case Read:
		return f.wellFormed(rest)
	case Partial:
		return !final && f.Consumed >= 0 && f.Consumed <= len(rest) &&
			len(rest)-f.Consumed <= c.helper.MaxHold && f.wellFormed(rest[:f.Consumed])
	case More:
		return f.Consumed > 0 && f.Consumed <= len(rest) && f.wellFormed(rest[:f.Consumed])
	}
	return false
}

// room is how many corrections can be added. One entry is kept for bytes that were
// promised and are still held.
func (s *stream) room() int {
	n := maxCorrections - s.fix.n
	if s.owes && s.holds() {
		n--
	}
	return n
}

// carryOut announces what was found in data, the bytes from at on. What has to be
// respelt becomes one correction, from the first such byte to the last.
func (c *Control) carryOut(st *stream, data []byte, at uint32, ann Announcer, out *Output) {
	fixed := 0
	if before(at, st.released) {
		fixed = int(st.released - at)
	}
	r := &out.rewriting
	r.start(st.fix.spare(), -1, int(at-st.isn-1))
	r.carryOut(c.helper, &out.seg, &out.found, data, fixed, ann)
	if r.n > 0 {
		st.fix.add(at+uint32(r.from), uint32(r.at-r.from), r.text)
	}
}

// again sends on what came before.
func (c *Control) again(seg *TCPSegment, st *stream, out *Output) {
	start := seg.start()
	lo, hi := start, start+uint32(len(seg.Payload))
	if before(st.released, hi) {
		out.Held = true
		c.ackBack(seg.Dir, st, out)
		hi = st.released
		if before(hi, lo) {
			lo = hi
		}
	}
	st.emit(seg, seg.Flags, lo, hi, nil, start, true, out)
}

// pass sends on a segment without payload.
func (c *Control) pass(seg *TCPSegment, st *stream, out *Output) {
	p := seg.start()
	seq := st.fix.forward(p)
	switch last := st.end(); {
	case st.holds() && !before(p, st.released) && before(p, st.next):
		// A keep-alive: one byte behind, to be answered.
		seq = st.fix.forward(last) - 1
		out.Held = true
		c.ackBack(seg.Dir, st, out)
	case before(last, p) && !c.blind:
		seq = st.fix.forward(last) // it must not speak of what the receiver was not sent
	}
	if seg.Flags&packet.TCPSyn != 0 {
		seq--
	}
	out.add(Out{Seq: seq, Payload: seg.Payload, Flags: seg.Flags, Urgent: seg.Urgent})
}

// abort sends on a reset behind whatever is held. A receiver may refuse it (RFC
// 5961), so what was not read is remembered.
func (c *Control) abort(seg *TCPSegment, st *stream, out *Output) {
	if st.holds() {
		lo := st.released
		st.released = st.next
		st.emit(seg, packet.TCPAck, lo, st.next, st.buf, st.next-uint32(len(st.buf)), true, out)
	}
	seq := st.fix.forward(seg.start())
	if seg.Flags&packet.TCPSyn != 0 {
		seq--
	}
	out.add(Out{Seq: seq, Payload: seg.Payload, Flags: seg.Flags, Urgent: seg.Urgent})
}

// ackBack acknowledges what is held to its sender, where that speaks for held
// bytes only.
func (c *Control) ackBack(dir packet.Dir, st *stream, out *Output) {
	peer := &c.dirs[dir.Other()]
	if !peer.synced || st.fix.acked != st.released || st.fix.n >= maxCorrections {
		return
	}
	st.owes, st.promised = true, st.next
	out.MustAck = true
	out.AckBack = AckBack{Seq: peer.fix.forward(peer.end()), Ack: st.next, Window: peer.window}
}

// later is the later of two sequence numbers.
func later(a, b uint32) uint32 {
	if before(a, b) {
		return b
	}
	return a
}
