package engine

import (
	"encoding/binary"

	"portcullis/packet"
	"portcullis/session"
)

// passes refuses packets that s must not carry, before they change anything: from
// the wrong side, too large, at the end of their hops. Whoever sent one that is
// too large or too old is told.
func (w *Worker) passes(s *session.Session, dir packet.Dir, p *Slot) packet.Reason {
	switch {
	case s.Blocked:
		return packet.ReasonSessionBlocked
	case p.In != s.Out[dir.Other()] && !w.comesFrom(p):
		return packet.ReasonReversePath
	case p.LastHop():
		return w.ttlExpired(p)
	}
	return w.sized(s.Out[dir], p, 0)
}

// Least MTUs (RFC 791 section 3.1, RFC 8200 section 5).
const (
	leastMTU4 = 576
	leastMTU6 = 1280
)

// sized refuses a packet that is too large for interface out. A helper has made it
// longer by grown bytes: its sender is told to leave room for them.
func (w *Worker) sized(out uint16, p *Slot, grown int) packet.Reason {
	if size, mtu := int(uint32(len(p.Frame))-p.L3), w.rules.mtu(out); size > mtu && !w.fits(p, mtu) {
		least := leastMTU4
		if p.Kind == packet.KindIPv6 {
			least = leastMTU6
		}
		return w.tooBig(p, max(mtu-max(grown, 0), min(mtu, least)))
	}
	return packet.ReasonNone
}

// leave sends a packet of s, which passes, on its way: hop limit, translation, next
// hop.
func (w *Worker) leave(s *session.Session, dir packet.Dir, p *Slot) (Verdict, packet.Reason) {
	p.DecrementTTL()
	if r := &s.Rewrite[dir]; !r.None() {
		back := &s.Key[dir.Other()]
		if p.Key.Proto == packet.ProtoGRE {
			to := s.Leaving(dir) // of a call that is not the answers' key
			r.Apply(&p.Packet, &to)
		} else {
			r.ApplyBack(&p.Packet, back)
		}
		p.NextHop = w.hop(s, dir, back.Src)
	} else {
		p.NextHop = w.hop(s, dir, p.Key.Dst)
	}
	p.Out = s.Out[dir]
	return Forward, packet.ReasonNone
}

// fits says whether a packet that is larger than mtu can leave all the same: as
// a super-packet whose segments fit, or in fragments. Where fragmenting is the
// sender's affair, a packet may leave in fragments as large as those it came in.
func (w *Worker) fits(p *Slot, mtu int) bool {
	if p.Offload.IsGSO() {
		return int(p.Payload-p.L3)+int(p.Offload.GSOSize) <= mtu
	}
	own := p.Kind == packet.KindIPv6 || binary.BigEndian.Uint16(p.Frame[p.L3+6:])&0x4000 != 0
	if own && (p.largest == 0 || int(p.largest) > mtu) {
		return false
	}
	w.fragmentTo(p, mtu)
	return true
}
