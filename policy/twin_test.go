package policy_test

import (
	"net/netip"
	"slices"

	"portcullis/config"
	"portcullis/packet"
)

// twin answers what policy.Table answers, straight from the configuration: it
// walks the policies and the names each time and prepares nothing.
type twin struct{ cfg *config.Config }

// lookup returns the matching policy, or nil, and the name of the service.
func (w twin) lookup(in, out string, key packet.Key, vip int) (*config.Policy, string) {
	for _, p := range w.cfg.Policies {
		if !p.Status || !onInterface(p.SrcIntf, in) || !onInterface(p.DstIntf, out) || !w.addresses(p, key, vip) {
			continue
		}
		if name, ok := w.service(p, key); ok {
			return p, name
		}
	}
	return nil, w.name(key)
}

func onInterface(names []string, name string) bool {
	return slices.Contains(names, "any") || slices.Contains(names, name)
}

// addresses says whether the addresses of p admit a flow that the virtual IP of a
// number has translated, 0 for none.
func (w twin) addresses(p *config.Policy, key packet.Key, vip int) bool {
	src, dst := key.Src.Netip(), key.Dst.Netip()
	switch {
	case src.Is4() && dst.Is4():
		return w.inList(p.SrcAddr, p.SrcAddrNegate, src) && w.leads(p, p.DstAddr, p.DstAddrNegate, dst, vip)
	case src.Is6() && dst.Is6():
		return w.inList(p.SrcAddr6, p.SrcAddr6Negate, src) && w.leads(p, p.DstAddr6, p.DstAddr6Negate, dst, vip)
	}
	return false
}

func (w twin) leads(p *config.Policy, names []string, negate bool, ip netip.Addr, vip int) bool {
	if w.cfg.Settings.CentralNAT {
		return w.inList(names, negate, ip)
	}
	six, named := ip.Is6(), false
	var addresses []string
	for _, name := range names {
		if numbers := w.vips(name, six); numbers == nil {
			addresses = append(addresses, name)
		} else if slices.Contains(numbers, vip) {
			named = true
		}
	}
	byAddress := w.inList(addresses, negate, ip) || negate && len(names) > 0 && addresses == nil
	switch {
	case vip == 0:
		return byAddress && !p.MatchVIPOnly
	case named:
		return !negate
	}
	return byAddress && !p.Accept && (p.MatchVIP || p.MatchVIPOnly)
}

// vips are the numbers of the virtual IPs that a name stands for; nil for an
// address.
func (w twin) vips(name string, six bool) (numbers []int) {
	groups, all := w.cfg.VIPGroups, []string(nil)
	for _, v := range w.cfg.VIPs {
		all = append(all, v.Name)
	}
	first := 1
	if six {
		groups, all, first = w.cfg.VIPGroups6, nil, 1+len(w.cfg.VIPs)
		for _, v := range w.cfg.VIPs6 {
			all = append(all, v.Name)
		}
	}
	if i := slices.Index(all, name); i >= 0 {
		return []int{first + i}
	}
	for _, g := range groups {
		if g.Name == name {
			for _, m := range g.Member {
				numbers = append(numbers, first+slices.Index(all, m))
			}
		}
	}
	return numbers
}

func (w twin) inList(names []string, negate bool, ip netip.Addr) bool {
	return len(names) > 0 && slices.ContainsFunc(names, func(n string) bool { return w.inName(n, ip) }) != negate
}

