package sctp

import "unsafe"

// Theory of operation.
//
// Either end chooses a tag, and every packet to it carries that tag. Both offer
// theirs in an INIT or an INIT ACK, but an offer binds nobody: an end that answers
// an INIT keeps no state and may offer something else next time (RFC 9260 section
// 5.1.3), both may open at once (section 5.2.1), and an end that has restarted
// offers a new tag while the other still uses the old one (section 5.2.2). Which
// tags are in force is only settled when a COOKIE ACK answers a COOKIE ECHO: the
// one carries the tag of whoever sends the other.
//
//	A                                    B
//	   INIT       tag 0   offers a  ->        offers[A] = {a}
//	<- INIT ACK   tag a   offers b            offers[B] = {b}
//	   COOKIE ECHO     tag b        ->        echo[A]: b
//	<- COOKIE ACK      tag a                  live = {a, b}
//
// So offers stand beside the tags of the association that lives and change nothing
// of it. Of each side the first offer and the two newest are kept, and the one that
// was echoed: an INIT that is sent again while the answer is under way brings
// another offer, and a side in whose name somebody floods can still make its own
// count.
//
// Somebody who can send in the name of both ends could play a whole handshake and
// give the association tags of his own. So the pair of tags that was replaced, the
// former, is kept, and what carries one of its tags brings it back: where the ends
// did restart, nobody writes them any more. What was under way for long may bring
// it back too, but not for long.

// pair is the tags of an association, by the side that chose them. 0 is not known.
type pair [2]uint32

// Assoc is one association. The zero value waits for its first INIT. Sides are
// counted as the session's directions are: 0 is the opener.
type Assoc struct {
	live   pair
	former pair
	offers [2]offers // by the side that made them
	echo   [2]echo   // by the side that sent it: its last COOKIE ECHO
	state  State
	was    State // the state of the former
	picked bool  // what came before was not seen: a tag may be missing
}

// Size is the memory of an Assoc in bytes.
const Size = unsafe.Sizeof(Assoc{})

// An Assoc of more than 48 bytes is an error of the compiler.
const _ = 48 - Size

// State is the condition of the association.
func (a *Assoc) State() State { return a.state }

// Result is what is to become of a packet.
type Result uint8

// Results. The zero value is a drop.
const (
	OutOfState Result = iota // drop: a chunk does not fit the state, or its place
	WrongTag                 // drop: the tag is not the one that the receiver chose
	Alive                    // it passes and shows that the association lives
	Pass                     // it passes, but is no sign of life
	Reopen                   // it begins a new association, for which this one is to give way
)

// Passes says whether the packet goes on.
func (r Result) Passes() bool { return r >= Alive }

// PickUp is an association of which nothing was seen before p, a packet of side d
// that is Midway. The tag that d itself chose is the one that the other side's
// first packet carries.
func PickUp(d uint8, p *Packet) Assoc {
	a := Assoc{state: Established, picked: true}
	a.live[d&1^1] = p.Tag
	return a
}

// Track follows the association with a packet that side d sent and says what
// becomes of it. A packet that is dropped changes nothing.
func (a *Assoc) Track(d uint8, p *Packet) Result {
	me := d & 1
	switch {
	case p.bundled():
		return OutOfState
	case p.Has(Init):
		return a.init(me, p)
	case p.Tag == 0:
		return WrongTag
	case p.Has(InitAck):
		return a.initAck(me, p)
	case p.Has(CookieEcho):
		return a.cookieEcho(me, p)
	case p.Has(CookieAck):
		return a.cookieAck(me, p)
	case p.Has(Abort), p.Has(ShutdownComplete):
		return a.last(me, p)
	}
	return a.traffic(me, p)
}

// Streams says whether a packet of side d changes nothing of an established
// association: Track would say Alive.
func (a *Assoc) Streams(d uint8, p *Packet) bool {
	const changes = 1<<Init | 1<<InitAck | 1<<Abort | 1<<Shutdown | 1<<ShutdownAck | 1<<CookieEcho | 1<<CookieAck | 1<<ShutdownComplete
	return a.state == Established && p.kinds&changes == 0 && p.Tag != 0 && p.Tag == a.live[d&1^1]
}

// Reopens says whether a packet begins a new association in place of this one,
// whoever sends it.
func (a *Assoc) Reopens(p *Packet) bool { return a.over() && p.Opens() }

// Successor is what takes the place of an association that has ended, before its
// first INIT. It lets pass what is still said of the old one: an end that has not
// heard that it ended opens no new one.
func (a *Assoc) Successor() Assoc { return Assoc{former: a.live, was: Closed} }

// over says whether the association has ended, and none that it replaced may
// still live.
func (a *Assoc) over() bool {
	return a.state == Closed && (a.was == Closed || a.former == pair{})
}

// traffic takes what neither opens nor ends an association, and is most of all
// packets.
func (a *Assoc) traffic(me uint8, p *Packet) Result {
	peer := me ^ 1
	if a.picked && a.live[peer] == 0 {
		a.live[peer] = p.Tag
	}
	a.recall(peer, p.Tag)
	switch {
	case p.Tag == a.live[peer]:
		return a.alive(me, p)
	case p.Tag == a.former[peer]:
		return Pass
	case p.Tag == a.echoed(me): // behind its COOKIE ECHO
		return Pass
	case !a.offers[peer].has(p.Tag):
		return WrongTag
	case a.echo[peer] != noEcho: // before the COOKIE ACK, which may be late or lost
		return Pass
	}
	return OutOfState
}

// recall makes the former association the one that lives where tag is that of its
// side, and it has not ended.
func (a *Assoc) recall(side uint8, tag uint32) {
	if tag == a.former[side] && tag != a.live[side] && a.was != Closed {
		a.live, a.former = a.former, a.live
		a.state, a.was = a.was, a.state
	}
}

// alive follows the shutdown of the association that lives (section 9.2).
func (a *Assoc) alive(me uint8, p *Packet) Result {
	switch {
	case a.state == Closed: // the other end may not know it yet
		return Pass
	case p.Has(ShutdownAck):
		a.state = ShutdownAckSent // whose SHUTDOWN may have overtaken the COOKIE ACK
	case p.Has(Shutdown) && a.state == Established:
		a.state = ShutdownSent + State(me)
	}
	return Alive
}
