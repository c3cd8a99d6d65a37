package config

import (
	"math/big"
	"slices"
)

// checkVIPs refuses virtual IPs that cannot work, two that one packet could
// mean, and those that nothing would use. It runs for either family.
func checkVIPs(l *loader, t *Table) {
	var all []*VIP
	for _, e := range t.Entries(l.cfg) {
		all = append(all, e.(*VIP))
	}
	for _, v := range all {
		l.checkVIPAddresses(v)
		l.checkVIPPorts(v)
		l.checkVIPInterfaces(v)
	}
	l.checkVIPOverlaps(t, all)
	l.checkVIPPools(t, all)
	l.checkVIPUse(t, all)
}

// checkVIPAddresses looks at both sides of the mapping.
func (l *loader) checkVIPAddresses(v *VIP) {
	if !l.sound(v, "type", "extip", "mappedip") {
		return
	}
	n := v.ExtIP.Len()
	switch {
	case v.Type == VIPLoadBalance && n.Cmp(big.NewInt(1)) != 0:
		l.refuse(v, "extip", "expected one address, since type is %s", VIPLoadBalance)
		return
	case v.Type == VIPStatic && (len(v.MappedIP) != 1 || v.MappedIP[0].Len().Cmp(n) != 0):
		l.refuse(v, "mappedip", "expected %s, as extip has", addresses(n))
		return
	}
	for i, r := range v.MappedIP {
		switch {
		case r.Overlaps(v.ExtIP):
			l.refuse(v, "mappedip", "expected other addresses than extip %s", v.ExtIP)
			return
		case slices.ContainsFunc(v.MappedIP[:i], r.Overlaps):
			l.refuse(v, "mappedip", "%s is in the list twice: expected each address once", r)
			return
		}
	}
	l.checkVIPBox(v)
}

// checkVIPBox refuses a virtual IP that takes all traffic of an address of the box,
// or leads to one, where nobody would answer.
func (l *loader) checkVIPBox(v *VIP) {
	if !v.Status {
		return
	}
	if box := l.boxAddress(v.ExtIP); box != nil && v.whole() && l.sound(v, "portforward", "service") {
		l.refuse(v, "extip", "%s is the address of interface %q, which would lose all its traffic: expected portforward enable, or another address",
			box.prefix.Addr(), box.intf.Name)
	}
	for _, r := range v.MappedIP {
		if box := l.boxAddress(r); box != nil {
			l.refuse(v, "mappedip", "%s is the address of interface %q: expected addresses of hosts", box.prefix.Addr(), box.intf.Name)
			return
		}
	}
}

func addresses(n *big.Int) string {
	if n.Cmp(big.NewInt(1)) == 0 {
		return "one address"
	}
	return "one range of " + n.String() + " addresses"
}

// whole says whether the virtual IP takes all that is sent to its address.
func (v *VIP) whole() bool { return !v.PortForward && len(v.Service) == 0 }

// HasPorts says whether the virtual IP translates ports.
func (v *VIP) HasPorts() bool { return v.PortForward && v.Protocol != "icmp" }

// checkVIPPorts looks at the ports, and fills in those inside where they are
// those outside.
func (l *loader) checkVIPPorts(v *VIP) {
	if !v.HasPorts() || !l.sound(v, "portforward", "protocol", "service", "extport", "mappedport") {
		return
	}
	switch {
	case len(v.Service) > 0:
		l.checkVIPService(v)
	case !v.ExtPort.IsSet():
		l.complain(v, "portforward", "missing extport: expected %s", portSpan().Range)
	case !v.MappedPort.IsSet():
		v.MappedPort = v.ExtPort
	case v.MappedPort.Len() != v.ExtPort.Len():
		l.refuse(v, "mappedport", "expected %s, as extport has", portCount(v.ExtPort.Len()))
	}
}

func portCount(n int) string {
	if n == 1 {
		return "one port"
	}
	return "a range of " + big.NewInt(int64(n)).String() + " ports"
}

// checkVIPService looks at a virtual IP whose ports outside are those of its
// services: they all go to one port inside.
func (l *loader) checkVIPService(v *VIP) {
	if v.Protocol != "tcp" { // the default: FortiOS hides the attribute
		l.complain(v, "protocol", "protocol: only without service, which says what the protocols are")
	}
	if v.ExtPort.IsSet() {
		l.complain(v, "extport", "extport: only without service, which says what the ports are")
	}
	switch v.MappedPort.Len() {
	case 0:
		l.complain(v, "portforward", "missing mappedport: expected the port inside of all services")
	case 1:
	default:
		l.refuse(v, "mappedport", "expected one port, since service is given")
	}
}

