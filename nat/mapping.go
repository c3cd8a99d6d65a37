package nat

import "portcullis/packet"

// Mapping joins a port of a client with a port of an external address, for all
// that the client sends from it (RFC 4787: endpoint-independent mapping). It lives
// as long as sessions that the client keeps alive.
type Mapping struct {
	Inner     packet.Addr // the client
	Outer     packet.Addr
	InnerPort uint16
	OuterPort uint16
	Proto     uint8
	Filter    Filter
	Policy    uint32 // that accepted its first session

	realm packet.Addr // what Outer was chosen from
	refs  uint32
	under Hold // what it occupies
}

// inner is what a mapping is found by from the inside.
type inner struct {
	addr  packet.Addr
	realm packet.Addr // a pool, by its first address, or the address of an interface
	port  uint16
	proto uint8
}

// outer is what it is found by from the outside.
type outer struct {
	addr  packet.Addr
	port  uint16
	proto uint8
}

// mappings are all mappings. None holds a pointer: a million of them cost the
// garbage collector nothing.
type mappings struct {
	byInner map[inner]uint32 // index into all
	byOuter map[outer]uint32
	all     []Mapping
	free    []uint32
}

func newMappings() mappings {
	return mappings{byInner: map[inner]uint32{}, byOuter: map[outer]uint32{}}
}

func (m *mappings) has(o outer) bool {
	if len(m.byOuter) == 0 {
		return false
	}
	_, ok := m.byOuter[o]
	return ok
}

func (m *Mapping) inner() inner { return inner{m.Inner, m.realm, m.InnerPort, m.Proto} }
func (m *Mapping) outer() outer { return outer{m.Outer, m.OuterPort, m.Proto} }

func (m *mappings) add(x Mapping) {
	var i uint32
	if n := len(m.free); n > 0 {
		i, m.free = m.free[n-1], m.free[:n-1]
		m.all[i] = x
	} else {
		i = uint32(len(m.all))
		m.all = append(m.all, x)
	}
	m.byInner[x.inner()], m.byOuter[x.outer()] = i, i
}

func (m *mappings) remove(i uint32) {
	x := &m.all[i]
	delete(m.byInner, x.inner())
	delete(m.byOuter, x.outer())
	*x = Mapping{}
	m.free = append(m.free, i)
}

// Sessions is how many sessions keep the mapping alive.
func (m *Mapping) Sessions() int { return int(m.refs) }

// Mappings is how many mappings there are.
func (s *Space) Mappings() int { return len(s.maps.byOuter) }

// Inbound is the mapping that a first packet with that key, as it comes from
// anywhere, is sent to; nil where there is none. It is valid until the space
// changes.
func (s *Space) Inbound(key *packet.Key) *Mapping {
	if len(s.maps.byOuter) == 0 {
		return nil
	}
	o := outer{key.Dst, key.DstPort, key.Proto}
	if classOf(key.Proto) == classICMP {
		o.port = key.SrcPort
	}
	if i, ok := s.maps.byOuter[o]; ok {
		return &s.maps.all[i]
	}
	return nil
}

// Filter is who may send to address outer of a mapping as the configuration is now.
// how is the translation of the mapping's policy, nil where it has none any more.
func (s *Space) Filter(outer packet.Addr, how *Source) Filter {
	return how.filter(s.sources.Pool(outer))
}

// Join has a session that came in through the mapping of a client's port, with
// that original key, keep it alive from now on. It reports false where the mapping
// has gone, even if another client has its port now.
func (s *Space) Join(key *packet.Key, client packet.Addr, port uint16) bool {
	if m := s.Inbound(key); m != nil && m.Inner == client && m.InnerPort == port {
		m.refs++
		return true
	}
	return false
}

// Leave undoes Join.
func (s *Space) Leave(key *packet.Key) {
	s.unmap(outer{key.Dst, key.DstPort, key.Proto})
	if h := s.find(key.Dst); h != nil {
		s.forget(key.Dst, h)
	}
}

// mappable says whether mappings are made for a class: SCTP and what has no ports
// keep their own.
func mappable(c portClass) bool { return c == classTCP || c == classUDP || c == classICMP }

// mapsAt says whether sessions as r are to have mappings in pool p.
func (r *Request) mapsAt(p *Pool) bool {
	return r.How.filter(p) != FilterExact && mappable(classOf(r.Key.Proto)) && p.Method != NPTv6
}

