package policy_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/policy"
	"portcullis/policy/fqdn"
)

// generator draws configurations and keys from a world so small that most
// things overlap.
type generator struct {
	*rand.Rand
	vips bool // policies name virtual IPs
}

const (
	interfaces = 6
	vips       = 5 // of either family
)

var protocols = []uint8{packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP, packet.ProtoICMP, packet.ProtoICMPv6, packet.ProtoGRE, packet.ProtoESP}

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g generator) ip(six bool) netip.Addr {
	if six {
		return netip.AddrFrom16([16]byte{0: 0x20, 1: 1, 15: byte(g.IntN(64))})
	}
	return netip.AddrFrom4([4]byte{10, 0, 0, byte(g.IntN(64))})
}

func (g generator) address(six bool) (typ string, prefix netip.Prefix, start, end netip.Addr) {
	if g.chance(40) {
		start, end = g.ip(six), g.ip(six)
		if end.Less(start) {
			start, end = end, start
		}
		return "iprange", netip.Prefix{}, start, end
	}
	ip := g.ip(six)
	bits := ip.BitLen() - g.IntN(7)
	if g.chance(8) {
		bits = 0
	}
	prefix = netip.PrefixFrom(ip, bits).Masked()
	if six {
		return "ipprefix", prefix, start, end
	}
	return "ipmask", prefix, start, end
}

// some picks between low and high names of one letter and a number below n.
func (g generator) some(low, high int, letter string, n int) (out []string) {
	for range low + g.IntN(high-low+1) {
		out = append(out, fmt.Sprint(letter, g.IntN(n)))
	}
	return out
}

func (g generator) groups(members int) (out []*config.AddrGroup) {
	for i := range 5 {
		grp := &config.AddrGroup{Name: fmt.Sprint("g", i), Exclude: g.chance(50)}
		grp.Member = g.some(1, 3, "a", members)
		grp.ExcludeMember = g.some(0, 2, "a", members)
		if i > 0 {
			grp.Member = append(grp.Member, g.some(0, 2, "g", i)...)
			grp.ExcludeMember = append(grp.ExcludeMember, g.some(0, 1, "g", i)...)
		}
		out = append(out, grp)
	}
	return out
}

func (g generator) ports() (out []config.PortRange) {
	for range g.IntN(3) {
		r := config.PortRange{DstLow: uint16(g.IntN(40)), SrcHigh: 65535}
		r.DstHigh = r.DstLow
		if g.chance(40) {
			r.DstHigh += uint16(g.IntN(20))
		}
		if g.chance(10) {
			r.DstLow, r.DstHigh = 1, 65535
		}
		if g.chance(20) {
			r.SrcLow, r.SrcHigh = 10, 30
		}
		out = append(out, r)
	}
	return out
}

func (g generator) service(name string) *config.Service {
	s := &config.Service{Name: name, ICMPType: -1, ICMPCode: -1}
	switch g.IntN(8) {
	case 0:
		s.Protocol = "IP"
		if g.chance(70) {
			s.ProtocolNumber = protocols[g.IntN(len(protocols))]
		}
	case 1, 2:
		s.Protocol = []string{"ICMP", "ICMP6"}[g.IntN(2)]
		if g.chance(80) {
			s.ICMPType = g.IntN(10)
		}
		if g.chance(30) {
			s.ICMPCode = g.IntN(2)
		}
	default:
		s.Protocol = "TCP/UDP/SCTP"
		s.TCP, s.UDP, s.SCTP = g.ports(), g.ports(), g.ports()
	}
	return s
}

func (g generator) policy(id int) *config.Policy {
	list := func(letter string) []string {
		if g.chance(15) {
			return nil
		}
		out := g.some(1, 2, letter, 8)
		return append(out, g.some(0, 1, "g", 5)...)
	}
	intf := func() []string {
		if g.chance(30) {
			return []string{"any"}
		}
		return g.some(1, 3, "i", interfaces-1) // one interface stays unnamed
	}
	dst := func() []string {
		if g.vips && g.chance(40) {
			return append(g.some(0, 1, "a", 8), append(g.some(0, 2, "v", vips), g.some(0, 1, "w", 3)...)...)
		}
		return list("a")
	}
	return &config.Policy{
		MatchVIP: g.chance(50), MatchVIPOnly: g.chance(10),
		PolicyID: uint32(id), Name: fmt.Sprint("policy ", id), Status: g.chance(90),
		SrcIntf: intf(), DstIntf: intf(),
		SrcAddr: list("a"), DstAddr: dst(), SrcAddr6: list("a"), DstAddr6: dst(),
		SrcAddrNegate: g.chance(15), DstAddrNegate: g.chance(15),
		SrcAddr6Negate: g.chance(15), DstAddr6Negate: g.chance(15), ServiceNegate: g.chance(15),
		Accept: g.chance(60), NAT: g.chance(50), Schedule: []string{"always"},
		Service:    append(g.some(1, 3, "s", 14), g.some(0, 1, "t", 4)...),
		LogTraffic: []string{"all", "utm", "disable"}[g.IntN(3)], LogStart: g.chance(50),
	}
}

