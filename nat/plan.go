package nat

import "portcullis/packet"

// Request asks for the translation of the source of a new session.
type Request struct {
	// Key is the session's original direction; where its destination is translated,
	// as it is after that.
	Key packet.Key
	How *Source
	Out uint16 // the interface that it leaves by
	// Addr is the address to translate to where How has no pools; zero is none.
	Addr packet.Addr
	// Sole says that Addr belongs to the client alone, as that of a virtual IP
	// does: its ports are kept whatever they are.
	Sole   bool
	Policy uint32 // that accepts it
	Now    int64  // nanoseconds
}

// Plan decides the translation that r asks for, and occupies what it needs: who
// makes no session of it must Release the binding. The reason is
// packet.ReasonNone, or why there is no binding; pool is then the number of the
// last pool that had nothing left, 0 for none.
func (s *Space) Plan(r *Request, use InUse) (b Binding, pool uint16, why packet.Reason) {
	if pool, why = s.PlanReply(r, use, &b); why == packet.ReasonNone {
		b.Original = r.Key
	}
	return b, pool, why
}

// PlanReply is Plan for whoever knows the original key: it fills in the rest of b.
func (s *Space) PlanReply(r *Request, use InUse, b *Binding) (pool uint16, why packet.Reason) {
	s.now, s.client = r.Now, r.Key.Src
	var hold Hold
	switch {
	case len(r.How.Pools) > 0:
		hold, pool, why = s.fromPools(r, use)
	case r.Addr.IsZero():
		why = packet.ReasonNATNoAddress
	default:
		var ok bool
		if hold, ok = s.at(r, nil, r.Addr, use); !ok {
			why = packet.ReasonNATExhausted
		}
	}
	if why == packet.ReasonNone {
		s.bind(r, hold, b)
	}
	return pool, why
}

// fromPools looks for a translation in the pools in order. Those that are to give
// endpoint-independent mappings are asked for one first, and only where none of
// them has room for it, for a port as good as any.
func (s *Space) fromPools(r *Request, use InUse) (hold Hold, pool uint16, why packet.Reason) {
	why = packet.ReasonNATNoAddress
	for pass, again := 0, true; pass < 2 && again; pass++ {
		again = false
		for _, p := range r.How.Pools {
			maps := r.mapsAt(p)
			if !p.serves(r.Out, r.Key.Src) || pass == 1 && !maps {
				continue
			}
			if pass == 0 && maps {
				again = true
				if hold, ok := s.mapped(r, p, use); ok {
					return hold, 0, packet.ReasonNone
				}
				continue
			}
			hold, ok, outside := s.from(r, p, use)
			if ok {
				return hold, 0, packet.ReasonNone
			}
			if !outside {
				s.tallyOf(p).Exhausted++
				pool, why = p.Number, packet.ReasonNATExhausted
			}
		}
	}
	return HoldNothing, pool, why
}

// bind makes the binding of the probe.
func (s *Space) bind(r *Request, hold Hold, b *Binding) {
	s.holder(s.probe.Dst).sessions[classOf(r.Key.Proto)]++
	b.Reply, b.Hold = s.probe, hold
}

// from looks for a translation in pool p. outside says that p has no share for
// such a client at all.
func (s *Space) from(r *Request, p *Pool, use InUse) (hold Hold, ok, outside bool) {
	switch p.Method {
	case OneToOne:
		hold, ok = s.lease(r, p, use)
	case FixedPortRange:
		addr, _, _, ours := p.fixed(r.Key.Src)
		if !ours {
			return hold, false, true
		}
		hold, ok = s.at(r, p, addr, use)
	case PortBlock:
		hold, ok = s.fromBlocks(r, p, use)
	case NPTv6:
		addr, ours := p.prefix.out(r.Key.Src)
		if !ours {
			return hold, false, true
		}
		hold, ok = s.portless(r, addr, use)
	default:
		hold, ok = s.overload(r, p, use)
	}
	return hold, ok, false
}

// start begins the probe anew: an answer to r that comes to addr.
func (s *Space) start(r *Request, addr packet.Addr) {
	s.probe = r.Key.Reply()
	s.probe.Dst = addr
}

