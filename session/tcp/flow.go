package tcp

// segment takes a segment without SYN and RST of a connection of which both
// sides are known.
func (c *Conn) segment(d uint8, s *Segment, m Mode) Result {
	me, peer := &c.side[d], &c.side[d^1]
	end := s.end()
	if c.flags&(unheard<<(d^1)) != 0 { // what it sent before the connection was picked up
		raise(&peer.end, s.Ack)
	}
	r := c.fits(d, s)
	switch {
	case r == OutOfWindow && m.AntiReplay == Disable:
		me.end, peer.end = end, s.Ack // the latest is as good as any
	case r != Alive:
		return r
	}
	c.fin(d, s, end)
	raise(&me.end, end)
	allow(me, peer, s.Ack, c.window(d, s))
	c.flags = c.flags&^(unheard<<d) | synAcked<<(d^1)
	if c.flags&(finSent<<(d^1)) != 0 && !before(s.Ack, peer.end) {
		c.flags |= finAcked << (d ^ 1)
	}
	if d == 1 {
		c.flags &^= pending // it still knows the connection
	}
	if c.state == Close {
		return Pass
	}
	c.state = c.derive()
	return Alive
}

// fin notes whether the stream of side d ends with s. Where it goes on behind
// what seemed its FIN, that was none of its own.
func (c *Conn) fin(d uint8, s *Segment, end uint32) {
	me := &c.side[d]
	switch {
	case s.Flags&FIN != 0 && !before(end, me.end):
		c.flags |= finSent << d
	case after(end, me.end):
		c.flags &^= finSent << d
	}
}

// derive is the state that the two streams are in (RFC 9293 section 3.3.2, seen
// from the middle).
func (c *Conn) derive() State {
	if c.flags&synsAcked != synsAcked {
		return SynReceived
	}
	switch {
	case c.flags&finsSent == 0:
		return Established
	case c.flags&finsAcked == finsAcked:
		return TimeWait
	case c.flags&finsSent == finsSent:
		return LastAck
	case c.flags&finsAcked != 0:
		return CloseWait
	}
	return FinWait
}
