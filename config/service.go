package config

// The words of a service's protocol.
const (
	ProtocolPorts = "TCP/UDP/SCTP"
	ProtocolICMP  = "ICMP"
	ProtocolICMP6 = "ICMP6"
	ProtocolIP    = "IP"
)

var serviceTable = table(
	func(c *Config) *[]*Service { return &c.Services },
	Table{
		Path: "firewall.service.custom", Key: "name", Noun: "service",
		Help:  "Services that policies refer to; the predefined ones are among them.",
		check: checkServices,
		Attributes: []*Attribute{
			attr(func(s *Service) *string { return &s.Name }, name(79), Attribute{
				Name: "name", Required: true,
				Help: "The name of the service.",
			}),
			attr(func(s *Service) *string { return &s.Protocol }, serviceProtocol, Attribute{
				Name: "protocol", Default: ProtocolPorts,
				Help: "What kind of protocol the service is.",
				Note: "FortiOS 7.6's spelling \"TCP/UDP/UDP-Lite/SCTP\" is accepted too.",
			}),
			attr(func(s *Service) *string { return &s.Helper }, oneOf(helperWords, nil), Attribute{
				Name: "helper", Default: "auto", Only: only("protocol", ProtocolPorts),
				Help: "Which session helper reads the sessions that a policy accepts by this service: the one of system session-helper (auto), none (disable), or a helper whatever the port.",
				Note: "A policy's session-helper comes before it. " + ownHelpersNote,
			}),
			attr(func(s *Service) *[]PortRange { return &s.TCP }, portRanges(), Attribute{
				Name: "tcp-portrange", Only: only("protocol", ProtocolPorts),
				Help: "TCP ports: destination, and source after a colon.",
			}),
			attr(func(s *Service) *[]PortRange { return &s.UDP }, portRanges(), Attribute{
				Name: "udp-portrange", Only: only("protocol", ProtocolPorts),
				Help: "UDP ports: destination, and source after a colon.",
			}),
			attr(func(s *Service) *[]PortRange { return &s.SCTP }, portRanges(), Attribute{
				Name: "sctp-portrange", Only: only("protocol", ProtocolPorts),
				Help: "SCTP ports: destination, and source after a colon.",
			}),
			attr(func(s *Service) *uint8 { return &s.ProtocolNumber }, integer[uint8](0, 254), Attribute{
				Name: "protocol-number", Default: "0", Only: only("protocol", ProtocolIP),
				Help: "The number of the IP protocol; 0 is any.",
			}),
			attr(func(s *Service) *int { return &s.ICMPType }, integerOrAny(255), Attribute{
				Name: "icmptype", Only: only("protocol", ProtocolICMP, ProtocolICMP6),
				Help: "The ICMP type; unset is any.",
			}),
			attr(func(s *Service) *int { return &s.ICMPCode }, integerOrAny(255), Attribute{
				Name: "icmpcode", Only: only("protocol", ProtocolICMP, ProtocolICMP6),
				Help: "The ICMP code; unset is any.",
			}),
			attr(func(s *Service) *uint32 { return &s.TCPHalfOpenTimer }, integer[uint32](0, 86400), Attribute{
				Name: "tcp-halfopen-timer", Default: "0", Only: only("protocol", ProtocolPorts),
				Help: "The tcp-halfopen-timer of the sessions of this service; 0 is that of system global.",
			}),
			attr(func(s *Service) *uint32 { return &s.TCPHalfCloseTimer }, integer[uint32](0, 86400), Attribute{
				Name: "tcp-halfclose-timer", Default: "0", Only: only("protocol", ProtocolPorts),
				Help: "The tcp-halfclose-timer of the sessions of this service; 0 is that of system global.",
			}),
			attr(func(s *Service) *uint32 { return &s.TCPTimeWaitTimer }, integer[uint32](0, 300), Attribute{
				Name: "tcp-timewait-timer", Default: "0", Only: only("protocol", ProtocolPorts),
				Help: "The tcp-timewait-timer of the sessions of this service; 0 is that of system global.",
			}),
			attr(func(s *Service) *uint32 { return &s.TCPRSTTimer }, zeroOr(5, 300), Attribute{
				Name: "tcp-rst-timer", Default: "0", Only: only("protocol", ProtocolPorts),
				Help: "The tcp-rst-timer of the sessions of this service; 0 is that of system global.",
			}),
			attr(func(s *Service) *uint32 { return &s.UDPIdleTimer }, integer[uint32](0, 86400), Attribute{
				Name: "udp-idle-timer", Default: "0", Only: only("protocol", ProtocolPorts),
				Help: "The udp-idle-timer of the sessions of this service, before any session-ttl; 0 is that of system global.",
			}),
			attr(func(s *Service) *uint32 { return &s.SessionTTL }, orNever(zeroOr(300, 2764800)), Attribute{
				Name: "session-ttl", Default: "0",
				Help: "How many seconds an established session of this service may be idle, before the policy and the port entries; 0 leaves it to those.",
			}),
			attr(func(s *Service) *string { return &s.Comment }, text(255), Attribute{
				Name: "comment",
				Help: "A remark.",
			}),
		},
	})

var serviceProtocol = oneOf(
	[]string{ProtocolPorts, ProtocolICMP, ProtocolICMP6, ProtocolIP},
	map[string]string{"TCP/UDP/UDP-Lite/SCTP": ProtocolPorts})

var serviceGroupTable = table(
	func(c *Config) *[]*ServiceGroup { return &c.ServiceGrps },
	Table{
		Path: "firewall.service.group", Key: "name", Noun: "service group",
		Help:       "Groups of services, and of such groups.",
		SharesWith: []string{"firewall.service.custom"},
		check:      checkLoops,
		Attributes: []*Attribute{
			attr(func(g *ServiceGroup) *string { return &g.Name }, name(79), Attribute{
				Name: "name", Required: true,
				Help: "The name of the group; no service may have it too.",
			}),
			attr(func(g *ServiceGroup) *[]string { return &g.Member }, list(name(79)), Attribute{
				Name: "member", Required: true,
				Refs: []string{"firewall.service.custom", "firewall.service.group"},
				Help: "The services and groups in the group.",
			}),
			attr(func(g *ServiceGroup) *string { return &g.Comment }, text(255), Attribute{
				Name: "comment",
				Help: "A remark.",
			}),
		},
	})

// checkServices refuses services that match nothing, or more than they say.
func checkServices(l *loader, _ *Table) {
	for _, s := range l.cfg.Services {
		if s.Protocol == ProtocolPorts && len(s.TCP)+len(s.UDP)+len(s.SCTP) == 0 &&
			l.sound(s, "protocol", "tcp-portrange", "udp-portrange", "sctp-portrange") {
			l.complain(s, "protocol", "no ports: expected tcp-portrange, udp-portrange or sctp-portrange")
		}
		if s.ICMPCode >= 0 && s.ICMPType < 0 && l.sound(s, "icmptype") {
			l.refuse(s, "icmpcode", "a code means nothing without its type: expected icmptype as well")
		}
	}
}
