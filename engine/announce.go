package engine

import (
	"cmp"
	"net/netip"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// announcer is what a helper's findings go through: it believes no payload. It
// is pointed at one control session at a time.
type announcer struct {
	w      *Worker
	s      *session.Session
	ref    session.Ref
	helper *helpers.Helper
	limits *profile
}

func (n *announcer) about(s *session.Session, ref session.Ref, h *helpers.Helper) {
	n.s, n.ref, n.helper, n.limits = s, ref, h, n.w.limits(s)
}

// MayRewrite says whether the peer knows the sender of direction dir by another
// address or port than its own.
func (n *announcer) MayRewrite(dir packet.Dir) bool {
	own, seen := &n.s.Key[dir], &n.s.Key[dir.Other()]
	return own.Src != seen.Dst || own.SrcPort != seen.DstPort
}

// Cancel voids what the session's helper announced and nobody has used yet.
func (n *announcer) Cancel() { n.w.expect.RemoveMaster(n.s.ID, n.w.expectationGone) }

// lowPort is the first port that a helper may announce unless its protocol needs
// lower ones.
const lowPort = 1024

// Announce makes the expectation that the sender of direction dir announced. The
// endpoint must be the sender's own, or the one that it has for its peer: a server
// may have been told its public address. What the peer will read, and connect to,
// is the sender as the peer sees it; both follow from the two keys of the control
// session, whatever is translated.
func (n *announcer) Announce(dir packet.Dir, e helpers.Expect) (netip.AddrPort, bool) {
	mine, peer := &n.s.Key[dir], &n.s.Key[dir.Other()] // packets of the sender, of its peer
	at := packet.AddrFrom(e.Endpoint.Addr())
	port := e.Endpoint.Port()
	implied := e.Edit.Len == 0 && port == mine.SrcPort // its own port: nothing is spelt
	asSeen := at == peer.Dst && at != mine.Src         // it spells what its peer is to read by itself
	if n.s.Blocked || at != mine.Src && !asSeen || port == 0 || port < lowPort && !n.helper.LowPorts && !implied || !n.limits.admits(port) {
		n.refused()
		return netip.AddrPort{}, false
	}
	x := session.Expectation{
		Match: packet.Key{
			Src: peer.Src, SrcPort: e.PeerPort, Dst: peer.Dst, DstPort: port, Zone: peer.Zone, Proto: e.Proto,
		},
		Leave: packet.Key{
			Src: mine.Dst, Dst: mine.Src, DstPort: port, Zone: mine.Zone, Proto: e.Proto,
		},
		Opener: dir.Other(), Master: n.ref, Host: n.s.Key[packet.Original].Src, Policy: n.s.Policy,
		Service: n.s.Service, Helper: n.s.Helper,
		Created: n.w.now, Expires: n.w.now.Add(n.lifetime()),
	}
	if !n.place(&x, mine, peer, implied) {
		n.refused()
		return netip.AddrPort{}, false
	}
	n.w.stats.Expected++
	n.w.push(&session.Event{
		Kind: session.EventExpect, Helper: x.Helper, Policy: x.Policy, Service: x.Service,
		Master: n.ref.ID, Created: n.w.now, Key: x.Match, ReplyKey: x.Leave.Reply(),
	})
	return netip.AddrPortFrom(peer.Dst.Netip(), x.Match.DstPort), true
}

// place finds the port that the peer will be told and puts x into the table.
func (n *announcer) place(x *session.Expectation, mine, peer *packet.Key, implied bool) bool {
	perMaster := n.limits.most(max(n.helper.MaxExpects, 1))
	switch {
	case mine.Src == peer.Dst: // the sender is not translated
	case implied: // its own port, as translated
		x.Match.DstPort = peer.DstPort
	default:
		return n.reserve(x, perMaster)
	}
	r := n.w.expect.Add(*x, perMaster, n.w.expectationGone)
	return r == session.Added || r == session.Refreshed
}

// reserve takes the announced port on the translated address where it is free,
// else another one.
func (n *announcer) reserve(x *session.Expectation, perMaster int) bool {
	if old := n.w.expect.Announced(n.ref.ID, &x.Leave); old != nil {
		x.Match = old.Match // announced again: the same port is spelt
		return n.w.expect.Add(*x, perMaster, n.w.expectationGone) == session.Refreshed
	}
	port, r := n.w.nat.Reserve(&x.Match, x.Leave.Dst, n.w)
	if r != packet.ReasonNone {
		return false
	}
	x.Match.DstPort = port
	return n.w.expect.Add(*x, perMaster, n.w.expectationGone) == session.Added
}

func (n *announcer) lifetime() time.Duration {
	return n.limits.wait(cmp.Or(n.helper.Lifetime, helpers.DefaultLifetime))
}

// refused counts an announcement that was not believed or not possible.
func (n *announcer) refused() { n.w.stats.Refused++ }
