package engine

import (
	"portcullis/config"
	"portcullis/packet"
	"portcullis/session"
	"portcullis/session/sctp"
	"portcullis/session/tcp"
)

// Theory of operation. Where routing is asymmetric the box sees one side of a
// connection. FortiOS's asymroute lets it pass: what can not open a session, and
// belongs to none, is routed as by a router, without a policy, a session or a
// translation. A SYN never is: it is judged as ever, and the connection that it
// opens is followed by what its opener alone is seen to send.

// asymmetric are the families and protocols in which routing may be asymmetric.
// Each is by family: IPv4, IPv6.
type asymmetric struct {
	all  [2]bool // asymroute, which is the whole family's
	icmp [2]bool // asymroute-icmp, which is ICMP's alone
}

func asymmetryOf(s *config.Settings) asymmetric {
	return asymmetric{all: [2]bool{s.AsymRoute, s.AsymRoute6}, icmp: [2]bool{s.AsymRouteICMP, s.AsymRoute6ICMP}}
}

// allows says whether routing may be asymmetric for packets such as p: then
// nothing is asked about where it comes from, either.
func (a *asymmetric) allows(p *Slot) bool {
	family := 0
	if p.Kind == packet.KindIPv6 {
		family = 1
	}
	return a.all[family] || a.icmp[family] && isICMP(p.Key.Proto)
}

// comesFrom says whether p may come in where it does: by the reverse path, where
// routing is not asymmetric.
func (w *Worker) comesFrom(p *Slot) bool {
	return w.rules.asymmetric.allows(p) || w.rules.routes.ReversePath(p.Key.Src, p.In)
}

// strays says whether p, which belongs to no session, may be half of one that
// goes by another way: a TCP segment that is no SYN, an SCTP packet that is no
// INIT, an ICMP reply or error.
func (w *Worker) strays(p *Slot) bool {
	if !w.rules.asymmetric.allows(p) || w.own(p) {
		return false
	}
	switch k := &p.Key; k.Proto {
	case packet.ProtoTCP, packet.ProtoSCTP:
		return midway(p)
	case packet.ProtoICMP, packet.ProtoICMPv6:
		return packet.IsICMPReply(k.Proto, p.ICMPType) || packet.IsICMPError(k.Proto, p.ICMPType) && !packet.IsRedirect(k.Proto, p.ICMPType)
	}
	return false
}

// astray routes p, which strays.
func (w *Worker) astray(p *Slot) (Verdict, packet.Reason) {
	if !isICMP(p.Key.Proto) && (p.Key.SrcPort == 0 || p.Key.DstPort == 0) {
		return Drop, packet.ReasonBadFlags
	}
	if r := w.addressed(&p.Key); r != packet.ReasonNone {
		return Drop, r
	}
	if r := w.mayCross(p, &destination{key: p.Key}); r != packet.ReasonNone {
		return Drop, r
	}
	to, r := w.route(p.Key.Dst)
	if r != packet.ReasonNone {
		return Drop, r
	}
	if p.LastHop() {
		return Drop, w.ttlExpired(p)
	}
	if r := w.sized(to.Out, p, 0); r != packet.ReasonNone {
		return Drop, r
	}
	w.stats.Astray++
	if w.rules.implicitLog {
		w.push(&session.Event{
			Kind: session.EventAstray, HasRoute: true, LogIt: true, In: p.In, Out: to.Out,
			Key: p.Key, ReplyKey: p.Key.Reply(), Service: w.rules.policies.ServiceName(&p.Key),
			Bytes: [2]uint64{uint64(len(p.Frame)) - uint64(p.L3)}, Packets: [2]uint64{1},
		})
	}
	p.DecrementTTL()
	p.Out, p.NextHop = to.Out, nextHop(to.Gateway, p.Key.Dst)
	return Forward, packet.ReasonNone
}

// halfSeenSCTP is halfSeen for SCTP: the tag that the opener writes is the one that
// it was told on the other way.
func (w *Worker) halfSeenSCTP(s *session.Session, dir packet.Dir, p *Slot, q *sctp.Packet) bool {
	if dir != packet.Original || s.Packets[packet.Reply] != 0 || sctp.State(s.State) == sctp.Closed ||
		!(q.Midway() || q.Has(sctp.CookieEcho) && q.Tag != 0) || !w.rules.asymmetric.allows(p) {
		return false
	}
	*s.SCTP() = sctp.PickUp(uint8(dir), q)
	return true
}

// halfSeen takes a segment of the opener that does not fit its connection, where
// the other side was never heard: its answers go another way, so the connection
// is picked up where the opener is. It says whether that is so.
func (w *Worker) halfSeen(s *session.Session, dir packet.Dir, p *Slot, seg tcp.Segment) bool {
	if dir != packet.Original || s.Packets[packet.Reply] != 0 || s.State == session.StateClose || s.Watched() ||
		seg.Flags&(tcp.SYN|tcp.RST|tcp.ACK) != tcp.ACK || !w.rules.asymmetric.allows(p) {
		return false
	}
	s.TCP = tcp.PickUp(uint8(dir), seg)
	if w.reads(s) { // what it has to read, it will not see
		w.letGo(s)
		w.detached(s, whyHalfSeen)
	}
	return true
}
