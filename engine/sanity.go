package engine

import (
	"encoding/binary"

	"portcullis/packet"
	"portcullis/session/tcp"
)

func isICMP(proto uint8) bool { return proto == packet.ProtoICMP || proto == packet.ProtoICMPv6 }

// sane refuses what can not be looked up or tracked, session or not.
func (w *Worker) sane(p *Slot) packet.Reason {
	if p.Key.Proto != packet.ProtoTCP {
		return w.saneOther(p)
	}
	if !tcp.FlagsOK(p.TCPFlags) {
		return packet.ReasonBadFlags
	}
	return packet.ReasonNone
}

// saneOther is sane for what is not TCP, which thus costs TCP nothing. The CRC of
// SCTP that a neighbour's kernel left to its device is completed here, before
// anything looks at it: the device that p leaves by could not.
func (w *Worker) saneOther(p *Slot) packet.Reason {
	if p.Key.Proto == packet.ProtoSCTP {
		p.CompleteChecksum()
	}
	if p.Key.Proto == packet.ProtoESP && w.rules.strictHeaders {
		return saneESP(p.Frame[p.L4:])
	}
	return packet.ReasonNone
}

// saneESP refuses what no sender of ESP writes (RFC 4303 section 2): SPIs 0 to
// 255 are reserved, the first sequence number is 1, and behind them are at least
// four bytes of trailer, aligned to four.
func saneESP(h []byte) packet.Reason {
	if len(h) < 12 || len(h)%4 != 0 || binary.BigEndian.Uint32(h) < 256 || binary.BigEndian.Uint32(h[4:]) == 0 {
		return packet.ReasonBadL4Header
	}
	return packet.ReasonNone
}

// land says whether p claims to come from where it goes to.
func land(k *packet.Key) bool {
	switch k.Proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP:
		return k.Src == k.Dst && k.SrcPort == k.DstPort
	}
	return k.Src == k.Dst
}

// addressed refuses addresses that no packet can have that is to be forwarded.
func (w *Worker) addressed(k *packet.Key) packet.Reason {
	switch {
	case k.Src.IsMulticast(), k.Src.IsUnspecified(), k.Src.IsLoopback() && !w.anywhere, k.Src.IsBroadcast():
		return packet.ReasonMartianSource
	case k.Dst.IsMulticast(), k.Dst.IsBroadcast(), w.rules.routes.Broadcast(k.Dst):
		return packet.ReasonMulticast
	case k.Dst.IsUnspecified(), k.Dst.IsLoopback() && !w.anywhere:
		return packet.ReasonMartianDestination
	case land(k):
		return packet.ReasonLand
	}
	return packet.ReasonNone
}

// mayOpen refuses first packets that no session can begin with.
func (w *Worker) mayOpen(p *Slot) packet.Reason {
	k := &p.Key
	if r := w.addressed(k); r != packet.ReasonNone {
		return r
	}
	switch k.Proto {
	case packet.ProtoTCP, packet.ProtoSCTP:
		if midway(p) && !w.mayPickUp(p) {
			return packet.ReasonNoSession
		}
		fallthrough
	case packet.ProtoUDP:
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

// mayCross refuses addresses that do not cross a router, and those that are only
// translated to or from.
func (w *Worker) mayCross(p *Slot, d *destination) packet.Reason {
	if _, own := w.rules.routes.Local(p.Key.Src); own {
		return packet.ReasonMartianSource
	}
	if !p.Key.Src.Is4() && p.Key.Src.IsLinkLocal() && !w.anywhere {
		return packet.ReasonMartianSource
	}
	if !d.key.Dst.Is4() && d.key.Dst.IsLinkLocal() && !w.anywhere {
		return packet.ReasonMartianDestination
	}
	if !d.altered && w.rules.translates(p.Key.Dst) {
		return packet.ReasonNATNoMapping
	}
	return packet.ReasonNone
}
