package policy_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/policy"
)

// ifIndex knows the interfaces i0, i1, ...
func ifIndex(name string) (uint16, bool) {
	var i uint16
	_, err := fmt.Sscanf(name, "i%d", &i)
	return i, err == nil && i < interfaces
}

// numbers gives the services of cfg numbers from 1 and back.
func numbers(cfg *config.Config) (id func(string) uint32, name func(uint32) string) {
	ids, names := make(map[string]uint32), []string{""}
	for _, s := range cfg.Services {
		ids[s.Name] = uint32(len(names))
		names = append(names, s.Name)
	}
	return func(s string) uint32 { return ids[s] }, func(n uint32) string { return names[n] }
}

// compare checks the table of cfg against the twin for some keys.
func compare(t *testing.T, g generator, cfg *config.Config, keys int) {
	t.Helper()
	id, name := numbers(cfg)
	table, err := policy.Compile(cfg, ifIndex, id)
	if err != nil {
		t.Fatal(err)
	}
	table.Follow(book(cfg))
	for range keys {
		in, out, key := uint16(g.IntN(interfaces)), uint16(g.IntN(interfaces)), g.key()
		vip := g.vip(cfg, key)
		want, wantName := twin{cfg}.lookup(fmt.Sprint("i", in), fmt.Sprint("i", out), key, vip)
		got := table.Lookup(in, out, &key, uint16(vip))
		if want == nil {
			want = new(config.Policy)
		}
		if got.Policy.ID != want.PolicyID || got.Found != (want.PolicyID != 0) || name(got.Service) != wantName {
			t.Fatalf("%v of virtual IP %d, i%d to i%d: policy %d service %q, want %d %q", key, vip, in, out,
				got.Policy.ID, name(got.Service), want.PolicyID, wantName)
		}
		if n := table.ServiceName(&key); name(n) != (twin{cfg}).name(key) {
			t.Fatalf("%v: called %q, want %q", key, name(n), twin{cfg}.name(key))
		}
	}
}

// The compiled table agrees with the walk through the configuration.
func TestTwin(t *testing.T) {
	for seed := range uint64(300) {
		g := generator{Rand: rand.New(rand.NewPCG(seed, 1))}
		cfg := g.config(g.IntN(25))
		t.Run(fmt.Sprint(seed), func(t *testing.T) { compare(t, g, cfg, 200) })
	}
}

func FuzzTwin(f *testing.F) {
	f.Add(uint64(1), uint64(2), uint8(10))
	f.Fuzz(func(t *testing.T, a, b uint64, policies uint8) {
		g := generator{Rand: rand.New(rand.NewPCG(a, b))}
		compare(t, g, g.config(int(policies)%64), 50)
	})
}

// basic is a configuration with the names that the tests below use.
func basic(policies ...*config.Policy) *config.Config {
	subnet := func(name, p string) *config.Address {
		return &config.Address{Name: name, Type: "ipmask", Subnet: netip.MustParsePrefix(p)}
	}
	tcp := func(name string, lo, hi uint16) *config.Service {
		return &config.Service{Name: name, Protocol: "TCP/UDP/SCTP", TCP: []config.PortRange{{DstLow: lo, DstHigh: hi, SrcHigh: 65535}}, ICMPType: -1, ICMPCode: -1}
	}
	for _, p := range policies {
		p.Status = true
	}
	return &config.Config{
		Addresses:  []*config.Address{subnet("all", "0.0.0.0/0"), subnet("none", "0.0.0.0/32"), subnet("lan", "10.0.0.0/24"), subnet("host", "10.0.0.7/32")},
		Addresses6: []*config.Address6{{Name: "all", Type: "ipprefix", IP6: netip.MustParsePrefix("::/0")}},
		AddrGroups: []*config.AddrGroup{
			{Name: "others", Member: []string{"lan"}, Exclude: true, ExcludeMember: []string{"host"}},
			{Name: "loop", Member: []string{"loop2"}}, {Name: "loop2", Member: []string{"loop"}},
		},
		Services: []*config.Service{
			{Name: "ALL", Protocol: "IP", ICMPType: -1, ICMPCode: -1},
			tcp("ALL_TCP", 1, 65535), tcp("HIGH", 1024, 65535), tcp("HTTPS", 443, 443), tcp("FTP", 21, 21), tcp("FTP_GET", 21, 21),
			{Name: "PING", Protocol: "ICMP", ICMPType: 8, ICMPCode: -1},
		},
		ServiceGrps: []*config.ServiceGroup{{Name: "web", Member: []string{"HTTPS", "web"}}},
		Policies:    policies,
	}
}

