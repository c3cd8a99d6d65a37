package neighbour

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gaissmai/bart"

	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
// The goroutine that sends by an interface asks Lookup, and keeps the answer
// until the tick that came with it or until Generation moves, whichever is
// first: so bulk traffic costs no lookup. Where Lookup knows nothing, Enqueue
// keeps a copy of the packet and asks the link. The goroutine that receives
// from the interface feeds ARP and ND; when the answer comes, it finds the
// waiting packets in its Outbox, link header written.
//
// What is believed: an answer to a question that was asked; the sender of a
// question about an address of ours, if it is on one of our subnets; and an
// unasked announcement only of a neighbour that is known already. So nobody on
// the link can fill the table beyond the addresses of its subnets, and no
// stranger's chatter enters it.

// Table is the neighbours of one interface. Its methods may be called from any
// goroutine.
type Table struct {
	gen atomic.Uint32

	mu       sync.Mutex // guards all below
	mac      MAC
	prefixes []netip.Prefix       // our addresses with their subnets
	proxy    bart.Lite            // addresses answered for beside them
	foreign  []packet.Addr        // some of those, to announce
	own      map[packet.Addr]bool // our addresses, link-local included
	ordered  []packet.Addr        // the same, in the order they were given
	entries  map[packet.Addr]*entry
	queued   int          // bytes that wait
	next     session.Tick // no deadline is earlier
}

// New returns the empty table of an interface without addresses.
func New(mac MAC) *Table {
	return &Table{mac: mac, own: map[packet.Addr]bool{}, entries: map[packet.Addr]*entry{}}
}

// Generation moves whenever what Lookup returned may no longer hold.
func (t *Table) Generation() uint32 { return t.gen.Load() }

// SetMAC changes the interface's own address.
func (t *Table) SetMAC(mac MAC) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mac != mac {
		t.mac = mac
		t.setOwn()
	}
}

// SetAddresses replaces the interface's own addresses, each with the length of
// its subnet. An IPv6 address brings the link-local one along. It keeps a copy.
func (t *Table) SetAddresses(prefixes []netip.Prefix) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.prefixes = slices.Clone(prefixes)
	t.setOwn()
}

// SetProxy replaces the addresses that are answered for without being the
// interface's own, such as those of a destination translation. It keeps a copy.
func (t *Table) SetProxy(prefixes []netip.Prefix) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.proxy, t.foreign = bart.Lite{}, nil
	for _, p := range prefixes {
		t.proxy.Insert(p)
		if p.Addr().BitLen()-p.Bits() > 8 {
			continue // most of its addresses nobody has
		}
		for a := p.Addr(); p.Contains(a) && len(t.foreign) < maxForeign; a = a.Next() {
			t.foreign = append(t.foreign, packet.AddrFrom(a))
		}
	}
}

// maxForeign bounds the addresses that are announced without being the interface's
// own: a link that comes up is not to be flooded.
const maxForeign = 256

// setOwn derives own and ordered.
func (t *Table) setOwn() {
	t.own, t.ordered = map[packet.Addr]bool{}, nil
	add := func(a packet.Addr) {
		if !t.own[a] && !a.IsUnspecified() && !a.IsMulticast() {
			t.own[a] = true
			t.ordered = append(t.ordered, a)
		}
	}
	for _, p := range t.prefixes {
		add(packet.AddrFrom(p.Addr()))
		if p.Addr().Is6() && !p.Addr().Is4In6() {
			add(t.mac.LinkLocal())
		}
	}
	for a := range t.own {
		if e := t.entries[a]; e != nil {
			t.queued -= e.size
			delete(t.entries, a)
		}
	}
	t.gen.Add(1)
}

// answersFor says whether questions about a are answered with our MAC.
func (t *Table) answersFor(a packet.Addr) bool {
	return t.own[a] || t.proxy.Contains(a.Netip())
}

// onLink says whether a is in one of our subnets.
func (t *Table) onLink(a packet.Addr) bool {
	if a.IsUnspecified() {
		return false
	}
	n := a.Netip()
	for _, p := range t.prefixes {
		if p.Contains(n) || !a.Is4() && a.IsLinkLocal() && p.Addr().Is6() {
			return true
		}
	}
	return false
}

// source chooses which of our addresses asks for a: one of its subnet, else the
// first of its family, else none.
func (t *Table) source(a packet.Addr) packet.Addr {
	n := a.Netip()
	for _, p := range t.prefixes {
		if p.Contains(n) {
			return packet.AddrFrom(p.Addr())
		}
	}
	if !a.Is4() {
		return t.mac.LinkLocal()
	}
	for _, o := range t.ordered {
		if o.Is4() {
			return o
		}
	}
	return packet.AddrFrom(netip.IPv4Unspecified())
}

// Announce tells the link about every address of ours, and about those that are
// answered for, as far as they are not too many: whoever had them before is
// forgotten.
func (t *Table) Announce(out *Outbox) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range slices.Concat(t.ordered, t.foreign) {
		if a.Is4() {
			t.announceARP(a, out)
		} else {
			t.announceND(a, out)
		}
	}
}

// Entries lists the neighbours, by address.
func (t *Table) Entries(now session.Tick) []Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]Entry, 0, len(t.entries))
	for _, e := range t.entries {
		x := Entry{Addr: e.addr, MAC: e.mac, State: e.state, Queued: len(e.queue)}
		if e.learnt != 0 {
			x.Age = now.Sub(e.learnt)
		}
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b Entry) int {
		if a.Addr.Less(b.Addr) {
			return -1
		}
		return 1
	})
	return list
}
