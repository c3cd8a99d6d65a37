package sctp

// init takes an INIT. It changes nothing of an association that lives: whether it
// is a restart the other end decides (section 5.2.2).
func (a *Assoc) init(me uint8, p *Packet) Result {
	peer := me ^ 1
	switch {
	case p.Tag != 0, p.Offer == 0:
		return WrongTag
	case a.over():
		return Reopen
	}
	a.offers[me].add(p.Offer, a.echo[peer])
	if a.state == None {
		a.state = CookieWait
	}
	if a.state == CookieWait && me == 0 {
		return Alive
	}
	return Pass
}

// initAck takes the answer to an INIT.
func (a *Assoc) initAck(me uint8, p *Packet) Result {
	peer := me ^ 1
	if p.Offer == 0 || !a.offers[peer].has(p.Tag) && p.Tag != a.live[peer] && p.Tag != a.former[peer] {
		return WrongTag
	}
	a.offers[me].add(p.Offer, a.echo[peer])
	if a.state == CookieWait {
		return Alive
	}
	return Pass
}

// cookieEcho takes the end's decision for an offer.
func (a *Assoc) cookieEcho(me uint8, p *Packet) Result {
	peer := me ^ 1
	a.recall(peer, p.Tag)
	switch {
	case a.offers[peer].has(p.Tag):
		a.echo[me] = a.offers[peer].at(p.Tag)
	case p.Tag == a.live[peer]:
		a.echo[me] = echoLive
	default:
		return WrongTag
	}
	if a.state == CookieWait || a.state == CookieEchoed {
		a.state = CookieEchoed
		return Alive
	}
	return Pass
}

// cookieAck takes the end of a handshake. Its tag is the one that the other side
// has offered, and the other side's COOKIE ECHO carried the one of this side.
func (a *Assoc) cookieAck(me uint8, p *Packet) Result {
	peer := me ^ 1
	a.recall(peer, p.Tag)
	switch {
	case !a.offers[peer].has(p.Tag) && p.Tag != a.live[peer]:
		return WrongTag
	case a.echo[peer] == noEcho && p.Tag != a.live[peer]:
		return OutOfState
	case a.echo[peer] == noEcho: // it had been under way for long
		return Pass
	}
	var now pair
	now[me], now[peer] = a.echoed(peer), p.Tag
	a.echo[peer] = noEcho
	if now == a.live {
		return Pass
	}
	if a.live != (pair{}) {
		a.former, a.was = a.live, a.state
	}
	a.live, a.state, a.picked = now, Established, false
	a.offers, a.echo = [2]offers{}, [2]echo{}
	return Alive
}
