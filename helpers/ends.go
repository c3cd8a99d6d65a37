package helpers

import (
	"net/netip"

	"portcullis/packet"
)

// Ends are both ends of a control session in one direction. They stay what they are as
// long as the session lasts.
type Ends struct {
	Src, Dst netip.AddrPort // the sender and its peer, as the sender sees both
	// SrcSeen and DstSeen are the same two as the receiver sees them.
	SrcSeen, DstSeen netip.AddrPort
	// SrcPlain and DstPlain say that an end is not translated. A helper may then leave out
	// Mentions of its address. All else it finds as ever.
	SrcPlain, DstPlain bool
	// SrcText and DstText are how the sender may spell the two addresses, where they are of
	// IPv4.
	SrcText, DstText Text
}

// EndsOf are the ends src and dst that the receiver sees as srcSeen and dstSeen.
func EndsOf(src, dst, srcSeen, dstSeen netip.AddrPort) (e Ends) {
	e.Set(src, dst, srcSeen, dstSeen)
	return e
}

// Set makes e the ends src and dst that the receiver sees as srcSeen and dstSeen.
func (e *Ends) Set(src, dst, srcSeen, dstSeen netip.AddrPort) {
	e.Src, e.Dst, e.SrcSeen, e.DstSeen = src, dst, srcSeen, dstSeen
	e.SrcPlain, e.DstPlain = src == srcSeen, dst == dstSeen
	e.SrcText, e.DstText = Text{}, Text{}
	if a, b := src.Addr().Unmap(), dst.Addr().Unmap(); a.Is4() && b.Is4() {
		e.SrcText, e.DstText = TextOf(a), TextOf(b)
	}
}

// Plain says that neither end is translated. A helper may then leave out Lengths as well,
// which would change nothing, and may find more where there would have been no room for it.
func (e *Ends) Plain() bool { return e.SrcPlain && e.DstPlain }

// known is what the receiver of direction dir knows a mentioned endpoint by. It reports
// false where that is not known, or the same.
func (e *Ends) known(dir packet.Dir, at netip.AddrPort, ann Announcer) (netip.AddrPort, bool) {
	a, port := at.Addr().Unmap(), at.Port()
	if a == e.Src.Addr() {
		if port == 0 {
			return netip.AddrPortFrom(e.SrcSeen.Addr(), 0), !e.SrcPlain
		}
		if port == e.Src.Port() {
			return e.SrcSeen, !e.SrcPlain
		}
	}
	if a == e.Dst.Addr() {
		if port == 0 {
			return netip.AddrPortFrom(e.DstSeen.Addr(), 0), !e.DstPlain
		}
		if port == e.Dst.Port() {
			return e.DstSeen, !e.DstPlain
		}
	}
	to, ok := ann.Known(dir, at)
	return to, ok && !same(to, at)
}