// portless translates to an address without touching ports.
func (s *Space) portless(r *Request, addr packet.Addr, use InUse) (Hold, bool) {
	s.start(r, addr)
	return HoldAddress, !use.Taken(&s.probe)
}

// at translates to an address of p, or where p is nil of an interface or a
// virtual IP.
func (s *Space) at(r *Request, p *Pool, addr packet.Addr, use InUse) (Hold, bool) {
	c := classOf(r.Key.Proto)
	if c == classOther {
		return s.portless(r, addr, use)
	}
	if p == nil && r.How.Filter != FilterExact && mappable(c) {
		if hold, ok := s.mappedAt(r, addr, use); ok {
			return hold, true
		}
	}
	s.start(r, addr)
	w := s.window(r, p, addr)
	return s.choose(&w, use)
}

func (s *Space) window(r *Request, p *Pool, addr packet.Addr) window {
	w := window{h: s.holder(addr), class: classOf(r.Key.Proto), keep: r.How.Preserve, any: r.Sole || classOf(r.Key.Proto) == classSCTP, fixed: r.How.Fixed}
	w.first, w.last = r.How.window(p, r.Key.Proto)
	if p != nil && p.Method == FixedPortRange {
		_, w.first, w.last, _ = p.fixed(r.Key.Src)
	}
	return w
}

// overload looks for a port at the address of p that the client has by its own
// address (RFC 4787 section 4.1: paired), and at others where that has none.
func (s *Space) overload(r *Request, p *Pool, use InUse) (Hold, bool) {
	home := uint16(mix(r.Key.Src) % uint64(p.n))
	if p.n == 1 || classOf(r.Key.Proto) == classOther {
		return s.at(r, p, offset(p.first, uint32(home)), use)
	}
	c, sp, place := classOf(r.Key.Proto), s.spareOf(p), home
	for range addressTries {
		w := s.enter(r, p, place, sp)
		if hold, ok := s.own(&w, use); ok {
			return hold, true
		}
		if w.fixed {
			return HoldNothing, false
		}
		if sp.full[c] == nil || !sp.full[c].has(place) {
			if hold, ok := s.free(&w, use); ok {
				return hold, true
			}
			s.mark(p, w.h, c)
		}
		next, ok := sp.next(c, place, uint16(p.n-1))
		if !ok {
			break
		}
		place = next
	}
	w := s.enter(r, p, home, sp)
	if hold, ok := s.share(&w, use); ok || w.barren {
		return hold, ok
	}
	w = s.enter(r, p, uint16(s.below(p.n)), sp)
	w.few = true
	return s.share(&w, use)
}

// addressTries is how many addresses of a pool are tried for one session.
const addressTries = 4

// enter begins the probe at an address of p.
func (s *Space) enter(r *Request, p *Pool, place uint16, sp *spare) window {
	addr := offset(p.first, uint32(place))
	s.start(r, addr)
	w := s.window(r, p, addr)
	w.h.spare, w.h.place = sp, place
	return w
}

func (s *Space) spareOf(p *Pool) *spare {
	sp := s.spares[p]
	if sp == nil {
		sp = &spare{pool: p, blocks: p.Method == PortBlock}
		for c := range classOther {
			first, last := p.window(c)
			sp.width[c] = int(last-first) + 1
		}
		s.spares[p] = sp
	}
	return sp
}

// Reserve chooses the port that a helper's expectation waits on at a translated
// address. match is the expected flow as it would arrive there: Dst is the
// translated address, DstPort the wanted port, SrcPort is zero where any will do.
// client is whom the address stands for. The wanted port is taken where it is
// free, whatever range it lies in, but a client that has a share of the ports
// gets one of those; a wanted 0 has no preference, and one below 1024 becomes
// another below 1024. Nothing is occupied: the expectation is what keeps the port.
func (s *Space) Reserve(match *packet.Key, client packet.Addr, use InUse) (uint16, packet.Reason) {
	n, ok := s.reserve(match, client, 1, use)
	if !ok {
		return 0, packet.ReasonNATExhausted
	}
	return n, packet.ReasonNone
}

