package tcp

import "unsafe"

// Theory of operation.
//
// For each side the tracker keeps how far it has sent (end), how far the other
// side has allowed it to send (max), what it has acknowledged (ack), and how far
// back its acknowledgements may lie (reach). These are upper bounds of what the
// ends know, because every segment passes here before it arrives, if it arrives:
//
//	           sent, acknowledged      in flight        allowed
//	  ......|========================|===============|-----------|......
//	        end-reach                 peer.ack        end         max
//
// A segment fits (Guido van Rooij, Real Stateful TCP Packet Filtering in IP
// Filter, 2000) when it begins at or before max, and when its acknowledgement is
// of something that was sent (at most peer.end), and not older than reach. A
// retransmission of what lies further back is fit to pass, so that the receiver
// can say that it has it, but no sign of life.
//
// max is two more than was allowed, for zero-window probes (RFC 9293 section
// 3.8.6.1). A segment may end behind it: the receiver trims it.
//
// The opener's SYN is kept beside the two sides, because a SYN that arrives in
// the middle of a connection changes nothing until the other end has decided
// what it means: it answers it with a SYN of its own (it had forgotten the
// connection: the sides begin anew), with a reset that acknowledges it, or with
// an acknowledgement that challenges it (RFC 5961 section 4).

// Conn is one connection. The zero value waits for its first SYN. Sides are
// counted as the session's directions are: 0 is the opener.
type Conn struct {
	side  [2]side
	isn   uint32   // the opener's last SYN
	flags flags    // see below
	win   uint16   // that SYN's window
	len   uint16   // and its payload (RFC 7413)
	shift uint8    // and its window scale plus 1
	scale [2]uint8 // the shifts in force
	state State
}

// side is what is known of one end.
type side struct {
	end   uint32 // behind the highest sequence number it sent
	max   uint32 // as far as the other side has allowed it to send, and probe
	ack   uint32 // the highest acknowledgement it sent; before any, the least it can send
	reach uint32 // how far behind the other's end its acknowledgements may be
}

// flags are conditions of a connection. Those that come in two are shifted by
// the side.
type flags uint16

const (
	finSent  flags = 1 << iota // end is behind its FIN
	_                          // side 1's
	finAcked                   // and the other side has acknowledged it
	_
	synAcked // its SYN is acknowledged
	_
	unheard // picked up, and it has not sent since
	_
	met          // both sides' numbers are known
	simultaneous // both sides opened (RFC 9293 section 3.5)
	pending      // the opener's last SYN has no answer yet
	sackOffered  // and it permits SACK
	sackOK       // both SYNs permitted SACK

	finsSent  = finSent | finSent<<1
	finsAcked = finAcked | finAcked<<1
	synsAcked = synAcked | synAcked<<1
	// odd are the flags that keep an established connection off the short way.
	odd = pending | unheard | unheard<<1
)

// Size is the memory of a Conn in bytes.
const Size = unsafe.Sizeof(Conn{})

// A Conn of more than 48 bytes is an error of the compiler.
const _ = 48 - Size

// State is the condition of the connection.
func (c *Conn) State() State { return c.state }

// SACKPermitted says whether the sides may send SACK options.
func (c *Conn) SACKPermitted() bool { return c.flags&sackOK != 0 }

// Track follows the connection with a segment that side d sent and says what
// becomes of it. A segment that is dropped changes nothing.
func (c *Conn) Track(d uint8, s *Segment, m Mode) Result {
	if s.Flags&control == ACK && c.Flow(d, s.Seq, s.Ack, s.Len, s.Window) {
		return Alive
	}
	return c.track(d&1, s, m)
}

// Flow is the short way of Track, for a segment that has of SYN, FIN, RST and ACK
// only ACK: it takes one that fits an established connection, and reports false
// where Track is to be asked.
func (c *Conn) Flow(d uint8, seq, ack, n uint32, window uint16) bool {
	me, peer := &c.side[d&1], &c.side[d&1^1]
	end := seq + n
	if c.state != Established || c.flags&odd != 0 ||
		after(seq, me.max) || peer.end-ack > me.reach || int32(me.end-end) > int32(peer.reach) { // as fits says
		return false
	}
	raise(&me.end, end)
	allow(me, peer, ack, uint32(window)<<(c.scale[d&1]&15))
	return true
}

// track is the long way of Track.
func (c *Conn) track(d uint8, s *Segment, m Mode) Result {
	var r Result
	switch {
	case s.Flags&RST != 0:
		r = c.reset(d, s, m)
	case s.Flags&(SYN|ACK) == SYN:
		r = c.syn(d, s, m)
	case s.Flags&SYN != 0:
		r = c.synAck(d, s)
	case c.flags&met == 0:
		return c.unanswered(d, s)
	default:
		return c.segment(d, s, m)
	}
	if r == OutOfWindow && m.AntiReplay == Disable && (s.Flags&RST == 0 || !m.ResetRange) {
		return Pass
	}
	return r
}

// unanswered takes a segment without SYN while only the opener was heard. An
// acknowledgement by the other side is a challenge, because it remembers an older
// connection: it passes, and what it acknowledges is what the opener's reset will
// carry.
func (c *Conn) unanswered(d uint8, s *Segment) Result {
	if c.state != SynSent || d == 0 {
		return OutOfState
	}
	c.side[1].ack = s.Ack
	return Pass
}
