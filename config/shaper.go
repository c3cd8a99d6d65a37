package config

// perIPShaperPath is also what a policy's per-ip-shaper refers to.
const perIPShaperPath = "firewall.shaper.per-ip-shaper"

var perIPShaperTable = table(
	func(c *Config) *[]*PerIPShaper { return &c.PerIP },
	Table{
		Path: perIPShaperPath, Key: "name", Noun: "per-ip-shaper",
		Help: "Bounds on what each source address may have under the policies that name the shaper, all of them together.",
		Note: "A helper's child counts for the source of its control session.",
		Attributes: []*Attribute{
			attr(func(p *PerIPShaper) *string { return &p.Name }, name(35), Attribute{
				Name: "name", Required: true,
				Help: "The name of the shaper.",
			}),
			attr(func(p *PerIPShaper) *uint32 { return &p.Sessions }, integer[uint32](0, 2097000), atOnce("max-concurrent-session", "sessions")),
			attr(func(p *PerIPShaper) *uint32 { return &p.TCPSessions }, integer[uint32](0, 2097000), atOnce("max-concurrent-tcp-session", "TCP sessions")),
			attr(func(p *PerIPShaper) *uint32 { return &p.UDPSessions }, integer[uint32](0, 2097000), atOnce("max-concurrent-udp-session", "UDP sessions")),
		},
	})

func atOnce(name, what string) Attribute {
	return Attribute{
		Name: name, Default: "0",
		Help: "How many " + what + " a source may have at once; 0 is no limit.",
	}
}
