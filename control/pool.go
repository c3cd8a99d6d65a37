package control

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Pool is an IP pool and what is in use of it.
type Pool struct {
	ID        uint16      `json:"id"`
	Name      string      `json:"name"`
	Type      string      `json:"type"`
	StartIP   netip.Addr  `json:"startip"`
	EndIP     netip.Addr  `json:"endip"`
	StartPort uint16      `json:"startport"`
	EndPort   uint16      `json:"endport"`
	Interface string      `json:"associated_interface,omitempty"`
	Addresses int         `json:"addresses,omitempty"` // left out of nptv6
	InUse     int         `json:"addresses_in_use"`
	Sessions  Counts      `json:"sessions"`
	Ports     *PoolPorts  `json:"ports,omitempty"`   // of overload and fixed-port-range
	Clients   *PoolRange  `json:"clients,omitempty"` // of fixed-port-range
	Blocks    *PoolBlocks `json:"blocks,omitempty"`  // of port-block-allocation
	Exhausted uint64      `json:"exhausted"`         // sessions that it had nothing left for
}

// Counts is a number for each kind of protocol.
type Counts struct {
	TCP   int `json:"tcp"`
	UDP   int `json:"udp"`
	SCTP  int `json:"sctp"`
	ICMP  int `json:"icmp"`
	Other int `json:"other"`
}

// Sum is the number of all.
func (c *Counts) Sum() int { return c.TCP + c.UDP + c.rest() }

func (c *Counts) rest() int { return c.SCTP + c.ICMP + c.Other }

func (c *Counts) add(o *Counts) {
	c.TCP, c.UDP, c.SCTP, c.ICMP, c.Other = c.TCP+o.TCP, c.UDP+o.UDP, c.SCTP+o.SCTP, c.ICMP+o.ICMP, c.Other+o.Other
}

// PoolPorts are the ports of a pool; of ICMP identifiers.
type PoolPorts struct {
	Total Counts `json:"total"`
	InUse Counts `json:"in_use"`
	Free  Counts `json:"free"`
}

// PoolRange are the clients of a pool that gives each a range of ports.
type PoolRange struct {
	First netip.Addr `json:"source_startip"`
	Last  netip.Addr `json:"source_endip"`
	Ports int        `json:"port_per_user"`
}

// PoolBlocks are the blocks of ports of a pool.
type PoolBlocks struct {
	Size       int    `json:"block_size"`
	PerClient  int    `json:"num_blocks_per_user"`
	PerAddress int    `json:"per_address"`
	Total      int    `json:"total"`
	InUse      int    `json:"in_use"`
	Lingering  int    `json:"expiring"` // those of them that are empty
	Clients    int    `json:"clients"`
	Granted    uint64 `json:"allocated"` // ever
	Reused     uint64 `json:"reused"`    // that were empty already
}

// AddressRecord is what is in use of an address that sources are translated to.
type AddressRecord struct {
	Addr     netip.Addr
	Pool     uint16 // 0: no pool's
	Sessions Counts
	Ports    Counts
	Blocks   int
}

// named are those of the pools that have a name; "" is all.
func named(all []Pool, name string) []Pool {
	chosen := []Pool{}
	for i := range all {
		if name == "" || all[i].Name == name {
			chosen = append(chosen, all[i])
		}
	}
	return chosen
}

// fill counts what is in use of the pools.
func (w *walker) fill(pools []Pool) error {
	byID := map[uint16]*Pool{}
	for i := range pools {
		byID[pools[i].ID] = &pools[i]
	}
	err := w.eachAddress(func(a *AddressRecord) {
		if p := byID[a.Pool]; p != nil {
			p.count(a)
		}
	})
	for i := range pools {
		pools[i].settle()
	}
	return err
}

func (p *Pool) count(a *AddressRecord) {
	if a.Sessions.Sum() > 0 || a.Blocks > 0 {
		p.InUse++
	}
	p.Sessions.add(&a.Sessions)
	if p.Ports != nil {
		p.Ports.InUse.add(&a.Ports)
	}
}

// settle tells what is free by what is in use. A few ports in use may lie outside
// of those that the pool gives out: what helpers ask for, and an earlier
// configuration.
func (p *Pool) settle() {
	if p.Ports == nil {
		return
	}
	all, u := &p.Ports.Total, &p.Ports.InUse
	p.Ports.Free = Counts{
		TCP: max(0, all.TCP-u.TCP), UDP: max(0, all.UDP-u.UDP), SCTP: max(0, all.SCTP-u.SCTP), ICMP: max(0, all.ICMP-u.ICMP),
	}
}

