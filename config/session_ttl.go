package config

import "slices"

var sessionTTLTable = singleton(
	func(c *Config) *SessionTTL { return &c.SessionTTL },
	Table{
		Path:  "system.session-ttl",
		Help:  "How long established sessions may be idle.",
		check: checkSessionTTL,
		Attributes: []*Attribute{
			attr(func(t *SessionTTL) *uint32 { return &t.Default }, orNever(integer[uint32](300, 604800)), Attribute{
				Name: "default", Default: "3600",
				Help: "How many seconds an established TCP or SCTP session may be idle where nothing else says so: a port entry, over that the policy's session-ttl, over that the service's.",
			}),
		},
		Tables: []*Table{sessionTTLPortTable},
	})

var sessionTTLPortTable = table(
	func(t *SessionTTL) *[]*SessionTTLPort { return &t.Ports },
	Table{
		Path: "system.session-ttl.port", Key: "id", Noun: "port",
		Help: "Idle times by protocol and destination port.",
		Attributes: []*Attribute{
			attr(func(p *SessionTTLPort) *uint32 { return &p.ID }, integer[uint32](0, 65535), Attribute{
				Name: "id", Required: true,
				Help: "The number of the entry.",
			}),
			attr(func(p *SessionTTLPort) *uint8 { return &p.Protocol }, integer[uint8](0, 255), Attribute{
				Name: "protocol", Required: true,
				Help: "The IP protocol: 6 is TCP, 17 is UDP. One that has no ports is meant whole.",
			}),
			attr(func(p *SessionTTLPort) *uint16 { return &p.StartPort }, integer[uint16](0, 65535), Attribute{
				Name: "start-port", Default: "0",
				Help: "The first destination port.",
			}),
			attr(func(p *SessionTTLPort) *uint16 { return &p.EndPort }, integer[uint16](0, 65535), Attribute{
				Name: "end-port", Default: "0",
				Help: "The last destination port.",
			}),
			attr(func(p *SessionTTLPort) *uint32 { return &p.Timeout }, orNever(integer[uint32](1, 604800)), Attribute{
				Name: "timeout", Default: "300",
				Help: "How many seconds a session may be idle.",
			}),
			attr(func(p *SessionTTLPort) *string { return &p.RefreshDirection }, oneOf([]string{"both", "outgoing", "incoming"}, nil), Attribute{
				Name: "refresh-direction", Default: "both",
				Help: "Whose packets keep a session alive: the opener's (outgoing), the other side's (incoming) or both; it holds whatever timeout is in force.",
			}),
		},
	})

// checkSessionTTL refuses port entries that hold nothing, and two for one port:
// which of them counts must not depend on the order of a table.
func checkSessionTTL(l *loader, _ *Table) {
	var seen []*SessionTTLPort
	for _, p := range l.cfg.SessionTTL.Ports {
		if !l.sound(p, "protocol", "start-port", "end-port") {
			continue
		}
		if p.EndPort < p.StartPort {
			l.refuse(p, "end-port", "expected %d, the start-port, or more", p.StartPort)
			continue
		}
		i := slices.IndexFunc(seen, func(o *SessionTTLPort) bool {
			return o.Protocol == p.Protocol && (!o.HasPorts() || o.StartPort <= p.EndPort && p.StartPort <= o.EndPort)
		})
		if i >= 0 {
			l.refuse(p, "protocol", "port %d has some of these ports already: expected one entry for a port", seen[i].ID)
			continue
		}
		seen = append(seen, p)
	}
}

// HasPorts says whether the ports of the entry mean anything.
func (p *SessionTTLPort) HasPorts() bool {
	return p.Protocol == 6 || p.Protocol == 17 || p.Protocol == 132
}
