package engine

import (
	"encoding/binary"

	"portcullis/packet"
	"portcullis/session"
)

// track follows the state of s with a packet of direction dir, and keeps it
// alive.
func (w *Worker) track(s *session.Session, dir packet.Dir, p *Slot) packet.Reason {
	if p.Key.Proto == packet.ProtoTCP {
		const quiet = packet.TCPSyn | packet.TCPFin | packet.TCPRst
		if s.State != session.StateEstablished || p.TCPFlags&quiet != 0 {
			if r := w.trackTCP(s, dir, p); r != packet.ReasonNone {
				return r
			}
		}
	} else if dir == packet.Reply && !s.Replied {
		s.Replied, s.State = true, session.StateEstablished
	}
	s.LastSeen = w.now
	s.Bytes[dir] += uint64(len(p.Frame)) - uint64(p.L3)
	s.Packets[dir]++
	return packet.ReasonNone
}

// trackTCP is the slow part of track: connections that open or close.
func (w *Worker) trackTCP(s *session.Session, dir packet.Dir, p *Slot) packet.Reason {
	h := p.Frame[p.L4:]
	ack := binary.BigEndian.Uint32(h[8:])
	if s.Control != 0 { // the peer's numbers are those of rewritten bytes
		ack = w.controls.at(s.Control).control.TranslateAck(dir, ack)
	}
	st, ok := s.TCP.Track(s.State, dir, session.Segment{
		Flags: p.TCPFlags,
		Seq:   binary.BigEndian.Uint32(h[4:]),
		Ack:   ack,
		Len:   uint32(len(p.Frame)) - p.Payload,
	})
	if !ok {
		return packet.ReasonTCPState
	}
	if dir == packet.Reply {
		s.Replied = true
	}
	if st == s.State {
		return packet.ReasonNone
	}
	if st == session.StateClose {
		s.ResetBy = uint8(dir) + 1
	}
	s.State = st
	s.LastSeen = w.now
	s.SetTimeout(idleTime(packet.ProtoTCP, st))
	w.table.Shorten(s)
	return packet.ReasonNone
}

// reopens says whether p is a SYN that begins a new connection on the tuple of
// one that is over, from either side; the old one then gives way.
func (w *Worker) reopens(s *session.Session, p *Slot) bool {
	if !session.Opens(p.TCPFlags) ||
		s.State != session.StateTimeWait && s.State != session.StateClose {
		return false
	}
	i := w.table.IndexOf(s)
	w.expired(i, s)
	w.table.Remove(i)
	return true
}
