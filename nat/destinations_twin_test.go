package nat_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"portcullis/config"
	"portcullis/nat"
	"portcullis/packet"
)

// vipTwin answers what nat.Destinations answers, straight from the configuration:
// it walks the virtual IPs each time and counts addresses one by one.
type vipTwin struct{ vips []*config.VIP }

// lookup returns the virtual IP and where the flow really goes. Of one that balances,
// only the ranges that hold the destination are told.
func (w vipTwin) lookup(in string, k packet.Key) (name string, to packet.Key, balanced []config.IPRange) {
	for _, v := range w.vips {
		n := place(v.ExtIP, k.Dst.Netip())
		if !v.Status || n < 0 || v.ExtIntf != "any" && v.ExtIntf != in || !w.portFits(v, k) || !w.filtersFit(v, in, k) {
			continue
		}
		to = k
		if v.Type == "static-nat" {
			to.Dst = packet.AddrFrom(nth(v.MappedIP[0], n))
		} else {
			balanced = v.MappedIP
		}
		if v.PortForward && v.ExtPort.Low == 0 {
			to.DstPort = v.MappedPort.Low
		} else if v.PortForward && v.Protocol != "icmp" {
			to.DstPort += v.MappedPort.Low - v.ExtPort.Low
		}
		return v.Name, to, balanced
	}
	return "", to, nil
}

func (w vipTwin) portFits(v *config.VIP, k packet.Key) bool {
	if !v.PortForward {
		return true
	}
	if v.Protocol == "icmp" {
		return k.Proto == packet.ProtoICMP || k.Proto == packet.ProtoICMPv6
	}
	if v.ExtPort.Low == 0 { // the services say
		return ported(k.Proto)
	}
	return packet.ProtoName(k.Proto) == v.Protocol && v.ExtPort.Low <= k.DstPort && k.DstPort <= v.ExtPort.High
}

func (w vipTwin) filtersFit(v *config.VIP, in string, k packet.Key) bool {
	from := func(r config.IPRange) bool { return place(r, k.Src.Netip()) >= 0 }
	return (len(v.SrcFilter) == 0 || slices.ContainsFunc(v.SrcFilter, from)) &&
		(len(v.SrcIntfFilter) == 0 || slices.Contains(v.SrcIntfFilter, in)) &&
		(len(v.Service) == 0 || some(&k))
}

func (w vipTwin) owns(a netip.Addr) bool {
	return slices.ContainsFunc(w.vips, func(v *config.VIP) bool { return v.Status && place(v.ExtIP, a) >= 0 })
}

func (w vipTwin) source(out string, a netip.Addr) (ext netip.Addr, always bool) {
	for _, force := range []bool{true, false} {
		for _, v := range w.vips {
			if v.Status && v.Type == "static-nat" && v.NATSourceVIP == force && (force || !v.PortForward) &&
				(v.ExtIntf == "any" || v.ExtIntf == out) && place(v.MappedIP[0], a) >= 0 {
				return nth(v.ExtIP, place(v.MappedIP[0], a)), force
			}
		}
	}
	return ext, false
}

func (w vipTwin) reserved(a netip.Addr, proto uint8, port uint16) bool {
	k := packet.Key{Proto: proto, DstPort: port}
	return ported(proto) && port > 0 && slices.ContainsFunc(w.vips, func(v *config.VIP) bool {
		return v.Status && (v.PortForward || len(v.Service) > 0) && place(v.ExtIP, a) >= 0 && w.portFits(v, k) && (len(v.Service) == 0 || some(&k))
	})
}

func ported(proto uint8) bool {
	return proto == packet.ProtoTCP || proto == packet.ProtoUDP || proto == packet.ProtoSCTP
}

// place is how far a lies in r, -1 where it does not.
func place(r config.IPRange, a netip.Addr) int {
	if r.Start.Is4() != a.Is4() {
		return -1
	}
	n := 0
	for at := r.Start; ; at, n = at.Next(), n+1 {
		if at == a {
			return n
		}
		if at == r.End {
			return -1
		}
	}
}

func nth(r config.IPRange, n int) netip.Addr {
	at := r.Start
	for range n {
		at = at.Next()
	}
	return at
}

// vipWorld draws virtual IPs and flows from a world so small that most things overlap;
// it lies where IPv4 ends and where half an IPv6 address runs over.
type vipWorld struct{ *rand.Rand }

func (g vipWorld) chance(percent int) bool { return g.IntN(100) < percent }

func (g vipWorld) addr(six bool, n int) netip.Addr {
	if !six {
		return netip.AddrFrom4([4]byte{255, 255, 255, byte(192 + n)})
	}
	a := packet.Addr{Hi: 0x20010db8_00000000, Lo: uint64(n) - 32}
	if n >= 32 {
		a.Hi++
	}
	return a.Netip()
}

// span draws a range; size is the number of addresses, or 0 for any.
func (g vipWorld) span(six bool, size int) config.IPRange {
	if size == 0 {
		size = 1 + g.IntN(1+g.IntN(12))
	}
	at := g.IntN(64 - size + 1)
	return config.IPRange{Start: g.addr(six, at), End: g.addr(six, at+size-1)}
}

