package config

var policyTable = table(
	func(c *Config) *[]*Policy { return &c.Policies },
	Table{
		Path: "firewall.policy", Key: "policyid", Noun: "policy",
		Help:  "The policies, for IPv4 and IPv6 in one list: the first that matches decides, in the order of the file; what none matches is denied.",
		check: checkPolicies,
		Attributes: []*Attribute{
			attr(func(p *Policy) *uint32 { return &p.PolicyID }, integer[uint32](1, 4294967294), Attribute{
				Name: "policyid", Required: true,
				Help: "The number of the policy, a name and not a place in the list; 0 is the implicit deny.",
			}),
			attr(func(p *Policy) *string { return &p.Name }, text(35), Attribute{
				Name: "name", Unique: true,
				Help: "A name for people.",
			}),
			attr(func(p *Policy) *bool { return &p.Status }, enable, Attribute{
				Name: "status", Default: "enable",
				Help: "Whether the policy is in force; one that is not must be valid all the same.",
			}),
			attr(func(p *Policy) *[]string { return &p.SrcIntf }, list(name(35)), policyIntf("srcintf", "The interfaces packets come in by.")),
			attr(func(p *Policy) *[]string { return &p.DstIntf }, list(name(35)), policyIntf("dstintf", "The interfaces packets go out by.")),
			attr(func(p *Policy) *bool { return &p.Accept }, choice("accept", "deny"), Attribute{
				Name: "action", Default: "deny",
				Help: "What happens to the sessions that match.",
			}),
			attr(func(p *Policy) *[]string { return &p.SrcAddr }, list(name(79)), policyAddr("srcaddr", "The IPv4 sources.", "")),
			attr(func(p *Policy) *[]string { return &p.DstAddr }, list(name(79)), policyDst("dstaddr", "The IPv4 destinations, virtual IPs among them: who names one means what it maps to.", "")),
			attr(func(p *Policy) *[]string { return &p.SrcAddr6 }, list(name(79)), policyAddr("srcaddr6", "The IPv6 sources.", "6")),
			attr(func(p *Policy) *[]string { return &p.DstAddr6 }, list(name(79)), policyDst("dstaddr6", "The IPv6 destinations, virtual IPs among them: who names one means what it maps to.", "6")),
			attr(func(p *Policy) *[]string { return &p.Schedule }, listOfOne(name(35)), Attribute{
				Name: "schedule", Required: true, Refs: []string{schedulePath},
				Help: "When the policy is in force: always or none.",
				Note: "The two factory schedules are all there are so far.",
			}),
			attr(func(p *Policy) *[]string { return &p.Service }, list(name(79)), Attribute{
				Name: "service", Required: true,
				Refs: []string{"firewall.service.custom", "firewall.service.group"},
				Help: "The services.",
			}),
			attr(func(p *Policy) *bool { return &p.SrcAddrNegate }, enable, negates("srcaddr-negate", "srcaddr")),
			attr(func(p *Policy) *bool { return &p.DstAddrNegate }, enable, negates("dstaddr-negate", "dstaddr")),
			attr(func(p *Policy) *bool { return &p.SrcAddr6Negate }, enable, negates("srcaddr6-negate", "srcaddr6")),
			attr(func(p *Policy) *bool { return &p.DstAddr6Negate }, enable, negates("dstaddr6-negate", "dstaddr6")),
			attr(func(p *Policy) *bool { return &p.ServiceNegate }, enable, negates("service-negate", "service")),
			attr(func(p *Policy) *bool { return &p.NAT }, enable, Attribute{
				Name: "nat", Default: "disable",
				Help: "Whether the source is translated: to the address of the outgoing interface, if no pool is named.",
			}),
			attr(func(p *Policy) *bool { return &p.PermitAnyHost }, enable, translates("permit-any-host",
				"Whether sessions of one inside address and port have one outside, whatever they go to; for UDP, packets from any host to it are let in, too.", "disable")),
			attr(func(p *Policy) *bool { return &p.PermitSTUNHost }, enable, translates("permit-stun-host",
				"Whether UDP sessions of one inside address and port have one outside, whatever they go to, and STUN messages from any host to it are let in.", "disable")),
			attr(func(p *Policy) *bool { return &p.FixedPort }, enable, translates("fixedport",
				"Whether the source port must stay what it is: a session whose port is taken is refused.", "disable")),
			attr(func(p *Policy) *bool { return &p.PortPreserve }, enable, translates("port-preserve",
				"Whether the source port stays what it is where it is free.", "enable")),
			attr(func(p *Policy) *bool { return &p.IPPool }, enable, translates("ippool",
				"Whether the source is translated to addresses of pools.", "disable")),
			attr(func(p *Policy) *[]string { return &p.PoolName }, list(name(79)), policyPool("poolname", "firewall.ippool", "IPv4")),
			attr(func(p *Policy) *[]string { return &p.PoolName6 }, list(name(79)), policyPool("poolname6", "firewall.ippool6", "IPv6")),
			attr(func(p *Policy) *bool { return &p.AntiReplay }, enable, Attribute{
				Name: "anti-replay", Default: "enable",
				Help: "Whether TCP sequence numbers are checked as system global says; disable lets the policy's sessions off.",
			}),
			attr(func(p *Policy) *uint32 { return &p.SessionTTL }, orNever(zeroOr(300, 2764800)), Attribute{
				Name: "session-ttl", Default: "0",
				Help: "How many seconds an established session of this policy may be idle, before the port entries of system session-ttl; 0 leaves it to those.",
				Note: "A helper's child has its policy's, too.",
			}),
			attr(func(p *Policy) *string { return &p.LogTraffic }, oneOf([]string{"all", "utm", "disable"}, nil), Attribute{
				Name: "logtraffic", Default: "utm",
				Help: "Which sessions are logged when they end: all, those a security profile acted on, or none.",
			}),
			attr(func(p *Policy) *bool { return &p.LogStart }, enable, Attribute{
				Name: "logtraffic-start", Default: "disable",
				Help: "Whether sessions are logged when they start, too.",
			}),
			attr(func(p *Policy) *bool { return &p.MatchVIP }, enable, Attribute{
				Name: "match-vip", Default: "enable", Only: only("action", "deny"),
				Help: "Whether the destination of a virtual IP's traffic may match dstaddr by address; disable leaves such traffic to policies that name the virtual IP.",
				Note: "The default is that of 7.2.4 and later.",
			}),
			attr(func(p *Policy) *bool { return &p.MatchVIPOnly }, enable, Attribute{
				Name: "match-vip-only", Default: "disable",
				Help: "Whether only traffic that a virtual IP has translated matches.",
			}),
			attr(func(p *Policy) *string { return &p.Comments }, text(1023), Attribute{
				Name: "comments",
				Help: "A remark.",
			}),
			attr(func(p *Policy) *bool { return &p.SendDenyPacket }, enable, Attribute{
				Name: "send-deny-packet", Default: "disable",
				Help: "Whether the sender of a packet that the policy denies, or can give no session, is told: by a reset where it is TCP, else by an ICMP error (administratively prohibited).",
				Note: "What is told is limited to a thousand of each a second.",
			}),
			attr(func(p *Policy) *bool { return &p.TimeoutSendRST }, enable, Attribute{
				Name: "timeout-send-rst", Default: "disable",
				Help: "Whether both ends of an established TCP session that ends because it was idle are sent a reset.",
			}),
			attr(func(p *Policy) *string { return &p.WithoutSYN }, oneOf([]string{"all", "data-only", "disable"}, nil), Attribute{
				Name: "tcp-session-without-syn", Default: "disable",
				Help: "Whether a session may begin with a TCP segment from the middle of its connection: any with ACK and without SYN and RST, one with data only, or none. No helper reads such a session.",
				Note: "It has no effect unless tcp-session-without-syn of system settings is enabled.",
			}),
			attr(func(p *Policy) *bool { return &p.CheckNew }, choice("check-new", "check-all"), Attribute{
				Name: "firewall-session-dirty", Default: "check-all",
				Help: "What becomes of the policy's existing sessions when the configuration or a route changes: check-all judges each again at its next packet, check-new leaves them alone.",
				Note: "It has no effect unless firewall-session-dirty of system settings is check-policy-option; FortiOS shows it only then.",
			}),
			attr(func(p *Policy) *string { return &p.PerIPShaper }, optional(name(35)), Attribute{
				Name: "per-ip-shaper", Refs: []string{perIPShaperPath},
				Help: "The shaper that bounds how many sessions of this policy each source may have.",
			}),
			attr(func(p *Policy) *[]string { return &p.SessionHelper }, helperChoice, Attribute{
				Name: "session-helper", Default: "auto", Only: only("action", "accept"), Extension: true,
				Help: "Which session helpers may read the sessions of this policy: as the service and system session-helper say (auto), none (disable), or the ones named.",
			}),
		},
	})

