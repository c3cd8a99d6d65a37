package sctp

import "math/rand/v2"

// message is a packet on its way: what the tracker sees of it and what only the
// ends read.
type message struct {
	Packet
	what   uint8 // its first chunk
	cookie cookie
	data   int
}

// cookie is the state that an end has the other keep for it (RFC 9260 section
// 5.1.3).
type cookie struct {
	mine, yours       uint32
	tieMine, tieYours uint32
}

// end is one end of an association, as RFC 9260 describes it and as far as tags
// and states go.
type end struct {
	r     *rand.Rand
	out   []message
	opens bool // by itself

	state       State // ShutdownRecd: told to shut down, data is left
	mine, yours uint32
	cookie      cookie // of the INIT ACK that was taken
	patience    int    // until it says again what was not answered
	rto         int    // how long it waits for the answer to its first INIT
	tries       int    // INITs without an answer
	left        int    // data to send
	closes      bool   // then it shuts down
	met         bool   // it was established once
	dead        bool   // it is over and opens no more
}

func (e *end) say(tag uint32, typ, flags uint8, offer uint32, more ...uint8) *message {
	m := message{what: typ}
	m.Tag = tag
	m.Add(typ, flags, offer)
	for _, t := range more {
		m.Add(t, 0, 0)
	}
	e.out = append(e.out, m)
	return &e.out[len(e.out)-1]
}

// tick lets a moment pass: what has no answer is said again.
func (e *end) tick() {
	if e.patience--; e.patience > 0 {
		return
	}
	e.patience = 8 + e.r.IntN(24)
	switch e.state {
	case None:
		if e.opens && !e.dead {
			e.open()
		}
	case CookieWait: // ever more rarely (section 6.3.3)
		e.tries = min(e.tries+1, 3)
		e.patience = e.rto << e.tries
		e.say(0, Init, 0, e.mine)
	case CookieEchoed:
		if e.tries++; e.tries > 12 { // it gives up, and its user tries again
			e.open()
			return
		}
		e.echo()
	case Established:
		e.established()
	case ShutdownSent:
		e.say(e.yours, Shutdown, 0, 0)
	case ShutdownAckSent:
		e.say(e.yours, ShutdownAck, 0, 0)
	}
}

func (e *end) open() {
	e.mine, e.yours, e.state, e.tries = e.tag(), 0, CookieWait, 0
	e.patience = e.rto
	e.say(0, Init, 0, e.mine)
}

func (e *end) tag() uint32 { return 1 + e.r.Uint32N(1<<32-1) }

func (e *end) echo() {
	var more []uint8
	if e.r.IntN(2) == 0 {
		more = append(more, 0)
	}
	e.say(e.yours, CookieEcho, 0, 0, more...).cookie = e.cookie
}

func (e *end) established() {
	switch {
	case e.left > 0:
		e.left--
		e.say(e.yours, 0, 0, 0).data = 1
	case e.closes:
		e.state = ShutdownSent
		e.say(e.yours, Shutdown, 0, 0)
	default:
		e.say(e.yours, 4, 0, 0)
	}
}

// restart forgets everything and opens anew.
func (e *end) restart() {
	e.state, e.opens, e.dead = None, true, false
	e.patience = 0
}

// abort ends the association without a word more.
func (e *end) abort() {
	e.say(e.yours, Abort, 0, 0)
	e.over()
}

func (e *end) over() {
	e.state, e.mine, e.yours, e.dead = None, 0, 0, true
}

// accepts says whether the end would act on m, or answer it: whether it matters
// that m arrives.
func (e *end) accepts(m *message) bool {
	switch m.what {
	case Init:
		return m.Tag == 0
	case InitAck:
		return e.state == CookieWait && m.Tag == e.mine
	case CookieEcho: // the tag is that of the cookie
		return m.Tag == m.cookie.mine && e.takes(m) != takesNothing
	case Abort, ShutdownComplete:
		return e.state != None && (m.reflected && m.Tag == e.yours || !m.reflected && m.Tag == e.mine)
	}
	return e.state != None && m.Tag == e.mine
}

