package engine

import (
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
// A call of PPTP (RFC 2637) has an id at either end, and GRE packets have that of
// their receiver. Where an end is translated its id may have to be another one for
// the peer, since several hosts behind one address may choose the same. So there
// are four ids: each end's own, and what its peer knows it by.
//
// An end that chooses an id first offers the call. The offer is an expectation that
// no packet fulfils: it keeps the id, and knows what the peer knows it by. The
// other end's answer names it and brings its own. Then there are two expectations,
// one for each way; the first packet fulfils one and voids the other. The child
// session has in its two keys what the ends write, and beside them (session.Call)
// what they are to read.
//
// A child does not end by being idle: its control session is what tells whether the
// call is on. It ends when that says so, or with it.

// maxCalls bounds the calls of a control session: so many end at once with it.
const maxCalls = 256

// call does what a helper found out about a call, and returns the id by which the
// peer knows the one that the sender of direction dir spelt.
func (n *announcer) call(dir packet.Dir, e *helpers.Expect) (netip.AddrPort, bool) {
	mine, peer := &n.s.Key[dir], &n.s.Key[dir.Other()]
	if packet.AddrFrom(e.Endpoint.Addr()) != mine.Src {
		n.refused(session.RefusedAddress, dir, e)
		return netip.AddrPort{}, false
	}
	id := e.Endpoint.Port()
	ok := false
	switch e.Call {
	case helpers.CallOffer:
		id, ok = n.offer(dir, e)
	case helpers.CallAnswer:
		id, ok = n.answer(dir, e)
	default:
		id, ok = n.named(dir, id, e.Call)
	}
	return netip.AddrPortFrom(peer.Dst.Netip(), id), ok
}

// offer takes the id that the sender of direction dir has chosen.
func (n *announcer) offer(dir packet.Dir, e *helpers.Expect) (as uint16, ok bool) {
	switch {
	case n.s.Blocked:
		n.refused(session.RefusedBlocked, dir, e)
		return 0, false
	case n.w.calls.count(n.ref.ID) >= maxCalls:
		n.refused(session.RefusedCalls, dir, e)
		return 0, false
	}
	x := n.expectation(dir, packet.ProtoGRE, e.Endpoint.Port())
	x.Call = session.CallOffered
	if old := n.w.expect.Announced(n.ref.ID, &x.Leave); old != nil && old.Paired() {
		n.close(old) // nothing came of an earlier call of that id
	}
	if !n.dial(&x) {
		n.refused(n.why, dir, e)
		return 0, false
	}
	return x.Match.DstPort, true
}

// answer opens both ways of the call that was offered to the sender of direction
// dir as the peer's.
func (n *announcer) answer(dir packet.Dir, e *helpers.Expect) (as uint16, ok bool) {
	id := e.Endpoint.Port()
	x := n.expectation(dir, packet.ProtoGRE, id)
	k := n.arriving(dir, e.PeerPort)
	old := n.w.expect.Arriving(n.ref.ID, &k)
	if old == nil || old.Call == session.CallClosing || n.s.Blocked {
		c, ok := n.own(dir, id)
		if !ok { // nor was it answered before
			n.refused(session.RefusedCall, dir, e)
		}
		return c.as, ok
	}
	offer, other := *old, n.w.expect.Announced(n.ref.ID, &x.Leave)
	known := [2]bool{old.Call != session.CallOffered, other != nil && other.Call != session.CallOffered}
	x.Call, x.Back = session.CallOpen, [2]uint16{offer.Match.DstPort, offer.Leave.DstPort}
	if !n.dial(&x) {
		n.refused(n.why, dir, e)
		return 0, false
	}
	again := n.again && known[1] // an offer was not told of
	offer.Call, offer.Back, offer.Expires = session.CallOpen, [2]uint16{x.Match.DstPort, x.Leave.DstPort}, x.Expires
	if n.add(&offer) {
		n.again = n.again && known[0]
		n.announced(&offer)
	}
	n.again = again
	n.announced(&x)
	return x.Match.DstPort, true
}

// dial puts x, one way of a call, into the table, with the id that the peer is to
// know the sender's by.
func (n *announcer) dial(x *session.Expectation) bool {
	switch old := n.w.expect.Announced(n.ref.ID, &x.Leave); {
	case old != nil:
		x.Match = old.Match
	case x.Leave.Dst == x.Match.Dst: // the sender is not translated
	default:
		id, r := n.w.nat.ReserveCall(&x.Match, n.w)
		if r != packet.ReasonNone {
			n.why = session.RefusedTranslation
			return false
		}
		x.Match.DstPort = id
	}
	return n.add(x)
}

// arriving is the key of the packets that the sender of direction dir sends to the
// peer's call id.
func (n *announcer) arriving(dir packet.Dir, id uint16) packet.Key {
	k := &n.s.Key[dir]
	return packet.Key{Src: k.Src, Dst: k.Dst, DstPort: id, Zone: k.Zone, Proto: packet.ProtoGRE}
}

// callee is a call that a message names: an expectation of it, or its session, and
// the id by which the receiver knows the named end.
type callee struct {
	x  *session.Expectation
	s  *session.Session
	as uint16
}

// own finds the call of which id is the sender's own.
func (n *announcer) own(dir packet.Dir, id uint16) (c callee, ok bool) {
	k := n.arriving(dir, id).Reply() // as packets leave that are for the sender
	if c.x = n.w.expect.Announced(n.ref.ID, &k); c.x != nil {
		c.as = c.x.Match.DstPort
		return c, true
	}
	s, d := n.w.calls.leaving(n.w.table, &k)
	if s == nil || s.Master != n.ref {
		return c, false
	}
	return callee{s: s, as: s.Key[d].DstPort}, true
}

// peers finds the call of which id is the peer's, as the sender knows it.
func (n *announcer) peers(dir packet.Dir, id uint16) (c callee, ok bool) {
	k := n.arriving(dir, id)
	if c.x = n.w.expect.Arriving(n.ref.ID, &k); c.x != nil {
		c.as = c.x.Leave.DstPort
		return c, true
	}
	s, d := n.w.table.Find(&k)
	if s == nil || !s.IsCall() || s.Master != n.ref {
		return c, false
	}
	return callee{s: s, as: s.Leaving(d).DstPort}, true
}

// named does what a message says of a call that goes on, or is about to.
func (n *announcer) named(dir packet.Dir, id uint16, what helpers.Call) (as uint16, ok bool) {
	var c callee
	switch what {
	case helpers.CallClear:
		c, ok = n.own(dir, id)
	case helpers.CallGone:
		if c, ok = n.own(dir, id); !ok {
			c, ok = n.peers(dir, id)
		}
	default:
		c, ok = n.peers(dir, id)
	}
	switch {
	case what == helpers.CallNamed || !ok:
	case c.x != nil && what == helpers.CallClear:
		n.hold(c.x)
	case c.x != nil:
		n.close(c.x)
	case what == helpers.CallClear:
		n.w.clearing(c.s)
	case what == helpers.CallGone:
		n.w.remove(c.s, session.EndClose)
	}
	return c.as, ok
}

// other is the expectation of the other way of x, nil where there is none.
func (n *announcer) other(x *session.Expectation) *session.Expectation {
	if !x.Paired() {
		return nil
	}
	k := x.Twin()
	return n.w.expect.Arriving(n.ref.ID, &k)
}

// hold has no packet fulfil x and its twin any more: their ids are still known.
func (n *announcer) hold(x *session.Expectation) {
	t := n.other(x)
	for _, e := range [...]*session.Expectation{x, t} {
		if e != nil && e.Call == session.CallOpen {
			e.Call = session.CallClosing
		}
	}
}

// close voids x and its twin.
func (n *announcer) close(x *session.Expectation) {
	t := n.other(x)
	for _, e := range [...]*session.Expectation{x, t} {
		if e != nil {
			n.w.expectationGone(e)
			n.w.expect.Remove(e)
		}
	}
}
