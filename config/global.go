package config

var globalTable = singleton(
	func(c *Config) *Global { return &c.Global },
	Table{
		Path: "system.global",
		Help: "Settings of the whole box.",
		Attributes: []*Attribute{
			attr(func(g *Global) *string { return &g.Hostname }, name(35), Attribute{
				Name: "hostname", Default: "Portcullis",
				Help: "The name of the box, as the prompt and the logs show it.",
			}),
			attr(func(g *Global) *uint32 { return &g.MaxSessions }, integer[uint32](16, 16777216), Attribute{
				Name: "max-sessions", Default: "1048576", Extension: true,
				Help: "The most sessions the box will hold; one more is refused.",
			}),
			attr(func(g *Global) *uint32 { return &g.IPFragmentMemThresholds }, integer[uint32](32, 2047), Attribute{
				Name: "ip-fragment-mem-thresholds", Default: "32",
				Help: "The most memory, in megabytes, for packets that are being reassembled; where it is full the oldest give way.",
			}),
			attr(func(g *Global) *uint32 { return &g.IPFragmentTimeout }, integer[uint32](1, 300), Attribute{
				Name: "ip-fragment-timeout", Default: "30",
				Help: "How many seconds the fragments of an IPv4 packet wait for the missing ones; those of an IPv6 packet wait twice as long.",
			}),
		},
	})

var logSettingTable = singleton(
	func(c *Config) *LogSetting { return &c.LogSetting },
	Table{
		Path: "log.setting",
		Help: "What is logged beside the policies' own logtraffic.",
		Attributes: []*Attribute{
			attr(func(l *LogSetting) *bool { return &l.FwpolicyImplicitLog }, enable, Attribute{
				Name: "fwpolicy-implicit-log", Default: "disable",
				Help: "Log packets that no policy matches, denied by implicit policy 0.",
			}),
			attr(func(l *LogSetting) *bool { return &l.LocalInDenyUnicast }, enable, Attribute{
				Name: "local-in-deny-unicast", Default: "disable",
				Help: "Log unicast packets to the box itself that are denied.",
			}),
		},
	})
