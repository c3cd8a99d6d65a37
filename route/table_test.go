package route_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/route"
)

const interfaces = 5

// hop is some number of a gateway.
func hop(a packet.Addr) (uint16, bool) { return uint16(a.Lo) | 1, true }

// ifIndex knows the interfaces i0, i1, ...
func ifIndex(name string) (uint16, bool) {
	if len(name) != 2 || name[0] != 'i' || name[1] < '0' || name[1] >= '0'+interfaces {
		return 0, false
	}
	return uint16(name[1] - '0'), true
}

// generator draws configurations from a world so small that most prefixes
// overlap.
type generator struct{ *rand.Rand }

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g generator) ip(six bool) netip.Addr {
	if six {
		return netip.AddrFrom16([16]byte{0: 0x20, 1: 1, 15: byte(g.IntN(64))})
	}
	return netip.AddrFrom4([4]byte{10, 0, 0, byte(g.IntN(64))})
}

// prefix is a host in its subnet, as an interface's address is.
func (g generator) prefix(six bool) netip.Prefix {
	ip := g.ip(six)
	return netip.PrefixFrom(ip, ip.BitLen()-g.IntN(7))
}

func (g generator) static(i int, six bool) *config.StaticRoute {
	s := &config.StaticRoute{
		SeqNum: uint32(i), Status: g.chance(90), Dst: g.prefix(six).Masked(), Device: fmt.Sprint("i", g.IntN(interfaces)),
		Distance: uint8(1 + g.IntN(3)), Priority: uint32(g.IntN(3)), Blackhole: g.chance(15),
	}
	if g.chance(20) {
		s.Dst = netip.PrefixFrom(s.Dst.Addr(), 0).Masked()
	}
	if g.chance(70) {
		s.Gateway = g.ip(six)
	}
	return s
}

func (g generator) config() *config.Config {
	cfg := new(config.Config)
	for i := range interfaces {
		f := &config.Interface{Name: fmt.Sprint("i", i), Status: g.chance(85), Secondary: g.chance(70)}
		if g.chance(80) {
			f.IP = g.prefix(false)
		}
		for range g.IntN(3) {
			f.SecondaryIP = append(f.SecondaryIP, &config.SecondaryIP{IP: g.prefix(false)})
		}
		if g.chance(70) {
			f.IPv6.Address = g.prefix(true)
		}
		if g.chance(50) {
			f.IPv6.ExtraAddrs = append(f.IPv6.ExtraAddrs, &config.ExtraAddr6{Prefix: g.prefix(true)})
		}
		if g.chance(20) {
			f.IPv6.ExtraAddrs = append(f.IPv6.ExtraAddrs, &config.ExtraAddr6{Prefix: netip.MustParsePrefix("fe80::1/64")})
		}
		cfg.Interfaces = append(cfg.Interfaces, f)
	}
	for i := range g.IntN(10) {
		cfg.Static = append(cfg.Static, g.static(i, false))
		cfg.Static6 = append(cfg.Static6, (*config.StaticRoute6)(g.static(i, true)))
	}
	return cfg
}

// compare checks a table against the twin for some addresses.
func compare(t *testing.T, g generator, table *route.Table, w twin) {
	t.Helper()
	for range 100 {
		ip := g.ip(g.chance(40))
		addr := packet.AddrFrom(ip)
		want, found := w.lookup(ip)
		if got, ok := table.Lookup(addr); ok != found || got != want.route {
			t.Fatalf("lookup %v: %+v %v, want %+v %v", ip, got, ok, want.route, found)
		}
		in := uint16(g.IntN(interfaces + 1))
		if got, want := table.ReversePath(addr, in), w.reversePath(ip, in); got != want {
			t.Fatalf("reverse path %v through %d: %v", ip, in, got)
		}
		toward, reachable := w.back(ip, in)
		if got, ok := table.Back(addr, in); ok != reachable || got != toward {
			t.Fatalf("back to %v through %d: %+v %v, want %+v %v", ip, in, got, ok, toward, reachable)
		}
		by := uint16(0)
		if g.chance(60) {
			by, _ = hop(packet.AddrFrom(g.ip(ip.Is6())))
		}
		if g.chance(50) && found { // a way that there is
			in, by = want.route.Out, want.route.Hop
		}
		if got, want := table.Leads(addr, in, by), w.leads(ip, in, by); got != want {
			t.Fatalf("leads to %v through %d by %d: %v", ip, in, by, got)
		}
		index, own := table.Local(addr)
		if i, ok := w.local(ip); i != index || ok != own {
			t.Fatalf("local %v: %d %v, want %d %v", ip, index, own, i, ok)
		}
	}
}

