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
	// changed says that something was announced, renewed or cancelled that the session
	// may have to outlast.
	changed bool
	x       session.Expectation   // what is announced now
	found   []session.Expectation // others of its group
	again   bool                  // what was just expected had been expected before
	why     session.Refusal       // valid iff it could not be
}

func (n *announcer) about(s *session.Session, ref session.Ref, h *helpers.Helper) {
	n.s, n.ref, n.helper, n.limits, n.changed = s, ref, h, n.w.limits(s), false
}

// MayRewrite says whether the peer knows the sender of direction dir by another
// address or port than its own.
func (n *announcer) MayRewrite(dir packet.Dir) bool {
	if n.helper.Mentions {
		return n.s.Translated()
	}
	own, seen := &n.s.Key[dir], &n.s.Key[dir.Other()]
	return own.Src != seen.Dst || own.SrcPort != seen.DstPort
}

// Cancel voids what the session's helper announced and nobody has used yet, and ends
// its calls.
func (n *announcer) Cancel() {
	n.w.expect.RemoveMaster(n.s.ID, n.w.expectationGone)
	n.w.endCalls(n.s.ID)
}

// CancelTag voids those of a tag.
func (n *announcer) CancelTag(tag uint32) {
	n.changed = true
	n.w.cancelGroup(n.s, groupOf(tag))
}

// Answer notes the addresses that a name server answers with, where policies are of
// names.
func (n *announcer) Answer(msg []byte) {
	book := n.w.names.Hosts()
	if book.Idle() || n.helper.Resolve == nil {
		return
	}
	n.helper.Resolve(msg, func(name string, a netip.Addr, ttl time.Duration) {
		book.Learn(name, packet.AddrFrom(a), ttl, n.w.now)
	})
}

// EndTag has the flows end soon, too, that came of them.
func (n *announcer) EndTag(tag uint32) {
	n.CancelTag(tag)
	n.w.endGroup(n.s, groupOf(tag))
}

// Renew has those of a tag wait for d from now on.
func (n *announcer) Renew(tag uint32, d time.Duration) {
	n.changed = true
	n.w.expect.Renew(n.s.ID, groupOf(tag), n.w.now.Add(d))
}

// groupOf is a helper's tag as sessions keep it.
func groupOf(tag uint32) uint32 {
	if g := tag & session.MaxTag; g != 0 || tag == 0 {
		return g
	}
	return session.MaxTag
}

// Known is what the receiver of direction dir knows an endpoint by at which something is
// expected just now, or which is one of another control session behind an address of
// ours.
func (n *announcer) Known(dir packet.Dir, ap netip.AddrPort) (netip.AddrPort, bool) {
	at, port := packet.AddrFrom(ap.Addr()), ap.Port()
	if port == 0 {
		return ap, false
	}
	if x := n.w.expect.Waiting(n.ref.ID, at, port); x != nil {
		if x.Leave.Dst == at && x.Leave.DstPort == port {
			return netip.AddrPortFrom(x.Match.Dst.Netip(), x.Match.DstPort), true
		}
		return netip.AddrPortFrom(x.Leave.Dst.Netip(), x.Leave.DstPort), true
	}
	if x := n.behind(dir, at, port, packet.ProtoUDP); x != nil && port != n.s.Key[dir].DstPort {
		return netip.AddrPortFrom(x.Leave.Dst.Netip(), x.Leave.DstPort), true
	}
	return ap, false
}

// lowPort is the first port that a helper may announce unless its protocol needs
// lower ones.
const lowPort = 1024

