package helpers

import "portcullis/packet"

// Theory of operation.
//
// A Control sits between the two ends of a TCP session that has a helper. It
// shows each direction to the helper as one stream, from its first byte, in
// order and without gaps; it carries out what the helper finds; and it keeps
// both ends' sequence numbers true after bytes were rewritten.
//
// For each direction the original sequence space is cut by three marks:
//
//	  ....acknowledged....|....in flight....|....held....|
//	                     acked          released        next
//	                                 read ^...unread.....^
//
// next is the first byte that never came; what begins behind it is a gap and is
// dropped by name, so that the sender repeats it: nothing is ever read out of
// order. released is the first byte not yet sent on. Bytes are held, between
// released and next, only while a message is cut short and its direction might
// have to be rewritten; otherwise they pass at once and are merely remembered for
// reading. unread bytes are copied, at most Helper.MaxHold of them.
//
// A sender that will not send the rest of a message before the first part is
// acknowledged (RFC 896) would wait for ever for bytes that are held here. When it
// repeats held bytes without new ones they are acknowledged to it in the name of
// its peer (AckBack), which makes the Control answerable for them: see
// corrections.go on sticky entries. That is done only when the peer has all that
// was released, because an acknowledgement speaks for everything before it.
//
// The helper is detached, for good, when it says that the session is foreign to
// it, when it breaks its contract, and when the start of a stream was not seen.
// Bytes then pass unread; corrections go on being applied.
//
// What the engine does with each segment of such a session, after it passed the
// window check:
//
//  1. Segment, with the header's fields as they came.
//  2. If out.Drop: drop by that reason. Nothing was kept of the segment.
//  3. For each Out: a copy of the frame with its Seq, Flags, Urgent and, if
//     Changed, Payload; Adjust its header (once); translate; checksum; send.
//  4. If out.MustAck: send out.AckBack to the sender. With timestamps (RFC 7323)
//     the incoming option goes back with its two values swapped.
//
// Adjust does not change the Control: a connection tracker that compares the
// acknowledgements of one side with the sequence numbers of the other works on
// incoming sequence numbers and on TranslateAck of incoming acknowledgements.

// TCPSegment is one TCP segment of a control session, as it came. Payload is lent: what
// goes on in its place may be written over it, as far as its capacity reaches.
type TCPSegment struct {
	Dir      packet.Dir
	Ends     *Ends
	Seq, Ack uint32
	Flags    uint8  // packet.TCPSyn, ...
	Window   uint16 // as in the header, scaled
	Urgent   uint16 // valid iff Flags has TCPUrg
	Payload  []byte
}

// minMSS is the payload that every path carries (RFC 9293 section 3.7.1).
const minMSS = 536

// Control is the state of one TCP session that has a helper. Reset makes it
// ready, also for another session; its memory is kept. One goroutine at a time.
type Control struct {
	helper *Helper
	state  State
	open   bool // the handshake is over: no other ISN is believed
	blind  bool // the helper is detached
	why    string
	dirs   [2]stream
}

// Reset prepares c for a new session of helper h, which it keeps. With a nil h
// it only passes bytes.
func (c *Control) Reset(h *Helper) {
	c.helper, c.state, c.open, c.blind, c.why = h, State{}, false, h == nil, ""
	for i := range c.dirs {
		c.dirs[i].reset()
	}
}

// Helper is the helper of the session, also after it was detached.
func (c *Control) Helper() *Helper { return c.helper }

// Detached says whether the helper has given up, and why.
func (c *Control) Detached() (why string, detached bool) { return c.why, c.blind }

// Idle says that c has nothing left to do for its session: the helper is
// detached, nothing is held and no number is changed. It may then be dropped.
func (c *Control) Idle() bool {
	return c.blind && c.dirs[0].idle() && c.dirs[1].idle()
}

// TranslateAck is an acknowledgement number of direction dir in the space of what
// its peer has sent.
func (c *Control) TranslateAck(dir packet.Dir, ack uint32) uint32 {
	return c.dirs[dir.Other()].ackOut(ack)
}

// TranslateSeq is an original sequence number of direction dir in the receiver's
// space, for packets that quote a segment.
func (c *Control) TranslateSeq(dir packet.Dir, seq uint32) uint32 {
	return c.dirs[dir].fix.forward(seq)
}

// OriginalSeq is a sequence number of direction dir, as the receiver saw it, in
// the sender's space: for ICMP errors that quote what the receiver was sent.
func (c *Control) OriginalSeq(dir packet.Dir, seq uint32) uint32 {
	return c.dirs[dir].fix.back(seq, false)
}

// Segment takes one segment in and says in out what goes on. Segments come in the
// order of arrival, both directions, each exactly once; retransmissions are
// segments like any other. ann is asked during the call only.
func (c *Control) Segment(seg *TCPSegment, ann Announcer, out *Output) {
	out.reset()
	st, peer := &c.dirs[seg.Dir], &c.dirs[seg.Dir.Other()]
	if seg.Flags&packet.TCPSyn != 0 {
		c.sync(seg)
	} else if seg.Flags&packet.TCPAck != 0 {
		c.open = true
	}
	if seg.Flags&packet.TCPAck != 0 && peer.synced {
		peer.acknowledge(seg.Ack)
	}
	st.window = seg.Window
	if !st.synced {
		c.detach(out, "the start of the stream was not seen")
		out.add(Out{Seq: seg.Seq, Payload: seg.Payload, Flags: seg.Flags, Urgent: seg.Urgent})
		return
	}
	c.sort(seg, st, ann, out)
}

// sort tells apart what a segment can be.
func (c *Control) sort(seg *TCPSegment, st *stream, ann Announcer, out *Output) {
	start := seg.start()
	end := start + uint32(len(seg.Payload))
	fin := seg.Flags&packet.TCPFin != 0
	gap := before(st.next, start)
	switch {
	case seg.Flags&packet.TCPRst != 0:
		c.abort(seg, st, out)
	case c.blind && st.holds() && !gap:
		c.take(seg, st, ann, out)
	case start == end && !fin:
		c.pass(seg, st, out)
	case gap && (c.blind || st.fin):
		if !st.holds() && !st.fin {
			st.next, st.released = end, end
		}
		st.emit(seg, seg.Flags, start, end, nil, start, true, out)
	case gap:
		out.drop(packet.ReasonHelperGap)
	case before(st.next, end) || fin && !st.fin && end == st.next:
		c.take(seg, st, ann, out)
	default:
		c.again(seg, st, out)
	}
}

// sync believes a new initial sequence number as long as the handshake lasts.
func (c *Control) sync(seg *TCPSegment) {
	st := &c.dirs[seg.Dir]
	if c.open || st.synced && st.isn == seg.Seq {
		return
	}
	st.sync(seg.Seq)
	if seg.Flags&packet.TCPAck == 0 {
		c.state = State{} // another attempt: the helper starts anew
	}
}

// detach gives the session up. Bytes that are held leave with the next segment
// of their direction.
func (c *Control) detach(out *Output, why string) {
	if c.blind {
		return
	}
	c.blind, c.why = true, why
	out.detach(why)
}

// start is the sequence number of the first byte of the payload.
func (seg *TCPSegment) start() uint32 {
	if seg.Flags&packet.TCPSyn != 0 {
		return seg.Seq + 1
	}
	return seg.Seq
}
