package config

import "net/netip"

var addressTable = table(
	func(c *Config) *[]*Address { return &c.Addresses },
	Table{
		Path: "firewall.address", Key: "name", Noun: "address",
		Help:  "IPv4 addresses that policies refer to.",
		check: checkAddressRanges,
		Attributes: []*Attribute{
			attr(func(a *Address) *string { return &a.Name }, name(79), Attribute{
				Name: "name", Required: true,
				Help: "The name of the address.",
			}),
			attr(func(a *Address) *string { return &a.Type }, oneOf([]string{"ipmask", "iprange"}, nil), Attribute{
				Name: "type", Default: "ipmask",
				Help: "Whether the address is a subnet or a range.",
			}),
			attr(func(a *Address) *netip.Prefix { return &a.Subnet }, ipv4.subnets(), Attribute{
				Name: "subnet", Default: "0.0.0.0/0", Only: only("type", "ipmask"),
				Help: "The subnet; bits behind the length are dropped.",
			}),
			attr(func(a *Address) *netip.Addr { return &a.StartIP }, ipv4.address(), Attribute{
				Name: "start-ip", Required: true, Only: only("type", "iprange"),
				Help: "The first address of the range.",
			}),
			attr(func(a *Address) *netip.Addr { return &a.EndIP }, ipv4.address(), Attribute{
				Name: "end-ip", Required: true, Only: only("type", "iprange"),
				Help: "The last address of the range.",
			}),
			attr(func(a *Address) *string { return &a.Comment }, text(255), Attribute{
				Name: "comment",
				Help: "A remark.",
			}),
		},
	})

var address6Table = table(
	func(c *Config) *[]*Address6 { return &c.Addresses6 },
	Table{
		Path: "firewall.address6", Key: "name", Noun: "address",
		Help:  "IPv6 addresses that policies refer to.",
		check: checkAddressRanges,
		Attributes: []*Attribute{
			attr(func(a *Address6) *string { return &a.Name }, name(79), Attribute{
				Name: "name", Required: true,
				Help: "The name of the address.",
			}),
			attr(func(a *Address6) *string { return &a.Type }, oneOf([]string{"ipprefix", "iprange"}, nil), Attribute{
				Name: "type", Default: "ipprefix",
				Help: "Whether the address is a prefix or a range.",
			}),
			attr(func(a *Address6) *netip.Prefix { return &a.IP6 }, ipv6.subnets(), Attribute{
				Name: "ip6", Default: "::/0", Only: only("type", "ipprefix"),
				Help: "The prefix; bits behind the length are dropped.",
			}),
			attr(func(a *Address6) *netip.Addr { return &a.StartIP }, ipv6.address(), Attribute{
				Name: "start-ip", Required: true, Only: only("type", "iprange"),
				Help: "The first address of the range.",
			}),
			attr(func(a *Address6) *netip.Addr { return &a.EndIP }, ipv6.address(), Attribute{
				Name: "end-ip", Required: true, Only: only("type", "iprange"),
				Help: "The last address of the range.",
			}),
			attr(func(a *Address6) *string { return &a.Comment }, text(255), Attribute{
				Name: "comment",
				Help: "A remark.",
			}),
		},
	})

// checkAddressRanges refuses a range that ends before it starts.
func checkAddressRanges(l *loader, t *Table) {
	for _, e := range t.Entries(l.cfg) {
		var start, end netip.Addr
		switch a := e.(type) {
		case *Address:
			start, end = a.StartIP, a.EndIP
		case *Address6:
			start, end = a.StartIP, a.EndIP
		}
		if start.IsValid() && end.IsValid() && end.Less(start) {
			l.refuse(e, "end-ip", "expected an address not below start-ip %s", start)
		}
	}
}

var addrGroupTable = table(
	func(c *Config) *[]*AddrGroup { return &c.AddrGroups },
	Table{
		Path: "firewall.addrgrp", Key: "name", Noun: "address group",
		Help:       "Groups of IPv4 addresses, and of such groups.",
		SharesWith: []string{"firewall.address"},
		Attributes: addrGroupAttributes("firewall.address", "firewall.addrgrp"),
		check:      checkLoops,
	})

var addrGroup6Table = table(
	func(c *Config) *[]*AddrGroup { return &c.AddrGroups6 },
	Table{
		Path: "firewall.addrgrp6", Key: "name", Noun: "address group",
		Help:       "Groups of IPv6 addresses, and of such groups.",
		SharesWith: []string{"firewall.address6"},
		Attributes: addrGroupAttributes("firewall.address6", "firewall.addrgrp6"),
		check:      checkLoops,
	})

func addrGroupAttributes(refs ...string) []*Attribute {
	return []*Attribute{
		attr(func(g *AddrGroup) *string { return &g.Name }, name(79), Attribute{
			Name: "name", Required: true,
			Help: "The name of the group; no address may have it too.",
		}),
		attr(func(g *AddrGroup) *[]string { return &g.Member }, list(name(79)), Attribute{
			Name: "member", Required: true, Refs: refs,
			Help: "The addresses and groups in the group.",
		}),
		attr(func(g *AddrGroup) *bool { return &g.Exclude }, enable, Attribute{
			Name: "exclude", Default: "disable",
			Help: "Whether exclude-member is taken away from the group.",
		}),
		attr(func(g *AddrGroup) *[]string { return &g.ExcludeMember }, list(name(79)), Attribute{
			Name: "exclude-member", Required: true, Refs: refs, Only: only("exclude", "enable"),
			Help: "The addresses and groups taken away.",
		}),
		attr(func(g *AddrGroup) *string { return &g.Comment }, text(255), Attribute{
			Name: "comment",
			Help: "A remark.",
		}),
	}
}