// ReservePair is Reserve for a flow of RTP and the one of RTCP behind it: the port
// is even, and the next one is free too (RFC 3550 section 11).
func (s *Space) ReservePair(match *packet.Key, client packet.Addr, use InUse) (uint16, packet.Reason) {
	n, ok := s.reserve(match, client, 2, use)
	if !ok {
		return 0, packet.ReasonNATExhausted
	}
	return n, packet.ReasonNone
}

// reserve finds run free ports, one behind the other.
func (s *Space) reserve(match *packet.Key, client packet.Addr, run uint16, use InUse) (uint16, bool) {
	s.probe, s.client = *match, client
	first, last, confined := s.shareOf(match.Dst, client)
	want := match.DstPort
	if run == 2 {
		want &^= 1
	}
	if !confined && want != 0 && want < 1024 {
		first, last = firstReserved, 1023
	}
	if want != 0 && (!confined || want >= first && want <= last) && s.freeRun(want, run, use) {
		return want, true
	}
	size := uint32(last) - uint32(first) + 1
	h := s.holders[match.Dst]
	for try := range reserveProbes {
		n := first + uint16(s.below(size))
		if h != nil && try < reserveProbes/2 && h.ports[classOf(match.Proto)] != nil {
			n, _ = h.ports[classOf(match.Proto)].find(first, last, n, parityFor(run))
		}
		if run == 2 {
			n &^= 1
		}
		if n >= first && n <= last && s.freeRun(n, run, use) {
			return n, true
		}
	}
	return 0, false
}

const reserveProbes = 256

// firstReserved begins the ports that stand for a wanted one below 1024, as those
// of rsh do, which its peers refuse otherwise. Lower ones are left to services, as
// Linux does.
const firstReserved = 600

func parityFor(run uint16) parity {
	if run == 2 {
		return even
	}
	return either
}

// freeRun says whether run ports from n on are free.
func (s *Space) freeRun(n, run uint16, use InUse) bool {
	if run == 2 && n&1 != 0 || n+run-1 < n {
		return false
	}
	for i := range run {
		s.probe.DstPort = n + i
		if s.notAlone(n+i) || use.Taken(&s.probe) {
			return false
		}
	}
	return true
}

// shareOf is the range of ports of an address that a client may have. confined
// says that it may have no others.
func (s *Space) shareOf(addr, client packet.Addr) (first, last uint16, confined bool) {
	p := s.sources.Pool(addr)
	switch {
	case p == nil || p.Method == OneToOne || p.Method == NPTv6:
		return FirstPort, LastPort, false
	case p.Method == FixedPortRange:
		if a, first, last, ok := p.fixed(client); ok && a == addr {
			return first, last, true
		}
	case p.Method == PortBlock:
		if first, last, ok := s.blockOf(client, addr); ok {
			return first, last, true
		}
	}
	return p.lo, p.hi, false
}

// PlanAt decides the translation of the source of a helper's child to addr, which
// its control session tells. client is whom addr stands for. As Plan, it occupies
// what it needs.
func (s *Space) PlanAt(key *packet.Key, addr, client packet.Addr, now int64, use InUse) (Binding, packet.Reason) {
	s.now, s.client = now, client
	r := Request{Key: *key, How: Interface, Addr: addr}
	hold, ok := s.childAt(&r, s.sources.Pool(addr), addr, use)
	if !ok {
		return Binding{}, packet.ReasonNATExhausted
	}
	b := Binding{Original: r.Key}
	s.bind(&r, hold, &b)
	return b, packet.ReasonNone
}

// childAt translates the source of a child to an address of p, nil where it is no
// pool's. What clients have there for themselves stays theirs.
func (s *Space) childAt(r *Request, p *Pool, addr packet.Addr, use InUse) (Hold, bool) {
	c := classOf(r.Key.Proto)
	switch {
	case p != nil && p.Method == OneToOne:
		return s.leaseAt(r, p, addr, use)
	case c == classOther || p != nil && p.Method == NPTv6:
		return s.portless(r, addr, use)
	case p != nil && p.Method == PortBlock:
		return s.fromBlocksAt(r, p, addr, use)
	}
	s.start(r, addr)
	w := window{h: s.holder(addr), class: c, keep: true}
	var confined bool
	w.first, w.last, confined = s.shareOf(addr, s.client)
	w.any = !confined
	return s.choose(&w, use)
}
