package route_test

import (
	"net/netip"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/route"
)

// twin answers what route.Table answers by walking the configuration. down
// holds the interfaces without a link.
type twin struct {
	cfg  *config.Config
	down map[uint16]bool
}

type entry struct {
	prefix   netip.Prefix
	route    route.Route
	priority uint32
}

// entries lists the routes through interfaces that are up.
func (w twin) entries() (out []entry) {
	for _, i := range w.cfg.Interfaces {
		for _, p := range addresses(i) {
			if !p.IsValid() || p.Addr().Is6() && p.Addr().IsLinkLocalUnicast() {
				continue
			}
			out = w.usable(out, i.Name, entry{prefix: p.Masked()})
		}
	}
	for _, s := range w.cfg.Static {
		out = w.static(out, s)
	}
	for _, s := range w.cfg.Static6 {
		out = w.static(out, (*config.StaticRoute)(s))
	}
	return out
}

func (w twin) static(out []entry, s *config.StaticRoute) []entry {
	e := entry{s.Dst, route.Route{Gateway: packet.AddrFrom(s.Gateway), Distance: s.Distance, Blackhole: s.Blackhole}, s.Priority}
	if !e.route.Gateway.IsZero() && !s.Blackhole {
		e.route.Hop, _ = hop(e.route.Gateway)
	}
	switch {
	case !s.Status:
		return out
	case s.Blackhole:
		e.route.Gateway = packet.Addr{}
		return append(out, e)
	}
	return w.usable(out, s.Device, e)
}

func (w twin) usable(out []entry, name string, e entry) []entry {
	e.route.Out, _ = ifIndex(name)
	for _, i := range w.cfg.Interfaces {
		if i.Name == name && i.Status && !w.down[e.route.Out] {
			return append(out, e)
		}
	}
	return out
}

func addresses(i *config.Interface) []netip.Prefix {
	out := []netip.Prefix{i.IP, i.IPv6.Address}
	for _, s := range i.SecondaryIP {
		if i.Secondary {
			out = append(out, s.IP)
		}
	}
	for _, e := range i.IPv6.ExtraAddrs {
		out = append(out, e.Prefix)
	}
	return out
}

func (w twin) lookup(dst netip.Addr) (best entry, ok bool) {
	for _, e := range w.entries() {
		if e.prefix.Contains(dst) && (!ok || e.wins(best)) {
			best, ok = e, true
		}
	}
	return best, ok
}

func (e entry) wins(old entry) bool {
	switch {
	case e.prefix.Bits() != old.prefix.Bits():
		return e.prefix.Bits() > old.prefix.Bits()
	case e.route.Distance != old.route.Distance:
		return e.route.Distance < old.route.Distance
	}
	return e.priority < old.priority
}

func (w twin) reversePath(src netip.Addr, in uint16) bool {
	return len(w.active(src, func(r route.Route) bool { return r.Out == in })) > 0
}

func (w twin) leads(dst netip.Addr, out, hop uint16) bool {
	return len(w.active(dst, func(r route.Route) bool { return r.Out == out && r.Hop == hop })) > 0
}

func (w twin) back(src netip.Addr, in uint16) (route.Route, bool) {
	all := w.active(src, func(r route.Route) bool { return r.Out == in })
	if len(all) == 0 {
		best, ok := w.lookup(src)
		return best.route, ok
	}
	best := all[0]
	for _, e := range all {
		if e.wins(best) {
			best = e
		}
	}
	return best.route, true
}

// active lists the active routes to addr that are as asked.
func (w twin) active(addr netip.Addr, as func(route.Route) bool) (out []entry) {
	all := w.entries()
	for _, e := range all {
		if !e.prefix.Contains(addr) || e.route.Blackhole || !as(e.route) {
			continue
		}
		active := true
		for _, other := range all {
			if other.prefix == e.prefix && other.route.Distance < e.route.Distance {
				active = false
			}
		}
		if active {
			out = append(out, e)
		}
	}
	return out
}

func (w twin) local(addr netip.Addr) (uint16, bool) {
	for _, i := range w.cfg.Interfaces {
		for _, p := range addresses(i) {
			if i.Status && p.IsValid() && p.Addr() == addr {
				return ifIndex(i.Name)
			}
		}
	}
	return 0, false
}
