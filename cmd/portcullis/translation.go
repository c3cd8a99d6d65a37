package main

import (
	"slices"

	"portcullis/config"
	"portcullis/control"
	"portcullis/nat"
	"portcullis/packet"
	"portcullis/policy/fqdn"
	"portcullis/session"
)

// The engine's translation as the control server reads it. Nothing of it changes
// but with a new session, an old one's end or a tick, so that packets of
// established sessions go on beside.

// tallySize is how many pools are asked about while packets wait.
const tallySize = 512

// Pools are the IP pools of the configuration in force.
func (v *view) Pools() (list []control.Pool) {
	var pools []*nat.Pool
	v.plane.Look(func(session.Tick) { pools = v.worker.Pools() })
	tallies := make([]nat.Tally, 0, len(pools))
	for part := range slices.Chunk(pools, tallySize) {
		v.plane.Look(func(session.Tick) {
			for _, p := range part {
				tallies = append(tallies, v.worker.Tally(p.Number))
			}
		})
	}
	for i, p := range pools {
		list = append(list, v.pool(p, &tallies[i]))
	}
	return list
}

func (v *view) pool(p *nat.Pool, t *nat.Tally) control.Pool {
	c := control.Pool{
		ID: p.Number, Name: p.Name, Type: p.Method.String(), StartIP: p.First().Netip(), EndIP: p.Last().Netip(),
		Addresses: p.Addresses(), Exhausted: t.Exhausted,
	}
	c.StartPort, c.EndPort = p.Ports()
	if out, ok := p.Bound(); ok {
		c.Interface = v.names.Interface(out)
	}
	switch p.Method {
	case nat.Overload, nat.FixedPortRange:
		c.Ports = &control.PoolPorts{Total: control.Counts(p.Room())}
	case nat.PortBlock:
		size, perAddress, perClient := p.Blocks()
		c.Blocks = &control.PoolBlocks{
			Size: size, PerClient: perClient, PerAddress: perAddress, Total: perAddress * p.Addresses(),
			InUse: t.Blocks, Lingering: t.Lingering, Clients: t.Clients, Granted: t.Granted, Reused: t.Reused,
		}
	}
	if first, last, ports := p.Clients(); ports > 0 {
		c.Clients = &control.PoolRange{First: first.Netip(), Last: last.Netip(), Ports: ports}
	}
	return c
}

// Addresses copies a page of addresses that sources are translated to.
func (v *view) Addresses(cursor uint64, page []control.AddressRecord) (n int, next uint64) {
	v.plane.Look(func(session.Tick) {
		next = uint64(v.worker.AddressesFrom(uint32(cursor), len(page), func(u nat.Usage) {
			page[n] = control.AddressRecord{
				Addr: u.Addr.Netip(), Pool: u.Pool, Sessions: control.Counts(u.Sessions), Ports: control.Counts(u.Ports), Blocks: u.Blocks,
			}
			n++
		}))
	})
	return n, next
}

// Blocks copies a page of blocks of ports.
func (v *view) Blocks(cursor uint64, page []control.BlockRecord) (n int, next uint64, at control.Moment) {
	v.plane.Look(func(now session.Tick) {
		at = control.Moment{Now: now}
		next = uint64(v.worker.BlocksFrom(uint32(cursor), len(page), func(b nat.Block) {
			used := control.Counts(b.Used)
			page[n] = control.BlockRecord{
				Pool: b.Pool, Client: b.Client.Netip(), Addr: b.Addr.Netip(), First: b.First, Last: b.Last, Place: b.Place,
				Used: used.Sum(), Since: session.Tick(b.Since), Due: session.Tick(b.Due),
			}
			n++
		}))
	})
	return n, next, at
}

// filters are the words for who may send to a mapped port.
var filters = [...]string{nat.FilterExact: "none", nat.FilterSTUN: "stun", nat.FilterAny: "any"}

// Mappings copies a page of endpoint-independent mappings. Strangers come in by
// those of UDP only.
func (v *view) Mappings(cursor uint64, page []control.MappingRecord) (n int, next uint64) {
	v.plane.Look(func(session.Tick) {
		next = uint64(v.worker.MappingsFrom(uint32(cursor), len(page), func(m *nat.Mapping) {
			filter := filters[nat.FilterExact]
			if m.Proto == packet.ProtoUDP {
				filter = filters[m.Filter]
			}
			page[n] = control.MappingRecord{
				Proto: m.Proto, Inner: m.Inner.Netip(), InnerPort: m.InnerPort, Outer: m.Outer.Netip(), OuterPort: m.OuterPort,
				Filter: filter, Policy: m.Policy, Sessions: m.Sessions(),
			}
			n++
		}))
	})
	return n, next
}

// FQDNs are the domain names of the configuration in force.
func (v *view) FQDNs() (all control.FQDNs) {
	var names []fqdn.Entry
	v.plane.Look(func(now session.Tick) { names, all.Refused = v.names.Hosts().List(now) })
	all.Names = []control.FQDN{}
	for _, n := range names {
		x := control.FQDN{Name: n.Name, Hosts: []control.FQDNHost{}}
		for _, h := range n.Hosts {
			x.Hosts = append(x.Hosts, control.NewFQDNHost(h.Addr.Netip(), h.By, h.Left))
		}
		all.Names = append(all.Names, x)
	}
	return all
}

// VIPs are the virtual IPs of the configuration in force.
func (v *view) VIPs() (list []control.VIP, of func(*session.Record) uint16) {
	var all *nat.Destinations
	v.plane.Look(func(session.Tick) { all = v.worker.VirtualIPs() })
	for _, part := range [][]nat.VIP{all.VIPs(), all.Disabled()} {
		for i := range part {
			list = append(list, vip(&part[i]))
		}
	}
	slices.SortFunc(list, func(a, b control.VIP) int { return int(a.ID) - int(b.ID) })
	return list, func(r *session.Record) uint16 { return through(all, r) }
}

// through is the number of the virtual IP that takes a session's first packet and
// leads to where the session goes.
func through(all *nat.Destinations, r *session.Record) uint16 {
	x, to, ok := all.Lookup(r.Out[packet.Reply], &r.Key[packet.Original])
	if !ok || r.Master.ID != 0 {
		return 0
	}
	if leaves := r.Leaving(packet.Original); leaves.Dst != to.Dst || leaves.DstPort != to.DstPort {
		return 0
	}
	return x.Number
}

func vip(x *nat.VIP) control.VIP {
	c := x.Config
	v := control.VIP{
		ID: x.Number, Name: x.Name, Family: control.Family4, Status: c.Status, Type: c.Type, ExtIP: c.ExtIP.String(), ExtIntf: c.ExtIntf,
		MappedIP: ranges(c.MappedIP), SrcFilter: ranges(c.SrcFilter), SrcIntfFilter: c.SrcIntfFilter, Service: c.Service,
		PortForward: c.PortForward, ARPReply: c.ARPReply, NATSource: c.NATSourceVIP,
	}
	if x.Six() {
		v.Family = control.Family6
	}
	if c.PortForward {
		ext, mapped := x.ExtPorts()
		v.Protocol, v.ExtPort, v.MappedPort = c.Protocol, portSpan(ext), portSpan(mapped)
	}
	return v
}

func ranges(list []config.IPRange) (words []string) {
	for _, r := range list {
		words = append(words, r.String())
	}
	return words
}

// portSpan is a range of ports, "" for none.
func portSpan(s config.PortSpan) string {
	if s == (config.PortSpan{}) {
		return ""
	}
	return s.String()
}
