package engine

import (
	"encoding/binary"

	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
// Data connections of an encrypted control session come through its data range
// (datarange.go) without having been announced, so they must show what they are:
// the client's first bytes are a TLS ClientHello, and the server is silent before.
// Until that is so a child is watched: its packets go the way of a control
// session's. Each byte of the hello's beginning is judged by its place alone, so a
// hello in tiny segments passes piece by piece as it comes, nothing is held, and a
// retransmission can not say anything else. What begins behind the bytes that have
// passed is dropped and will be sent again: so the end of what the client has sent,
// which its connection knows, is also the place up to which all was seen.

// encrypted notes that the control session s goes on unread because of TLS.
func (w *Worker) encrypted(s *session.Session) {
	if s.State == session.StateEstablished {
		s.Encrypted = true
		w.cover(s)
	}
}

// cover gives s the data range that it should have, if any.
func (w *Worker) cover(s *session.Session) {
	if to, limit, ok := w.rangeOf(s); ok {
		w.ranges.hold(to, s.Ref(), limit)
		w.ranges.bar(s.Ref(), s.Blocked)
	}
}

// closing ends what s has to do with data ranges when its state has changed: to an
// encrypted control session that an end closes no connection belongs any more, and
// a connection that is over leaves its place to another.
func (w *Worker) closing(s *session.Session) {
	if s.Encrypted && (s.Master.ID == 0 || s.State == session.StateTimeWait || s.State == session.StateClose) {
		w.uncover(s)
		s.Encrypted = false
	}
}

// rangeOf is the data range that a control session has.
func (w *Worker) rangeOf(s *session.Session) (to reach, limit uint32, ok bool) {
	k := &s.Key[packet.Original]
	if p := w.limits(s); s.Encrypted && s.Master.ID == 0 && k.Proto == packet.ProtoTCP && p.tls.Low != 0 {
		return reach{client: k.Src, server: k.Dst, zone: k.Zone, ports: p.tls}, p.tlsLimit, true
	}
	return reach{}, 0, false
}

// uncover ends what s has to do with data ranges.
func (w *Worker) uncover(s *session.Session) {
	switch {
	case !s.Encrypted:
	case s.Master.ID == 0:
		w.ranges.drop(s.ID)
	default:
		w.ranges.release(s.Master)
	}
}

// covering is the control session whose data range lets the first packet p in, nil
// where none does.
func (w *Worker) covering(p *Slot) *session.Session {
	if w.ranges.Len() == 0 || p.Key.Proto != packet.ProtoTCP || midway(p) {
		return nil
	}
	for range rangeLooks {
		r, full := w.ranges.find(&p.Key)
		if r == nil {
			if full {
				w.stats.RangeRefused++
			}
			return nil
		}
		master := w.table.Resolve(r.master) // it lives: its range dies with it
		if master.Generation != w.rules.Generation {
			w.recheck(master)
		}
		if !master.Blocked {
			return master
		}
	}
	return nil
}

// rangeLooks bounds the control sessions that one packet has judged anew.
const rangeLooks = 8

// adoptUnannounced creates the session of a flow that the data range of master lets
// in: a child like any other, but for how it has to begin.
func (w *Worker) adoptUnannounced(p *Slot, master *session.Session) (*session.Session, Verdict, packet.Reason) {
	if !p.ChecksumOK() {
		return nil, Drop, packet.ReasonBadChecksum
	}
	ref, back := master.Ref(), &master.Key[packet.Reply]
	s, v, r := w.adopt(p, &session.Expectation{
		Match: p.Key,
		Leave: packet.Key{
			Src: back.Dst, Dst: back.Src, DstPort: p.Key.DstPort, Zone: back.Zone, Proto: p.Key.Proto,
		},
		Opener: packet.Original, Master: ref, Helper: master.Helper,
	})
	if s != nil {
		s.Encrypted, s.Bound = true, true
		w.ranges.take(ref)
		w.stats.RangeChildren++
	}
	return s, v, r
}

// watch is the way of a packet of a child that has yet to begin with TLS.
func (w *Worker) watch(s *session.Session, dir packet.Dir, p *Slot) (Verdict, packet.Reason) {
	if !p.ChecksumOK() {
		return Drop, packet.ReasonHelperBadChecksum
	}
	seen, r := greets(s, dir, p)
	if r == packet.ReasonTLSExpected {
		w.refuseChild(s)
	}
	if r == packet.ReasonNone {
		r = w.track(s, dir, p)
	}
	if r != packet.ReasonNone {
		return Drop, r
	}
	if s.Hello = seen; seen == helpers.HelloSize {
		s.Bound, s.Hello = false, 0
	}
	return w.leave(s, dir, p)
}

// greets judges a packet of a watched child: it says how much of a hello will have
// passed behind it, or what it dies of.
func greets(s *session.Session, dir packet.Dir, p *Slot) (seen uint8, r packet.Reason) {
	data, opening := p.Data(), s.State == session.StateSynSent
	switch {
	case len(data) == 0 && (dir == packet.Reply || p.TCPFlags&packet.TCPRst != 0):
		return s.Hello, packet.ReasonNone
	case opening && p.TCPFlags&packet.TCPSyn == 0 && len(data) > 0:
		return 0, packet.ReasonTCPState
	case dir == packet.Reply: // the server speaks first
		return 0, packet.ReasonTLSExpected
	case p.TCPFlags&packet.TCPSyn != 0 && len(data) > 0:
		return 0, packet.ReasonHelperGap // without a cookie of both ends' (RFC 7413) it comes again
	case opening:
		return 0, packet.ReasonNone
	}
	seq, end := binary.BigEndian.Uint32(p.Frame[p.L4+4:]), s.TCP.Sent(uint8(packet.Original))
	if p.TCPFlags&packet.TCPSyn != 0 {
		if seq+1 != end || s.Hello != 0 {
			return 0, packet.ReasonTCPState // another connection under the same tuple
		}
		return 0, packet.ReasonNone
	}
	behind := int32(end - seq) // how much of what has passed the segment repeats
	if behind < 0 {
		return 0, packet.ReasonHelperGap
	}
	if p.TCPFlags&packet.TCPUrg != 0 && len(data) > 0 { // its receiver may leave bytes out
		return 0, packet.ReasonTLSExpected
	}
	seen, r = hello(int(s.Hello), int(behind), data)
	if p.TCPFlags&packet.TCPFin != 0 && seen < helpers.HelloSize {
		return 0, packet.ReasonTLSExpected // no more will come, and the end would count as a byte
	}
	return seen, r
}

// hello reads data, which begins that many bytes before the end of those that have
// passed, of which seen are of a hello's beginning.
func hello(seen, behind int, data []byte) (uint8, packet.Reason) {
	first := seen - behind
	for i, b := range data {
		at := first + i
		if at >= helpers.HelloSize {
			break
		}
		if at < 0 {
			continue // the receiver has it already, or will not take it
		}
		if !helpers.HelloByte(at, b) {
			return 0, packet.ReasonTLSExpected
		}
		seen = max(seen, at+1)
	}
	return uint8(seen), packet.ReasonNone
}

// refuseChild ends a watched child that is not TLS. Both ends are told by a reset.
func (w *Worker) refuseChild(s *session.Session) {
	w.stats.RangeRefused++
	w.resetEnd(s, packet.Original)
	w.resetEnd(s, packet.Reply)
	e := w.about(s)
	e.Kind, e.Reason, e.LogIt = session.EventDeny, packet.ReasonTLSExpected, s.LogEnd
	if p, ok := w.rules.policies.Policy(s.Policy); ok {
		e.LogIt = e.LogIt || p.LogUTM
	}
	w.push(e)
	w.remove(s, session.EndRefused)
}
