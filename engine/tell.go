package engine

import (
	"portcullis/packet"
	"portcullis/policy"
)

// tell lets the sender of p, which a policy denies, know (send-deny-packet): by
// a reset where it is TCP, else by an ICMP error (RFC 1812 section 5.2.7.1, RFC
// 4443 section 3.1).
func (w *Worker) tell(p *Slot) {
	switch {
	case p.Key.Proto == packet.ProtoTCP && !w.rules.tellByICMP:
		w.resetBack(p)
	case p.Key.Proto == packet.ProtoTCP && p.TCPFlags&packet.TCPRst != 0:
	case p.Kind == packet.KindIPv4:
		w.icmpError(p, packet.ICMPUnreachable, 13, 0)
	default:
		w.icmpError(p, packet.ICMPv6Unreachable, 1, 0)
	}
}

// tellOf tells the sender of p, which can not have a session under a policy, where
// that says so (send-deny-packet).
func (w *Worker) tellOf(p *Slot, pol *policy.Policy) {
	if pol.Tell {
		w.tell(p)
	}
}

// sessionless resets the sender of a TCP packet without a session, where
// reset-sessionless-tcp asks for it. Nothing was asked about the source yet.
func (w *Worker) sessionless(p *Slot) {
	if !w.rules.resetSessionless || p.Key.Proto != packet.ProtoTCP ||
		w.mayCross(p, &destination{key: p.Key}) != packet.ReasonNone || !w.comesFrom(p) {
		return
	}
	w.resetBack(p)
}
