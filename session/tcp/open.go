package tcp

// syn takes a SYN without ACK.
func (c *Conn) syn(d uint8, s *Segment, m Mode) Result {
	if d == 1 {
		return c.synBack(s)
	}
	switch {
	case c.state == None || c.state == SynSent:
		c.open(s)
		return Alive
	case c.Reopens(d, s.Seq, m):
		return Reopen
	case s.Seq == c.isn && c.flags&pending == 0 && c.state != Close: // the one that opened it, again
		if c.state == SynReceived {
			return Alive
		}
		return Pass
	}
	c.remember(s)
	c.flags |= pending
	return Pass
}

// Reopens says whether a SYN of side d with that number begins a new connection in
// place of this one.
func (c *Conn) Reopens(d uint8, seq uint32, m Mode) bool {
	switch c.state {
	case Close:
		return true
	case TimeWait: // RFC 9293 section 3.6.1
		return m.AntiReplay != Strict || after(seq, c.side[d&1].end)
	}
	return false
}

// remember keeps the opener's SYN until it is answered.
func (c *Conn) remember(s *Segment) {
	c.isn, c.win, c.len, c.shift = s.Seq, s.Window, uint16(min(s.Len, 0xffff)), s.Scale
	c.flags &^= sackOffered
	if s.SACKOK {
		c.flags |= sackOffered
	}
}

// open begins a connection, or begins it anew with another SYN.
func (c *Conn) open(s *Segment) {
	*c = Conn{state: SynSent}
	c.remember(s)
	c.side[0].end = s.end()
	c.side[1].ack = s.Seq + 1
}

// synBack takes a SYN without ACK from the other side: both open at once.
func (c *Conn) synBack(s *Segment) Result {
	switch {
	case c.state == SynSent:
		c.meet(s, c.isn+1)
		c.flags |= simultaneous
		return Alive
	case c.state == SynReceived && c.flags&simultaneous != 0 && s.Seq+1 == c.side[0].ack:
		return Alive
	}
	return OutOfState // a connection is the opener's to open again
}

// synAck takes a SYN with ACK.
func (c *Conn) synAck(d uint8, s *Segment) Result {
	switch {
	case d == 0 && c.flags&simultaneous == 0:
		return OutOfState
	case c.flags&met == 0:
		return c.answer(s)
	}
	me, peer := &c.side[d], &c.side[d^1]
	r := c.fits(d, s)
	switch {
	case c.state == SynReceived && r == Alive && s.Seq+1 == peer.ack: // again, or of a simultaneous open
		allow(me, peer, s.Ack, c.window(d, s))
		c.flags |= synAcked << (d ^ 1)
		c.state = c.derive()
		return Alive
	case c.state != SynReceived && r != OutOfWindow && !after(s.end(), me.end):
		return Pass // it had been under way for long
	case d == 1 && (c.state == SynReceived || c.flags&pending != 0):
		return c.answer(s)
	}
	return OutOfWindow
}

// answer takes the other side's answer to the opener's last SYN. One that
// acknowledges anything else is of an older connection.
func (c *Conn) answer(s *Segment) Result {
	switch {
	case c.state == None || c.state == Close:
		return OutOfState
	case !c.acksSYN(s.Ack):
		return OutOfWindow
	}
	c.meet(s, s.Ack)
	c.flags |= synAcked
	return Alive
}

// acksSYN says whether ack acknowledges the opener's last SYN, and perhaps the
// payload that it carried (RFC 7413).
func (c *Conn) acksSYN(ack uint32) bool { return ack-c.isn-1 <= uint32(c.len) }

// meet sets both sides' numbers, and with them options, by the opener's SYN and
// the other side's, which acknowledges ack.
func (c *Conn) meet(s *Segment, ack uint32) {
	c.side[0] = side{end: c.isn + 1 + uint32(c.len), max: ack + uint32(s.Window) + probe, ack: s.Seq + 1, reach: leastReach}
	c.side[1] = side{end: s.end(), max: s.Seq + 1 + uint32(c.win) + probe, ack: ack, reach: leastReach}
	c.scale = [2]uint8{}
	if c.shift > 0 && s.Scale > 0 { // RFC 7323 section 2.2: both or none
		c.scale = [2]uint8{min(c.shift-1, mostScale), min(s.Scale-1, mostScale)}
	}
	permitted := c.flags&sackOffered != 0 && s.SACKOK
	c.flags = met | c.flags&sackOffered
	if permitted {
		c.flags |= sackOK
	}
	c.state = SynReceived
}

// PickUp is a connection of which nothing was seen before s, a segment with ACK
// of side d: it is established, and as long as its windows are not known they
// are without limit. Its window scales stay unknown; the largest is assumed.
func PickUp(d uint8, s Segment) Conn {
	c := Conn{state: Established, scale: [2]uint8{mostScale, mostScale}, flags: met | synsAcked | sackOK | unheard<<(d&1^1)}
	c.side[d&1] = side{end: s.end(), max: s.end() + mostReach, ack: s.Ack, reach: mostReach}
	c.side[d&1^1] = side{end: s.Ack, max: s.Ack + mostReach, ack: s.Seq, reach: mostReach}
	if s.Flags&FIN != 0 {
		c.flags |= finSent << (d & 1)
		c.state = c.derive()
	}
	return c
}
