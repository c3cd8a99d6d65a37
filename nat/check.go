package nat

import (
	"fmt"
	"math/bits"

	"portcullis/packet"
)

// account is what sessions hold, counted from them alone.
type account struct {
	sessions map[packet.Addr][classes]uint32
	ports    map[claim]uint32 // sessions, and mappings, at a port
	blocks   map[claim]uint32 // those of them that are in their client's block
	mappings map[outer]uint32
	leases   map[packet.Addr]uint32
}

type claim struct {
	addr packet.Addr
	spot
}

// note counts what one session holds.
func (x *account) note(b *Binding) {
	if b.Hold == HoldNothing {
		return
	}
	a, c, n := b.Reply.Dst, classOf(b.Reply.Proto), *port(&b.Reply)
	list := x.sessions[a]
	list[c]++
	x.sessions[a] = list
	if b.Hold == HoldMapping {
		x.mappings[outer{a, n, b.Reply.Proto}]++
		return
	}
	x.hold(b.Hold, a, spot{c, n})
}

func (x *account) hold(how Hold, a packet.Addr, at spot) {
	switch how {
	case HoldBlock:
		x.blocks[claim{a, at}]++
		fallthrough
	case HoldPort, HoldShared:
		x.ports[claim{a, at}]++
	case HoldLease:
		x.leases[a]++
	}
}

// CheckInvariants reports the first thing that is not as it must be: for tests. live
// calls note for all that is held: the binding of each session, and the original
// key of each that has joined a mapping.
func (s *Space) CheckInvariants(live func(note func(*Binding), join func(*packet.Key))) error {
	x := account{map[packet.Addr][classes]uint32{}, map[claim]uint32{}, map[claim]uint32{}, map[outer]uint32{}, map[packet.Addr]uint32{}}
	live(x.note, func(k *packet.Key) { x.mappings[outer{k.Dst, k.DstPort, k.Proto}]++ })
	for _, check := range []func(*account) error{s.checkMappings, s.checkLeases, s.checkHolders, s.checkBlocks} {
		if err := check(&x); err != nil {
			return err
		}
	}
	return nil
}

func (s *Space) checkMappings(x *account) error {
	m := &s.maps
	if len(m.byInner) != len(m.byOuter) || len(m.byOuter)+len(m.free) != len(m.all) || len(m.byOuter) != len(x.mappings) {
		return fmt.Errorf("mappings: %d by the client, %d by the port, %d of %d unused, %d of sessions", len(m.byInner), len(m.byOuter), len(m.free), len(m.all), len(x.mappings))
	}
	for o, i := range m.byOuter {
		e := &m.all[i]
		if e.outer() != o || m.byInner[e.inner()] != i || e.refs != x.mappings[o] {
			return fmt.Errorf("mapping of %v:%d: %+v, of %d sessions", o.addr, o.port, *e, x.mappings[o])
		}
		x.hold(e.under, o.addr, spot{classOf(o.proto), o.port})
	}
	return nil
}

func (s *Space) checkLeases(x *account) error {
	l := &s.leases
	if len(l.byAddr) != len(x.leases) || len(l.byClient) > len(l.byAddr) {
		return fmt.Errorf("%d leases, %d by the client, %d of sessions", len(l.byAddr), len(l.byClient), len(x.leases))
	}
	for at, a := range l.byClient {
		if e := l.byAddr[a]; e.client != at.client || e.pool != at.pool {
			return fmt.Errorf("lease of %v: of %v in pool %d, by the client %+v", a, e.client, e.pool, at)
		}
	}
	for a, e := range l.byAddr {
		if e.refs != x.leases[a] {
			return fmt.Errorf("lease of %v: of %d sessions, not of %d", a, x.leases[a], e.refs)
		}
	}
	for p, u := range l.used {
		n := 0
		for a := range l.byAddr {
			if p.Holds(a) {
				if n++; !u.has(uint16(distance(p.first, a))) {
					return fmt.Errorf("lease of %v: free in pool %q", a, p.Name)
				}
			}
		}
		if n != u.used {
			return fmt.Errorf("pool %q: %d leases, not %d", p.Name, n, u.used)
		}
	}
	return nil
}

// checkHolders compares the addresses with x, of whose ports it takes away what is
// there.
func (s *Space) checkHolders(x *account) error {
	if s.last != nil && s.holders[s.recent] != s.last {
		return fmt.Errorf("%v: another holder is remembered for it", s.recent)
	}
	for a, h := range s.holders {
		if h.sessions != x.sessions[a] {
			return fmt.Errorf("%v: %v sessions, not %v", a, x.sessions[a], h.sessions)
		}
		delete(x.sessions, a)
		for c, set := range h.ports {
			if set == nil {
				continue
			}
			if err := set.check(); err != nil || set.used == 0 {
				return fmt.Errorf("%v: ports of class %d: %w", a, c, err)
			}
			for n := range set.all() {
				at := spot{portClass(c), n}
				if k := x.ports[claim{a, at}]; k != 1+h.more[at] {
					return fmt.Errorf("%v:%d: of %d sessions, not of %d", a, n, k, 1+h.more[at])
				}
				delete(x.ports, claim{a, at})
			}
		}
		for at, n := range h.more {
			if n == 0 || !h.taken(at.class, at.port) {
				return fmt.Errorf("%v:%d: %d share what nobody has", a, at.port, n)
			}
		}
		if err := s.checkSpare(a, h); err != nil {
			return err
		}
	}
	for at := range x.ports {
		return fmt.Errorf("%v:%d: a session has it, and it is free", at.addr, at.port)
	}
	for a := range x.sessions {
		return fmt.Errorf("%v: sessions have it, and nobody holds it", a)
	}
	return nil
}

