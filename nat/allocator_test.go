package nat_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"portcullis/nat"
	"portcullis/packet"
)

// taken is an engine that remembers reply tuples in a map and counts questions.
type taken struct {
	keys  map[packet.Key]bool
	asked int
}

func (t *taken) Taken(reply *packet.Key) bool {
	t.asked++
	return t.keys[*reply]
}

var outside = packet.MustAddr("203.0.113.2")

func allocator(seed uint64) *nat.Allocator { return nat.New(rand.NewPCG(seed, 0)) }

func key(proto uint8, port uint16) packet.Key {
	k := packet.Key{Src: packet.MustAddr("10.0.0.5"), Dst: packet.MustAddr("198.51.100.9"), Proto: proto}
	switch proto {
	case packet.ProtoICMP:
		k.SrcPort, k.DstPort = port, packet.ICMPEcho
	case packet.ProtoICMPv6:
		k.SrcPort, k.DstPort = port, packet.ICMPv6Echo
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP:
		k.SrcPort, k.DstPort = port, 443
	}
	return k
}

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		name  string
		proto uint8
		port  uint16
		keep  bool
		low   uint16
	}{
		{"tcp keeps its port", packet.ProtoTCP, 40000, true, nat.FirstPort},
		{"udp keeps the first", packet.ProtoUDP, nat.FirstPort, true, nat.FirstPort},
		{"udp keeps the last", packet.ProtoUDP, nat.LastPort, true, nat.FirstPort},
		{"below the range", packet.ProtoUDP, 123, false, nat.FirstPort},
		{"beyond the range", packet.ProtoTCP, 65534, false, nat.FirstPort},
		{"icmp keeps its identifier", packet.ProtoICMP, 7, true, 1},
		{"icmp6 too", packet.ProtoICMPv6, 65535, true, 1},
		{"identifier 0", packet.ProtoICMP, 0, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := key(c.proto, c.port)
			use := &taken{keys: make(map[packet.Key]bool)}
			first, reason := allocator(1).Plan(&k, outside, use)
			if reason != packet.ReasonNone || first.Original != k {
				t.Fatalf("%+v %v", first, reason)
			}
			if got := number(first.Reply); (got == c.port) != c.keep || got < c.low {
				t.Errorf("port %d", got)
			}
			want := k.Reply()
			want.Dst = outside
			setNumber(&want, number(first.Reply))
			if first.Reply != want {
				t.Errorf("reply %v, want %v", first.Reply, want)
			}
			use.keys[first.Reply] = true
			second, reason := allocator(1).Plan(&k, outside, use)
			if reason != packet.ReasonNone || second.Reply == first.Reply {
				t.Errorf("handed out twice: %v %v", second.Reply, reason)
			}
		})
	}
}

// number is the allocated port or identifier of a reply key.
func number(reply packet.Key) uint16 {
	if reply.Proto == packet.ProtoICMP || reply.Proto == packet.ProtoICMPv6 {
		return reply.SrcPort
	}
	return reply.DstPort
}

func setNumber(reply *packet.Key, n uint16) {
	if reply.Proto == packet.ProtoICMP || reply.Proto == packet.ProtoICMPv6 {
		reply.SrcPort = n
	} else {
		reply.DstPort = n
	}
}

// One port serves sessions to different destinations.
func TestPortsAreSharedAcrossDestinations(t *testing.T) {
	use := &taken{keys: make(map[packet.Key]bool)}
	a := allocator(1)
	for i := range 1000 {
		k := key(packet.ProtoTCP, 40000)
		k.Dst.Lo += uint64(i)
		b, reason := a.Plan(&k, outside, use)
		if reason != packet.ReasonNone || b.Reply.DstPort != 40000 {
			t.Fatalf("%v %v", b.Reply, reason)
		}
		use.keys[b.Reply] = true
	}
}

func TestNoPorts(t *testing.T) {
	use := &taken{keys: make(map[packet.Key]bool)}
	k := key(packet.ProtoGRE, 0)
	b, reason := allocator(1).Plan(&k, outside, use)
	if reason != packet.ReasonNone || b.Reply != (packet.Key{Src: k.Dst, Dst: outside, Proto: packet.ProtoGRE}) {
		t.Fatalf("%v %v", b.Reply, reason)
	}
	use.keys[b.Reply] = true
	k.Src = packet.MustAddr("10.0.0.6")
	if _, reason = allocator(1).Plan(&k, outside, use); reason != packet.ReasonNATExhausted {
		t.Errorf("two tunnels to one peer behind one address: %v", reason)
	}
	k.SrcPort, k.DstPort = 15, 16960
	if b, reason = allocator(1).Plan(&k, outside, use); reason != packet.ReasonNone || b.Reply.SrcPort != 15 || b.Reply.DstPort != 16960 {
		t.Errorf("another one, with a key: %v, %v", b.Reply, reason)
	}
}