// The compiled table agrees with the walk through the configuration, with all
// links up and with some down.
func TestTwin(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			g := generator{rand.New(rand.NewPCG(seed, 1))}
			cfg := g.config()
			table, err := route.Compile(cfg, ifIndex, hop)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, g, table, twin{cfg, nil})
			down := map[uint16]bool{uint16(g.IntN(interfaces)): true, uint16(g.IntN(interfaces)): true}
			without := table.Without(func(i uint16) bool { return down[i] })
			compare(t, g, without, twin{cfg, down})
			compare(t, g, without.Without(func(uint16) bool { return false }), twin{cfg, nil})
			compare(t, g, table, twin{cfg, nil})
		})
	}
}

// office is a small site: two uplinks, a network with a second subnet, and one
// interface that is down.
func office() *config.Config {
	p := netip.MustParsePrefix
	return &config.Config{
		Interfaces: []*config.Interface{
			{Name: "i0", Status: true, IP: p("192.168.1.1/24"), Secondary: true,
				SecondaryIP: []*config.SecondaryIP{{IP: p("192.168.2.1/24")}},
				IPv6: config.InterfaceIPv6{Address: p("fe80::1/64"), ExtraAddrs: []*config.ExtraAddr6{
					{Prefix: p("2001:db8:1::1/64")}, {Prefix: p("2001:db8:2::1/64")}}}},
			{Name: "i1", Status: true, IP: p("203.0.113.2/30")},
			{Name: "i2", Status: true, IP: p("198.51.100.3/31"), IPv6: config.InterfaceIPv6{Address: p("fe80::1/64")}},
			{Name: "i3", Status: false, IP: p("172.16.0.1/16")},
		},
		Static: []*config.StaticRoute{
			{SeqNum: 1, Status: true, Dst: p("0.0.0.0/0"), Gateway: netip.MustParseAddr("203.0.113.1"), Device: "i1", Distance: 10, Priority: 1},
			{SeqNum: 2, Status: true, Dst: p("0.0.0.0/0"), Gateway: netip.MustParseAddr("198.51.100.2"), Device: "i2", Distance: 10, Priority: 5},
			{SeqNum: 3, Status: true, Dst: p("0.0.0.0/0"), Gateway: netip.MustParseAddr("192.168.1.9"), Device: "i0", Distance: 20},
			{SeqNum: 4, Status: true, Dst: p("10.0.0.0/8"), Blackhole: true, Distance: 254},
			{SeqNum: 5, Status: true, Dst: p("10.9.0.0/16"), Device: "i3", Distance: 10},
		},
	}
}