func one(src, dst string, services ...string) *config.Policy {
	return &config.Policy{
		PolicyID: 7, Name: "seven", SrcIntf: []string{"i0"}, DstIntf: []string{"i1"}, SrcAddr: []string{src}, DstAddr: []string{dst},
		Service: services, Schedule: []string{"always"}, Accept: true, NAT: true, LogTraffic: "all", LogStart: true,
	}
}

func tcpKey(src, dst string, port uint16) packet.Key {
	return packet.Key{Src: packet.MustAddr(src), Dst: packet.MustAddr(dst), SrcPort: 40000, DstPort: port, Proto: packet.ProtoTCP}
}

func TestLookup(t *testing.T) {
	v4 := tcpKey("10.0.0.5", "203.0.113.9", 443)
	v6 := tcpKey("2001:db8::5", "2001:db8::9", 443)
	ping := packet.Key{Src: v4.Src, Dst: v4.Dst, SrcPort: 99, DstPort: packet.ICMPEcho, Proto: packet.ProtoICMP}
	negated := one("all", "all", "FTP")
	negated.ServiceNegate = true
	empty := one("all", "none", "ALL")
	empty.DstAddrNegate = true
	disabled := one("all", "all", "ALL")
	never := one("all", "all", "ALL")
	never.Schedule = []string{"none"}
	for _, c := range []struct {
		name    string
		policy  *config.Policy
		key     packet.Key
		found   bool
		service string
	}{
		{"whole protocol is called by its port", one("all", "all", "ALL"), v4, true, "HTTPS"},
		{"and by nothing without one", one("all", "all", "ALL"), tcpKey("10.0.0.5", "203.0.113.9", 500), true, ""},
		{"first of equal names", one("all", "all", "ALL"), tcpKey("10.0.0.5", "203.0.113.9", 21), true, "FTP"},
		{"the service of the policy names", one("all", "all", "FTP_GET"), tcpKey("10.0.0.5", "203.0.113.9", 21), true, "FTP_GET"},
		{"a range names what nothing else does", one("all", "all", "ALL_TCP"), tcpKey("10.0.0.5", "203.0.113.9", 2000), true, "HIGH"},
		{"service group", one("lan", "all", "web"), v4, true, "HTTPS"},
		{"another port", one("lan", "all", "FTP"), v4, false, "HTTPS"},
		{"excluded member", one("others", "all", "ALL"), tcpKey("10.0.0.7", "203.0.113.9", 443), false, "HTTPS"},
		{"its neighbour", one("others", "all", "ALL"), tcpKey("10.0.0.8", "203.0.113.9", 443), true, "HTTPS"},
		{"IPv4 addresses do not match IPv6", one("all", "all", "ALL"), v6, false, "HTTPS"},
		{"service negated", negated, v4, true, "HTTPS"},
		{"address negated", empty, v4, true, "HTTPS"},
		{"ICMP by type", one("all", "all", "PING"), ping, true, "PING"},
		{"ICMP is no TCP", one("all", "all", "ALL_TCP"), ping, false, "PING"},
		{"never in force", never, v4, false, "HTTPS"},
		{"disabled", disabled, v4, false, "HTTPS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := basic(c.policy)
			disabled.Status = false
			id, name := numbers(cfg)
			table, err := policy.Compile(cfg, ifIndex, id)
			if err != nil {
				t.Fatal(err)
			}
			m := table.Lookup(0, 1, &c.key, 0)
			if m.Found != c.found || name(m.Service) != c.service || m.Found != (m.Policy.ID == 7) {
				t.Errorf("found %v policy %d service %q", m.Found, m.Policy.ID, name(m.Service))
			}
			if m := table.Lookup(1, 0, &c.key, 0); m.Found {
				t.Error("matches between the wrong interfaces")
			}
			if m := table.Lookup(0, 9999, &c.key, 0); m.Found {
				t.Error("matches an interface the table never heard of")
			}
		})
	}
}