// The checksum of SCTP covers its ports and is not rewritten: they stay, or there
// is no translation.
func TestPlanSCTP(t *testing.T) {
	use := &taken{keys: make(map[packet.Key]bool)}
	k := key(packet.ProtoSCTP, 2905)
	b, reason := allocator(1).Plan(&k, outside, use)
	if reason != packet.ReasonNone || b.Reply.DstPort != 2905 || b.Reply.Dst != outside {
		t.Fatalf("%v: %v", b.Reply, reason)
	}
	use.keys[b.Reply] = true
	k.Src = packet.MustAddr("10.0.0.6")
	if _, reason = allocator(1).Plan(&k, outside, use); reason != packet.ReasonNATExhausted {
		t.Errorf("two associations from one port: %v", reason)
	}
}

func TestIdentity(t *testing.T) {
	k := key(packet.ProtoTCP, 40000)
	if b := nat.Identity(k); b.Original != k || b.Reply != k.Reply() {
		t.Errorf("%+v", b)
	}
}

// Whatever is opened and closed, no tuple is handed out while it is in use, the
// numbers stay in their range, and the work stays bounded.
func TestNeverTwice(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { neverTwice(t, seed, 30000) })
	}
}

func neverTwice(t *testing.T, seed uint64, steps int) {
	r := rand.New(rand.NewPCG(seed, 9))
	a, use := allocator(seed), &taken{keys: make(map[packet.Key]bool)}
	var open []packet.Key
	protocols := []uint8{packet.ProtoTCP, packet.ProtoUDP, packet.ProtoICMP, packet.ProtoICMPv6}
	for range steps {
		if len(open) > 0 && r.IntN(5) == 0 {
			i := r.IntN(len(open))
			delete(use.keys, open[i])
			open[i] = open[len(open)-1]
			open = open[:len(open)-1]
			continue
		}
		k := key(protocols[r.IntN(len(protocols))], uint16(r.IntN(1<<16)))
		if r.IntN(2) == 0 {
			setNumber(&k, 6000) // many want the same
		}
		use.asked = 0
		b, reason := a.Plan(&k, outside, use)
		if reason != packet.ReasonNone || use.keys[b.Reply] {
			t.Fatalf("%v: %v, in use %v", k, reason, use.keys[b.Reply])
		}
		if use.asked > 1+128+1024 {
			t.Fatalf("%d questions for one decision", use.asked)
		}
		low, high := uint16(nat.FirstPort), uint16(nat.LastPort)
		if k.Proto == packet.ProtoICMP || k.Proto == packet.ProtoICMPv6 {
			low, high = 1, 65535
		}
		if n := number(b.Reply); n < low || n > high {
			t.Fatalf("%v: number %d", k, n)
		}
		use.keys[b.Reply] = true
		open = append(open, b.Reply)
	}
}

// fullBut is an engine in which only the ports of free are free.
type fullBut struct {
	free  func(port uint16) bool
	asked int
}

func (f *fullBut) Taken(reply *packet.Key) bool {
	f.asked++
	return !f.free(number(*reply))
}

func TestExhausted(t *testing.T) {
	for _, proto := range []uint8{packet.ProtoTCP, packet.ProtoICMP, packet.ProtoGRE} {
		use := &fullBut{free: func(uint16) bool { return false }}
		k := key(proto, 40000)
		if b, reason := allocator(1).Plan(&k, outside, use); reason != packet.ReasonNATExhausted || b != (nat.Binding{}) {
			t.Errorf("%v: %+v %v", k, b, reason)
		}
		if use.asked > 1+128+1024 {
			t.Errorf("%v: %d questions", k, use.asked)
		}
	}
}

