package engine

import (
	"portcullis/packet"
	"portcullis/policy"
	"portcullis/session/tcp"
)

// midway says whether p is a TCP segment that begins no connection.
func midway(p *Slot) bool {
	return p.Key.Proto == packet.ProtoTCP && !tcp.Opens(p.TCPFlags)
}

// mayPickUp says whether a policy may let p, which is midway, begin a session
// (tcp-session-without-syn). What the box itself would get it has no use for.
func (w *Worker) mayPickUp(p *Slot) bool {
	return w.rules.pickUp && p.TCPFlags&(packet.TCPAck|packet.TCPSyn|packet.TCPRst) == packet.TCPAck && !w.own(p)
}

// picksUp says whether pol lets p, which is midway, begin a session.
func picksUp(pol *policy.Policy, p *Slot) bool {
	return pol.PickUp == policy.PickUpAll || pol.PickUp == policy.PickUpData && len(p.Data()) > 0
}

// own says whether p is for the box itself.
func (w *Worker) own(p *Slot) bool {
	_, own := w.rules.routes.Local(p.Key.Dst)
	return own || w.rules.linkLocal(p.In, p.Key.Dst)
}
