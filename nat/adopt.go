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
	if how == nil {
		return false
	}
	s.now = now
	m := Mapping{
		Inner: client, InnerPort: clientPort, Outer: key.Dst, OuterPort: key.DstPort, Proto: key.Proto,
		Policy: policy, realm: key.Dst,
	}
	return s.adoptMapping(m, how) == HoldMapping
}

// adoptMapping shares the mapping m, which it makes where it does not exist.
func (s *Space) adoptMapping(m Mapping, how *Source) Hold {
	p := s.sources.Pool(m.Outer)
	if p != nil {
		m.realm = p.first
	}
	m.Filter = how.filter(p)
	c := classOf(m.Proto)
	if i, ok := s.maps.byOuter[m.outer()]; ok {
		if s.maps.all[i].inner() != m.inner() {
			return HoldShared
		}
		s.maps.all[i].refs++
		return HoldMapping
	}
	_, other := s.maps.byInner[m.inner()]
	if other || m.Filter == FilterExact || !mappable(c) {
		return s.occupy(m.Outer, m.Inner, c, m.OuterPort)
	}
	m.under = s.occupy(m.Outer, m.Inner, c, m.OuterPort)
	if m.under == HoldShared {
		return HoldShared
	}
	m.refs = 1
	s.maps.add(m)
	return HoldMapping
}

// occupy occupies a port for a client, in the way of the pool that has the
// address now; HoldShared where another one has it.
func (s *Space) occupy(addr, client packet.Addr, c portClass, n uint16) Hold {
	p, h := s.sources.Pool(addr), s.holder(addr)
	switch {
	case p != nil && p.Method == OneToOne:
		return s.occupyLease(addr, client)
	case c == classOther || h.taken(c, n):
		return HoldShared
	case p != nil && p.Method == PortBlock:
		return s.occupyBlock(p, h, addr, client, c, n)
	}
	s.take(h, c, n)
	return HoldPort
}

func (s *Space) occupyLease(addr, client packet.Addr) Hold {
	x, had := s.leases.byClient[client]
	switch {
	case had && x.addr != addr || !had && s.leases.taken[addr]:
		return HoldShared
	case !had:
		s.leases.grant(client, addr)
	}
	s.leases.hold(client)
	return HoldLease
}

func (s *Space) occupyBlock(p *Pool, h *holder, addr, client packet.Addr, c portClass, n uint16) Hold {
	if h.blocks == nil {
		h.blocks = newGrid(p)
		h.spare, h.place = s.spareOf(p), uint16(distance(p.first, addr))
	}
	g := h.blocks
	at := int(n-g.first) / int(g.size)
	if n < g.first || at >= len(g.blocks) {
		return HoldShared
	}
	b := g.blocks[at]
	if b == nil {
		b = s.give(p, g, uint16(at), client, addr)
	}
	if b.client != client {
		return HoldShared
	}
	s.take(h, c, n)
	b.used[c]++
	s.busy(b)
	return HoldBlock
}
