package config

import "net/netip"

// The types of an IP pool.
const (
	PoolOverload   = "overload"
	PoolOneToOne   = "one-to-one"
	PoolFixedRange = "fixed-port-range"
	PoolPortBlocks = "port-block-allocation"
	PoolNPTv6      = "nptv6"
)

var ipPoolTable = table(
	func(c *Config) *[]*IPPool { return &c.IPPools },
	Table{
		Path: "firewall.ippool", Key: "name", Noun: "IP pool",
		Help:  "IPv4 addresses that policies and central-snat-map translate sources to.",
		check: checkIPPools,
		Attributes: []*Attribute{
			attr(func(p *IPPool) *string { return &p.Name }, name(79), Attribute{
				Name: "name", Required: true,
				Help: "The name of the pool.",
			}),
			attr(func(p *IPPool) *string { return &p.Type }, oneOf([]string{PoolOverload, PoolOneToOne, PoolFixedRange, PoolPortBlocks}, nil), Attribute{
				Name: "type", Default: PoolOverload,
				Help: "How addresses and ports are given out: shared by all sources (overload), an address to each source (one-to-one), a computed range of ports to each (fixed-port-range), or blocks of ports as they are needed (port-block-allocation).",
			}),
			attr(func(p *IPPool) *netip.Addr { return &p.StartIP }, ipv4.unicast(), Attribute{
				Name: "startip", Required: true,
				Help: "The first address.",
			}),
			attr(func(p *IPPool) *netip.Addr { return &p.EndIP }, ipv4.unicast(), Attribute{
				Name: "endip", Required: true,
				Help: "The last address; a pool has at most 65536.",
			}),
			attr(func(p *IPPool) *uint16 { return &p.StartPort }, integer[uint16](1024, 65535), poolPort("startport", "5117", "The first port given out.")),
			attr(func(p *IPPool) *uint16 { return &p.EndPort }, integer[uint16](1024, 65535), poolPort("endport", "65533", "The last port given out.")),
			attr(func(p *IPPool) *netip.Addr { return &p.SourceStartIP }, ipv4.unicast(), Attribute{
				Name: "source-startip", Required: true, Only: only("type", PoolFixedRange),
				Help: "The first inside address; each has the same ports of the same pool address always.",
			}),
			attr(func(p *IPPool) *netip.Addr { return &p.SourceEndIP }, ipv4.unicast(), Attribute{
				Name: "source-endip", Required: true, Only: only("type", PoolFixedRange),
				Help: "The last inside address.",
			}),
			attr(func(p *IPPool) *uint16 { return &p.BlockSize }, integer[uint16](64, 4096), portBlocks("block-size", "128", "How many ports there are in a block.")),
			attr(func(p *IPPool) *uint32 { return &p.PortPerUser }, zeroOr(32, 60416), Attribute{
				Name: "port-per-user", Default: "0", Only: only("type", PoolFixedRange),
				Help: "How many ports each inside address has; 0 is as many as there are for each.",
			}),
			attr(func(p *IPPool) *uint32 { return &p.NumBlocksPerUser }, integer[uint32](1, 128), portBlocks("num-blocks-per-user", "8", "How many blocks a source may have at once.")),
			attr(func(p *IPPool) *uint32 { return &p.PBATimeout }, integer[uint32](3, 86400), portBlocks("pba-timeout", "30", "How many seconds a block of which no port is used stays with its source.")),
			attr(func(p *IPPool) *uint32 { return &p.PBAInterimLog }, zeroOr(600, 86400), portBlocks("pba-interim-log", "0", "Every how many seconds a block that is still in use is logged again; 0 is never.")),
			attr(func(p *IPPool) *bool { return &p.PermitAnyHost }, enable, Attribute{
				Name: "permit-any-host", Default: "disable",
				Help: "What permit-any-host of a policy says, for every session that uses the pool.",
			}),
			attr(func(p *IPPool) *bool { return &p.ARPReply }, enable, Attribute{
				Name: "arp-reply", Default: "enable",
				Help: "Whether ARP requests for the addresses are answered.",
			}),
			attr(func(p *IPPool) *string { return &p.ARPIntf }, optional(name(35)), Attribute{
				Name: "arp-intf", Refs: []string{"system.interface"}, Only: only("arp-reply", "enable"),
				Help: "The interface on which they are answered; unset means each whose subnet has the address.",
			}),
			attr(func(p *IPPool) *string { return &p.AssociatedInterface }, optional(name(35)), Attribute{
				Name: "associated-interface", Refs: []string{"system.interface"},
				Help: "The outgoing interface that the pool is for; unset means any.",
			}),
			attr(func(p *IPPool) *string { return &p.Comments }, text(255), Attribute{
				Name: "comments",
				Help: "A remark.",
			}),
		},
	})

func poolPort(name, preset, help string) Attribute {
	return Attribute{Name: name, Default: preset, Only: only("type", PoolOverload, PoolFixedRange, PoolPortBlocks), Help: help}
}

func portBlocks(name, preset, help string) Attribute {
	return Attribute{Name: name, Default: preset, Only: only("type", PoolPortBlocks), Help: help}
}

var ipPool6Table = table(
	func(c *Config) *[]*IPPool6 { return &c.IPPools6 },
	Table{
		Path: "firewall.ippool6", Key: "name", Noun: "IPv6 pool",
		Help:  "IPv6 addresses that policies and central-snat-map translate sources to.",
		check: checkIPPools6,
		Attributes: []*Attribute{
			attr(func(p *IPPool6) *string { return &p.Name }, name(79), Attribute{
				Name: "name", Required: true,
				Help: "The name of the pool.",
			}),
			attr(func(p *IPPool6) *string { return &p.Type }, oneOf([]string{PoolOverload, PoolNPTv6}, nil), Attribute{
				Name: "type", Default: PoolOverload,
				Help: "Whether all sources share the addresses and their ports (overload), or one prefix is translated to another, without ports (nptv6, RFC 6296).",
			}),
			attr(func(p *IPPool6) *netip.Addr { return &p.StartIP }, ipv6.unicast(), Attribute{
				Name: "startip", Required: true, Only: only("type", PoolOverload),
				Help: "The first address.",
			}),
			attr(func(p *IPPool6) *netip.Addr { return &p.EndIP }, ipv6.unicast(), Attribute{
				Name: "endip", Required: true, Only: only("type", PoolOverload),
				Help: "The last address; a pool has at most 65536.",
			}),
			attr(func(p *IPPool6) *netip.Prefix { return &p.InternalPrefix }, ipv6.subnets(), Attribute{
				Name: "internal-prefix", Required: true, Only: only("type", PoolNPTv6),
				Help: "The prefix inside, at most 64 bits long.",
			}),
			attr(func(p *IPPool6) *netip.Prefix { return &p.ExternalPrefix }, ipv6.subnets(), Attribute{
				Name: "external-prefix", Required: true, Only: only("type", PoolNPTv6),
				Help: "The prefix outside, as long as internal-prefix.",
			}),
			attr(func(p *IPPool6) *string { return &p.Comments }, text(255), Attribute{
				Name: "comments",
				Help: "A remark.",
			}),
		},
	})
