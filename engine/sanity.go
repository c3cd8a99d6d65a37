package engine

import (
	"portcullis/packet"
	"portcullis/session/tcp"
)

func isICMP(proto uint8) bool { return proto == packet.ProtoICMP || proto == packet.ProtoICMPv6 }

// sane refuses what can not be looked up or tracked, session or not.
func sane(p *Slot) packet.Reason {
	if p.Key.Proto == packet.ProtoTCP && !tcp.FlagsOK(p.TCPFlags) {
		return packet.ReasonBadFlags
	}
	return packet.ReasonNone
}

// mayOpen refuses first packets that no session can begin with.
func (w *Worker) mayOpen(p *Slot) packet.Reason {
	k := &p.Key
	switch {
	case k.Src.IsMulticast(), k.Src.IsUnspecified(), k.Src.IsLoopback(), k.Src.IsBroadcast():
		return packet.ReasonMartianSource
	case k.Dst.IsMulticast(), k.Dst.IsBroadcast(), w.rules.routes.Broadcast(k.Dst):
		return packet.ReasonMulticast
	case k.Dst.IsUnspecified(), k.Dst.IsLoopback():
		return packet.ReasonMartianDestination
	}
	switch k.Proto {
	case packet.ProtoTCP:
		if !tcp.Opens(p.TCPFlags) {
			return packet.ReasonNoSession
		}
		fallthrough
	case packet.ProtoUDP, packet.ProtoSCTP:
		if k.SrcPort == 0 || k.DstPort == 0 {
			return packet.ReasonBadFlags
		}
	case packet.ProtoICMP, packet.ProtoICMPv6:
		if !packet.IsICMPRequest(k.Proto, k.DstPort) {
			return packet.ReasonNoSession
		}
	}
	return packet.ReasonNone
}

// mayCross refuses addresses that do not cross a router.
func (w *Worker) mayCross(p *Slot) packet.Reason {
	if _, own := w.rules.routes.Local(p.Key.Src); own {
		return packet.ReasonMartianSource
	}
	if !p.Key.Src.Is4() && p.Key.Src.IsLinkLocal() {
		return packet.ReasonMartianSource
	}
	if !p.Key.Dst.Is4() && p.Key.Dst.IsLinkLocal() {
		return packet.ReasonMartianDestination
	}
	return packet.ReasonNone
}
