package nat_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"portcullis/config"
	"portcullis/nat"
	"portcullis/packet"
)

// port knows the interfaces i0, i1, ...
func port(name string) (uint16, bool) {
	var i uint16
	_, err := fmt.Sscanf(name, "i%d", &i)
	return i, err == nil && i < 4
}

// services knows two: SOME are flows to some ports and all queries, WEB is TCP to
// ports 80 and 443.
func services(names []string) (func(*packet.Key) bool, error) {
	switch names[0] {
	case "SOME":
		return some, nil
	case "WEB":
		return func(k *packet.Key) bool { return k.Proto == packet.ProtoTCP && (k.DstPort == 80 || k.DstPort == 443) }, nil
	}
	return nil, fmt.Errorf("service %q: no such service or group", names[0])
}

func some(k *packet.Key) bool {
	return 10 <= k.DstPort && k.DstPort < 20 || k.DstPort >= 65533 || k.Proto == packet.ProtoICMP || k.Proto == packet.ProtoICMPv6
}

// span reads "a" or "a-b".
func span(s string) config.IPRange {
	lo, hi, ok := strings.Cut(s, "-")
	if !ok {
		hi = lo
	}
	return config.IPRange{Start: netip.MustParseAddr(lo), End: netip.MustParseAddr(hi)}
}

func spans(list ...string) (out []config.IPRange) {
	for _, s := range list {
		out = append(out, span(s))
	}
	return out
}

// vip is a static one; edit changes it.
func vip(name, ext, mapped string, edit ...func(*config.VIP)) *config.VIP {
	v := &config.VIP{Name: name, Status: true, Type: "static-nat", ExtIP: span(ext), ExtIntf: "any", MappedIP: spans(strings.Split(mapped, " ")...)}
	for _, e := range edit {
		e(v)
	}
	return v
}

func forward(proto string, ext, mapped config.PortSpan) func(*config.VIP) {
	return func(v *config.VIP) {
		v.PortForward, v.Protocol, v.ExtPort, v.MappedPort = true, proto, ext, mapped
	}
}

