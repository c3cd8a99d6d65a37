package engine

import (
	"portcullis/packet"
	"portcullis/session"
)

// relay passes an ICMP error on to the sender of the packet that it quotes,
// where that packet belongs to a session; it is translated as the session is
// (RFC 5508 section 4). It neither creates a session nor keeps one alive.
func (w *Worker) relay(p *Slot) (Verdict, packet.Reason) {
	e, ok := p.Embedded()
	if !ok || !p.ChecksumOK() {
		return Drop, packet.ReasonICMPNoSession
	}
	answers := e.Key.Reply()
	s, dir := w.table.Find(&answers) // the error travels as the answers do
	var pair bool
	if e.CarriesPPTP() {
		s, dir, pair = w.quotedCall(&e.Key)
	}
	if s == nil && w.strays(p) {
		return w.astray(p)
	}
	if s == nil || p.Key.Dst != e.Key.Src {
		return Drop, packet.ReasonICMPNoSession
	}
	if s.Generation != w.rules.Generation {
		w.recheck(s)
	}
	switch {
	case s.Blocked:
		return Drop, packet.ReasonSessionBlocked
	case p.In != s.Out[dir.Other()] && !w.comesFrom(p):
		return Drop, packet.ReasonReversePath
	}
	if e.Key.Proto == packet.ProtoTCP && w.rules.tcp.ResetRange && !s.TCP.Quotes(uint8(dir.Other()), w.sentSeq(s, dir.Other(), p.QuotedSeq(e))) {
		return Drop, packet.ReasonTCPWindow
	}
	if !p.DecrementTTL() {
		return Drop, packet.ReasonTTL
	}
	leave := s.Leaving(dir)
	src := p.Key.Src
	if leave.Src != s.Key[dir].Src {
		src = leave.Src // what is behind the translation stays unseen, its routers too
	}
	if s.Control != 0 && e.Key.Proto == packet.ProtoTCP { // the sender counts other bytes
		p.SetQuotedSeq(e, w.sentSeq(s, dir.Other(), p.QuotedSeq(e)))
	}
	inner := s.Key[dir.Other()]
	if pair {
		inner.DstPort = e.Key.DstPort
	}
	p.RewriteError(src, leave.Dst, e, inner)
	p.Out, p.NextHop = s.Out[dir], w.hop(s, dir, leave.Dst)
	return Forward, packet.ReasonNone
}

// quotedCall finds the session of a quoted packet of PPTP, which has left with key k,
// and the direction of its answers. pair says that it is that of all calls between
// two hosts which nobody expects.
func (w *Worker) quotedCall(k *packet.Key) (_ *session.Session, _ packet.Dir, pair bool) {
	if s, dir := w.calls.leaving(w.table, k); s != nil {
		return s, dir.Other(), false
	}
	answers := k.Reply()
	answers.DstPort = 0
	s, dir := w.table.Find(&answers)
	if s == nil || s.IsCall() {
		return nil, packet.Original, false
	}
	return s, dir, true
}

// sentSeq is a sequence number of direction dir, as its receiver saw it, in the
// space of who sent it.
func (w *Worker) sentSeq(s *session.Session, dir packet.Dir, seq uint32) uint32 {
	if s.Control == 0 {
		return seq
	}
	return w.controls.at(s.Control).control.OriginalSeq(dir, seq)
}
