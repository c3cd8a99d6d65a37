package policy_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/policy"
)

// central walks through the map; -1 is no entry.
func (w twin) central(in, out string, key packet.Key) int {
	for i, e := range w.cfg.CentralSNAT {
		orig, dst := e.OrigAddr, e.DstAddr
		if e.Type == "ipv6" {
			orig, dst = e.OrigAddr6, e.DstAddr6
		}
		if e.Status && onInterface(e.SrcIntf, in) && onInterface(e.DstIntf, out) &&
			key.Src.Is4() == (e.Type == "ipv4") && key.Dst.Is4() == key.Src.Is4() &&
			w.inList(orig, false, key.Src.Netip()) && w.inList(dst, false, key.Dst.Netip()) &&
			(e.Protocol == 0 || e.Protocol == key.Proto) && within(e.OrigPort, key.SrcPort) && within(e.DstPort, key.DstPort) {
			return i
		}
	}
	return -1
}

func within(s config.PortSpan, port uint16) bool {
	return s == config.PortSpan{} || s.Low <= port && port <= s.High
}

func (g generator) central(id int) *config.CentralSNAT {
	names := func() []string { return append(g.some(1, 2, "a", 8), g.some(0, 1, "g", 5)...) }
	intf := func() []string {
		if g.chance(40) {
			return []string{"any"}
		}
		return g.some(1, 3, "i", interfaces-1)
	}
	e := &config.CentralSNAT{PolicyID: uint32(id), Status: g.chance(90), Type: "ipv4", SrcIntf: intf(), DstIntf: intf()}
	if g.chance(50) {
		e.Type, e.OrigAddr6, e.DstAddr6 = "ipv6", names(), names()
	} else {
		e.OrigAddr, e.DstAddr = names(), names()
	}
	if g.chance(60) {
		e.Protocol = protocols[g.IntN(len(protocols))]
	}
	span := func() (s config.PortSpan) {
		if g.chance(50) {
			s.Low = uint16(1 + g.IntN(40))
			s.High = s.Low + uint16(g.IntN(20))
		}
		return s
	}
	if e.Protocol == packet.ProtoTCP || e.Protocol == packet.ProtoUDP || e.Protocol == packet.ProtoSCTP {
		e.OrigPort, e.DstPort = span(), span()
	}
	return e
}

// The compiled map agrees with the walk through the configuration.
func TestCentralTwin(t *testing.T) {
	for seed := range uint64(200) {
		g := generator{Rand: rand.New(rand.NewPCG(seed, 5))}
		cfg := g.config(0)
		for i := range g.IntN(25) {
			cfg.CentralSNAT = append(cfg.CentralSNAT, g.central(i+1))
		}
		c, err := policy.CompileCentral(cfg, ifIndex)
		if err != nil {
			t.Fatal(err)
		}
		c.Follow(book(cfg))
		for range 200 {
			in, out, key := uint16(g.IntN(interfaces)), uint16(g.IntN(interfaces)), g.key()
			want := twin{cfg}.central(fmt.Sprint("i", in), fmt.Sprint("i", out), key)
			if got, ok := c.Lookup(in, out, &key); got != want || ok != (want >= 0) {
				t.Fatalf("seed %d: %v, i%d to i%d: entry %d %v, want %d", seed, key, in, out, got, ok, want)
			}
		}
	}
}

func TestCentral(t *testing.T) {
	entry := func(edit func(*config.CentralSNAT)) *config.CentralSNAT {
		e := &config.CentralSNAT{PolicyID: 4, Status: true, Type: "ipv4", SrcIntf: []string{"any"}, DstIntf: []string{"i1"}, OrigAddr: []string{"lan"}, DstAddr: []string{"all"}}
		edit(e)
		return e
	}
	cfg := basic()
	cfg.CentralSNAT = []*config.CentralSNAT{
		entry(func(e *config.CentralSNAT) { e.Status = false }),
		entry(func(e *config.CentralSNAT) {
			e.Protocol, e.DstPort = packet.ProtoTCP, config.PortSpan{Low: 80, High: 90}
		}),
		entry(func(e *config.CentralSNAT) {
			e.Protocol, e.OrigPort = packet.ProtoTCP, config.PortSpan{Low: 1, High: 1023}
		}),
		entry(func(e *config.CentralSNAT) { e.Protocol = packet.ProtoGRE }),
		entry(func(e *config.CentralSNAT) { e.OrigAddr = []string{"host"} }),
	}
	c, err := policy.CompileCentral(cfg, ifIndex)
	if err != nil {
		t.Fatal(err)
	}
	low := tcpKey("10.0.0.5", "203.0.113.9", 443)
	low.SrcPort = 1023
	for _, w := range []struct {
		key  packet.Key
		rule int
	}{
		{tcpKey("10.0.0.5", "203.0.113.9", 80), 1},
		{tcpKey("10.0.0.5", "203.0.113.9", 90), 1},
		{low, 2},
		{packet.Key{Src: low.Src, Dst: low.Dst, SrcPort: 1, DstPort: 2, Proto: packet.ProtoGRE}, 3},
		{tcpKey("10.0.0.5", "203.0.113.9", 91), -1},
		{tcpKey("10.0.0.7", "203.0.113.9", 91), 4},
		{tcpKey("10.0.1.7", "203.0.113.9", 80), -1},
		{tcpKey("fd00::1", "fd00::2", 80), -1},
	} {
		if rule, ok := c.Lookup(0, 1, &w.key); rule != w.rule || ok != (rule >= 0) {
			t.Errorf("%v: entry %d %v, want %d", w.key, rule, ok, w.rule)
		}
		if rule, ok := c.Lookup(0, 2, &w.key); ok {
			t.Errorf("%v by another interface: entry %d", w.key, rule)
		}
	}
	if n := testing.AllocsPerRun(100, func() { c.Lookup(0, 1, &low) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	for _, e := range []struct {
		entry *config.CentralSNAT
		want  string
	}{
		{entry(func(e *config.CentralSNAT) { e.OrigAddr = []string{"moon"} }), `address "moon": no such address or group`},
		{entry(func(e *config.CentralSNAT) { e.DstIntf = []string{"wan9"} }), `dstintf "wan9": no such interface`},
		{entry(func(e *config.CentralSNAT) { e.Type = "ipx" }), `type "ipx": ipv4 or ipv6 is expected`},
		{entry(func(e *config.CentralSNAT) { e.DstPort = config.PortSpan{Low: 1, High: 2} }), `protocol 0: 6, 17 or 132 is expected, since there are ports`},
	} {
		cfg.CentralSNAT = []*config.CentralSNAT{e.entry}
		if _, err := policy.CompileCentral(cfg, ifIndex); err == nil || err.Error() != "firewall central-snat-map 4: "+e.want {
			t.Errorf("got %v, want %s", err, e.want)
		}
	}
}