// What a cookie means to an end (RFC 9260 section 5.2.4).
const (
	takesNothing = iota
	takesNew     // a new association
	takesRestart // the other end has restarted
	takesPeer    // the other end's tag is another than it was
	takesAgain   // it has it already
)

func (e *end) takes(m *message) int {
	c := &m.cookie
	switch {
	case e.state == None:
		if e.dead || m.stale(e) {
			return takesNothing
		}
		return takesNew
	case c.mine == e.mine && c.yours == e.yours:
		return takesAgain
	case c.mine == e.mine:
		return takesPeer
	case c.tieMine == e.mine && c.tieYours == e.yours && e.state != CookieWait && e.state != CookieEchoed:
		return takesRestart
	}
	return takesNothing
}

// stale says whether the cookie is one of an association that the end has had: it
// would have run out long ago.
func (m *message) stale(e *end) bool { return e.met && m.cookie.tieMine != 0 }

// receive is what the end does with a message that arrives.
func (e *end) receive(m *message) {
	if !e.accepts(m) {
		e.outOfTheBlue(m)
		return
	}
	switch m.what {
	case Init:
		e.receiveInit(m)
	case InitAck:
		e.yours, e.cookie, e.state, e.tries = m.Offer, m.cookie, CookieEchoed, 0
		e.echo()
	case CookieEcho:
		e.receiveCookie(m)
	case CookieAck:
		if e.state == CookieEchoed {
			e.state, e.met = Established, true
		}
	case Abort:
		e.over()
	case Shutdown:
		e.receiveShutdown()
	case ShutdownAck:
		switch e.state {
		case ShutdownSent, ShutdownAckSent:
			e.say(e.yours, ShutdownComplete, 0, 0)
			e.over()
		case CookieWait, CookieEchoed:
			e.say(m.Tag, ShutdownComplete, reflected, 0)
		}
	case ShutdownComplete:
		if e.state == ShutdownAckSent {
			e.over()
		}
	case 0:
		if e.state == Established || e.state == ShutdownSent {
			e.say(e.yours, 3, 0, 0)
		}
	case 4:
		e.say(e.yours, 5, 0, 0)
	}
}

// outOfTheBlue answers what belongs to nothing (section 8.4).
func (e *end) outOfTheBlue(m *message) {
	if e.state != None && e.state != CookieWait && e.state != CookieEchoed || e.r.IntN(2) == 0 {
		return
	}
	switch m.what {
	case Abort, ShutdownComplete, CookieAck, CookieEcho, InitAck:
	case ShutdownAck:
		e.say(m.Tag, ShutdownComplete, reflected, 0)
	default:
		if e.state == None {
			e.say(m.Tag, Abort, reflected, 0)
		}
	}
}

func (e *end) receiveInit(m *message) {
	if e.dead && e.state == None {
		e.say(m.Offer, Abort, 0, 0)
		return
	}
	c := cookie{mine: e.tag(), yours: m.Offer, tieMine: e.mine, tieYours: e.yours}
	switch e.state {
	case CookieWait, CookieEchoed: // section 5.2.1
		c.mine = e.mine
	case ShutdownAckSent: // section 9.2
		e.say(e.yours, ShutdownAck, 0, 0)
		return
	}
	e.say(m.Offer, InitAck, 0, c.mine).cookie = c
}

func (e *end) receiveCookie(m *message) {
	if e.state == ShutdownAckSent && e.takes(m) == takesRestart {
		e.say(e.yours, ShutdownAck, 0, 0)
		return
	}
	switch e.takes(m) {
	case takesNew, takesRestart, takesPeer:
		e.mine, e.yours, e.state, e.met = m.cookie.mine, m.cookie.yours, Established, true
	case takesAgain:
		if e.state == CookieEchoed || e.state == CookieWait {
			e.state, e.met = Established, true
		}
	}
	e.say(e.yours, CookieAck, 0, 0)
}

func (e *end) receiveShutdown() {
	switch e.state {
	case Established, ShutdownSent:
		e.state = ShutdownAckSent
	case ShutdownAckSent:
	default:
		return
	}
	e.say(e.yours, ShutdownAck, 0, 0)
}
