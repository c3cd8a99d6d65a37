package engine

import (
	"encoding/binary"

	"portcullis/packet"
	"portcullis/session"
	"portcullis/session/sctp"
	"portcullis/session/tcp"
)

// track follows the state of s with a packet of direction dir, and keeps it
// alive.
func (w *Worker) track(s *session.Session, dir packet.Dir, p *Slot) packet.Reason {
	alive := true
	switch {
	case p.Key.Proto == packet.ProtoTCP:
		if !flows(s, dir, p) {
			if s.TCP.State() != tcp.None && damaged(p) { // else admit has looked
				return packet.ReasonBadChecksum
			}
			r := w.trackTCP(s, dir, p)
			if !r.Passes() {
				return unfit(r)
			}
			alive = r == tcp.Alive
		}
	case p.Key.Proto == packet.ProtoSCTP:
		r := w.trackSCTP(s, dir, p)
		if !r.Passes() {
			return unfitSCTP(r)
		}
		alive = r == sctp.Alive
	case dir == packet.Reply && !s.Replied:
		s.Replied, s.State = true, session.StateEstablished
		w.answered(s)
		s.SetTimeout(w.rules.clocks.idle(s))
		w.settle(s)
	}
	count(s, dir, p, w.now, alive)
	return packet.ReasonNone
}

// count accounts for p and, where it is a sign of life, keeps s alive.
func count(s *session.Session, dir packet.Dir, p *Slot, now session.Tick, alive bool) {
	if alive && s.Still>>dir&1 == 0 {
		s.LastSeen = now
	}
	s.Bytes[dir] += uint64(len(p.Frame)) - uint64(p.L3)
	s.Packets[dir]++
}

// flows is the short way of a segment: of an established connection, in its
// window, its numbers those of the ends.
func flows(s *session.Session, dir packet.Dir, p *Slot) bool {
	const control = packet.TCPSyn | packet.TCPFin | packet.TCPRst | packet.TCPAck
	if p.TCPFlags&control != packet.TCPAck || s.Control != 0 {
		return false
	}
	h := (*[16]byte)(p.Frame[p.L4:])
	return s.TCP.Flow(uint8(dir), binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[8:]),
		uint32(len(p.Frame))-p.Payload, binary.BigEndian.Uint16(h[14:]))
}

// damaged says whether p claims to begin or end a connection, but is not what was
// sent: one bit makes a FIN or a reset of any segment, or another window scale of a
// SYN's. The receiver sees that and drops it, so it must not count here either.
func damaged(p *Slot) bool {
	return p.TCPFlags&(packet.TCPSyn|packet.TCPFin|packet.TCPRst) != 0 && !p.ChecksumOK()
}

// unfit is the name of a drop.
func unfit(r tcp.Result) packet.Reason {
	if r == tcp.OutOfWindow {
		return packet.ReasonTCPWindow
	}
	return packet.ReasonTCPState
}

// mode is how closely the connection of s is tracked.
func (w *Worker) mode(s *session.Session) tcp.Mode {
	m := w.rules.tcp
	if s.AnySeq {
		m.AntiReplay = tcp.Disable
	}
	return m
}

// segment makes seg, which is empty, what the tracker looks at. Options are read of a SYN
// only.
func (w *Worker) segment(seg *tcp.Segment, s *session.Session, dir packet.Dir, p *Slot) {
	h := (*[16]byte)(p.Frame[p.L4:])
	seg.Flags = p.TCPFlags
	seg.Seq, seg.Ack = binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[8:])
	seg.Window = binary.BigEndian.Uint16(h[14:])
	seg.Len = uint32(len(p.Frame)) - p.Payload
	if p.TCPFlags&packet.TCPSyn != 0 {
		synOptions(p, seg)
	}
	if s.Control != 0 { // the peer's numbers are those of rewritten bytes
		seg.Ack = w.controls.at(s.Control).control.TranslateAck(dir, seg.Ack)
	}
}

// synOptions reads what a SYN says about the connection.
func synOptions(p *Slot, seg *tcp.Segment) {
	h := p.Frame[p.L4:p.Payload]
	if v := option(h, optionScale); len(v) == 1 {
		seg.Scale = min(v[0], 14) + 1 // RFC 7323 section 2.3
	}
	seg.SACKOK = option(h, optionSACKOK) != nil
}

// trackTCP is the slow part of track: connections that open or close, and
// segments that do not fit at first sight.
func (w *Worker) trackTCP(s *session.Session, dir packet.Dir, p *Slot) tcp.Result {
	var seg tcp.Segment
	w.segment(&seg, s, dir, p)
	mode := w.mode(s)
	r := s.TCP.Track(uint8(dir), &seg, mode)
	if r == tcp.OutOfWindow && s.TCP.SACKPermitted() {
		if seg.SACK, seg.HasSACK = w.sackEdge(s, dir, p); seg.HasSACK {
			r = s.TCP.Track(uint8(dir), &seg, mode)
		}
	}
	if !r.Passes() && w.halfSeen(s, dir, p, seg) {
		r = tcp.Alive
	}
	st := s.TCP.State()
	if dir == packet.Reply && (r == tcp.Alive || st != s.State) {
		s.Replied = true // of a connection that was picked up, no change of state tells
	}
	if st == s.State {
		w.settle(s)
		return r
	}
	if st == session.StateClose {
		s.ResetBy = uint8(dir) + 1
	}
	w.turn(s, st)
	return r
}

// turn changes the state of s, and with it its idle time.
func (w *Worker) turn(s *session.Session, st session.State) {
	s.State = st
	w.closing(s)
	if s.Helper != 0 && s.Master.ID == 0 && (st == session.StateTimeWait || st == session.StateClose) {
		w.expect.RemoveCalls(s.ID, w.expectationGone)
		w.endCalls(s.ID)
	}
	w.settle(s)
	s.LastSeen = w.now
	s.SetTimeout(w.lingering(s, w.rules.clocks.idle(s)))
	w.table.Shorten(s)
}

// sackEdge is the highest edge of the SACK option of p, in the space of the side
// that it acknowledges.
func (w *Worker) sackEdge(s *session.Session, dir packet.Dir, p *Slot) (edge uint32, ok bool) {
	for v := option(p.Frame[p.L4:p.Payload], optionSACK); len(v) >= 8; v = v[8:] {
		right := binary.BigEndian.Uint32(v[4:])
		if !ok || int32(right-edge) > 0 {
			edge, ok = right, true
		}
	}
	if ok && s.Control != 0 {
		edge = w.controls.at(s.Control).control.TranslateAck(dir, edge)
	}
	return edge, ok
}

// mayReopen says whether reopens is to be asked.
func mayReopen(p *Slot) bool {
	return p.TCPFlags&packet.TCPSyn != 0 || p.Key.Proto == packet.ProtoSCTP
}

// reopens says whether p is a SYN that begins a new connection on the tuple of
// one that is over, from either side, or an INIT; the old one then gives way.
func (w *Worker) reopens(s *session.Session, dir packet.Dir, p *Slot) bool {
	if p.Key.Proto == packet.ProtoSCTP {
		return w.reopensSCTP(s, p)
	}
	if p.Key.Proto != packet.ProtoTCP || !tcp.Opens(p.TCPFlags) ||
		!s.TCP.Reopens(uint8(dir), binary.BigEndian.Uint32(p.Frame[p.L4+4:]), w.mode(s)) {
		return false
	}
	w.remove(s, endOf(s))
	return true
}
