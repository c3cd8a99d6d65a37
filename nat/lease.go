package nat

import "portcullis/packet"

// leases are the addresses that clients have for themselves (OneToOne), for as
// long as any of their sessions lives: of each pool one.
type leases struct {
	byAddr   map[packet.Addr]lease
	byClient map[tenant]packet.Addr
	used     map[*Pool]*ports // places of a pool that are taken: a copy of byAddr
}

type lease struct {
	client packet.Addr
	pool   uint16 // its number
	refs   uint32
}

// tenant is a client in a pool.
type tenant struct {
	client packet.Addr
	pool   uint16
}

func newLeases() leases {
	return leases{byAddr: map[packet.Addr]lease{}, byClient: map[tenant]packet.Addr{}, used: map[*Pool]*ports{}}
}

// obey sorts the leases by the pools that there are now.
func (l *leases) obey(sources *Sources) {
	clear(l.used)
	clear(l.byClient)
	for a, x := range l.byAddr {
		if p := sources.Pool(a); p != nil {
			x.pool = p.Number
			l.byAddr[a] = x
		}
		at := tenant{x.client, x.pool}
		if other, ok := l.byClient[at]; !ok || a.Less(other) {
			l.byClient[at] = a
		}
	}
}

// places are the places of p that are taken.
func (l *leases) places(p *Pool) *ports {
	u := l.used[p]
	if u == nil {
		u = new(ports)
		for a := range l.byAddr {
			if p.Holds(a) {
				u.add(uint16(distance(p.first, a)))
			}
		}
		l.used[p] = u
	}
	return u
}

// grant gives a client an address of the pool of that number.
func (l *leases) grant(client, addr packet.Addr, pool uint16) {
	l.byAddr[addr] = lease{client: client, pool: pool}
	l.byClient[tenant{client, pool}] = addr
	for p, u := range l.used {
		if p.Holds(addr) {
			u.add(uint16(distance(p.first, addr)))
		}
	}
}

// hold counts a session more at an address.
func (l *leases) hold(addr packet.Addr) {
	x := l.byAddr[addr]
	x.refs++
	l.byAddr[addr] = x
}

// release counts one less. With the last one the address goes back.
func (l *leases) release(addr packet.Addr) {
	x, ok := l.byAddr[addr]
	if !ok {
		return
	}
	if x.refs--; x.refs > 0 {
		l.byAddr[addr] = x
		return
	}
	delete(l.byAddr, addr)
	if at := (tenant{x.client, x.pool}); l.byClient[at] == addr {
		delete(l.byClient, at)
	}
	for p, u := range l.used {
		if p.Holds(addr) {
			u.remove(uint16(distance(p.first, addr)))
		}
	}
}

// lease translates to the address of p that the client has, or now gets. The port
// stays as it is.
func (s *Space) lease(r *Request, p *Pool, use InUse) (Hold, bool) {
	addr, had := s.leases.byClient[tenant{r.Key.Src, p.Number}]
	if !had || !p.Holds(addr) {
		place, ok := s.leases.places(p).find(0, uint16(p.n-1), 0, either)
		if !ok {
			return HoldNothing, false
		}
		addr = offset(p.first, uint32(place))
	}
	return s.leaseAt(r, p, addr, use)
}

// leaseAt translates to an address of p, unless that is another client's.
func (s *Space) leaseAt(r *Request, p *Pool, addr packet.Addr, use InUse) (Hold, bool) {
	x, leased := s.leases.byAddr[addr]
	s.start(r, addr)
	if leased && x.client != r.Key.Src || use.Taken(&s.probe) {
		return HoldNothing, false
	}
	if !leased {
		s.leases.grant(r.Key.Src, addr, p.Number)
	}
	s.leases.hold(addr)
	return HoldLease, true
}
