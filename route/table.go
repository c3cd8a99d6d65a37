package route

import (
	"net/netip"

	"github.com/gaissmai/bart"

	"portcullis/packet"
)

// Route is where a packet goes.
type Route struct {
	Gateway   packet.Addr // the next hop; zero where the destination itself is on the link
	Out       uint16      // the outgoing interface; not valid for a blackhole
	Hop       uint16      // the number of Gateway; 0 where that is zero
	Distance  uint8       // 0 is connected
	Blackhole bool        // drop
}

// Table is a compiled routing table. It is immutable.
type Table struct {
	all []candidate // every route of the configuration, as compiled
	own ownership

	best bart.Table[Route]    // by prefix, the route that forwards
	back []*bart.Table[Route] // by interface, the best of its active routes; nil for none
	ways map[way]*bart.Lite   // by what an active route does, the prefixes of those
}

// way is what a route has a packet do.
type way struct{ out, hop uint16 }

// candidate is a configured route before it is known whether it is active.
type candidate struct {
	prefix   netip.Prefix
	route    Route
	priority uint32
}

// Lookup returns the route to dst. It knows nothing of the box's own addresses:
// ask Local first.
func (t *Table) Lookup(dst packet.Addr) (Route, bool) { return t.best.Lookup(dst.Netip()) }

// ReversePath says whether some active route leads back to src through
// interface in: the feasible path check FortiOS makes where strict-src-check is
// off. The route need not be the best one, and the default route counts.
func (t *Table) ReversePath(src packet.Addr, in uint16) bool {
	if int(in) >= len(t.back) || t.back[in] == nil {
		return false
	}
	return t.back[in].Contains(src.Netip())
}

// Back returns the route for answers to src, whose packets come in by interface
// in: the best active one through in, though another interface may have a better
// one, else the best of all. Thus who asks at one of several uplinks is answered
// there, where the address that it asked is known.
func (t *Table) Back(src packet.Addr, in uint16) (Route, bool) {
	if int(in) < len(t.back) && t.back[in] != nil {
		if r, ok := t.back[in].Lookup(src.Netip()); ok {
			return r, true
		}
	}
	return t.Lookup(src)
}

// Leads says whether some active route leads to dst through interface out by the
// gateway of number hop (0: without one). It need not be the best one.
func (t *Table) Leads(dst packet.Addr, out, hop uint16) bool {
	w := t.ways[way{out, hop}]
	return w != nil && w.Lookup(dst.Netip())
}

// Local says whether addr is one of the box's own addresses, and of which
// interface. A link-local address that several interfaces have belongs to the
// first of them.
func (t *Table) Local(addr packet.Addr) (ifIndex uint16, ok bool) {
	if t.own.some&bit(addr) == 0 {
		return 0, false
	}
	ifIndex, ok = t.own.local[addr]
	return ifIndex, ok
}

// Broadcast says whether addr is 255.255.255.255 or the broadcast address of a
// connected subnet.
func (t *Table) Broadcast(addr packet.Addr) bool {
	return addr.IsBroadcast() || t.own.some&bit(addr) != 0 && t.own.broadcast[addr]
}

// SourceFor returns the address that interface out speaks from to nexthop: the
// one whose subnet holds nexthop, else the first. An IPv6 address is never a
// link-local one, which could not be answered from afar.
func (t *Table) SourceFor(out uint16, v6 bool, nexthop packet.Addr) (packet.Addr, bool) {
	return t.own.source(out, v6, nexthop)
}

// Without returns the table that holds while the interfaces that down names are
// without a link: no route leads through them. Their addresses stay the box's
// own. The receiver may itself be the outcome of Without; only down counts.
func (t *Table) Without(down func(ifIndex uint16) bool) *Table {
	w := &Table{all: t.all, own: t.own}
	w.activate(down)
	return w
}
