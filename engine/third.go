package engine

import (
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
// A proxy passes on what its user agents say, so the media that it announces is
// often a third host's (Expect.Third). Such an announcement is believed as far as
// this: the host is on the proxy's side of the firewall, and what is opened is
// between it and endpoints that the other side has announced of its own accord, in
// the same group. The other side itself may send to that host only where its side
// is the one that a policy lets through: a sender can not have strangers sent to its
// neighbours.
//
// Where both sides of a call are behind the firewall and the proxy is not, the
// announced endpoint is our own translation of another control session's. The
// receiver is told the endpoint that is behind it, and may send there.

// maxThird bounds the endpoints of a group that a third host may send to.
const maxThird = 16

// third opens what e, announced by the sender of dir, allows of a third host.
func (n *announcer) third(dir packet.Dir, e *helpers.Expect) {
	mine := &n.s.Key[dir]
	at, port := packet.AddrFrom(e.Endpoint.Addr()), e.Endpoint.Port()
	to, r := n.w.route(at)
	if n.s.Blocked || e.Tag == 0 || port < lowPort || !n.limits.admits(port) || at.Is4() != mine.Src.Is4() ||
		r != packet.ReasonNone || to.Out != n.s.Out[dir.Other()] || n.w.rules.ours(at) {
		why := n.unfit(true, port, false)
		if why == session.NotRefused {
			why = session.RefusedThird
		}
		n.refused(why, dir, e)
		return
	}
	n.found = n.w.expect.OfTag(n.found[:0], maxThird, n.ref.ID, groupOf(e.Tag), func(x *session.Expectation) bool {
		return x.Opener == dir && !x.Helped && x.Match.Src == mine.Src
	})
	for i := range n.found {
		x := n.found[i]
		x.Match.Src, x.Leave.Src = at, at
		x.Created, x.Expires = n.w.now, n.w.now.Add(n.lifetime(e))
		n.insert(&x, dir, e)
	}
	if !n.mayReach(dir) {
		n.refused(session.RefusedThird, dir, e)
		return
	}
	var x session.Expectation
	n.blank(&x, dir, e)
	x.Match.Dst, x.Match.DstPort = at, port
	x.Leave.Dst, x.Leave.DstPort = at, port
	n.insert(&x, dir, e)
	if e.Pair && port != 0xffff {
		x.Match.DstPort++
		x.Leave.DstPort++
		n.insert(&x, dir, e)
	}
}

// mayReach says whether the receiver of dir may send to third hosts on the sender's
// side: it is who a policy let through, or the sender came in by a virtual IP, from
// where anybody may be.
func (n *announcer) mayReach(dir packet.Dir) bool {
	client := dir == packet.Original // the sender is who began
	if n.s.Against {
		client = !client
	}
	original, reply := &n.s.Key[packet.Original], &n.s.Key[packet.Reply]
	return !client || !n.s.Against && original.Dst != reply.Src
}

// alsoThird lets those third hosts in to what x expects, just announced by the
// sender of dir, that it may send to itself.
func (n *announcer) alsoThird(dir packet.Dir, x *session.Expectation, e *helpers.Expect) {
	mine := n.s.Key[dir].Src
	n.found = n.w.expect.OfTag(n.found[:0], maxThird, n.ref.ID, x.Tag, func(o *session.Expectation) bool {
		return o.Opener == dir && !o.Helped && o.Match.Src == mine && o.Match.Dst == o.Leave.Dst && o.Leave.Dst != x.Match.Src
	})
	for i := range n.found {
		y := *x
		y.Match.Src, y.Leave.Src = n.found[i].Leave.Dst, n.found[i].Leave.Dst
		n.insert(&y, dir, e)
	}
}

// behind is the expectation of another control session that an endpoint belongs to
// which the sender of dir mentions: an address of ours that its receiver's are
// translated to. nil where it is none.
func (n *announcer) behind(dir packet.Dir, at packet.Addr, port uint16, proto uint8) *session.Expectation {
	mine := &n.s.Key[dir]
	if receiver := &n.s.Key[dir.Other()]; port == 0 || at == mine.Src || receiver.Src == mine.Dst {
		return nil // the receiver is not behind a translation itself
	}
	x := n.w.expect.Find(&packet.Key{Src: mine.Src, Dst: at, DstPort: port, Zone: mine.Zone, Proto: proto})
	if x == nil || x.Master == n.ref || x.Match.Dst == x.Leave.Dst {
		return nil
	}
	return x
}

// hairpin opens the way from the receiver of dir to an endpoint that is behind the
// one that e announces, and returns it.
func (n *announcer) hairpin(dir packet.Dir, e *helpers.Expect) (netip.AddrPort, bool) {
	at := packet.AddrFrom(e.Endpoint.Addr())
	found := n.behind(dir, at, e.Endpoint.Port(), e.Proto)
	if found == nil {
		return netip.AddrPort{}, false
	}
	spell := netip.AddrPortFrom(found.Leave.Dst.Netip(), found.Leave.DstPort)
	n.pass(dir, found, e)
	if e.Pair && e.Endpoint.Port() != 0xffff {
		if found = n.behind(dir, at, e.Endpoint.Port()+1, e.Proto); found != nil {
			n.pass(dir, found, e)
		}
	}
	return spell, true
}

// pass lets the receiver of dir send to what old expects.
func (n *announcer) pass(dir packet.Dir, old *session.Expectation, e *helpers.Expect) {
	x := *old
	from := &n.s.Key[dir.Other()]
	x.Match = packet.Key{Src: from.Src, Dst: x.Leave.Dst, DstPort: x.Leave.DstPort, Zone: from.Zone, Proto: x.Match.Proto}
	x.Leave.Src = from.Src
	x.Created = n.w.now
	n.insert(&x, dir, e)
}
