package tcp

const (
	// leastReach is how far acknowledgements may lag behind where windows are
	// small: two windows without scaling, so that no delayed one is lost.
	leastReach = 2 * 66000
	// mostReach keeps comparisons in one half of the sequence space.
	mostReach = 1 << 30
	// probe is how far behind its window a side may begin a segment: it probes a
	// closed window with one byte, gives up with a FIN behind that, and
	// acknowledges from behind both.
	probe = 2
	// mostScale is the largest shift (RFC 7323 section 2.3).
	mostScale = 14
)

// allow learns that me offers window bytes from ack on.
func allow(me, peer *side, ack, window uint32) {
	raise(&me.ack, ack)
	raise(&peer.max, ack+window+probe)
	if 2*window > me.reach {
		me.reach = min(2*window, mostReach)
	}
}

// window is how many bytes s offers. The window of a SYN is never scaled (RFC
// 7323 section 2.2).
func (c *Conn) window(d uint8, s *Segment) uint32 {
	if s.Flags&SYN != 0 {
		return uint32(s.Window)
	}
	return uint32(s.Window) << (c.scale[d] & 15)
}

// fits judges the numbers of a segment of a connection of which both sides are
// known: Alive, Pass for one that the receiver has long acknowledged, or
// OutOfWindow.
func (c *Conn) fits(d uint8, s *Segment) Result {
	me, peer := &c.side[d], &c.side[d^1]
	switch end := s.end(); {
	case after(s.Seq, me.max), !c.acks(d, s):
		return OutOfWindow
	case c.flags&(finAcked<<d) != 0 && after(end, me.end):
		return OutOfWindow // behind its FIN there is nothing
	case int32(me.end-end) > int32(peer.reach):
		return Pass
	}
	return Alive
}

// acks says whether the acknowledgement of s is of something the other side has
// sent, and not too old. Where it is too old, a SACK edge speaks for it: the
// receiver waits for one lost segment and has got what follows it.
func (c *Conn) acks(d uint8, s *Segment) bool {
	me, peer := &c.side[d], &c.side[d^1]
	switch {
	case c.flags&(synAcked<<(d^1)) == 0 && before(s.Ack, me.ack):
		return false // the first acknowledgement must be of the SYN
	case peer.end-s.Ack <= me.reach:
		return true
	}
	return s.HasSACK && before(s.Ack, s.SACK) && peer.end-s.SACK <= me.reach
}

// Promise allows side d to send window bytes from ack on: for who acknowledges
// in the name of the other side. The window is as in a header of that side.
func (c *Conn) Promise(d uint8, ack uint32, window uint16) {
	raise(&c.side[d&1].max, ack+uint32(window)<<(c.scale[d&1^1]&15)+probe)
}

// Expects is the number that the peer of side d expects its next segment to have,
// and what that would acknowledge: for who speaks in the name of side d. Each is
// the highest acknowledgement that was seen.
func (c *Conn) Expects(d uint8) (seq, ack uint32) { return c.side[d&1^1].ack, c.side[d&1].ack }

// Sent is the number behind the last that side d has sent.
func (c *Conn) Sent(d uint8) uint32 { return c.side[d&1].end }

// Quotes says whether side d may have sent a byte with number seq lately: for ICMP
// errors, which quote what they are about (RFC 5927 section 4.1).
func (c *Conn) Quotes(d uint8, seq uint32) bool {
	return c.side[d&1].end-seq <= c.side[d&1^1].reach
}