// mapped looks for a translation by an endpoint-independent mapping in pool p, an
// old one or a new one; false where the one there is can not serve this session, or
// there is no port for one.
func (s *Space) mapped(r *Request, p *Pool, use InUse) (Hold, bool) {
	if hold, ok, known := s.known(r, p, p.first, use); known {
		return hold, ok
	}
	hold, ok := s.alone(r, p, classOf(r.Key.Proto), use)
	if !ok {
		return HoldNothing, false
	}
	if hold == HoldLease && s.mappedPort(*port(&s.probe)) { // of another client, from before a change of the pool
		s.leases.release(s.probe.Dst)
		return HoldNothing, false
	}
	s.newMapping(r, p.first, r.How.filter(p), hold)
	return HoldMapping, true
}

// mappedAt is mapped for an address that is no pool's.
func (s *Space) mappedAt(r *Request, addr packet.Addr, use InUse) (Hold, bool) {
	if hold, ok, known := s.known(r, nil, addr, use); known {
		return hold, ok
	}
	hold, ok := s.aloneAt(r, nil, addr, use)
	if !ok {
		return HoldNothing, false
	}
	s.newMapping(r, addr, r.How.Filter, hold)
	return HoldMapping, true
}

// known uses the mapping that the client's port has already. One that p, as it is
// now, would not give serves only the sessions that it has.
func (s *Space) known(r *Request, p *Pool, realm packet.Addr, use InUse) (hold Hold, ok, known bool) {
	i, known := s.maps.byInner[inner{r.Key.Src, realm, r.Key.SrcPort, r.Key.Proto}]
	if !known {
		return HoldNothing, false, false
	}
	m := &s.maps.all[i]
	s.start(r, m.Outer)
	*port(&s.probe) = m.OuterPort
	if p != nil && !p.gives(m) || use.Taken(&s.probe) {
		return HoldNothing, false, true
	}
	m.refs++
	return HoldMapping, true, true
}

// gives says whether m could be made of what the pool has.
func (p *Pool) gives(m *Mapping) bool {
	switch p.Method {
	case OneToOne:
		return m.under == HoldLease && p.Holds(m.Outer)
	case PortBlock:
		return m.under == HoldBlock && p.Holds(m.Outer)
	case FixedPortRange:
		addr, first, last, ok := p.fixed(m.Inner)
		return ok && addr == m.Outer && first <= m.OuterPort && m.OuterPort <= last
	}
	return m.under == HoldPort && p.Holds(m.Outer)
}

// alone occupies a port of p that is the client's alone.
func (s *Space) alone(r *Request, p *Pool, c portClass, use InUse) (Hold, bool) {
	switch p.Method {
	case OneToOne:
		return s.lease(r, p, use)
	case PortBlock:
		return s.fromBlocks(r, p, use)
	case FixedPortRange:
		addr, _, _, ok := p.fixed(r.Key.Src)
		if !ok {
			return HoldNothing, false
		}
		return s.aloneAt(r, p, addr, use)
	}
	place, sp := uint16(mix(r.Key.Src)%uint64(p.n)), s.spareOf(p)
	for range addressTries {
		w := s.enter(r, p, place, sp)
		w.alone = true
		if hold, ok := s.choose(&w, use); ok || w.fixed || p.n == 1 {
			return hold, ok
		}
		s.mark(p, w.h, c)
		next, ok := sp.next(c, place, uint16(p.n-1))
		if !ok {
			break
		}
		place = next
	}
	return HoldNothing, false
}

// aloneAt occupies a port of an address that is the client's alone.
func (s *Space) aloneAt(r *Request, p *Pool, addr packet.Addr, use InUse) (Hold, bool) {
	s.start(r, addr)
	w := s.window(r, p, addr)
	w.alone = true
	return s.choose(&w, use)
}

// newMapping makes the mapping of what the probe has occupied by hold.
func (s *Space) newMapping(r *Request, realm packet.Addr, filter Filter, hold Hold) {
	s.maps.add(Mapping{
		Inner: r.Key.Src, InnerPort: r.Key.SrcPort, Outer: s.probe.Dst, OuterPort: *port(&s.probe), Proto: r.Key.Proto,
		Filter: filter, Policy: r.Policy, realm: realm, refs: 1, under: hold,
	})
}

// unmap takes one session off a mapping. The last one takes the mapping along.
func (s *Space) unmap(o outer) {
	i, ok := s.maps.byOuter[o]
	if !ok {
		return
	}
	m := &s.maps.all[i]
	if m.refs > 1 {
		m.refs--
		return
	}
	under := m.under
	s.maps.remove(i)
	switch under {
	case HoldPort:
		s.drop(s.find(o.addr), classOf(o.proto), o.port)
	case HoldLease:
		s.leases.release(o.addr)
	case HoldBlock:
		s.vacate(s.find(o.addr), classOf(o.proto), o.port)
	}
}