// eachAddress calls f for every address that something is in use of. f borrows it.
func (w *walker) eachAddress(f func(*AddressRecord)) error {
	page := make([]AddressRecord, pageSize)
	for cursor := uint64(0); ; {
		n, next := w.source.Addresses(cursor, page)
		for i := range page[:n] {
			f(&page[i])
		}
		if err := w.turn(); err != nil || next == 0 {
			return err
		}
		cursor = next
	}
}

func (s *Server) pools(w http.ResponseWriter, r *http.Request) {
	wk := &walker{source: s.source, names: s.names, pause: r.Context().Err}
	name := r.FormValue("name")
	chosen := named(s.source.Pools(), name)
	if name != "" && len(chosen) == 0 {
		refuse(w, fmt.Errorf("ippool %q: no such pool", name))
		return
	}
	answer(w, chosen, wk.fill(chosen))
}

// Pools is a list of IP pools.
type Pools []Pool

func (l Pools) head(b *strings.Builder) { fmt.Fprintf(b, "vdom:root owns %d ippool(s)\n", len(l)) }

// String is what diagnose firewall ippool-all list prints.
func (l Pools) String() string {
	var b strings.Builder
	l.head(&b)
	for i := range l {
		p := &l[i]
		fmt.Fprintf(&b, "name:%s\ntype:%s\nnat-ip-range:%v-%v\n", p.Name, p.Type, p.StartIP, p.EndIP)
		if c := p.Clients; c != nil {
			fmt.Fprintf(&b, "source-ip-range:%v-%v\n", c.First, c.Last)
		}
	}
	return b.String()
}

// Stats is what diagnose firewall ippool-all stats prints.
func (l Pools) Stats() string {
	var b strings.Builder
	l.head(&b)
	for i := range l {
		l[i].stats(&b)
	}
	return b.String()
}

func (p *Pool) stats(b *strings.Builder) {
	fmt.Fprintf(b, "name: %s\ntype: %s\nstartip: %v\nendip: %v\nstartport: %d\nendport: %d\n", p.Name, p.Type, p.StartIP, p.EndIP, p.StartPort, p.EndPort)
	n := &p.Sessions
	fmt.Fprintf(b, "total ses: %d\ntcp ses: %d\nudp ses: %d\nother ses: %d\n", n.Sum(), n.TCP, n.UDP, n.rest())
	if p.Addresses > 0 {
		fmt.Fprintf(b, "inuse ips: %d/%d\n", p.InUse, p.Addresses)
	} else {
		fmt.Fprintf(b, "inuse ips: %d\n", p.InUse)
	}
	if q := p.Ports; q != nil {
		all, u := &q.Total, &q.InUse
		fmt.Fprintf(b, "inuse ports: tcp=%d/%d udp=%d/%d sctp=%d/%d icmp=%d/%d\n", u.TCP, all.TCP, u.UDP, all.UDP, u.SCTP, all.SCTP, u.ICMP, all.ICMP)
	}
	if q := p.Blocks; q != nil {
		fmt.Fprintf(b, "inuse PBAs: %d/%d\n", q.InUse, q.Total)
	}
	fmt.Fprintf(b, "exhausted: %d\n", p.Exhausted)
}

// Blocks is what diagnose firewall ippool list prints: the pools of port blocks.
func (l Pools) Blocks() string {
	b := strings.Builder{}
	b.WriteString("list ippool info:(vf=root)\n")
	for i := range l {
		p := &l[i]
		q := p.Blocks
		if q == nil {
			continue
		}
		free := 100 * float64(q.Total-q.InUse) / float64(max(1, q.Total))
		fmt.Fprintf(&b, "ippool %s: id=%d, block-sz=%d, num-block=%d, fixed-port=no\n", p.Name, p.ID, q.Size, q.PerClient)
		fmt.Fprintf(&b, "\tip-range=%v-%v start-port=%d, num-pba-per-ip=%d\n", p.StartIP, p.EndIP, p.StartPort, q.PerAddress)
		fmt.Fprintf(&b, "\tclients=%d, inuse-NAT-IPs=%d\n", q.Clients, p.InUse)
		fmt.Fprintf(&b, "\ttotal-PBAs=%d, inuse-PBAs=%d, expiring-PBAs=%d, free-PBAs=%.2f%%\n", q.Total, q.InUse, q.Lingering, free)
		fmt.Fprintf(&b, "\tallocate-PBA-times=%d, reuse-PBA-times=%d, exhausted=%d\n", q.Granted, q.Reused, p.Exhausted)
	}
	return b.String()
}
