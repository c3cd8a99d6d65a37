package engine

import (
	"portcullis/packet"
	"portcullis/session"
	"portcullis/session/sctp"
)

// chunks is what the tracker looks at of p, an SCTP packet.
func chunks(p *Slot) (q sctp.Packet) {
	q.Tag = p.VerificationTag()
	for list := p.Data(); len(list) > 0; {
		c, rest, ok := packet.NextChunk(list)
		if !ok {
			break // Parse has seen to it that none is
		}
		q.Add(c.Type, c.Flags, c.InitiateTag())
		list = rest
	}
	return q
}

// trackSCTP follows the association of s.
func (w *Worker) trackSCTP(s *session.Session, dir packet.Dir, p *Slot) sctp.Result {
	q := chunks(p)
	a := s.SCTP()
	r := a.Track(uint8(dir), &q)
	if !r.Passes() && w.halfSeenSCTP(s, dir, p, &q) {
		r = sctp.Alive
	}
	st := a.State()
	if st == sctp.Established && !s.Replied && (sctp.State(s.State) != st || dir == packet.Reply && r == sctp.Alive) {
		s.Replied = true // until then whoever sends INITs is not known to read the answers
		w.settle(s)
	}
	if st == sctp.State(s.State) {
		return r
	}
	s.ResetBy = 0
	if st == sctp.Closed && q.Has(sctp.Abort) {
		s.ResetBy = uint8(dir) + 1
	}
	w.turn(s, session.State(st))
	return r
}

// unfitSCTP is the name of a drop.
func unfitSCTP(r sctp.Result) packet.Reason {
	if r == sctp.WrongTag {
		return packet.ReasonSCTPTag
	}
	return packet.ReasonSCTPState
}

// reopensSCTP is reopens for SCTP. What takes the place of the association is kept
// for the session that admit may create.
func (w *Worker) reopensSCTP(s *session.Session, p *Slot) bool {
	q := chunks(p)
	if !s.SCTP().Reopens(&q) {
		return false
	}
	w.successor = s.SCTP().Successor()
	w.remove(s, endOf(s))
	return true
}

// streams is the short way of an SCTP packet: of an established association, with
// its tag, and without a chunk that opens or ends one.
func streams(s *session.Session, dir packet.Dir, p *Slot) bool {
	q := chunks(p)
	return s.SCTP().Streams(uint8(dir), &q)
}
