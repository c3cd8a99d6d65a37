package config

var settingsTable = singleton(
	func(c *Config) *Settings { return &c.Settings },
	Table{
		Path: "system.settings",
		Help: "How sessions are made and refused.",
		Attributes: []*Attribute{
			attr(func(s *Settings) *string { return &s.SessionDirty }, oneOf([]string{"check-all", "check-new", "check-policy-option"}, nil), Attribute{
				Name: "firewall-session-dirty", Default: "check-all",
				Help: "What becomes of existing sessions when the configuration or a route changes: check-all judges each again at its next packet, check-new leaves them alone, check-policy-option lets the policy that accepted the session decide.",
				Note: "Every reload is a change, also one that changes this attribute alone. A session whose interface is gone, set down or without a link is always judged again.",
			}),
			attr(func(s *Settings) *bool { return &s.DenyTCPWithICMP }, enable, Attribute{
				Name: "deny-tcp-with-icmp", Default: "disable",
				Help: "Whether a policy with send-deny-packet answers TCP with an ICMP error as well, in place of a reset.",
			}),
			attr(func(s *Settings) *bool { return &s.SCTPSessionWithoutInit }, enable, Attribute{
				Name: "sctp-session-without-init", Default: "disable",
				Help: "Whether an SCTP session may begin in the middle of its association: with any packet that an established one carries.",
			}),
			attr(func(s *Settings) *bool { return &s.TCPSessionWithoutSYN }, enable, Attribute{
				Name: "tcp-session-without-syn", Default: "disable",
				Help: "Whether policies may let a TCP session begin in the middle of its connection, by their own tcp-session-without-syn.",
			}),
			attr(func(s *Settings) *bool { return &s.AsymRoute }, enable, asymmetric("asymroute", "IPv4 TCP segments other than a SYN, and ICMP replies and errors,")),
			attr(func(s *Settings) *bool { return &s.AsymRouteICMP }, enable, asymmetric("asymroute-icmp", "ICMP replies and errors")),
			attr(func(s *Settings) *bool { return &s.AsymRoute6 }, enable, asymmetric("asymroute6", "IPv6 TCP segments other than a SYN, and ICMPv6 replies and errors,")),
			attr(func(s *Settings) *bool { return &s.AsymRoute6ICMP }, enable, asymmetric("asymroute6-icmp", "ICMPv6 replies and errors")),
			attr(func(s *Settings) *bool { return &s.CentralNAT }, enable, Attribute{
				Name: "central-nat", Default: "disable",
				Help: "Whether sources are translated by firewall central-snat-map in place of the policies' nat; every virtual IP that is enabled then acts by itself, and policies match the addresses it maps to.",
				Note: "nat of a policy and a virtual IP in its dstaddr are then mistakes, not ignored.",
			}),
			attr(func(s *Settings) *bool { return &s.SNATHairpin }, enable, Attribute{
				Name: "snat-hairpin-traffic", Default: "enable",
				Help: "Whether the source is translated of a session that a virtual IP sends back out of the interface it came in by, whatever its policy says, so that the answer returns this way.",
			}),
		},
	})

func asymmetric(name, what string) Attribute {
	return Attribute{
		Name: name, Default: "disable",
		Help: "Whether " + what + " that belong to no session are routed without asking a policy, from wherever they come: what is routed so is not inspected.",
	}
}
