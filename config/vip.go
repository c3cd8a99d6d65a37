package config

import "errors"

var vipTable = table(
	func(c *Config) *[]*VIP { return &c.VIPs },
	Table{
		Path: "firewall.vip", Key: "name", Noun: "virtual IP",
		Help:       "Virtual IPs: IPv4 destinations that are translated before the route is looked up. A policy that accepts their traffic names them in dstaddr, and its service is that of the mapped port.",
		SharesWith: []string{"firewall.address", "firewall.addrgrp"},
		Attributes: vipAttributes(ipv4),
		check:      checkVIPs,
	})

var vip6Table = tableAs(
	func(c *Config) *[]*VIP6 { return &c.VIPs6 },
	func(v *VIP6) *VIP { return (*VIP)(v) },
	func(v *VIP) *VIP6 { return (*VIP6)(v) },
	Table{
		Path: "firewall.vip6", Key: "name", Noun: "virtual IP",
		Help:       "Virtual IPs of IPv6: destinations that are translated before the route is looked up.",
		SharesWith: []string{"firewall.address6", "firewall.addrgrp6"},
		Attributes: vipAttributes(ipv6),
		check:      checkVIPs,
	})

// The types of a virtual IP.
const (
	VIPStatic      = "static-nat"
	VIPLoadBalance = "load-balance"
)

// portMapping is a choice of one. FortiOS's other is an error of its own.
var portMapping = scalar(Type{Name: "option", Range: "1-to-1", Words: []string{"1-to-1"}}, func(s string) (string, error) {
	switch s {
	case "1-to-1":
		return s, nil
	case "m-to-n":
		return "", errors.New("not supported yet: expected 1-to-1")
	}
	return "", errors.New("expected 1-to-1")
}, func(s string) string { return s })

// vipAttributes describes a virtual IP of either family. IPv6 has what IPv4
// has, also where FortiOS has it for IPv4 alone.
func vipAttributes(f family) []*Attribute {
	six, note := f.bits == 128, ""
	protocols, arp, arpHelp := []string{"tcp", "udp", "sctp", "icmp"}, "arp-reply", "Whether ARP requests for the outside addresses are answered."
	if six {
		note = "load-balance is there for IPv6, too."
		protocols, arp, arpHelp = protocols[:3], "ndp-reply", "Whether neighbour solicitations for the outside addresses are answered."
	}
	ported := func(name, help string) Attribute {
		return Attribute{Name: name, Only: only("portforward", "enable").and("protocol", "tcp", "udp", "sctp"), Help: help}
	}
	return []*Attribute{
		attr(func(v *VIP) *string { return &v.Name }, name(79), Attribute{
			Name: "name", Required: true,
			Help: "The name of the virtual IP; no address and no group of either may have it too.",
		}),
		attr(func(v *VIP) *string { return &v.Type }, oneOf([]string{VIPStatic, VIPLoadBalance}, nil), Attribute{
			Name: "type", Default: VIPStatic,
			Help: "Whether each outside address has its inside address (static-nat), or one outside address is spread over many by the source (load-balance).",
			Note: note,
		}),
		attr(func(v *VIP) *bool { return &v.Status }, enable, Attribute{
			Name: "status", Default: "enable",
			Help: "Whether the virtual IP is in force.",
		}),
		attr(func(v *VIP) *[]IPRange { return &v.SrcFilter }, f.sources(), Attribute{
			Name: "src-filter",
			Help: "The sources the virtual IP is for; unset means all.",
		}),
		attr(func(v *VIP) *[]string { return &v.Service }, list(name(79)), Attribute{
			Name: "service", Refs: []string{"firewall.service.custom", "firewall.service.group"}, Extension: six,
			Help: "The services the virtual IP is for, by the ports outside; unset means all.",
		}),
		attr(func(v *VIP) *IPRange { return &v.ExtIP }, f.span(), Attribute{
			Name: "extip", Required: true,
			Help: "The address outside, or a range of them; one for load-balance.",
		}),
		attr(func(v *VIP) *[]IPRange { return &v.MappedIP }, f.spans(), Attribute{
			Name: "mappedip", Required: true,
			Help: "The address inside, or a range as long as extip, in its order; any addresses for load-balance.",
		}),
		attr(func(v *VIP) *string { return &v.ExtIntf }, name(35), Attribute{
			Name: "extintf", Default: "any", Refs: []string{"system.interface"}, Also: []string{"any"}, Extension: six,
			Help: "The interface that the traffic comes in by.",
		}),
		attr(func(v *VIP) *bool { return &v.ARPReply }, enable, Attribute{Name: arp, Default: "enable", Help: arpHelp}),
		attr(func(v *VIP) *bool { return &v.NATSourceVIP }, enable, Attribute{
			Name: "nat-source-vip", Default: "disable",
			Help: "Whether sessions that the inside address opens have the outside address as their source, whatever the policy's pools; of a virtual IP without portforward they have it where the policy translates and names no pool.",
		}),
		attr(func(v *VIP) *bool { return &v.PortForward }, enable, Attribute{
			Name: "portforward", Default: "disable",
			Help: "Whether the virtual IP is for some ports only, and translates them.",
		}),
		attr(func(v *VIP) *string { return &v.Protocol }, oneOf(protocols, nil), Attribute{
			Name: "protocol", Default: "tcp", Only: only("portforward", "enable"),
			Help: "The protocol of the ports.",
		}),
		attr(func(v *VIP) *PortSpan { return &v.ExtPort }, portSpan(), ported("extport",
			"The port outside, or a range; needed but where service says which.")),
		attr(func(v *VIP) *PortSpan { return &v.MappedPort }, portSpan(), ported("mappedport",
			"The port inside, or a range as long as extport, in its order; unset means extport.")),
		attr(func(v *VIP) *string { return &v.PortMapping }, portMapping, Attribute{
			Name: "portmapping-type", Default: "1-to-1", Only: only("portforward", "enable").and("protocol", "tcp", "udp", "sctp"), Extension: six,
			Help: "How a range of ports is mapped: each port to its own.",
			Note: "m-to-n is not supported yet.",
		}),
		attr(func(v *VIP) *[]string { return &v.SrcIntfFilter }, list(name(35)), Attribute{
			Name: "srcintf-filter", Refs: []string{"system.interface"}, Extension: six,
			Help: "The interfaces the traffic may come in by, where they are not all of extintf.",
		}),
		attr(func(v *VIP) *string { return &v.Comment }, text(255), Attribute{
			Name: "comment",
			Help: "A remark.",
		}),
	}
}
