package tcp

import "math/rand/v2"

// end is a simple TCP (RFC 9293): it sends bytes that are not there, takes what
// comes in any order, and repeats what is not acknowledged. It has no timers:
// the simulation says when it may speak.
type end struct {
	r       *rand.Rand
	iss     uint32
	passive bool
	scale   uint8 // of its own window
	offers  bool  // it offers that scale
	scaled  bool  // both did
	buffer  uint32

	una, nxt, edge uint32 // to send: unacknowledged, next, as far as is allowed
	peerScale      uint8
	left           uint32 // bytes still to be sent
	patient        bool   // closes only after the other side
	fin            bool   // FIN is sent, at nxt-1

	rcv    uint32 // next expected
	unread uint32 // bytes that the application has not read
	early  [][2]uint32
	heard  bool   // the other side's SYN came
	opened bool   // our SYN is acknowledged
	hangup bool   // the other side's FIN came
	dead   bool   // it was reset, or has reset
	ended  bool   // a FIN came, perhaps too early
	last   uint32 // where

	out []Segment
}

func (e *end) send(s Segment) { e.out = append(e.out, s) }

// window is what the header says.
func (e *end) window(syn bool) uint16 {
	free := e.buffer - min(e.unread, e.buffer)
	if e.scaled && !syn {
		free >>= e.scale
	}
	return uint16(min(free, 0xffff))
}

func (e *end) syn() {
	s := Segment{Flags: SYN, Seq: e.iss, Window: e.window(true)}
	if e.offers {
		s.Scale = e.scale + 1
	}
	if e.heard {
		s.Flags, s.Ack = SYN|ACK, e.rcv
		if e.passive && !e.scaled {
			s.Scale = 0
		}
	}
	e.nxt = e.iss + 1
	e.send(s)
}

func (e *end) ack(seq, n uint32, flags uint8) {
	e.send(Segment{Flags: flags | ACK, Seq: seq, Ack: e.rcv, Len: n, Window: e.window(false)})
}

// speak lets it send something, if there is anything.
func (e *end) speak() {
	switch {
	case e.dead:
	case !e.opened:
		if !e.passive || e.heard {
			e.syn()
		}
	case e.r.IntN(4) == 0 && e.una != e.nxt:
		e.repeat()
	case e.left > 0:
		e.more()
	case !e.fin && (!e.patient || e.hangup):
		e.ack(e.nxt, 0, FIN)
		e.nxt++
		e.fin = true
	case e.r.IntN(3) == 0: // keepalive, in both fashions
		e.ack(e.nxt-1, uint32(e.r.IntN(2))*b2i(!e.fin && e.nxt-1 != e.iss), 0)
	}
}