func compileOffice(t testing.TB) *route.Table {
	table, err := route.Compile(office(), ifIndex, hop)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestOffice(t *testing.T) {
	table := compileOffice(t)
	lookup := func(table *route.Table, dst string, out uint16, gw string) {
		t.Helper()
		r, ok := table.Lookup(packet.MustAddr(dst))
		if gwAddr, _ := netip.ParseAddr(gw); !ok || r.Out != out || r.Gateway != packet.AddrFrom(gwAddr) {
			t.Errorf("%s: %+v %v", dst, r, ok)
		}
	}
	lookup(table, "8.8.8.8", 1, "203.0.113.1")
	lookup(table, "192.168.2.77", 0, "")
	lookup(table, "172.16.5.5", 1, "203.0.113.1")
	if r, _ := table.Lookup(packet.MustAddr("10.9.1.1")); !r.Blackhole {
		t.Errorf("a route through an interface that is down is used: %+v", r)
	}
	if r, ok := table.Lookup(packet.MustAddr("2001:db8:9::1")); ok {
		t.Errorf("IPv6 without a route: %+v", r)
	}
	if r, ok := table.Lookup(packet.Addr{}); ok {
		t.Errorf("no address: %+v", r)
	}

	// The uplinks back each other up: by priority, then by distance.
	lookup(table.Without(func(i uint16) bool { return i == 1 }), "8.8.8.8", 2, "198.51.100.2")
	lookup(table.Without(func(i uint16) bool { return i == 1 || i == 2 }), "8.8.8.8", 0, "192.168.1.9")

	// Answers leave by the uplink that was asked, while it has an active route.
	for in, gateway := range []string{"203.0.113.1", "203.0.113.1", "198.51.100.2"} {
		if r, ok := table.Back(packet.MustAddr("8.8.8.8"), uint16(in)); !ok || r.Gateway != packet.MustAddr(gateway) {
			t.Errorf("answers to what came in by %d: %+v", in, r)
		}
	}

	for _, c := range []struct {
		src  string
		in   uint16
		want bool
	}{
		{"192.168.1.5", 0, true},
		{"8.8.8.8", 1, true},
		{"8.8.8.8", 2, true},  // same distance: active, though not the one that forwards
		{"8.8.8.8", 0, false}, // a worse distance is not active
		{"192.168.1.5", 1, true},
		{"2001:db8:1::5", 0, true},
		{"2001:db8:1::5", 1, false},
		{"8.8.8.8", 77, false},
	} {
		if got := table.ReversePath(packet.MustAddr(c.src), c.in); got != c.want {
			t.Errorf("reverse path of %s through %d: %v", c.src, c.in, got)
		}
	}
}

func TestOwnAddresses(t *testing.T) {
	table := compileOffice(t)
	for addr, want := range map[string]int{
		"192.168.1.1": 0, "192.168.2.1": 0, "fe80::1": 0, "2001:db8:1::1": 0, "203.0.113.2": 1, "198.51.100.3": 2,
		"192.168.1.2": -1, "172.16.0.1": -1, "192.168.1.255": -1,
	} {
		if i, ok := table.Local(packet.MustAddr(addr)); ok != (want >= 0) || ok && int(i) != want {
			t.Errorf("local %s: %d %v", addr, i, ok)
		}
	}
	for addr, want := range map[string]bool{
		"255.255.255.255": true, "192.168.1.255": true, "192.168.2.255": true, "203.0.113.3": true,
		"198.51.100.3": false, "172.16.255.255": false, "192.168.1.1": false, "2001:db8:1::ffff": false,
	} {
		if got := table.Broadcast(packet.MustAddr(addr)); got != want {
			t.Errorf("broadcast %s: %v", addr, got)
		}
	}
	for _, c := range []struct {
		out          uint16
		v6           bool
		nexthop, src string
	}{
		{0, false, "192.168.1.9", "192.168.1.1"},
		{0, false, "192.168.2.9", "192.168.2.1"},
		{0, false, "10.0.0.9", "192.168.1.1"},
		{0, true, "2001:db8:2::9", "2001:db8:2::1"},
		{0, true, "fe80::9", "2001:db8:1::1"},
		{2, true, "fe80::9", ""},
		{3, false, "172.16.0.9", ""},
		{9, false, "172.16.0.9", ""},
	} {
		got, ok := table.SourceFor(c.out, c.v6, packet.MustAddr(c.nexthop))
		if ok != (c.src != "") || ok && got != packet.MustAddr(c.src) {
			t.Errorf("interface %d towards %s speaks from %v %v, want %s", c.out, c.nexthop, got, ok, c.src)
		}
	}
}

func TestErrors(t *testing.T) {
	for want, edit := range map[string]func(*config.Config){
		`router static 1: device "i8": no such interface`:                        func(c *config.Config) { c.Static[0].Device = "i8" },
		`router static 1: device "": no such interface`:                          func(c *config.Config) { c.Static[0].Device = "" },
		`router static 1: dst: a prefix of the route's family is expected`:       func(c *config.Config) { c.Static[0].Dst = netip.MustParsePrefix("::/0") },
		`router static 1: gateway: an address of the route's family is expected`: func(c *config.Config) { c.Static[0].Gateway = netip.IPv6Loopback() },
		`system interface "lan": no such interface`:                              func(c *config.Config) { c.Interfaces[0].Name = "lan" },
		`router static6 3: dst: a prefix of the route's family is expected`:      func(c *config.Config) { c.Static6 = []*config.StaticRoute6{{SeqNum: 3, Dst: c.Static[0].Dst}} },
	} {
		cfg := office()
		edit(cfg)
		if _, err := route.Compile(cfg, ifIndex, hop); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAllocs(t *testing.T) {
	table := compileOffice(t)
	v4, v6 := packet.MustAddr("192.168.2.9"), packet.MustAddr("2001:db8:1::9")
	if n := testing.AllocsPerRun(100, func() {
		table.Lookup(v4)
		table.Lookup(v6)
		table.ReversePath(v4, 0)
		table.Back(v4, 0)
		table.Local(v4)
		table.Broadcast(v4)
		table.SourceFor(0, false, v4)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkLookup(b *testing.B) {
	table := compileOffice(b)
	for _, dst := range []string{"192.168.2.9", "8.8.8.8", "2001:db8:1::9"} {
		addr := packet.MustAddr(dst)
		b.Run(dst, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.Lookup(addr)
			}
		})
	}
}

func BenchmarkLocal(b *testing.B) {
	table, addr := compileOffice(b), packet.MustAddr("8.8.8.8")
	for b.Loop() {
		table.Local(addr)
	}
}

func BenchmarkReversePath(b *testing.B) {
	table, addr := compileOffice(b), packet.MustAddr("8.8.8.8")
	for b.Loop() {
		table.ReversePath(addr, 1)
	}
}
