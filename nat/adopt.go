package nat

import "portcullis/packet"

// Adopt occupies again what a session of an earlier process occupied, as far as
// the configuration and the others leave it to it, and says what that is. how is
// the translation of its policy now, nil where that is not known.
func (s *Space) Adopt(b *Binding, policy uint32, how *Source, now int64) Hold {
	if b.Hold == HoldNothing || b.Hold >= NumHolds {
		return HoldNothing
	}
	s.now = now
	s.holder(b.Reply.Dst).sessions[classOf(b.Reply.Proto)]++
	if b.Hold == HoldAddress {
		return HoldAddress
	}
	if b.Hold == HoldMapping && how != nil {
		m := Mapping{
			Inner: b.Original.Src, InnerPort: b.Original.SrcPort, Outer: b.Reply.Dst, OuterPort: *port(&b.Reply), Proto: b.Reply.Proto,
			Policy: policy, realm: b.Reply.Dst,
		}
		return s.adoptMapping(m, how)
	}
	return s.occupy(b.Reply.Dst, b.Original.Src, classOf(b.Reply.Proto), *port(&b.Reply))
}

// AdoptInbound is Join for a session of an earlier process, that came in through a
// mapping to a client's port; key is its original key.
func (s *Space) AdoptInbound(key *packet.Key, client packet.Addr, clientPort uint16, policy uint32, how *Source, now int64) bool {
	s.now = now
	m := Mapping{
		Inner: client, InnerPort: clientPort, Outer: key.Dst, OuterPort: key.DstPort, Proto: key.Proto,
		Policy: policy, realm: key.Dst,
	}
	return s.adoptShare(&m, how) == HoldMapping
}

// adoptMapping shares the mapping m, which it makes where it does not exist.
func (s *Space) adoptMapping(m Mapping, how *Source) Hold {
	if hold := s.adoptShare(&m, how); hold != HoldNothing {
		return hold
	}
	return s.occupy(m.Outer, m.Inner, classOf(m.Proto), m.OuterPort)
}

// adoptShare is adoptMapping where there can be such a mapping; else it is
// HoldNothing.
func (s *Space) adoptShare(m *Mapping, how *Source) Hold {
	p, c := s.sources.Pool(m.Outer), classOf(m.Proto)
	if p != nil {
		m.realm = p.first
	}
	if i, ok := s.maps.byOuter[m.outer()]; ok {
		if s.maps.all[i].inner() != m.inner() {
			return HoldNothing
		}
		s.maps.all[i].refs++
		return HoldMapping
	}
	if m.Filter = how.filter(p); m.Filter == FilterExact || !mappable(c) || p != nil && p.Method == NPTv6 {
		return HoldNothing
	}
	if _, other := s.maps.byInner[m.inner()]; other || s.holder(m.Outer).taken(c, m.OuterPort) {
		return HoldNothing
	}
	if m.under = s.occupy(m.Outer, m.Inner, c, m.OuterPort); m.under == HoldAddress {
		return HoldNothing // of an address that is another client's
	}
	m.refs = 1
	s.maps.add(*m)
	return HoldMapping
}

// occupy occupies a port for a client, in the way of the pool that has the
// address now; HoldShared where another one has it.
func (s *Space) occupy(addr, client packet.Addr, c portClass, n uint16) Hold {
	p, h := s.sources.Pool(addr), s.holder(addr)
	switch {
	case p != nil && p.Method == OneToOne:
		return s.occupyLease(p, addr, client)
	case c == classOther || p != nil && p.Method == NPTv6:
		return HoldAddress
	case p != nil && p.Method == PortBlock && !h.taken(c, n) && s.occupyBlock(p, h, addr, client, c, n):
		return HoldBlock
	}
	return s.have(&window{h: h, class: c}, n)
}

func (s *Space) occupyLease(p *Pool, addr, client packet.Addr) Hold {
	x, leased := s.leases.byAddr[addr]
	switch {
	case leased && x.client != client:
		return HoldAddress
	case !leased:
		s.leases.grant(client, addr, p.Number)
	}
	s.leases.hold(addr)
	return HoldLease
}

// occupyBlock occupies a port of the client's block, or of one that it gets by
// that. It reports false where the block is another one's.
func (s *Space) occupyBlock(p *Pool, h *holder, addr, client packet.Addr, c portClass, n uint16) bool {
	g := s.gridOf(p, addr)
	at := int(n-g.first) / int(g.size)
	if n < g.first || at >= len(g.blocks) {
		if g.taken.used == 0 {
			h.blocks = nil
		}
		return false
	}
	b := g.blocks[at]
	if b == nil {
		b = s.give(p, g, uint16(at), client, addr)
	}
	if b.client != client {
		return false
	}
	s.take(h, c, n)
	b.used[c]++
	s.busy(b)
	return true
}