// checkSpare looks whether an address that is said to be full is.
func (s *Space) checkSpare(a packet.Addr, h *holder) error {
	p := s.sources.Pool(a)
	sp := s.spares[p]
	if h.blocks != nil && p != nil && p.Method == PortBlock && h.spare == nil || h.spare != nil && (h.spare != sp || h.place != uint16(distance(p.first, a))) {
		return fmt.Errorf("%v: its hint is not that of pool %v", a, p)
	}
	if h.spare == nil {
		return nil
	}
	for c, f := range sp.full {
		if f == nil || !f.has(h.place) {
			continue
		}
		f.remove(h.place)
		if s.mark(p, h, portClass(c)); !f.has(h.place) {
			return fmt.Errorf("%v: said to be full for class %d, and has room", a, c)
		}
	}
	return nil
}

func (s *Space) checkBlocks(x *account) error {
	all, blocksOf, last := map[*block]bool{}, map[uint16]int{}, map[*queue]int64{}
	for client, b := range s.blocks.clients {
		for ; b != nil; b = b.next {
			if b.client != client || all[b] {
				return fmt.Errorf("block %v:%d: in the list of %v", b.addr, b.first, client)
			}
			all[b] = true
			blocksOf[b.pool]++
		}
	}
	if len(all) != s.blocks.count {
		return fmt.Errorf("%d blocks, not %d", len(all), s.blocks.count)
	}
	for n, t := range s.tally {
		if t.Blocks != blocksOf[n] {
			return fmt.Errorf("pool %d: %d blocks, not %d", n, blocksOf[n], t.Blocks)
		}
	}
	lingering := map[*block]bool{}
	for _, q := range s.blocks.idle {
		for b := q.head; b != nil; b = b.idle.next {
			if b.idle.in != q || !all[b] || b.due == 0 || b.due < last[q] || b.used != [classOther]uint16{} {
				return fmt.Errorf("block %v:%d lingers until %d: %v", b.addr, b.first, b.due, b.used)
			}
			lingering[b], last[q] = true, b.due
		}
	}
	found := 0
	for a, h := range s.holders {
		if h.blocks == nil {
			continue
		}
		n, err := h.blocks.check(a, h, x, lingering)
		if err != nil {
			return err
		}
		found += n
	}
	if found != len(all) || len(x.blocks) != 0 {
		return fmt.Errorf("%d blocks, not %d; %d ports of none", found, len(all), len(x.blocks))
	}
	return nil
}

// check compares the blocks of a with x, of whose ports it takes away what is there.
func (g *grid) check(a packet.Addr, h *holder, x *account, lingering map[*block]bool) (n int, err error) {
	if err := g.taken.check(); err != nil {
		return 0, err
	}
	for at, b := range g.blocks {
		if (b != nil) != g.taken.has(uint16(at)) {
			return 0, fmt.Errorf("block %d of %v: given out, or not", at, a)
		}
		if b == nil {
			continue
		}
		n++
		if b.addr != a || b.first != g.first+uint16(at)*g.size || b.last != b.first+g.size-1 || (b.used == [classOther]uint16{}) != lingering[b] {
			return 0, fmt.Errorf("block %v:%d at %d of %v: %v, lingers %v", b.addr, b.first, at, a, b.used, lingering[b])
		}
		var used [classOther]uint16
		for c := range used {
			for n := uint32(b.first); n <= uint32(b.last); n++ {
				k := claim{a, spot{portClass(c), uint16(n)}}
				used[c] += uint16(x.blocks[k])
				delete(x.blocks, k)
			}
		}
		if used != b.used {
			return 0, fmt.Errorf("block %v:%d: %v ports, not %v", a, b.first, used, b.used)
		}
	}
	if n == 0 || n != g.taken.used {
		return n, fmt.Errorf("%v: %d blocks, not %d", a, n, g.taken.used)
	}
	return n, nil
}

// check recounts the set.
func (s *ports) check() error {
	used, full := 0, [2][16]uint64{}
	for w, word := range s.words {
		if word == 0 { // nearly all are, and this is done after each step of a test
			continue
		}
		used += bits.OnesCount64(word)
		for p := even; p <= odd; p++ {
			if word&masks[p] == masks[p] {
				full[p][w>>6] |= 1 << (w & 63)
			}
		}
	}
	if full != s.full {
		return fmt.Errorf("summary %x, expected %x", s.full, full)
	}
	if used != s.used {
		return fmt.Errorf("%d are taken, not %d", used, s.used)
	}
	return nil
}

// all calls f for every number that is taken.
func (s *ports) all() func(f func(uint16) bool) {
	return func(f func(uint16) bool) {
		for w, word := range s.words {
			for ; word != 0; word &= word - 1 {
				if !f(uint16(w<<6 | bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}