// Announce makes the expectation that the sender of direction dir announced. The
// endpoint must be the sender's own, or the one that it has for its peer: a server
// may have been told its public address. What the peer will read, and connect to,
// is the sender as the peer sees it; both follow from the two keys of the control
// session, whatever is translated.
func (n *announcer) Announce(dir packet.Dir, e helpers.Expect) (netip.AddrPort, bool) {
	if e.Proto == packet.ProtoGRE {
		return n.call(dir, &e)
	}
	mine, peer := &n.s.Key[dir], &n.s.Key[dir.Other()] // packets of the sender, of its peer
	at := packet.AddrFrom(e.Endpoint.Addr())
	port := e.Endpoint.Port()
	if e.Third && at != mine.Src && at != peer.Dst {
		if spell, ok := n.hairpin(dir, &e); ok {
			return spell, true
		}
	}
	if e.Third && at != mine.Src && at != mine.Dst && at != peer.Dst && port != 0 {
		n.third(dir, &e)
		return netip.AddrPort{}, false
	}
	implied := e.Edit.Len == 0 && port == mine.SrcPort // its own port: nothing is spelt
	asSeen := at == peer.Dst && at != mine.Src         // it spells what its peer is to read by itself
	if at != mine.Src && !asSeen && n.loose(dir, &e) {
		return netip.AddrPort{}, false // it is spelt as it is
	}
	if why := n.unfit(at == mine.Src || asSeen, port, implied); why != session.NotRefused {
		n.refused(why, dir, &e)
		return netip.AddrPort{}, false
	}
	x := &n.x
	n.blank(x, dir, &e)
	x.Match.Dst, x.Match.DstPort = peer.Dst, port
	x.Leave.Dst, x.Leave.DstPort = mine.Src, port
	if e.Anyone {
		x.Match.Src, x.Match.SrcPort, x.Leave.Src = packet.Addr{}, 0, packet.Addr{}
	}
	if !n.place(x, mine, peer, implied, e.Pair) {
		n.refused(n.why, dir, &e)
		return netip.AddrPort{}, false
	}
	spell := netip.AddrPortFrom(peer.Dst.Netip(), x.Match.DstPort)
	n.announced(x)
	if e.Third && x.Tag != 0 {
		n.alsoThird(dir, x, &e)
	}
	if e.Pair {
		n.second(x, dir, &e)
	}
	return spell, true
}

// unfit is why an announced endpoint is not believed. implied says that it is the
// sender's own port.
func (n *announcer) unfit(own bool, port uint16, implied bool) session.Refusal {
	switch {
	case n.s.Blocked:
		return session.RefusedBlocked
	case !own:
		return session.RefusedAddress
	case port == 0 || port < lowPort && !n.helper.LowPorts && !implied:
		return session.RefusedPort
	case !n.limits.admits(port):
		return session.RefusedDataPorts
	}
	return session.NotRefused
}

// expectation is that of a flow to the sender of direction dir, at its own port, as
// if that was what its peer is to know it by.
func (n *announcer) expectation(dir packet.Dir, proto uint8, port uint16) (x session.Expectation) {
	mine, peer := &n.s.Key[dir], &n.s.Key[dir.Other()]
	n.blank(&x, dir, &helpers.Expect{Proto: proto})
	x.Match.Dst, x.Match.DstPort = peer.Dst, port
	x.Leave.Dst, x.Leave.DstPort = mine.Src, port
	return x
}

// blank makes x the expectation of e, announced by the sender of dir, but for where the
// flow goes.
func (n *announcer) blank(x *session.Expectation, dir packet.Dir, e *helpers.Expect) {
	s := n.s
	mine, peer := &s.Key[dir], &s.Key[dir.Other()]
	*x = session.Expectation{}
	x.Many, x.Tag, x.Helped, x.Keeps = e.Many, groupOf(e.Tag), e.Helped, e.Lifetime != 0
	x.Opener, x.Master, x.Host = dir.Other(), n.ref, s.Key[packet.Original].Src
	x.Policy, x.Service, x.Helper = s.Policy, s.Service, s.Helper
	x.Created, x.Expires = n.w.now, n.w.now.Add(n.lifetime(e))
	x.Match.Src, x.Match.SrcPort, x.Match.Zone, x.Match.Proto = peer.Src, e.PeerPort, peer.Zone, e.Proto
	x.Leave.Src, x.Leave.Zone, x.Leave.Proto = mine.Dst, mine.Zone, e.Proto
}

// insert expects x, which e announced, and counts it as refused where that can not
// be.
func (n *announcer) insert(x *session.Expectation, dir packet.Dir, e *helpers.Expect) {
	if n.add(x) {
		n.announced(x)
	} else {
		n.refused(n.why, dir, e)
	}
}

