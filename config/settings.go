package config

var settingsTable = singleton(
	func(c *Config) *Settings { return &c.Settings },
	Table{
		Path: "system.settings",
		Help: "How sessions are made and refused.",
		Attributes: []*Attribute{
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
		},
	})
