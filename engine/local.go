package engine

import (
	"portcullis/packet"
	"portcullis/session"
)

// local decides about a packet for the box itself: it answers echo requests
// where allowaccess of the interface says so, and offers nothing else.
func (w *Worker) local(p *Slot) (Verdict, packet.Reason) {
	if !p.Key.Src.IsLinkLocal() && !w.comesFrom(p) {
		return Drop, packet.ReasonReversePath
	}
	echo := p.ICMPType == packet.ICMPEcho && p.Key.Proto == packet.ProtoICMP ||
		p.ICMPType == packet.ICMPv6Echo && p.Key.Proto == packet.ProtoICMPv6
	if !echo || p.Offload.IsGSO() || !w.rules.offersPing(p.In, p.Key.Dst) || !p.ChecksumOK() {
		w.push(&session.Event{
			Kind: session.EventDeny, Reason: packet.ReasonLocalIn, LogIt: w.rules.localInLog,
			In: p.In, Key: p.Key, ReplyKey: p.Key.Reply(), Service: w.rules.policies.ServiceName(&p.Key),
		})
		return Drop, packet.ReasonLocalIn
	}
	return w.echo(p)
}

// echo turns a request around in place (RFC 792, RFC 4443 section 4.2).
func (w *Worker) echo(p *Slot) (Verdict, packet.Reason) {
	p.Out, p.NextHop = p.In, p.Key.Src
	if !p.Key.Src.IsLinkLocal() {
		to, r := w.back(p.Key.Src, p.In)
		if r != packet.ReasonNone {
			return Drop, r
		}
		p.Out, p.NextHop = to.Out, nextHop(to.Gateway, p.Key.Src)
	}
	p.Frame[p.L4] = packet.ICMPEchoReply
	if p.Kind == packet.KindIPv6 {
		p.Frame[p.L4] = packet.ICMPv6EchoReply
	}
	p.TurnAround(p.Key, hopLimit)
	if mtu := w.rules.mtu(p.Out); len(p.Frame)-int(p.L3) > mtu {
		w.fragmentTo(p, mtu)
		w.identify(p)
	}
	return Answer, packet.ReasonNone
}
