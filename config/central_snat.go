package config

var centralSNATTable = table(
	func(c *Config) *[]*CentralSNAT { return &c.CentralSNAT },
	Table{
		Path: "firewall.central-snat-map", Key: "policyid", Noun: "central SNAT entry",
		Help:  "Which sources are translated to what, with central-nat of system settings: the first entry that matches decides, in the order of the file; what none matches keeps its source.",
		check: checkCentralSNAT,
		Attributes: []*Attribute{
			attr(func(c *CentralSNAT) *uint32 { return &c.PolicyID }, integer[uint32](1, 4294967294), Attribute{
				Name: "policyid", Required: true,
				Help: "The number of the entry, a name and not a place in the list.",
			}),
			attr(func(c *CentralSNAT) *bool { return &c.Status }, enable, Attribute{
				Name: "status", Default: "enable",
				Help: "Whether the entry is in force.",
			}),
			attr(func(c *CentralSNAT) *string { return &c.Type }, oneOf([]string{"ipv4", "ipv6"}, nil), Attribute{
				Name: "type", Default: "ipv4",
				Help: "The family that the entry is for.",
			}),
			attr(func(c *CentralSNAT) *[]string { return &c.SrcIntf }, list(name(35)), policyIntf("srcintf", "The interfaces packets come in by.")),
			attr(func(c *CentralSNAT) *[]string { return &c.DstIntf }, list(name(35)), policyIntf("dstintf", "The interfaces packets go out by.")),
			attr(func(c *CentralSNAT) *[]string { return &c.OrigAddr }, list(name(79)), centralAddr("orig-addr", "ipv4", "", "The IPv4 sources.")),
			attr(func(c *CentralSNAT) *[]string { return &c.OrigAddr6 }, list(name(79)), centralAddr("orig-addr6", "ipv6", "6", "The IPv6 sources.")),
			attr(func(c *CentralSNAT) *[]string { return &c.DstAddr }, list(name(79)), centralAddr("dst-addr", "ipv4", "", "The IPv4 destinations, as virtual IPs have mapped them.")),
			attr(func(c *CentralSNAT) *[]string { return &c.DstAddr6 }, list(name(79)), centralAddr("dst-addr6", "ipv6", "6", "The IPv6 destinations, as virtual IPs have mapped them.")),
			attr(func(c *CentralSNAT) *uint8 { return &c.Protocol }, integer[uint8](0, 255), Attribute{
				Name: "protocol", Default: "0",
				Help: "The IP protocol: 6 is TCP, 17 is UDP; 0 is any.",
			}),
			attr(func(c *CentralSNAT) *PortSpan { return &c.OrigPort }, portSpanOrAny(), Attribute{
				Name: "orig-port", Default: "0",
				Help: "The source ports, of protocol 6, 17 or 132; 0 is any.",
			}),
			attr(func(c *CentralSNAT) *PortSpan { return &c.DstPort }, portSpanOrAny(), Attribute{
				Name: "dst-port", Default: "0",
				Help: "The destination ports, of protocol 6, 17 or 132; 0 is any.",
			}),
			attr(func(c *CentralSNAT) *bool { return &c.NAT }, enable, Attribute{
				Name: "nat", Default: "enable",
				Help: "Whether what matches is translated; disable leaves it alone, whatever entries behind it say.",
			}),
			attr(func(c *CentralSNAT) *[]string { return &c.NATIPPool }, list(name(79)), centralPool("nat-ippool", "ipv4", "firewall.ippool")),
			attr(func(c *CentralSNAT) *[]string { return &c.NATIPPool6 }, list(name(79)), centralPool("nat-ippool6", "ipv6", "firewall.ippool6")),
			attr(func(c *CentralSNAT) *bool { return &c.PortPreserve }, enable, Attribute{
				Name: "port-preserve", Default: "enable", Only: only("nat", "enable"),
				Help: "Whether the source port stays what it is where it is free.",
			}),
			attr(func(c *CentralSNAT) *PortSpan { return &c.NATPort }, portSpanOrAny(), Attribute{
				Name: "nat-port", Default: "0", Only: only("nat", "enable"),
				Help: "The source ports that are given out, for protocol 6, 17 or 132; 0 leaves it to the pool.",
			}),
			attr(func(c *CentralSNAT) *string { return &c.Comments }, text(1023), Attribute{
				Name: "comments",
				Help: "A remark.",
			}),
		},
	})

func centralAddr(name, family, suffix, help string) Attribute {
	return Attribute{
		Name: name, Required: true, Only: only("type", family), Help: help,
		Refs: []string{"firewall.address" + suffix, "firewall.addrgrp" + suffix},
	}
}

func centralPool(name, family, table string) Attribute {
	return Attribute{
		Name: name, Refs: []string{table}, Only: only("nat", "enable").and("type", family),
		Help: "The pools, tried in this order; unset means the address of the outgoing interface.",
	}
}

// checkCentralSNAT refuses entries that would be without effect.
func checkCentralSNAT(l *loader, t *Table) {
	associated := l.associated()
	for _, c := range l.cfg.CentralSNAT {
		l.checkAssociated(c, "nat-ippool", c.NATIPPool, c.DstIntf, associated)
		if !l.cfg.Settings.CentralNAT && l.sound(&l.cfg.Settings, "central-nat") {
			l.complain(c, "", "only with central-nat enable in system settings")
		}
		if c.Protocol == 6 || c.Protocol == 17 || c.Protocol == 132 || !l.sound(c, "protocol") {
			continue
		}
		for _, a := range []string{"orig-port", "dst-port", "nat-port"} {
			if a := t.Attribute(a); t.applies(a.Only, c) && a.Words(c)[0] != "0" {
				l.complain(c, a.Name, "%s: only with protocol 6, 17 or 132", a.Name)
			}
		}
	}
}