// schedulePath names FortiOS's table of schedules. Only its two factory
// entries exist so far: see factorySchedules.
const schedulePath = "firewall.schedule.recurring"

func policyIntf(name, help string) Attribute {
	return Attribute{Name: name, Required: true, Refs: []string{"system.interface"}, Also: []string{"any"}, Help: help}
}

func policyAddr(name, help, family string) Attribute {
	return Attribute{
		Name: name, Help: help,
		Refs: []string{"firewall.address" + family, "firewall.addrgrp" + family},
		Note: "A policy needs srcaddr with dstaddr, srcaddr6 with dstaddr6, or all four.",
	}
}

// policyDst is policyAddr for a side that virtual IPs may stand on.
func policyDst(name, help, family string) Attribute {
	a := policyAddr(name, help, family)
	a.Refs = append(a.Refs, "firewall.vip"+family, "firewall.vipgrp"+family)
	return a
}

// translates describes a switch of source translation.
func translates(name, help, preset string) Attribute {
	return Attribute{Name: name, Default: preset, Only: only("nat", "enable"), Help: help}
}

func policyPool(name, table, family string) Attribute {
	return Attribute{
		Name: name, Refs: []string{table}, Only: only("nat", "enable").and("ippool", "enable"),
		Help: "The pools for " + family + ", tried in this order.",
	}
}