func b2i(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// repeat sends again from the first byte that is not acknowledged.
func (e *end) repeat() {
	n := e.nxt - e.una
	flags := uint8(0)
	if e.fin {
		n, flags = n-1, FIN
	}
	if n > 1 && e.r.IntN(2) == 0 {
		n, flags = 1+e.r.Uint32N(n-1), 0
	}
	e.ack(e.una, min(n, 60000), flags*uint8(b2i(n <= 60000)))
}

// more sends new bytes, or one behind the window to probe it.
func (e *end) more() {
	room := e.edge - e.nxt
	if int32(room) <= 0 {
		if int32(room) < 0 || e.r.IntN(4) > 0 {
			return
		}
		room = 1
	}
	n := min(e.left, room, 1+e.r.Uint32N(60000))
	e.ack(e.nxt, n, 0)
	e.nxt += n
	e.left -= n
}

// read lets the application take bytes, and says so.
func (e *end) read() {
	if e.unread > 0 {
		e.unread -= min(e.unread, 1+e.r.Uint32N(e.buffer))
		if e.opened && !e.dead {
			e.ack(e.nxt, 0, 0)
		}
	}
}

// receive takes a segment.
func (e *end) receive(s Segment) {
	switch {
	case s.Flags&RST != 0:
		e.reset(s)
	case e.dead:
		if s.Flags&ACK != 0 {
			e.send(Segment{Flags: RST, Seq: s.Ack})
		}
	case s.Flags&SYN != 0:
		e.greet(s)
	case !e.heard: // RFC 9293 section 3.10.7.3: nothing can be wrong here but age
	default:
		e.data(s)
	}
}

func (e *end) reset(s Segment) {
	switch {
	case !e.heard:
	case s.Seq == e.rcv:
		e.dead = true
	case s.Seq-e.rcv < e.buffer && e.opened:
		e.ack(e.nxt, 0, 0) // RFC 5961 section 3.2
	}
}

func (e *end) greet(s Segment) {
	if s.Flags&ACK != 0 && s.Ack != e.iss+1 && !e.opened {
		return
	}
	if e.heard && e.opened {
		e.ack(e.nxt, 0, 0) // RFC 5961 section 4.2
		return
	}
	if !e.heard {
		e.heard, e.rcv = true, s.Seq+1
		if e.scaled = e.offers && s.Scale > 0; e.scaled {
			e.peerScale = s.Scale - 1
		}
		e.una, e.nxt = e.iss, e.iss+1
	}
	e.edge = max(e.edge, e.iss+1+uint32(s.Window))
	if s.Flags&ACK != 0 {
		e.opened, e.una, e.edge = true, e.iss+1, s.Ack+uint32(s.Window)
		e.ack(e.nxt, 0, 0)
		return
	}
	e.edge = e.iss + 1 + uint32(s.Window)
	e.syn()
}

// acceptable is the test of RFC 9293 section 3.10.7.4 and RFC 5961 section 5.
func (e *end) acceptable(s Segment) bool {
	if after(s.Ack, e.nxt) || before(s.Ack, e.una-1<<20) {
		return false
	}
	wnd := uint32(e.window(false))
	if e.scaled {
		wnd <<= e.scale
	}
	n := s.end() - s.Seq
	if n == 0 {
		return s.Seq == e.rcv || s.Seq-e.rcv < wnd
	}
	return wnd > 0 && (s.Seq-e.rcv < wnd || s.end()-1-e.rcv < wnd)
}

func (e *end) data(s Segment) {
	ok := e.acceptable(s)
	if !after(s.Ack, e.nxt) && !before(s.Ack, e.una) && (ok || s.Seq == e.rcv) {
		if after(s.Ack, e.iss) {
			e.opened = true
		}
		e.una = s.Ack
		edge := s.Ack + uint32(s.Window)<<e.peerScale*b2i(e.scaled)
		if !e.scaled {
			edge = s.Ack + uint32(s.Window)
		}
		raise(&e.edge, edge)
	}
	if !ok {
		if s.end() != s.Seq || s.Seq != e.rcv {
			e.ack(e.nxt, 0, 0)
		}
		return
	}
	if s.end() != s.Seq {
		e.early = append(e.early, [2]uint32{s.Seq, s.Seq + s.Len})
		if s.Flags&FIN != 0 {
			e.ended, e.last = true, s.Seq+s.Len
		}
		e.inOrder()
		e.ack(e.nxt, 0, 0)
	}
}

// inOrder takes what is next, as often as there is more of it.
func (e *end) inOrder() {
	for again := true; again; {
		again = false
		for _, b := range e.early {
			if !after(b[0], e.rcv) && after(b[1], e.rcv) {
				e.unread += b[1] - e.rcv
				e.rcv, again = b[1], true
			}
		}
	}
	if e.ended && !e.hangup && e.rcv == e.last {
		e.rcv, e.hangup = e.rcv+1, true
	}
	kept := e.early[:0]
	for _, b := range e.early {
		if after(b[1], e.rcv) {
			kept = append(kept, b)
		}
	}
	e.early = kept
}

// done says that all is sent, acknowledged and closed.
func (e *end) done() bool {
	return e.dead || e.fin && e.una == e.nxt && e.left == 0 && e.hangup
}
