package config

var globalTable = singleton(
	func(c *Config) *Global { return &c.Global },
	Table{
		Path: "system.global",
		Help: "Settings of the whole box.",
		Attributes: []*Attribute{
			attr(func(g *Global) *string { return &g.AntiReplay }, oneOf([]string{"disable", "loose", "strict"}, nil), Attribute{
				Name: "anti-replay", Default: "strict",
				Help: "How closely TCP sequence numbers are checked: what is outside of a connection's window is dropped, unless disabled; strict asks of a SYN that reuses a closed connection's tuple to be newer, too.",
			}),
			attr(func(g *Global) *bool { return &g.CheckResetRange }, choice("strict", "disable"), Attribute{
				Name: "check-reset-range", Default: "disable",
				Help: "Whether TCP resets, and ICMP errors about TCP, must be in the connection's window whatever anti-replay says.",
				Note: "A reset that is not exact never ends an established connection here, strict or not.",
			}),
			attr(func(g *Global) *string { return &g.Hostname }, name(35), Attribute{
				Name: "hostname", Default: "Portcullis",
				Help: "The name of the box, as the prompt and the logs show it.",
			}),
			attr(func(g *Global) *uint32 { return &g.MaxSessions }, integer[uint32](16, 16777216), Attribute{
				Name: "max-sessions", Default: "1048576", Extension: true,
				Help: "The most sessions the box will hold, if half of its memory holds them; beyond that, what is half-open or unanswered gives way to new sessions, and what is established stays.",
			}),
			attr(func(g *Global) *uint32 { return &g.IPFragmentMemThresholds }, integer[uint32](32, 2047), Attribute{
				Name: "ip-fragment-mem-thresholds", Default: "32",
				Help: "The most memory, in megabytes, for packets that are being reassembled; where it is full the oldest give way.",
			}),
			attr(func(g *Global) *uint32 { return &g.IPFragmentTimeout }, integer[uint32](1, 300), Attribute{
				Name: "ip-fragment-timeout", Default: "30",
				Help: "How many seconds the fragments of an IPv4 packet wait for the missing ones; those of an IPv6 packet wait twice as long.",
			}),
			attr(func(g *Global) *string { return &g.CheckProtocolHeader }, oneOf([]string{"loose", "strict"}, nil), Attribute{
				Name: "check-protocol-header", Default: "loose",
				Help: "How closely headers are read: loose checks lengths, version, options and the IPv4 header checksum; strict also refuses ESP with a reserved SPI, sequence number 0 or a length that no ESP packet has.",
			}),
			attr(func(g *Global) *bool { return &g.ResetSessionlessTCP }, enable, Attribute{
				Name: "reset-sessionless-tcp", Default: "disable",
				Help: "Whether a TCP packet that belongs to no session and can not open one is answered with a reset.",
				Note: "A reset is never answered, and what answers there are is limited to a thousand a second.",
			}),
			attr(func(g *Global) *bool { return &g.SNATRouteChange }, enable, Attribute{
				Name: "snat-route-change", Default: "disable",
				Help: "Whether sessions whose source is translated are routed anew when a route changes, as others are; otherwise they stay on their way as long as a route leads there.",
				Note: "Where the new way gives another source address the session ends.",
			}),
			attr(func(g *Global) *uint32 { return &g.TCPHalfOpenTimer }, integer[uint32](1, 86400), Attribute{
				Name: "tcp-halfopen-timer", Default: "10",
				Help: "How many seconds a TCP connection may take to open, from one packet to the next.",
			}),
			attr(func(g *Global) *uint32 { return &g.TCPHalfCloseTimer }, integer[uint32](1, 86400), Attribute{
				Name: "tcp-halfclose-timer", Default: "120",
				Help: "How many seconds a TCP connection that one side has closed may be idle.",
			}),
			attr(func(g *Global) *uint32 { return &g.TCPTimeWaitTimer }, integer[uint32](0, 300), Attribute{
				Name: "tcp-timewait-timer", Default: "1",
				Help: "How many seconds a TCP connection that both sides have closed is remembered.",
			}),
			attr(func(g *Global) *uint32 { return &g.TCPRSTTimer }, integer[uint32](5, 300), Attribute{
				Name: "tcp-rst-timer", Default: "5",
				Help: "How many seconds a TCP connection that was reset is remembered.",
			}),
			attr(func(g *Global) *uint32 { return &g.UDPIdleTimer }, integer[uint32](1, 86400), Attribute{
				Name: "udp-idle-timer", Default: "180",
				Help: "How many seconds a UDP session may be idle.",
			}),
			attr(func(g *Global) *uint32 { return &g.UDPOneWayTimer }, integer[uint32](0, 86400), Attribute{
				Name: "udp-oneway-timer", Default: "0", Extension: true,
				Help: "How many seconds a UDP session may be idle that nobody has answered yet, if that is less than its udp-idle-timer; 0 makes no difference between the two. A session-ttl holds for both.",
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
			attr(func(l *LogSetting) *bool { return &l.HelperExpectation }, enable, Attribute{
				Name: "helper-expectation", Default: "disable", Extension: true,
				Help: "Log each flow that a session helper expects, when it is announced, used, refused or waited for no more.",
			}),
			attr(func(l *LogSetting) *bool { return &l.HelperDetach }, enable, Attribute{
				Name: "helper-detach", Default: "enable", Extension: true,
				Help: "Log session helpers that let go of a session which its policy logs.",
			}),
		},
	})
