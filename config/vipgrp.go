package config

var vipGroupTable = table(
	func(c *Config) *[]*VIPGroup { return &c.VIPGroups },
	Table{
		Path: "firewall.vipgrp", Key: "name", Noun: "virtual IP group",
		Help:       "Groups of IPv4 virtual IPs.",
		SharesWith: []string{"firewall.address", "firewall.addrgrp", "firewall.vip"},
		Attributes: vipGroupAttributes("firewall.vip", false),
		check:      checkVIPGroups,
	})

var vipGroup6Table = table(
	func(c *Config) *[]*VIPGroup { return &c.VIPGroups6 },
	Table{
		Path: "firewall.vipgrp6", Key: "name", Noun: "virtual IP group",
		Help:       "Groups of IPv6 virtual IPs.",
		SharesWith: []string{"firewall.address6", "firewall.addrgrp6", "firewall.vip6"},
		Attributes: vipGroupAttributes("firewall.vip6", true),
		check:      checkVIPGroups,
	})

func vipGroupAttributes(vips string, six bool) []*Attribute {
	return []*Attribute{
		attr(func(g *VIPGroup) *string { return &g.Name }, name(79), Attribute{
			Name: "name", Required: true,
			Help: "The name of the group; no virtual IP, no address and no address group may have it too.",
		}),
		attr(func(g *VIPGroup) *string { return &g.Interface }, name(35), Attribute{
			Name: "interface", Default: "any", Refs: []string{"system.interface"}, Also: []string{"any"}, Extension: six,
			Help: "The extintf that every member has; any leaves it to the members.",
			Note: "It need not be written.",
		}),
		attr(func(g *VIPGroup) *[]string { return &g.Member }, list(name(79)), Attribute{
			Name: "member", Required: true, Refs: []string{vips},
			Help: "The virtual IPs in the group.",
		}),
		attr(func(g *VIPGroup) *string { return &g.Comments }, text(255), Attribute{
			Name: "comments",
			Help: "A remark.",
		}),
	}
}