func TestPolicy(t *testing.T) {
	cfg := basic(one("all", "all", "ALL"))
	cfg.LogSetting.FwpolicyImplicitLog = true
	table, err := policy.Compile(cfg, ifIndex, func(string) uint32 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	want := policy.Policy{ID: 7, Name: "seven", Accept: true, NAT: true, AnySeq: true, LogAll: true, LogStart: true}
	if p, ok := table.Policy(7); !ok || *p != want {
		t.Errorf("policy 7: %+v", p)
	}
	if p, ok := table.Policy(0); !ok || *p != (policy.Policy{LogAll: true}) {
		t.Errorf("policy 0: %+v", p)
	}
	if _, ok := table.Policy(8); ok {
		t.Error("policy 8 exists")
	}
	if n := len(table.Policies()); n != 1 {
		t.Errorf("%d policies", n)
	}
}

func TestErrors(t *testing.T) {
	edit := func(f func(*config.Policy)) *config.Policy {
		p := one("all", "all", "ALL")
		f(p)
		return p
	}
	for _, c := range []struct {
		policy *config.Policy
		want   string
	}{
		{one("moon", "all", "ALL"), `firewall policy 7: address "moon": no such address or group`},
		{one("all", "loop", "ALL"), `firewall policy 7: group "loop": group "loop2": address group "loop" is a member of itself`},
		{one("all", "all", "GOLF"), `firewall policy 7: service "GOLF": no such service or group`},
		{edit(func(p *config.Policy) { p.SrcIntf = []string{"lan9"} }), `firewall policy 7: srcintf "lan9": no such interface`},
		{edit(func(p *config.Policy) { p.Schedule = []string{"weekend"} }), `firewall policy 7: schedule "weekend": no such schedule; always or none is expected`},
	} {
		_, err := policy.Compile(basic(c.policy), ifIndex, func(string) uint32 { return 0 })
		if err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	cfg := basic()
	cfg.Addresses[2].Subnet = netip.MustParsePrefix("::/0")
	if _, err := policy.Compile(cfg, ifIndex, func(string) uint32 { return 0 }); err == nil || !strings.Contains(err.Error(), "family") {
		t.Errorf("an IPv6 subnet among IPv4 addresses: %v", err)
	}
}

// Thousands of policies between a few interfaces keep the table small enough to
// build at once.
func TestManyPolicies(t *testing.T) {
	g := generator{Rand: rand.New(rand.NewPCG(1, 2))}
	compare(t, g, g.config(3000), 500)
}

func TestLookupAllocs(t *testing.T) {
	table, key := hundred(t, 100, true)
	if n := testing.AllocsPerRun(100, func() { table.Lookup(0, 1, &key, 0) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// hundred is a table of n policies between the same interfaces, of which only
// the last one matches key.
func hundred(t testing.TB, n int, four bool) (*policy.Table, packet.Key) {
	cfg := basic()
	for i := range n {
		p := one("all", fmt.Sprint("net", i), "HTTPS", "FTP")
		p.PolicyID, p.Status = uint32(i+1), true
		p.SrcAddr6, p.DstAddr6 = p.SrcAddr, p.DstAddr
		cfg.Policies = append(cfg.Policies, p)
		ip := netip.AddrFrom4([4]byte{172, 16, byte(i), 0})
		cfg.Addresses = append(cfg.Addresses, &config.Address{Name: p.DstAddr[0], Subnet: netip.PrefixFrom(ip, 24)})
		ip6 := netip.AddrFrom16([16]byte{0: 0x20, 1: 1, 7: byte(i)})
		cfg.Addresses6 = append(cfg.Addresses6, &config.Address6{Name: p.DstAddr[0], IP6: netip.PrefixFrom(ip6, 64)})
	}
	table, err := policy.Compile(cfg, ifIndex, func(string) uint32 { return 1 })
	if err != nil {
		t.Fatal(err)
	}
	key := tcpKey("10.0.0.5", fmt.Sprintf("172.16.%d.9", n-1), 21)
	if !four {
		key = tcpKey("2001::5", fmt.Sprintf("2001:0:0:%x::9", n-1), 21)
	}
	if m := table.Lookup(0, 1, &key, 0); int(m.Policy.ID) != n {
		t.Fatalf("policy %d matches, not the last one", m.Policy.ID)
	}
	return table, key
}

func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{1, 10, 100, 256} {
		for _, four := range []bool{true, false} {
			b.Run(fmt.Sprintf("policies=%d/v4=%v", n, four), func(b *testing.B) {
				table, key := hundred(b, n, four)
				b.ReportAllocs()
				for b.Loop() {
					table.Lookup(0, 1, &key, 0)
				}
			})
		}
	}
}

// BenchmarkDeny is a flow that every policy refuses by its addresses.
func BenchmarkDeny(b *testing.B) {
	table, key := hundred(b, 100, true)
	key.Dst = packet.MustAddr("192.0.2.1")
	b.ReportAllocs()
	for b.Loop() {
		table.Lookup(0, 1, &key, 0)
	}
}