func (g vipWorld) vip(name string, six bool) *config.VIP {
	size := 1 + g.IntN(1+g.IntN(12))
	v := &config.VIP{
		Name: name, Status: g.chance(85), Type: "static-nat", ExtIntf: []string{"any", "i0", "i1"}[g.IntN(3)],
		ExtIP: g.span(six, size), MappedIP: []config.IPRange{g.span(six, size)}, NATSourceVIP: g.chance(30),
	}
	if g.chance(60) {
		v.PortForward, v.Protocol = true, []string{"tcp", "udp", "sctp", "icmp"}[g.IntN(4)]
		n := uint16(g.IntN(8))
		v.ExtPort.Low, v.MappedPort.Low = uint16(1+g.IntN(20)), uint16(1+g.IntN(20))
		if g.chance(10) {
			v.ExtPort.Low = 65535 - n
		}
		v.ExtPort.High, v.MappedPort.High = v.ExtPort.Low+n, v.MappedPort.Low+n
	}
	if g.chance(15) {
		v.Type, v.MappedIP = "load-balance", append(v.MappedIP, g.span(six, 0))
	}
	for range g.IntN(3) * g.IntN(2) {
		v.SrcFilter = append(v.SrcFilter, g.span(six, 0))
	}
	if g.chance(20) {
		v.SrcIntfFilter = []string{fmt.Sprint("i", g.IntN(4)), fmt.Sprint("i", g.IntN(4))}
	}
	if g.chance(20) {
		v.Service = []string{"SOME"}
		if v.PortForward && v.Protocol == "tcp" {
			v.ExtPort, v.MappedPort.High = config.PortSpan{}, v.MappedPort.Low
		}
	}
	return v
}

func (g vipWorld) key() packet.Key {
	six := g.chance(50)
	return packet.Key{
		Src: packet.AddrFrom(g.addr(six, g.IntN(64))), Dst: packet.AddrFrom(g.addr(six, g.IntN(64))), SrcPort: uint16(g.IntN(10)),
		DstPort: []uint16{uint16(g.IntN(30)), uint16(65530 + g.IntN(6))}[g.IntN(2)],
		Proto:   []uint8{packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP, packet.ProtoICMP, packet.ProtoICMPv6, packet.ProtoGRE, packet.ProtoESP}[g.IntN(7)],
	}
}

func compareVIPs(t *testing.T, g vipWorld, vips, keys int) {
	t.Helper()
	var w vipTwin
	for i := range vips {
		w.vips = append(w.vips, g.vip(fmt.Sprint(i), i >= vips/2))
	}
	d := destinations(t, w.vips...)
	for range keys {
		in, key := g.IntN(4), g.key()
		name := fmt.Sprint("i", in)
		wantName, want, balanced := w.lookup(name, key)
		gotName := ""
		v, to, ok := d.Lookup(uint16(in), &key)
		if ok {
			gotName = v.Name
		}
		if slices.ContainsFunc(balanced, func(r config.IPRange) bool { return place(r, to.Dst.Netip()) >= 0 }) {
			want.Dst = to.Dst
		}
		if gotName != wantName || to != want {
			t.Fatalf("%v by %s: %q leads to %v, want %q and %v", key, name, gotName, to, wantName, want)
		}
		compareAddress(t, w, d, uint16(in), key)
	}
}

// compareAddress asks what is to be known of the destination of key.
func compareAddress(t *testing.T, w vipTwin, d *nat.Destinations, out uint16, key packet.Key) {
	t.Helper()
	a := key.Dst.Netip()
	if got := d.Owns(key.Dst); got != w.owns(a) {
		t.Fatalf("%v: owned %v", a, got)
	}
	ext, always, ok := d.SourceOf(out, key.Dst)
	if want, wantAlways := w.source(fmt.Sprint("i", out), a); ext != packet.AddrFrom(want) || always != wantAlways || ok != want.IsValid() {
		t.Fatalf("%v by i%d: speaks from %v %v %v, want %v %v", a, out, ext, always, ok, want, wantAlways)
	}
	in := slices.ContainsFunc(d.ReservedPorts(key.Dst, key.Proto), func(s config.PortSpan) bool { return s.Low <= key.DstPort && key.DstPort <= s.High })
	if in != w.reserved(a, key.Proto, key.DstPort) {
		t.Fatalf("%v: reserved %v", key, in)
	}
}

// The compiled virtual IPs agree with the walk through the configuration.
func TestVIPTwin(t *testing.T) {
	for seed := range uint64(300) {
		g := vipWorld{rand.New(rand.NewPCG(seed, 4))}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { compareVIPs(t, g, g.IntN(1+g.IntN(60)), 300) })
	}
}

func FuzzVIPTwin(f *testing.F) {
	f.Add(uint64(1), uint64(2), uint8(10))
	f.Fuzz(func(t *testing.T, a, b uint64, vips uint8) {
		compareVIPs(t, vipWorld{rand.New(rand.NewPCG(a, b))}, int(vips), 100)
	})
}