// add puts x into the table, and reports whether it is there now.
func (n *announcer) add(x *session.Expectation) bool {
	r := n.w.expect.Add(x, n.perMaster(), n.w.expectationCrowded)
	if r == session.Clash && n.takeOver(x) {
		r = n.w.expect.Add(x, n.perMaster(), n.w.expectationCrowded)
	}
	n.again = r == session.Refreshed
	switch r {
	case session.Clash:
		n.why = session.RefusedClash
	case session.Full:
		n.why = session.RefusedRoom
	default:
		return true
	}
	return false
}

// takeOver makes room for x where another control session of the same host's expects the
// very same flow, which may end before this one does. The later end counts, as where
// one announces the same again.
func (n *announcer) takeOver(x *session.Expectation) bool {
	old := n.w.expect.Rival(x)
	if old == nil || old.Helped && n.s.Master.ID != 0 { // what a child announces is never read
		return false
	}
	x.Expires = max(x.Expires, old.Expires)
	n.w.expectationEnded(old, session.ExpectTaken)
	n.w.expect.Remove(old)
	return true
}

// second makes x, the flow of RTP, that of RTCP beside it, at the port behind it, and
// expects that.
func (n *announcer) second(x *session.Expectation, dir packet.Dir, e *helpers.Expect) {
	if x.Match.DstPort == 0xffff || x.Leave.DstPort == 0xffff {
		n.refused(session.RefusedPort, dir, e)
		return
	}
	x.Match.DstPort++
	x.Leave.DstPort++
	n.insert(x, dir, e)
	if e.Third && x.Tag != 0 {
		n.alsoThird(dir, x, e)
	}
}

func (n *announcer) perMaster() int { return n.limits.most(max(n.helper.MaxExpects, 1)) }

// place finds the port that the peer will be told and puts x into the table.
func (n *announcer) place(x *session.Expectation, mine, peer *packet.Key, implied, pair bool) bool {
	switch {
	case mine.Src == peer.Dst: // the sender is not translated
	case implied: // its own port, as translated
		x.Match.DstPort = peer.DstPort
	default:
		return n.reserve(x, pair)
	}
	return n.add(x)
}

// reserve takes the announced port on the translated address where it is free,
// else another one.
func (n *announcer) reserve(x *session.Expectation, pair bool) bool {
	if old := n.w.expect.Announced(n.ref.ID, &x.Leave); old != nil {
		x.Match = old.Match // announced again: the same port is spelt
		n.w.expect.Refresh(old, x)
		n.again = true
		return true
	}
	if port := n.flowing(x); port != 0 {
		x.Match.DstPort = port
		if n.add(x) {
			return true
		}
	}
	ask := n.w.nat.Reserve
	if pair {
		ask = n.w.nat.ReservePair
	}
	n.w.waiter = x.Leave.Dst
	port, r := ask(&x.Match, x.Leave.Dst, n.w)
	n.w.waiter = packet.Addr{}
	if r != packet.ReasonNone {
		n.why = session.RefusedTranslation
		return false
	}
	x.Match.DstPort = port
	return n.add(x)
}

// maxFlowing bounds how many flows of a group are asked for the port of one.
const maxFlowing = 64

// flowing is the port by which the peer knows the endpoint of x in a flow that came of an
// earlier announcement of the same group, and still goes on: 0 where none does.
func (n *announcer) flowing(x *session.Expectation) uint16 {
	list := n.w.groups.tags[x.Tag]
	for _, r := range list[:min(len(list), maxFlowing)] {
		c := n.w.table.Resolve(r)
		if c == nil || c.Key[0].Proto != x.Match.Proto || n.w.family(c) != n.w.family(n.s) {
			continue
		}
		for _, d := range [...]packet.Dir{packet.Original, packet.Reply} {
			in, out := &c.Key[d], &c.Key[d.Other()]
			if out.Src == x.Leave.Dst && out.SrcPort == x.Leave.DstPort && in.Dst == x.Match.Dst && in.Zone == x.Match.Zone {
				return in.DstPort
			}
		}
	}
	return 0
}

func (n *announcer) lifetime(e *helpers.Expect) time.Duration {
	if e.Lifetime != 0 {
		return e.Lifetime
	}
	return n.limits.wait(cmp.Or(n.helper.Lifetime, helpers.DefaultLifetime))
}
