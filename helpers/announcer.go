package helpers

import (
	"net/netip"
	"time"

	"portcullis/packet"
)

// Announcer is whoever opens what a helper announces: the engine. It believes
// no payload: it compares the announced address with the sender's, refuses low
// ports and bounds what one session may expect.
type Announcer interface {
	// Announce asks for the flow e, announced by the sender of direction dir.
	// Where ok is false nothing was opened and the bytes pass as they are.
	// Otherwise spell is the endpoint that the peer must read; the bytes are
	// rewritten where it differs from e.Endpoint.
	Announce(dir packet.Dir, e Expect) (spell netip.AddrPort, ok bool)
	// Cancel voids the outstanding expectations of the session, and ends its calls.
	Cancel()
	// CancelTag voids those of a tag.
	CancelTag(tag uint32)
	// EndTag does so too, and has the flows end soon that came of them.
	EndTag(tag uint32)
	// Renew has those of a tag wait for d from now on.
	Renew(tag uint32, d time.Duration)
	// Answer tells of a name server's answer, for the helper's Resolve. The bytes are
	// borrowed.
	Answer(msg []byte)
	// Known is what the receiver of direction dir knows an endpoint by that its sender
	// mentions and that is neither of the Ends; see Mention. It reports false where that is
	// unknown.
	Known(dir packet.Dir, endpoint netip.AddrPort) (netip.AddrPort, bool)
	// MayRewrite says whether Announce or Known could ever answer direction dir
	// with another endpoint. Only then are cut messages held back.
	MayRewrite(dir packet.Dir) bool
	// Witness is who wants to know what is rewritten, nil where nobody does.
	Witness() Witness
}

// Witness wants to know what is rewritten.
type Witness interface {
	// Rewrote says that the bytes from become those of to, both borrowed, at an offset in
	// the stream of their direction, or in the datagram.
	Rewrote(at int, from, to []byte)
}