func (w twin) inName(name string, ip netip.Addr) bool {
	groups := w.cfg.AddrGroups
	if ip.Is6() {
		groups = w.cfg.AddrGroups6
	}
	for _, a := range w.cfg.Addresses {
		if ip.Is4() && a.Name == name {
			if a.Type == "fqdn" { // two addresses may name one domain
				return slices.ContainsFunc(w.cfg.Addresses, func(b *config.Address) bool { return b.FQDN == a.FQDN && b.StartIP == ip })
			}
			return inAddress(a.Type, a.Subnet, a.StartIP, a.EndIP, ip)
		}
	}
	for _, a := range w.cfg.Addresses6 {
		if ip.Is6() && a.Name == name {
			if a.Type == "fqdn" {
				return slices.ContainsFunc(w.cfg.Addresses6, func(b *config.Address6) bool { return b.FQDN == a.FQDN && b.StartIP == ip })
			}
			return inAddress(a.Type, a.IP6, a.StartIP, a.EndIP, ip)
		}
	}
	for _, g := range groups {
		if g.Name == name {
			in := func(n string) bool { return w.inName(n, ip) }
			return slices.ContainsFunc(g.Member, in) && !(g.Exclude && slices.ContainsFunc(g.ExcludeMember, in))
		}
	}
	panic("no such address " + name)
}

func inAddress(typ string, prefix netip.Prefix, start, end, ip netip.Addr) bool {
	if typ == "iprange" {
		return start.Compare(ip) <= 0 && ip.Compare(end) <= 0
	}
	return prefix.Contains(ip)
}

// service says whether p's services admit the flow, and the name it is logged
// by.
func (w twin) service(p *config.Policy, key packet.Key) (string, bool) {
	for _, s := range w.flatten(p.Service) {
		for _, part := range parts(s) {
			if !part.holds(key) {
				continue
			}
			if p.ServiceNegate {
				return "", false
			}
			if part.whole {
				return w.name(key), true
			}
			return s.Name, true
		}
	}
	return w.name(key), p.ServiceNegate
}

// name is what a flow is called without a policy.
func (w twin) name(key packet.Key) string {
	for _, exact := range []bool{true, false} {
		for _, s := range w.cfg.Services {
			for _, part := range parts(s) {
				if !part.whole && part.exact == exact && part.holds(key) {
					return s.Name
				}
			}
		}
	}
	return ""
}

func (w twin) flatten(names []string) (out []*config.Service) {
	for _, name := range names {
		for _, s := range w.cfg.Services {
			if s.Name == name {
				out = append(out, s)
			}
		}
		for _, g := range w.cfg.ServiceGrps {
			if g.Name == name {
				out = append(out, w.flatten(g.Member)...)
			}
		}
	}
	return out
}

// part is one protocol and range of a service.
type part struct {
	holds        func(packet.Key) bool
	exact, whole bool
}

func parts(s *config.Service) (out []part) {
	switch s.Protocol {
	case "TCP/UDP/SCTP":
		for _, l := range []struct {
			proto  uint8
			ranges []config.PortRange
		}{{packet.ProtoTCP, s.TCP}, {packet.ProtoUDP, s.UDP}, {packet.ProtoSCTP, s.SCTP}} {
			for _, r := range l.ranges {
				out = append(out, part{
					holds: func(k packet.Key) bool {
						return k.Proto == l.proto && r.DstLow <= k.DstPort && k.DstPort <= r.DstHigh &&
							r.SrcLow <= k.SrcPort && k.SrcPort <= r.SrcHigh
					},
					exact: r.DstLow == r.DstHigh,
					whole: r.DstLow <= 1 && r.DstHigh == 65535 && r.SrcLow <= 1 && r.SrcHigh == 65535,
				})
			}
		}
	case "ICMP", "ICMP6":
		proto := uint8(packet.ProtoICMP)
		if s.Protocol == "ICMP6" {
			proto = packet.ProtoICMPv6
		}
		out = append(out, part{
			holds: func(k packet.Key) bool {
				return k.Proto == proto && (s.ICMPType < 0 || int(k.DstPort) == s.ICMPType && s.ICMPCode <= 0)
			},
			exact: s.ICMPType >= 0,
			whole: s.ICMPType < 0,
		})
	case "IP":
		n := s.ProtocolNumber
		named := n != packet.ProtoTCP && n != packet.ProtoUDP && n != packet.ProtoSCTP && n != packet.ProtoICMP && n != packet.ProtoICMPv6
		out = append(out, part{
			holds: func(k packet.Key) bool { return n == 0 || k.Proto == n },
			exact: n != 0 && named,
			whole: n == 0 || !named,
		})
	}
	return out
}
