package engine

import (
	"portcullis/packet"
	"portcullis/policy"
	"portcullis/session/tcp"
)

// midway says whether p is a TCP segment that begins no connection, or an SCTP
// packet that begins no association.
func midway(p *Slot) bool {
	switch p.Key.Proto {
	case packet.ProtoTCP:
		return !tcp.Opens(p.TCPFlags)
	case packet.ProtoSCTP:
		q := chunks(p)
		return !q.Opens()
	}
	return false
}

// mayPickUp says whether a policy may let p, which is midway, begin a session
// (tcp-session-without-syn, sctp-session-without-init). What the box itself would
// get it has no use for.
func (w *Worker) mayPickUp(p *Slot) bool {
	if p.Key.Proto == packet.ProtoSCTP {
		q := chunks(p)
		return w.rules.pickUpSCTP && q.Midway() && !w.own(p)
	}
	return w.rules.pickUp && p.TCPFlags&(packet.TCPAck|packet.TCPSyn|packet.TCPRst) == packet.TCPAck && !w.own(p)
}

// picksUp says whether pol lets p, which is midway, begin a session.
func picksUp(pol *policy.Policy, p *Slot) bool {
	return p.Key.Proto == packet.ProtoSCTP || pol.PickUp == policy.PickUpAll || pol.PickUp == policy.PickUpData && len(p.Data()) > 0
}

// own says whether p is for the box itself.
func (w *Worker) own(p *Slot) bool {
	_, own := w.rules.routes.Local(p.Key.Dst)
	return own || w.rules.linkLocal(p.In, p.Key.Dst)
}