// checkVIPInterfaces refuses a filter that lets nothing in.
func (l *loader) checkVIPInterfaces(v *VIP) {
	if v.ExtIntf == "any" || !l.sound(v, "extintf", "srcintf-filter") {
		return
	}
	for i, name := range v.SrcIntfFilter {
		if name != v.ExtIntf {
			s := l.spots[v]
			l.report(s.item("srcintf-filter", i), s.noun, "srcintf-filter %s: expected no interface but %q, the extintf", shorten(name), v.ExtIntf)
		}
	}
}

// checkVIPOverlaps refuses two virtual IPs that one packet could mean. One
// that is switched off is in nobody's way.
func (l *loader) checkVIPOverlaps(t *Table, all []*VIP) {
	ranges := make([]IPRange, len(all))
	for i, v := range all {
		if v.Status && l.sound(v, "status", "extip", "extintf", "portforward", "protocol", "extport", "src-filter", "srcintf-filter", "service") {
			ranges[i] = v.ExtIP
		}
	}
	for i, first := range overlaps(ranges, func(a, b int) bool { return all[a].clashes(all[b]) }) {
		if first >= 0 {
			other := all[first]
			l.refuse(all[i], "extip", "overlaps %s %q on line %d: expected another address, interface, port or source", t.FortiOS(), other.Name, l.line(other))
		}
	}
}

// clashes says whether a packet to an address that both have could mean
// either. What two services have in common is not looked at: the first wins.
func (v *VIP) clashes(o *VIP) bool {
	switch {
	case len(v.Service) > 0 && len(o.Service) > 0:
		return false
	case len(v.SrcFilter) > 0 && len(o.SrcFilter) > 0 && !common(v.SrcFilter, o.SrcFilter, IPRange.Overlaps):
		return false
	case len(v.ingress()) > 0 && len(o.ingress()) > 0 && !common(v.ingress(), o.ingress(), func(a, b string) bool { return a == b }):
		return false
	case v.PortForward && o.PortForward && len(v.Service)+len(o.Service) == 0:
		return v.Protocol == o.Protocol && (v.Protocol == "icmp" || v.ExtPort.Overlaps(o.ExtPort))
	}
	return true
}

// ingress are the interfaces that the traffic may come in by; none for any.
func (v *VIP) ingress() []string {
	if v.ExtIntf != "any" {
		return []string{v.ExtIntf}
	}
	return v.SrcIntfFilter
}

// common says whether an item of one list agrees with one of another.
func common[T any](a, b []T, agree func(T, T) bool) bool {
	return slices.ContainsFunc(a, func(x T) bool {
		return slices.ContainsFunc(b, func(y T) bool { return agree(x, y) })
	})
}

// checkVIPPools refuses a virtual IP that takes the whole of a pool's address:
// a source translated to it would be sent what others send to the server.
func (l *loader) checkVIPPools(t *Table, all []*VIP) {
	var ranges []IPRange
	var names []string
	var lines []int
	add := func(entry any, name string, r IPRange) {
		if l.sound(entry, "startip", "endip") {
			ranges, names, lines = append(ranges, r), append(names, name), append(lines, l.line(entry))
		}
	}
	pool := "firewall ippool"
	if t.six() {
		pool = "firewall ippool6"
		for _, p := range l.cfg.IPPools6 {
			add(p, p.Name, IPRange{p.StartIP, p.EndIP})
		}
	} else {
		for _, p := range l.cfg.IPPools {
			add(p, p.Name, IPRange{p.StartIP, p.EndIP})
		}
	}
	pools := len(ranges)
	for _, v := range all {
		r := IPRange{}
		if v.Status && v.whole() && l.sound(v, "status", "portforward", "service", "extip") {
			r = v.ExtIP
		}
		ranges = append(ranges, r)
	}
	clash := func(a, b int) bool { return a < pools && b >= pools }
	for i, first := range overlaps(ranges, clash) {
		if first >= 0 {
			l.refuse(all[i-pools], "extip", "overlaps %s %q on line %d: expected another address, or portforward enable",
				pool, names[first], lines[first])
		}
	}
}
