package nat

import (
	"portcullis/config"
	"portcullis/packet"
)

// What an operator sees of a space. It is walked in steps of bounded length: a
// walk begins with 0 and goes on from what the step before returned, until that
// is 0. What comes or goes meanwhile may be missed; nothing is met twice.

// Usage is what is in use of an address that sources are translated to.
type Usage struct {
	Addr     packet.Addr
	Pool     uint16 // number of the pool that has it now; 0: none, such as an interface's
	Sessions Counts // whose source is translated to it
	Ports    Counts // that some session has
	Blocks   int    // that clients have
}

// Counts is a number for each kind of protocol.
type Counts struct{ TCP, UDP, SCTP, ICMP, Other int }

// AddressesFrom looks at n addresses, those that nothing is in use of left out.
func (s *Space) AddressesFrom(cursor uint32, n int, f func(Usage)) (next uint32) {
	return s.shelf.walk(cursor, n, func(h *holder) {
		if !h.idle() {
			f(s.usage(h))
		}
	})
}

func (s *Space) usage(h *holder) Usage {
	u := Usage{Addr: h.addr, Sessions: countsOf(&h.sessions)}
	if p := s.sources.Pool(h.addr); p != nil {
		u.Pool = p.Number
	}
	var used [classes]uint32
	for c, set := range h.ports {
		if set != nil {
			used[c] = uint32(set.used)
		}
	}
	u.Ports = countsOf(&used)
	if h.blocks != nil {
		u.Blocks = h.blocks.taken.used
	}
	return u
}

func countsOf(n *[classes]uint32) Counts {
	return Counts{TCP: int(n[classTCP]), UDP: int(n[classUDP]), SCTP: int(n[classSCTP]), ICMP: int(n[classICMP]), Other: int(n[classOther])}
}

// Block is a block of ports that a client has.
type Block struct {
	Pool        uint16
	Client      packet.Addr
	Addr        packet.Addr
	First, Last uint16
	Place       int    // among the blocks of the address
	Used        Counts // ports
	Since       int64  // when it was granted
	Due         int64  // when it goes back, unless it is used again; 0: it is in use
}

// BlocksFrom looks at n blocks.
func (s *Space) BlocksFrom(cursor uint32, n int, f func(Block)) (next uint32) {
	return s.blocks.shelf.walk(cursor, n, func(b *block) {
		var used [classes]uint32
		for c, n := range b.used {
			used[c] = uint32(n)
		}
		f(Block{
			Pool: b.pool, Client: b.client, Addr: b.addr, First: b.first, Last: b.last, Place: int(b.place),
			Used: countsOf(&used), Since: b.since, Due: b.due,
		})
	})
}

// MappingsFrom looks at n endpoint-independent mappings. f borrows one.
func (s *Space) MappingsFrom(cursor uint32, n int, f func(*Mapping)) (next uint32) {
	end := min(int(cursor)+n, len(s.maps.all))
	for i := int(cursor); i < end; i++ {
		if m := &s.maps.all[i]; m.refs > 0 {
			f(m)
		}
	}
	if end == len(s.maps.all) {
		return 0
	}
	return uint32(end)
}

// Addresses is how many addresses p has; of NPTv6, whose prefix can not be
// counted, 0.
func (p *Pool) Addresses() int { return int(p.n) }

// Room is how many ports, and identifiers of ICMP queries, p has to give out at all
// its addresses; zero of pools that leave ports alone, or give out blocks.
func (p *Pool) Room() (c Counts) {
	if p.Method != Overload && p.Method != FixedPortRange {
		return c
	}
	each := int(p.n) * int(p.width())
	c = Counts{TCP: each, UDP: each, SCTP: each, ICMP: each}
	if first, last := Interface.window(p, packet.ProtoICMP); p.Method == Overload {
		c.ICMP = int(p.n) * (int(last) - int(first) + 1)
	}
	return c
}

// Clients are the clients of FixedPortRange, and how many ports each has.
func (p *Pool) Clients() (first, last packet.Addr, ports int) {
	if p.clientsN == 0 {
		return first, last, 0
	}
	return p.clients, offset(p.clients, p.clientsN-1), int(p.perClient)
}

// Blocks is the shape of PortBlock: the ports of a block, the blocks of an
// address, and how many of them one client may have.
func (p *Pool) Blocks() (size, perAddress, perClient int) {
	if p.blockSize == 0 {
		return 0, 0, 0
	}
	return int(p.blockSize), int(p.width()) / int(p.blockSize), p.maxBlocks
}

// Bound is the interface that p is for; false where it is for all.
func (p *Pool) Bound() (out uint16, ok bool) { return p.out, p.bound }

// Interfaces are where v takes flows: from one interface, or any, and of those
// only srcintf-filter where that is set.
func (v *VIP) Interfaces() (in uint16, any bool, only []uint16) {
	return v.in.index, v.in.any, v.ingress
}

// ExtPorts are the external ports and those they are mapped to; zero where all
// ports are forwarded, or services say which.
func (v *VIP) ExtPorts() (ext, mapped config.PortSpan) { return v.extPort, v.mapPort }
