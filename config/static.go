package config

import "net/netip"

var staticTable = table(
	func(c *Config) *[]*StaticRoute { return &c.Static },
	Table{
		Path: "router.static", Key: "seq-num", Noun: "static route",
		Help:       "IPv4 static routes.",
		Attributes: staticAttributes(ipv4, "1"),
		check:      checkStatic,
	})

var static6Table = tableAs(
	func(c *Config) *[]*StaticRoute6 { return &c.Static6 },
	func(r *StaticRoute6) *StaticRoute { return (*StaticRoute)(r) },
	func(r *StaticRoute) *StaticRoute6 { return (*StaticRoute6)(r) },
	Table{
		Path: "router.static6", Key: "seq-num", Noun: "static route",
		Help:       "IPv6 static routes.",
		Attributes: staticAttributes(ipv6, "1024"),
		check:      checkStatic,
	})

// staticAttributes describes a static route of either family. FortiOS gives
// them the same attributes and different default priorities.
func staticAttributes(f family, priority string) []*Attribute {
	return []*Attribute{
		attr(func(r *StaticRoute) *uint32 { return &r.SeqNum }, integer[uint32](1, 4294967295), Attribute{
			Name: "seq-num", Required: true,
			Help: "The number of the route.",
		}),
		attr(func(r *StaticRoute) *bool { return &r.Status }, enable, Attribute{
			Name: "status", Default: "enable",
			Help: "Whether the route is in force.",
		}),
		attr(func(r *StaticRoute) *netip.Prefix { return &r.Dst }, f.subnets(), Attribute{
			Name: "dst", Default: netip.PrefixFrom(f.none, 0).String(),
			Help: "The destinations the route is for; bits behind the length are dropped.",
		}),
		attr(func(r *StaticRoute) *bool { return &r.Blackhole }, enable, Attribute{
			Name: "blackhole", Default: "disable",
			Help: "Drop what the route matches.",
		}),
		attr(func(r *StaticRoute) *netip.Addr { return &r.Gateway }, f.gateway(), Attribute{
			Name: "gateway", Default: f.none.String(), Only: only("blackhole", "disable"),
			Help: "The next router; " + f.none.String() + " means that the destinations are on the link.",
		}),
		attr(func(r *StaticRoute) *string { return &r.Device }, name(35), Attribute{
			Name: "device", Required: true, Refs: []string{"system.interface"}, Only: only("blackhole", "disable"),
			Help: "The interface the packets leave by.",
			Note: "Always to be written: the interface is not derived from the gateway.",
		}),
		attr(func(r *StaticRoute) *uint8 { return &r.Distance }, integer[uint8](1, 255), Attribute{
			Name: "distance", Default: "10",
			Help: "Of routes to one destination, those with the lowest distance are used.",
		}),
		attr(func(r *StaticRoute) *uint32 { return &r.Priority }, integer[uint32](1, 65535), Attribute{
			Name: "priority", Default: priority,
			Help: "Of routes with one distance, those with the lowest priority are preferred.",
		}),
		attr(func(r *StaticRoute) *string { return &r.Comment }, text(255), Attribute{
			Name: "comment",
			Help: "A remark.",
		}),
	}
}

// checkStatic refuses a gateway that cannot be a neighbour.
func checkStatic(l *loader, t *Table) {
	for _, e := range t.Entries(l.cfg) {
		r := e.(*StaticRoute)
		if g := r.Gateway; g.IsValid() && (g.IsMulticast() || g.IsLoopback()) {
			l.refuse(r, "gateway", "expected the unicast address of a neighbour")
		}
	}
}
