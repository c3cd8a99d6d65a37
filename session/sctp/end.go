package sctp

// last takes an ABORT or a SHUTDOWN COMPLETE. Each carries the receiver's tag or,
// where the T bit says so, the one that the receiver itself wrote, which is the
// sender's (section 8.5.1).
func (a *Assoc) last(me uint8, p *Packet) Result {
	owner := me ^ 1
	if p.reflected {
		owner = me
	}
	switch {
	case p.Tag == a.live[owner]:
		return a.end(&a.state, p)
	case p.Tag == a.former[owner]:
		a.end(&a.was, p)
		return Pass
	}
	return a.refuse(me, owner, p)
}

// end closes the association of state *s. A SHUTDOWN COMPLETE ends none that
// nobody has shut down (section 9.2).
func (a *Assoc) end(s *State, p *Packet) Result {
	if *s == Closed || *s == Established && p.Has(ShutdownComplete) && !a.picked {
		return Pass
	}
	*s = Closed
	return Alive
}

// refuse takes one of a handshake. It ends what has yet to begin, and nothing that
// lives: an end that refuses a restart keeps its association. One with the T bit
// must answer a COOKIE ECHO, because nothing before that carries a tag that both
// ends have agreed on.
func (a *Assoc) refuse(me, owner uint8, p *Packet) Result {
	answers := p.Tag == a.echoed(me)
	if p.reflected {
		answers = p.Tag == a.echoed(me^1)
	}
	if !answers && !a.offers[owner].has(p.Tag) {
		return WrongTag
	}
	opening := a.state == CookieWait || a.state == CookieEchoed
	if opening && p.Has(Abort) && (answers || !p.reflected) {
		a.state = Closed
		return Alive
	}
	return Pass
}