func destinations(t testing.TB, vips ...*config.VIP) *nat.Destinations {
	t.Helper()
	cfg := new(config.Config)
	for _, v := range vips {
		if v.ExtIP.Start.Is4() {
			cfg.VIPs = append(cfg.VIPs, v)
		} else {
			cfg.VIPs6 = append(cfg.VIPs6, (*config.VIP6)(v))
		}
	}
	d, err := nat.CompileDestinations(cfg, port, services)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func flow(proto uint8, src string, sport uint16, dst string, dport uint16) packet.Key {
	return packet.Key{Src: packet.MustAddr(src), Dst: packet.MustAddr(dst), SrcPort: sport, DstPort: dport, Proto: proto}
}

func TestVIP(t *testing.T) {
	const tcp, udp, sctp, icmp, icmp6, gre, esp = packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP, packet.ProtoICMP, packet.ProtoICMPv6, packet.ProtoGRE, packet.ProtoESP
	d := destinations(t,
		vip("host", "203.0.113.1", "10.0.0.1"),
		vip("range", "203.0.113.16-203.0.113.31", "10.0.1.0-10.0.1.15"),
		vip("web", "203.0.113.2", "10.0.0.2", forward("tcp", config.PortSpan{Low: 80, High: 80}, config.PortSpan{Low: 8080, High: 8080})),
		vip("rtp", "203.0.113.2", "10.0.0.3", forward("udp", config.PortSpan{Low: 65000, High: 65535}, config.PortSpan{Low: 1000, High: 1535})),
		vip("m3ua", "203.0.113.2", "10.0.0.4", forward("sctp", config.PortSpan{Low: 2905, High: 2905}, config.PortSpan{})),
		vip("ping", "203.0.113.2", "10.0.0.5", forward("icmp", config.PortSpan{}, config.PortSpan{})),
		vip("wan", "203.0.113.3", "10.0.0.6", func(v *config.VIP) { v.ExtIntf = "i1" }),
		vip("off", "203.0.113.4", "10.0.0.7", func(v *config.VIP) { v.Status = false }),
		vip("some", "203.0.113.5", "10.0.0.8", func(v *config.VIP) { v.SrcFilter = spans("192.0.2.9", "198.51.100.0-198.51.100.255") }),
		vip("others", "203.0.113.5", "10.0.0.9", func(v *config.VIP) { v.SrcIntfFilter = []string{"i0", "i2"} }),
		vip("some ports", "203.0.113.6", "10.0.0.10", func(v *config.VIP) { v.Service = []string{"SOME"} }),
		vip("gathered", "203.0.113.7", "10.0.0.11", forward("tcp", config.PortSpan{}, config.PortSpan{Low: 8443, High: 8443}), func(v *config.VIP) { v.Service = []string{"SOME"} }),
		vip("six", "2001:db8::1-2001:db8::ff", "fd00::ffff:ffff:ffff:ff01-fd00::ffff:ffff:ffff:ffff"),
		vip("ping6", "2001:db8:1::1", "fd00::2", forward("icmp", config.PortSpan{}, config.PortSpan{})),
		vip("carry", "2001:db8:2::-2001:db8:2:1::ffff", "fd00:0:0:1:ffff:ffff:ffff:ffff-fd00:0:0:3::fffe"),
	)
	for _, c := range []struct {
		in  uint16
		key packet.Key
		who string
		to  string
	}{
		{0, flow(tcp, "192.0.2.1", 1, "203.0.113.1", 80), "host", "tcp 192.0.2.1:1 > 10.0.0.1:80"},
		{0, flow(esp, "192.0.2.1", 0, "203.0.113.1", 0), "host", "esp 192.0.2.1 > 10.0.0.1"},
		{0, flow(gre, "192.0.2.1", 1, "203.0.113.1", 2), "host", "gre 192.0.2.1 > 10.0.0.1 key 65538"},
		{0, flow(icmp, "192.0.2.1", 9, "203.0.113.1", packet.ICMPEcho), "host", "icmp 192.0.2.1 > 10.0.0.1 type 8 id 9"},
		{0, flow(99, "192.0.2.1", 0, "203.0.113.1", 0), "host", "ip-99 192.0.2.1 > 10.0.0.1"},
		{0, flow(udp, "192.0.2.1", 1, "203.0.113.16", 53), "range", "udp 192.0.2.1:1 > 10.0.1.0:53"},
		{0, flow(udp, "192.0.2.1", 1, "203.0.113.31", 0), "range", "udp 192.0.2.1:1 > 10.0.1.15:0"},
		{0, flow(udp, "192.0.2.1", 1, "203.0.113.32", 53), "", ""},
		{0, flow(udp, "192.0.2.1", 1, "203.0.113.15", 53), "", ""},
		{0, flow(tcp, "192.0.2.1", 1, "203.0.113.2", 80), "web", "tcp 192.0.2.1:1 > 10.0.0.2:8080"},
		{0, flow(tcp, "192.0.2.1", 1, "203.0.113.2", 81), "", ""},
		{0, flow(tcp, "192.0.2.1", 1, "203.0.113.2", 79), "", ""},
		{0, flow(udp, "192.0.2.1", 1, "203.0.113.2", 80), "", ""},
		{0, flow(udp, "192.0.2.1", 1, "203.0.113.2", 65535), "rtp", "udp 192.0.2.1:1 > 10.0.0.3:1535"},
		{0, flow(udp, "192.0.2.1", 1, "203.0.113.2", 65000), "rtp", "udp 192.0.2.1:1 > 10.0.0.3:1000"},
		{0, flow(sctp, "192.0.2.1", 1, "203.0.113.2", 2905), "m3ua", "sctp 192.0.2.1:1 > 10.0.0.4:2905"},
		{0, flow(sctp, "192.0.2.1", 1, "203.0.113.2", 0), "", ""},
		{0, flow(icmp, "192.0.2.1", 9, "203.0.113.2", packet.ICMPTimestamp), "ping", "icmp 192.0.2.1 > 10.0.0.5 type 13 id 9"},
		{0, flow(gre, "192.0.2.1", 80, "203.0.113.2", 80), "", ""},
		{1, flow(tcp, "192.0.2.1", 1, "203.0.113.3", 80), "wan", "tcp 192.0.2.1:1 > 10.0.0.6:80"},
		{0, flow(tcp, "192.0.2.1", 1, "203.0.113.3", 80), "", ""},
		{0, flow(tcp, "192.0.2.1", 1, "203.0.113.4", 80), "", ""},
		{1, flow(tcp, "192.0.2.9", 1, "203.0.113.5", 80), "some", "tcp 192.0.2.9:1 > 10.0.0.8:80"},
		{1, flow(tcp, "198.51.100.255", 1, "203.0.113.5", 80), "some", "tcp 198.51.100.255:1 > 10.0.0.8:80"},
		{1, flow(tcp, "198.51.101.0", 1, "203.0.113.5", 80), "", ""},
		{2, flow(tcp, "198.51.101.0", 1, "203.0.113.5", 80), "others", "tcp 198.51.101.0:1 > 10.0.0.9:80"},
		{0, flow(tcp, "192.0.2.1", 1, "203.0.113.6", 19), "some ports", "tcp 192.0.2.1:1 > 10.0.0.10:19"},
		{0, flow(tcp, "192.0.2.1", 1, "203.0.113.6", 20), "", ""},
		{0, flow(udp, "192.0.2.1", 1, "203.0.113.7", 10), "gathered", "udp 192.0.2.1:1 > 10.0.0.11:8443"},
		{0, flow(tcp, "192.0.2.1", 1, "203.0.113.7", 65535), "gathered", "tcp 192.0.2.1:1 > 10.0.0.11:8443"},
		{0, flow(tcp, "192.0.2.1", 1, "203.0.113.7", 80), "", ""},
		{0, flow(icmp, "192.0.2.1", 9, "203.0.113.7", packet.ICMPEcho), "", ""},
		{0, flow(tcp, "2001:db8:9::1", 1, "2001:db8::1", 80), "six", "tcp [2001:db8:9::1]:1 > [fd00::ffff:ffff:ffff:ff01]:80"},
		{0, flow(tcp, "2001:db8:9::1", 1, "2001:db8::ff", 80), "six", "tcp [2001:db8:9::1]:1 > [fd00::ffff:ffff:ffff:ffff]:80"},
		{0, flow(icmp6, "2001:db8:9::1", 7, "2001:db8:1::1", packet.ICMPv6Echo), "ping6", "icmp6 2001:db8:9::1 > fd00::2 type 128 id 7"},
		{0, flow(tcp, "2001:db8:9::1", 1, "2001:db8:2::1", 80), "carry", "tcp [2001:db8:9::1]:1 > [fd00:0:0:2::]:80"},
		{0, flow(tcp, "2001:db8:9::1", 1, "2001:db8:2:1::1", 80), "carry", "tcp [2001:db8:9::1]:1 > [fd00:0:0:3::]:80"},
	} {
		v, to, ok := d.Lookup(c.in, &c.key)
		switch {
		case ok != (c.who != ""):
			t.Errorf("%v by i%d: taken %v", c.key, c.in, ok)
		case ok && (v.Name != c.who || to.String() != c.to):
			t.Errorf("%v by i%d: %q leads to %v, want %q and %s", c.key, c.in, v.Name, to, c.who, c.to)
		}
	}
}

// A source always reaches the same one of the mapped hosts, from whatever port
// and for whatever it asks; different sources reach all of them about equally
// often.
func TestLoadBalance(t *testing.T) {
	balance := func(v *config.VIP) { v.Type = "load-balance" }
	d := destinations(t, vip("pool", "203.0.113.1-203.0.113.2", "10.0.0.1-10.0.0.3 10.0.0.9", balance),
		vip("huge", "2001:db8::1", "fd00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe00::", balance))
	count := map[string]int{}
	const sources = 4000
	for i := range sources {
		key := flow(packet.ProtoTCP, "192.0.2.0", 1, "203.0.113.1", 80)
		key.Src.Lo += uint64(i)
		_, to, ok := d.Lookup(0, &key)
		other := key
		other.SrcPort, other.DstPort, other.Proto, other.Dst.Lo = 9, 443, packet.ProtoUDP, key.Dst.Lo+1
		_, again, _ := d.Lookup(1, &other)
		if !ok || again.Dst != to.Dst || to.DstPort != 80 {
			t.Fatalf("%v: %v, then %v", key, to, again)
		}
		count[to.Dst.String()]++
	}
	for _, host := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9"} {
		if n := count[host]; n < sources/4-150 || n > sources/4+150 {
			t.Errorf("%s has %d of %d sources", host, n, sources)
		}
	}
	if len(count) != 4 {
		t.Errorf("%v", count)
	}
	six := flow(packet.ProtoTCP, "2001:db8:9::1", 1, "2001:db8::1", 80)
	if _, to, ok := d.Lookup(0, &six); !ok || to.Dst.Hi>>56 != 0xfd {
		t.Errorf("of more addresses than a word counts: %v %v", to, ok)
	}
}

