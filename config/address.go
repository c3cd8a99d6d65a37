package config

import (
	"net/netip"
	"slices"
)

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
			attr(func(a *Address) *string { return &a.Type }, oneOf([]string{"ipmask", "iprange", "fqdn"}, nil), Attribute{
				Name: "type", Default: "ipmask",
				Help: "Whether the address is a subnet, a range, or those of a domain name.",
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
			attr(func(a *Address) *string { return &a.FQDN }, domainName(), Attribute{
				Name: "fqdn", Required: true, Only: only("type", "fqdn"),
				Help: "The domain name, or a wildcard as *.example.com. Its addresses are those that name servers answer with, as the session helpers dns-udp and dns-tcp read it.",
				Note: "The firewall asks no name server itself: an address counts once a client has asked for it through the firewall.",
			}),
			attr(func(a *Address) *uint32 { return &a.CacheTTL }, integer[uint32](0, 86400), Attribute{
				Name: "cache-ttl", Default: "0", Only: only("type", "fqdn"),
				Help: "For how many seconds an address counts at least, where the name server's answer has less; never less than a minute.",
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
			attr(func(a *Address6) *string { return &a.Type }, oneOf([]string{"ipprefix", "iprange", "fqdn"}, nil), Attribute{
				Name: "type", Default: "ipprefix",
				Help: "Whether the address is a prefix, a range, or those of a domain name.",
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
			attr(func(a *Address6) *string { return &a.FQDN }, domainName(), Attribute{
				Name: "fqdn", Required: true, Only: only("type", "fqdn"),
				Help: "The domain name, or a wildcard as *.example.com. Its addresses are those that name servers answer with, as the session helpers dns-udp and dns-tcp read it.",
				Note: "The firewall asks no name server itself: an address counts once a client has asked for it through the firewall.",
			}),
			attr(func(a *Address6) *uint32 { return &a.CacheTTL }, integer[uint32](0, 86400), Attribute{
				Name: "cache-ttl", Default: "0", Only: only("type", "fqdn"),
				Help: "For how many seconds an address counts at least, where the name server's answer has less; never less than a minute.",
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
		check:      checkAddrGroups,
	})

var addrGroup6Table = table(
	func(c *Config) *[]*AddrGroup { return &c.AddrGroups6 },
	Table{
		Path: "firewall.addrgrp6", Key: "name", Noun: "address group",
		Help:       "Groups of IPv6 addresses, and of such groups.",
		SharesWith: []string{"firewall.address6"},
		Attributes: addrGroupAttributes("firewall.address6", "firewall.addrgrp6"),
		check:      checkAddrGroups,
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

// checkAddrGroups refuses groups that contain themselves, and groups that leave
// members out where one of either kind is of a domain name.
func checkAddrGroups(l *loader, t *Table) {
	checkLoops(l, t)
	named := map[string]bool{}
	groups := l.cfg.AddrGroups
	if t.Path == "firewall.addrgrp6" {
		groups = l.cfg.AddrGroups6
		for _, a := range l.cfg.Addresses6 {
			named[a.Name] = a.Type == "fqdn"
		}
	} else {
		for _, a := range l.cfg.Addresses {
			named[a.Name] = a.Type == "fqdn"
		}
	}
	byName := map[string]*AddrGroup{}
	for _, g := range groups {
		byName[g.Name] = g
	}
	for _, g := range groups {
		if !g.Exclude {
			continue
		}
		if name := namedMember(g, byName, named, map[string]bool{}); name != "" {
			l.refuse(g, "exclude", "expected disable, since %q in the group is of type fqdn: its addresses are not known beforehand", name)
		}
	}
}

// namedMember is an address of a domain name in g, or in a group in it; "" is none.
func namedMember(g *AddrGroup, groups map[string]*AddrGroup, named, seen map[string]bool) string {
	for _, name := range slices.Concat(g.Member, g.ExcludeMember) {
		if named[name] {
			return name
		}
		if in := groups[name]; in != nil && !seen[name] {
			seen[name] = true
			if name := namedMember(in, groups, named, seen); name != "" {
				return name
			}
		}
	}
	return ""
}
