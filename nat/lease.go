package nat

import "portcullis/packet"

// leases are the addresses that clients have for themselves (OneToOne), for as
// long as any of their sessions lives.
type leases struct {
	byClient map[packet.Addr]lease
	taken    map[packet.Addr]bool
	used     map[*Pool]*ports // places of a pool that are taken: a copy of taken
}

type lease struct {
	addr packet.Addr
	refs uint32
}

func newLeases() leases {
	return leases{byClient: map[packet.Addr]lease{}, taken: map[packet.Addr]bool{}, used: map[*Pool]*ports{}}
}

// forget forgets the pools that there were.
func (l *leases) forget() { clear(l.used) }

// places are the places of p that are taken.
func (l *leases) places(p *Pool) *ports {
	u := l.used[p]
	if u == nil {
		u = new(ports)
		for a := range l.taken {
			if p.Holds(a) {
				u.add(uint16(distance(p.first, a)))
			}
		}
		l.used[p] = u
	}
	return u
}

// grant gives a client an address.
func (l *leases) grant(client, addr packet.Addr) {
	l.byClient[client] = lease{addr: addr}
	l.taken[addr] = true
	for p, u := range l.used {
		if p.Holds(addr) {
			u.add(uint16(distance(p.first, addr)))
		}
	}
}

// hold counts a session more of a client.
func (l *leases) hold(client packet.Addr) {
	x := l.byClient[client]
	x.refs++
	l.byClient[client] = x
}

// release counts one less. With the last one the address goes back.
func (l *leases) release(client packet.Addr) {
	x, ok := l.byClient[client]
	if !ok {
		return
	}
	if x.refs--; x.refs > 0 {
		l.byClient[client] = x
		return
	}
	delete(l.byClient, client)
	delete(l.taken, x.addr)
	for p, u := range l.used {
		if p.Holds(x.addr) {
			u.remove(uint16(distance(p.first, x.addr)))
		}
	}
}

// lease translates to the address of p that the client has, or now gets. The port
// stays as it is.
func (s *Space) lease(r *Request, p *Pool, use InUse) (Hold, bool) {
	x, had := s.leases.byClient[r.Key.Src]
	if had && !p.Holds(x.addr) {
		return HoldNothing, false // of another pool, as long as sessions of that one live
	}
	if !had {
		place, ok := s.leases.places(p).find(0, uint16(p.n-1), 0, either)
		if !ok {
			return HoldNothing, false
		}
		x.addr = offset(p.first, uint32(place))
	}
	s.start(r, x.addr)
	if use.Taken(&s.probe) {
		return HoldNothing, false
	}
	if !had {
		s.leases.grant(r.Key.Src, x.addr)
	}
	s.leases.hold(r.Key.Src)
	return HoldLease, true
}