func TestOwns(t *testing.T) {
	d := destinations(t, vip("a", "203.0.113.1", "10.0.0.1", func(v *config.VIP) { v.ExtIntf = "i1" }), vip("b", "203.0.113.8-203.0.113.9", "10.0.0.2-10.0.0.3"),
		vip("top", "255.255.255.255", "10.0.0.4"), vip("six", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fd00::1"))
	for addr, want := range map[string]bool{
		"203.0.113.1": true, "203.0.113.2": false, "203.0.113.0": false, "203.0.113.8": true, "203.0.113.9": true, "203.0.113.10": false,
		"255.255.255.255": true, "255.255.255.254": false, "10.0.0.1": false, "::1": false,
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": true, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe": false,
	} {
		if got := d.Owns(packet.MustAddr(addr)); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
	for _, a := range []string{"0.0.0.0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "255.255.255.255"} {
		if destinations(t).Owns(packet.MustAddr(a)) {
			t.Errorf("without any virtual IP: %s", a)
		}
	}
}

func TestSourceOf(t *testing.T) {
	p := config.PortSpan{Low: 80, High: 80}
	force := func(v *config.VIP) { v.NATSourceVIP = true }
	on := func(name string) func(*config.VIP) { return func(v *config.VIP) { v.ExtIntf = name } }
	d := destinations(t,
		vip("wan1", "203.0.113.1", "10.0.0.1", on("i1")),
		vip("wan2", "203.0.113.2", "10.0.0.1", on("i2")),
		vip("range", "203.0.113.16-203.0.113.31", "10.0.1.0-10.0.1.15"),
		vip("forwarded", "203.0.113.3", "10.0.0.3", forward("tcp", p, p)),
		vip("forced", "203.0.113.4", "10.0.0.4", forward("tcp", p, p), force),
		vip("plain", "203.0.113.5", "10.0.0.5"),
		vip("before", "203.0.113.6", "10.0.0.5", force),
		vip("pool", "203.0.113.7", "10.0.0.7", force, func(v *config.VIP) { v.Type = "load-balance" }),
		vip("six", "2001:db8::1", "fd00::1"),
	)
	for _, c := range []struct {
		out    uint16
		src    string
		ext    string
		always bool
	}{
		{1, "10.0.0.1", "203.0.113.1", false},
		{2, "10.0.0.1", "203.0.113.2", false},
		{0, "10.0.0.1", "", false},
		{3, "10.0.1.3", "203.0.113.19", false},
		{0, "10.0.0.3", "", false},
		{0, "10.0.0.4", "203.0.113.4", true},
		{0, "10.0.0.5", "203.0.113.6", true},
		{0, "10.0.0.7", "", false},
		{0, "10.9.9.9", "", false},
		{0, "fd00::1", "2001:db8::1", false},
	} {
		ext, always, ok := d.SourceOf(c.out, packet.MustAddr(c.src))
		if ok != (c.ext != "") || always != c.always || ok && ext != packet.MustAddr(c.ext) {
			t.Errorf("%s by i%d: %v %v %v", c.src, c.out, ext, always, ok)
		}
	}
}

func TestReservedPorts(t *testing.T) {
	ports := func(lo, hi uint16) config.PortSpan { return config.PortSpan{Low: lo, High: hi} }
	d := destinations(t,
		vip("a", "203.0.113.1", "10.0.0.1", forward("tcp", ports(6000, 6010), ports(6000, 6010))),
		vip("b", "203.0.113.1", "10.0.0.2", forward("tcp", ports(80, 80), ports(80, 80))),
		vip("c", "203.0.113.1", "10.0.0.3", forward("tcp", ports(6011, 6011), ports(1, 1))),
		vip("d", "203.0.113.1", "10.0.0.4", forward("udp", ports(53, 53), ports(53, 53))),
		vip("e", "203.0.113.2", "10.0.0.5"),
		vip("f", "203.0.113.4", "10.0.0.6", func(v *config.VIP) { v.Service = []string{"WEB"} }),
		vip("g", "203.0.113.5", "10.0.0.6", forward("tcp", config.PortSpan{}, ports(80, 80)), func(v *config.VIP) { v.Service = []string{"WEB"} }),
		vip("h", "203.0.113.6", "10.0.0.6", forward("tcp", ports(50, 100), ports(50, 100)), func(v *config.VIP) { v.Service = []string{"WEB"} }),
		vip("i", "203.0.113.7", "10.0.0.6", func(v *config.VIP) { v.Service = []string{"SOME"} }),
	)
	for _, c := range []struct {
		addr  string
		proto uint8
		want  string
	}{
		{"203.0.113.1", packet.ProtoTCP, "[80 6000-6011]"},
		{"203.0.113.1", packet.ProtoUDP, "[53]"},
		{"203.0.113.1", packet.ProtoICMP, "[]"},
		{"203.0.113.2", packet.ProtoTCP, "[]"},
		{"203.0.113.3", packet.ProtoTCP, "[]"},
		{"203.0.113.4", packet.ProtoTCP, "[80 443]"},
		{"203.0.113.4", packet.ProtoUDP, "[]"},
		{"203.0.113.5", packet.ProtoTCP, "[80 443]"},
		{"203.0.113.5", packet.ProtoSCTP, "[]"},
		{"203.0.113.6", packet.ProtoTCP, "[80]"},
		{"203.0.113.7", packet.ProtoUDP, "[10-19 65533-65535]"},
	} {
		if got := fmt.Sprint(d.ReservedPorts(packet.MustAddr(c.addr), c.proto)); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.addr, packet.ProtoName(c.proto), got, c.want)
		}
	}
}

func TestVIPs(t *testing.T) {
	d := destinations(t, vip("a", "203.0.113.1", "10.0.0.1"), vip("off", "203.0.113.2", "10.0.0.2", func(v *config.VIP) { v.Status = false }),
		vip("b", "203.0.113.3", "10.0.0.3"), vip("a", "2001:db8::1", "fd00::1"))
	got := ""
	for i := range d.VIPs() {
		v := &d.VIPs()[i]
		got += fmt.Sprintf("%d %s %v %v, ", v.Number, v.Name, v.Six(), v.Config.MappedIP[0].Start)
		if same, ok := d.VIP(v.Number); !ok || same != v {
			t.Errorf("number %d is %v", v.Number, same)
		}
	}
	if want := "1 a false 10.0.0.1, 3 b false 10.0.0.3, 4 a true fd00::1, "; got != want {
		t.Errorf("%s", got)
	}
	for _, n := range []uint16{0, 2, 5} {
		if v, ok := d.VIP(n); ok {
			t.Errorf("number %d: %v", n, v.Name)
		}
	}
}

func TestDestinationErrors(t *testing.T) {
	p := func(lo, hi uint16) config.PortSpan { return config.PortSpan{Low: lo, High: hi} }
	off := func(v *config.VIP) { v.Status = false }
	for _, c := range []struct {
		vip  *config.VIP
		want string
	}{
		{vip("a", "203.0.113.1-203.0.113.2", "10.0.0.1"), "mappedip: as many addresses as extip has, in one range, are expected"},
		{vip("a", "203.0.113.1-203.0.113.2", "10.0.0.1 10.0.0.2"), "mappedip: as many addresses as extip has, in one range, are expected"},
		{vip("a", "203.0.113.2-203.0.113.1", "10.0.0.1"), "extip: an address of its family, or a range from low to high, is expected"},
		{vip("a", "203.0.113.1", "fd00::1"), "mappedip: addresses of the family of extip, or ranges from low to high, are expected"},
		{vip("a", "203.0.113.1", "fd00::1", off), "mappedip: addresses of the family of extip, or ranges from low to high, are expected"},
		{vip("a", "203.0.113.1", "10.0.0.1", func(v *config.VIP) { v.Type = "fqdn" }), `type "fqdn": static-nat or load-balance is expected`},
		{vip("a", "203.0.113.1", "10.0.0.1", func(v *config.VIP) { v.Type, v.MappedIP = "load-balance", nil }), "mappedip: one address or more is expected"},
		{vip("a", "203.0.113.1", "10.0.0.1", forward("gre", p(1, 1), p(1, 1))), `protocol "gre": tcp, udp, sctp or icmp is expected`},
		{vip("a", "203.0.113.1", "10.0.0.1", forward("tcp", p(0, 0), p(1, 1))), "extport: a port, or a range from low to high, is expected"},
		{vip("a", "203.0.113.1", "10.0.0.1", forward("tcp", p(1, 3), p(1, 2))), "mappedport: as many ports as extport has are expected"},
		{vip("a", "203.0.113.1", "10.0.0.1", forward("tcp", p(0, 0), p(1, 2)), func(v *config.VIP) { v.Service = []string{"SOME"} }),
			"mappedport: one port is expected, since service says which ports lead there"},
		{vip("a", "203.0.113.1", "10.0.0.1", func(v *config.VIP) { v.ExtIntf = "wan9" }), `extintf "wan9": no such interface`},
		{vip("a", "203.0.113.1", "10.0.0.1", func(v *config.VIP) { v.SrcIntfFilter = []string{"lan9"} }), `srcintf-filter "lan9": no such interface`},
		{vip("a", "203.0.113.1", "10.0.0.1", func(v *config.VIP) { v.SrcFilter = spans("fd00::1") }), "src-filter: addresses of the family of extip, or ranges from low to high, are expected"},
		{vip("a", "203.0.113.1", "10.0.0.1", func(v *config.VIP) { v.Service = []string{"GOLF"} }), `service "GOLF": no such service or group`},
	} {
		_, err := nat.CompileDestinations(&config.Config{VIPs: []*config.VIP{c.vip}}, port, services)
		if want := `firewall vip "a": ` + c.want; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	many := new(config.Config)
	for range 65535 {
		many.VIPs = append(many.VIPs, vip("a", "203.0.113.1", "10.0.0.1"))
	}
	if _, err := nat.CompileDestinations(many, port, services); err == nil || !strings.Contains(err.Error(), "fewer than 65535") {
		t.Errorf("more than there are numbers: %v", err)
	}
}

func TestDestinationAllocs(t *testing.T) {
	d := destinations(t, vip("a", "203.0.113.1", "10.0.0.1", func(v *config.VIP) { v.Service = []string{"SOME"} }))
	key := flow(packet.ProtoTCP, "192.0.2.1", 1, "203.0.113.1", 10)
	if n := testing.AllocsPerRun(100, func() {
		d.Lookup(0, &key)
		d.SourceOf(0, packet.MustAddr("10.0.0.1"))
		d.ReservedPorts(key.Dst, key.Proto)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkVIP looks up the destination of a first packet: a forwarded port of one
// address that forwards many, one of many addresses, and the address that is no
// virtual IP's.
func BenchmarkVIP(b *testing.B) {
	for _, n := range []int{1, 1000, 10000} {
		var ports, addrs, six []*config.VIP
		for i := range n {
			p := config.PortSpan{Low: uint16(1 + i), High: uint16(1 + i)}
			ports = append(ports, vip(fmt.Sprint(i), "203.0.113.1", "10.0.0.1", forward("tcp", p, p)))
			addrs = append(addrs, vip(fmt.Sprint(i), fmt.Sprintf("203.%d.%d.1", i/200, i%200), "10.0.0.1"))
			six = append(six, vip(fmt.Sprint(i), fmt.Sprintf("2001:db8::%x", 2*i), "fd00::1"))
		}
		r := rand.New(rand.NewPCG(1, 1))
		for _, c := range []struct {
			name string
			vips []*config.VIP
			key  func(i int) packet.Key
			hit  bool
		}{
			{"port", ports, func(i int) packet.Key { return flow(packet.ProtoTCP, "192.0.2.1", 1, "203.0.113.1", uint16(1+i)) }, true},
			{"addr", addrs, func(i int) packet.Key {
				return flow(packet.ProtoTCP, "192.0.2.1", 1, fmt.Sprintf("203.%d.%d.1", i/200, i%200), 80)
			}, true},
			{"addr6", six, func(i int) packet.Key {
				return flow(packet.ProtoTCP, "2001:db8:9::1", 1, fmt.Sprintf("2001:db8::%x", 2*i), 80)
			}, true},
			{"near", addrs, func(i int) packet.Key {
				return flow(packet.ProtoTCP, "192.0.2.1", 1, fmt.Sprintf("203.%d.%d.2", i/200, i%200), 80)
			}, false},
			{"far", addrs, func(i int) packet.Key { return flow(packet.ProtoTCP, "192.0.2.1", 1, "8.8.8.8", 53) }, false},
		} {
			b.Run(fmt.Sprintf("vips=%d/%s", n, c.name), func(b *testing.B) {
				d := destinations(b, c.vips...)
				keys := make([]packet.Key, 4096)
				for i := range keys {
					keys[i] = c.key(r.IntN(n))
				}
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if _, _, ok := d.Lookup(0, &keys[i&4095]); ok != c.hit {
						b.Fatal(keys[i&4095])
					}
					i++
				}
			})
		}
	}
}
