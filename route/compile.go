package route

import (
	"fmt"
	"net/netip"

	"portcullis/config"
	"portcullis/packet"
)

// Compile builds the table of cfg: connected routes of the interfaces that are
// up in the configuration, and the enabled static routes that lead through one
// of those. ifIndex gives the engine's index of an interface's name, hop the
// number of a gateway, or false where there are too many.
func Compile(cfg *config.Config, ifIndex func(name string) (uint16, bool), hop func(packet.Addr) (uint16, bool)) (*Table, error) {
	c := compiler{
		ifIndex: ifIndex,
		hop:     hop,
		up:      make(map[string]bool),
		t: &Table{own: ownership{
			local:     make(map[packet.Addr]uint16),
			broadcast: make(map[packet.Addr]bool),
		}},
	}
	for _, i := range cfg.Interfaces {
		if err := c.connected(i); err != nil {
			return nil, fmt.Errorf("system interface %q: %w", i.Name, err)
		}
	}
	for _, s := range cfg.Static {
		if err := c.static(s, true); err != nil {
			return nil, fmt.Errorf("router static %d: %w", s.SeqNum, err)
		}
	}
	for _, s := range cfg.Static6 {
		if err := c.static((*config.StaticRoute)(s), false); err != nil {
			return nil, fmt.Errorf("router static6 %d: %w", s.SeqNum, err)
		}
	}
	c.t.activate(func(uint16) bool { return false })
	return c.t, nil
}

type compiler struct {
	t       *Table
	ifIndex func(string) (uint16, bool)
	hop     func(packet.Addr) (uint16, bool)
	up      map[string]bool // interfaces by name
}

// connected enters the addresses of an interface and their subnets.
func (c *compiler) connected(i *config.Interface) error {
	c.up[i.Name] = i.Status
	if !i.Status {
		return nil
	}
	index, ok := c.ifIndex(i.Name)
	if !ok {
		return fmt.Errorf("no such interface")
	}
	for _, p := range addresses(i) {
		if !p.IsValid() || p.Addr().IsUnspecified() {
			continue // no address is set
		}
		c.t.own.add(index, p)
		if p.Addr().Is6() && p.Addr().IsLinkLocalUnicast() {
			continue // every link has this prefix: it names no route
		}
		c.t.all = append(c.t.all, candidate{prefix: p.Masked(), route: Route{Out: index}})
	}
	return nil
}

// addresses lists all addresses of an interface, each family's primary first.
func addresses(i *config.Interface) []netip.Prefix {
	out := []netip.Prefix{i.IP}
	if i.Secondary {
		for _, s := range i.SecondaryIP {
			out = append(out, s.IP)
		}
	}
	out = append(out, i.IPv6.Address)
	for _, e := range i.IPv6.ExtraAddrs {
		out = append(out, e.Prefix)
	}
	return out
}

// static enters one static route.
func (c *compiler) static(s *config.StaticRoute, four bool) error {
	if !s.Dst.IsValid() || s.Dst.Addr().Is4() != four {
		return fmt.Errorf("dst: a prefix of the route's family is expected")
	}
	cand := candidate{
		prefix:   s.Dst.Masked(),
		route:    Route{Gateway: packet.AddrFrom(s.Gateway), Distance: s.Distance, Blackhole: s.Blackhole},
		priority: s.Priority,
	}
	if s.Blackhole {
		cand.route.Gateway = packet.Addr{}
	} else {
		if s.Gateway.IsValid() && s.Gateway.Is4() != four {
			return fmt.Errorf("gateway: an address of the route's family is expected")
		}
		if s.Gateway.IsValid() && s.Gateway.IsUnspecified() {
			cand.route.Gateway = packet.Addr{}
		}
		up, ok := c.up[s.Device]
		if !ok {
			return fmt.Errorf("device %q: no such interface", s.Device)
		}
		if !up {
			return nil
		}
		if cand.route.Out, ok = c.ifIndex(s.Device); !ok {
			return fmt.Errorf("device %q: no such interface", s.Device)
		}
	}
	if !s.Status {
		return nil
	}
	if !cand.route.Gateway.IsZero() {
		n, ok := c.hop(cand.route.Gateway)
		if !ok {
			return fmt.Errorf("gateway %v: too many different gateways since the start: expected a restart", cand.route.Gateway)
		}
		cand.route.Hop = n
	}
	c.t.all = append(c.t.all, cand)
	return nil
}
