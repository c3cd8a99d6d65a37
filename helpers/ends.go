package helpers

import (
	"net/netip"

	"portcullis/packet"
)

// ends are both ends of a control session, as the sender of what is read knows them and
// as its receiver does. What the receiver knows is not valid where the helper finds no
// Mentions.
type ends struct {
	dir      packet.Dir
	src, dst [2]netip.AddrPort // the sender's way, the receiver's
}

// see asks ann how the receiver of what seg is of knows both ends, and tells seg.
func (e *ends) see(h *Helper, seg *Segment, ann Announcer) {
	e.dir, e.src[0], e.dst[0] = seg.Dir, seg.Src, seg.Dst
	if h.Mentions {
		e.src[1], e.dst[1] = ann.Ends(seg.Dir, seg.Src, seg.Dst)
		seg.SrcPlain, seg.DstPlain = e.src[0] == e.src[1], e.dst[0] == e.dst[1]
	}
}

// known is what the receiver knows a mentioned endpoint by.
func (e *ends) known(at netip.AddrPort, ann Announcer) (netip.AddrPort, bool) {
	a, port := at.Addr().Unmap(), at.Port()
	for _, end := range [...]*[2]netip.AddrPort{&e.src, &e.dst} {
		switch {
		case a != end[0].Addr() || !end[1].IsValid():
		case port == 0:
			return netip.AddrPortFrom(end[1].Addr(), 0), true
		case port == end[0].Port():
			return end[1], true
		}
	}
	return ann.Known(e.dir, at)
}
