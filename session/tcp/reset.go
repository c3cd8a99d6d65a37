package tcp

// reset takes a reset. It closes the connection where the receiver is known to
// accept it: it begins exactly where the receiver is (RFC 9293 section 3.10.7.4,
// RFC 5961 section 3.2), as far as that can be told from the middle, or it
// answers a SYN by its number. In the window, but not exact, it passes: the
// receiver will challenge it, and the exact one follows. It is believed only when
// both sides have said FIN, and there is nothing left to be lost. Everything else
// is nobody's, or a guess.
func (c *Conn) reset(d uint8, s *Segment, m Mode) Result {
	me, peer := &c.side[d], &c.side[d^1]
	switch {
	case c.state == None:
		return OutOfState
	case c.flags&met == 0:
		return c.refuse(d, s)
	case d == 1 && s.Flags&ACK != 0 && (c.flags&pending != 0 && c.acksSYN(s.Ack) || c.state == SynReceived && s.Ack == me.ack):
		return c.closed() // whoever sent the SYN goes by the acknowledgement alone
	case s.Seq == me.end || s.Seq == peer.ack:
		return c.closed()
	case !before(s.Seq, peer.ack) && !after(s.Seq, me.max):
		if c.state == LastAck || c.state == TimeWait {
			return c.closed()
		}
		return Pass
	case !m.ResetRange && (c.state == Close || c.state.closing() && peer.ack-s.Seq <= peer.reach):
		return Pass
	}
	return OutOfWindow
}

// refuse takes a reset while only the opener was heard.
func (c *Conn) refuse(d uint8, s *Segment) Result {
	switch {
	case c.state == Close:
		return Pass
	case d == 1 && s.Flags&ACK != 0 && c.acksSYN(s.Ack): // RFC 9293 section 3.10.7.3
		return c.closed()
	case d == 0 && c.acksSYN(s.Seq): // it has thought better of it
		return c.closed()
	case d == 0 && s.Seq == c.side[1].ack: // it answers a challenge and goes on opening
		return Pass
	}
	return OutOfWindow
}

// closed ends the connection. Until it is forgotten, or opened again, what is
// still under way passes.
func (c *Conn) closed() Result {
	if c.state == Close {
		return Pass
	}
	c.state = Close
	c.flags &^= pending
	return Alive
}