func negates(name, what string) Attribute {
	return Attribute{Name: name, Default: "disable", Help: "Match everything but " + what + "."}
}

// checkPolicies sees to it that a policy has both ends of a family: a source
// without a destination would match nothing, silently. So would much else that
// its switches say together.
func checkPolicies(l *loader, _ *Table) {
	virtual, virtual6 := l.virtual(false), l.virtual(true)
	associated := l.associated()
	for _, p := range l.cfg.Policies {
		v4 := l.bothEnds(p, "srcaddr", p.SrcAddr, "dstaddr", p.DstAddr)
		v6 := l.bothEnds(p, "srcaddr6", p.SrcAddr6, "dstaddr6", p.DstAddr6)
		if !v4 && !v6 {
			l.complain(p, "", "missing addresses: expected srcaddr and dstaddr, or srcaddr6 and dstaddr6")
		}
		l.checkPolicyNAT(p)
		l.checkPolicyPools(p, v4, v6, associated)
		l.checkPolicyVIPs(p, virtual, virtual6)
		l.checkPolicyHelper(p)
	}
}

// bothEnds says whether a policy speaks of a family at all.
func (l *loader) bothEnds(p *Policy, src string, srcs []string, dst string, dsts []string) bool {
	from := len(srcs) > 0 || !l.sound(p, src)
	to := len(dsts) > 0 || !l.sound(p, dst)
	switch {
	case from && !to:
		l.complain(p, src, "missing %s: expected as well, since %s is given", dst, src)
	case to && !from:
		l.complain(p, dst, "missing %s: expected as well, since %s is given", src, dst)
	}
	return from || to
}