// Where one port in a hundred is free, the scan finds one where chance did not.
func TestNearlyFull(t *testing.T) {
	failed := 0
	for seed := range uint64(2000) {
		use := &fullBut{free: func(p uint16) bool { return p%100 == uint16(seed%100) && p >= nat.FirstPort }}
		k := key(packet.ProtoTCP, 1)
		if _, reason := allocator(seed).Plan(&k, outside, use); reason != packet.ReasonNone {
			failed++
		}
	}
	if failed > 0 {
		t.Errorf("%d of 2000 found no port", failed)
	}
}

// The scan turns around at the end of the range and finds what is free at its
// start; it never leaves the range.
func TestScanWraps(t *testing.T) {
	beyond := func(p uint16) bool { return p < nat.FirstPort || p > nat.LastPort }
	found := 0
	for seed := range uint64(2000) {
		k := key(packet.ProtoTCP, 1)
		if b, reason := allocator(seed).Plan(&k, outside, &fullBut{free: beyond}); reason == packet.ReasonNone {
			t.Fatalf("seed %d: port %d is out of range", seed, b.Reply.DstPort)
		}
		use := &fullBut{free: func(p uint16) bool { return beyond(p) || p == nat.FirstPort }}
		if b, reason := allocator(seed).Plan(&k, outside, use); reason == packet.ReasonNone {
			found++
			if b.Reply.DstPort != nat.FirstPort {
				t.Fatalf("seed %d: port %d is out of range", seed, b.Reply.DstPort)
			}
		}
	}
	if found < 10 { // some 2000 * (1024+128) / 60417 are expected
		t.Errorf("the only free port was found %d times", found)
	}
}

func TestReservePort(t *testing.T) {
	use := &taken{keys: make(map[packet.Key]bool)}
	match := packet.Key{Src: packet.MustAddr("198.51.100.9"), Dst: outside, DstPort: 1024, Proto: packet.ProtoTCP}
	port, reason := allocator(1).ReservePort(&match, use)
	if port != 1024 || reason != packet.ReasonNone {
		t.Fatalf("the wanted port is free: %d %v", port, reason)
	}
	use.keys[match] = true
	for _, want := range []uint16{1024, 0} {
		match.DstPort = want
		port, reason = allocator(1).ReservePort(&match, use)
		if port < nat.FirstPort || port > nat.LastPort || reason != packet.ReasonNone || match.DstPort != want {
			t.Errorf("wanted %d: %d %v", want, port, reason)
		}
	}
	none := &fullBut{free: func(uint16) bool { return false }}
	if port, reason = allocator(1).ReservePort(&match, none); port != 0 || reason != packet.ReasonNATExhausted {
		t.Errorf("%d %v", port, reason)
	}
}

// The same seed makes the same choices: a replayed capture gets the same ports.
func TestDeterministic(t *testing.T) {
	use := &fullBut{free: func(p uint16) bool { return p%7 == 0 }}
	a, b := allocator(5), allocator(5)
	for i := range 100 {
		k := key(packet.ProtoUDP, uint16(i))
		x, _ := a.Plan(&k, outside, use)
		y, _ := b.Plan(&k, outside, use)
		if x != y {
			t.Fatalf("%v and %v", x.Reply, y.Reply)
		}
	}
}

func TestAllocs(t *testing.T) {
	a, k := allocator(1), key(packet.ProtoTCP, 40000)
	var use nat.InUse = &fullBut{free: func(p uint16) bool { return p%100 == 0 }}
	if n := testing.AllocsPerRun(100, func() {
		a.Plan(&k, outside, use)
		a.ReservePort(&k, use)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// bitmap is an engine with one bit for a port.
type bitmap [1 << 16 / 64]uint64

func (m *bitmap) Taken(reply *packet.Key) bool {
	return m[reply.DstPort/64]&(1<<(reply.DstPort%64)) != 0
}

func BenchmarkPlan(b *testing.B) {
	for _, percent := range []uint64{0, 50, 90, 99, 100} {
		b.Run(fmt.Sprintf("full=%d%%", percent), func(b *testing.B) {
			use, r := new(bitmap), rand.New(rand.NewPCG(1, 1))
			for p := range 1 << 16 {
				if r.Uint64N(100) < percent {
					use[p/64] |= 1 << (p % 64)
				}
			}
			a, k := nat.New(rand.NewChaCha8([32]byte{})), key(packet.ProtoTCP, 1)
			b.ReportAllocs()
			for b.Loop() {
				a.Plan(&k, outside, use)
			}
		})
	}
}