func (g generator) config(policies int) *config.Config {
	cfg := new(config.Config)
	for i := range 8 {
		a := &config.Address{Name: fmt.Sprint("a", i)}
		a.Type, a.Subnet, a.StartIP, a.EndIP = g.address(false)
		cfg.Addresses = append(cfg.Addresses, a)
		a6 := &config.Address6{Name: fmt.Sprint("a", i)}
		a6.Type, a6.IP6, a6.StartIP, a6.EndIP = g.address(true)
		cfg.Addresses6 = append(cfg.Addresses6, a6)
	}
	cfg.AddrGroups, cfg.AddrGroups6 = g.groups(8), g.groups(8)
	if g.chance(30) {
		g.domains(cfg)
	}
	for i := range 14 {
		cfg.Services = append(cfg.Services, g.service(fmt.Sprint("s", i)))
	}
	for i := range 4 {
		grp := &config.ServiceGroup{Name: fmt.Sprint("t", i), Member: g.some(1, 3, "s", 14)}
		if i > 0 {
			grp.Member = append(grp.Member, g.some(0, 1, "t", i)...)
		}
		cfg.ServiceGrps = append(cfg.ServiceGrps, grp)
	}
	g.virtual(cfg)
	for i := range policies {
		cfg.Policies = append(cfg.Policies, g.policy(i+1))
	}
	return cfg
}

// domains makes some addresses those of domain names, each of which has one, in
// StartIP. There are no excluded members then.
func (g generator) domains(cfg *config.Config) {
	for i, a := range cfg.Addresses {
		if g.chance(40) {
			a.Type, a.FQDN, a.StartIP = "fqdn", fmt.Sprint("four", i%3, ".example"), g.ip(false)
		}
	}
	for i, a := range cfg.Addresses6 {
		if g.chance(40) {
			a.Type, a.FQDN, a.StartIP = "fqdn", fmt.Sprint("six", i%3, ".example"), g.ip(true)
		}
	}
	for _, grp := range append(slices.Clone(cfg.AddrGroups), cfg.AddrGroups6...) {
		grp.Exclude = false
	}
}

// book knows the addresses of the domain names of cfg.
func book(cfg *config.Config) *fqdn.Book {
	b := new(fqdn.Book)
	b.Obey(policy.Wishes(cfg))
	for _, a := range cfg.Addresses {
		if a.Type == "fqdn" {
			b.Learn(a.FQDN, packet.AddrFrom(a.StartIP), 0, 0)
		}
	}
	for _, a := range cfg.Addresses6 {
		if a.Type == "fqdn" {
			b.Learn(a.FQDN, packet.AddrFrom(a.StartIP), 0, 0)
		}
	}
	return b
}

// virtual adds virtual IPs, and groups of them.
func (g *generator) virtual(cfg *config.Config) {
	switch cfg.Settings.CentralNAT = g.chance(20); {
	case cfg.Settings.CentralNAT:
	case g.chance(80):
		g.vips = true
	}
	if !g.vips && g.chance(50) {
		return
	}
	for i := range vips {
		cfg.VIPs = append(cfg.VIPs, &config.VIP{Name: fmt.Sprint("v", i)})
		cfg.VIPs6 = append(cfg.VIPs6, &config.VIP6{Name: fmt.Sprint("v", i)})
	}
	for i := range 3 {
		cfg.VIPGroups = append(cfg.VIPGroups, &config.VIPGroup{Name: fmt.Sprint("w", i), Member: g.some(1, 3, "v", vips)})
		cfg.VIPGroups6 = append(cfg.VIPGroups6, &config.VIPGroup{Name: fmt.Sprint("w", i), Member: g.some(1, 3, "v", vips)})
	}
}

// vip draws the number of a virtual IP of the family of key, or 0.
func (g generator) vip(cfg *config.Config, key packet.Key) int {
	if len(cfg.VIPs) == 0 || g.chance(40) {
		return 0
	}
	if key.Dst.Is4() {
		return 1 + g.IntN(vips)
	}
	return 1 + vips + g.IntN(vips)
}

func (g generator) key() packet.Key {
	six := g.chance(40)
	k := packet.Key{
		Src:   packet.AddrFrom(g.ip(six)),
		Dst:   packet.AddrFrom(g.ip(six != g.chance(2))),
		Proto: protocols[g.IntN(len(protocols))],
	}
	switch k.Proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP:
		k.SrcPort, k.DstPort = uint16(g.IntN(50)), uint16(g.IntN(60))
	case packet.ProtoICMP, packet.ProtoICMPv6:
		k.SrcPort, k.DstPort = uint16(g.Uint32()), uint16(g.IntN(12))
	}
	return k
}
