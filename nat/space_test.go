package nat_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"portcullis/config"
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

var outside, inside = packet.MustAddr("203.0.113.2"), packet.MustAddr("10.0.0.5")

func space(seed uint64) *nat.Space { return nat.New(rand.NewPCG(seed, 0), nil) }

// plan asks s for a translation to outside.
func plan(s *nat.Space, k *packet.Key, use nat.InUse) (nat.Binding, packet.Reason) {
	b, _, r := s.Plan(&nat.Request{Key: *k, How: nat.Interface, Addr: outside}, use)
	return b, r
}

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

// TestPlan: what is kept, and where the others come from.
//
// RFC 4787 REQ-3a: default
// RFC 4787 REQ-3a: not
func TestPlan(t *testing.T) {
	for _, c := range []struct {
		name  string
		proto uint8
		port  uint16
		keep  bool
		low   uint16
	}{
		{"tcp keeps its port", packet.ProtoTCP, 40000, true, nat.FirstPort},
		{"sctp keeps its port", packet.ProtoSCTP, 40000, true, nat.FirstPort},
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
			first, reason := plan(space(1), &k, use)
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
			second, reason := plan(space(1), &k, use)
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
//
// RFC 6888 REQ-13: default
func TestPortsAreSharedAcrossDestinations(t *testing.T) {
	use := &taken{keys: make(map[packet.Key]bool)}
	a := space(1)
	for i := range 1000 {
		k := key(packet.ProtoTCP, 40000)
		k.Dst.Lo += uint64(i)
		b, reason := plan(a, &k, use)
		if reason != packet.ReasonNone || b.Reply.DstPort != 40000 {
			t.Fatalf("%v %v", b.Reply, reason)
		}
		use.keys[b.Reply] = true
	}
}

func TestNoPorts(t *testing.T) {
	use := &taken{keys: make(map[packet.Key]bool)}
	k := key(packet.ProtoGRE, 0)
	b, reason := plan(space(1), &k, use)
	if reason != packet.ReasonNone || b.Reply != (packet.Key{Src: k.Dst, Dst: outside, Proto: packet.ProtoGRE}) {
		t.Fatalf("%v %v", b.Reply, reason)
	}
	use.keys[b.Reply] = true
	k.Src = packet.MustAddr("10.0.0.6")
	if _, reason = plan(space(1), &k, use); reason != packet.ReasonNATExhausted {
		t.Errorf("two tunnels to one peer behind one address: %v", reason)
	}
	k.SrcPort, k.DstPort = 15, 16960
	if b, reason = plan(space(1), &k, use); reason != packet.ReasonNone || b.Reply.SrcPort != 15 || b.Reply.DstPort != 16960 {
		t.Errorf("another one, with a key: %v, %v", b.Reply, reason)
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
	a, use := space(seed), &taken{keys: make(map[packet.Key]bool)}
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
		b, reason := plan(a, &k, use)
		if reason != packet.ReasonNone || use.keys[b.Reply] {
			t.Fatalf("%v: %v, in use %v", k, reason, use.keys[b.Reply])
		}
		if use.asked > 1+2*8+128 {
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
		if b, reason := plan(space(1), &k, use); reason != packet.ReasonNATExhausted || b != (nat.Binding{}) {
			t.Errorf("%v: %+v %v", k, b, reason)
		}
		if use.asked > 1+2*8+128 {
			t.Errorf("%v: %d questions", k, use.asked)
		}
	}
}

func TestReservePort(t *testing.T) {
	use := &taken{keys: make(map[packet.Key]bool)}
	match := packet.Key{Src: packet.MustAddr("198.51.100.9"), Dst: outside, DstPort: 1024, Proto: packet.ProtoTCP}
	port, reason := space(1).Reserve(&match, inside, use)
	if port != 1024 || reason != packet.ReasonNone {
		t.Fatalf("the wanted port is free: %d %v", port, reason)
	}
	use.keys[match] = true
	for _, want := range []uint16{1024, 0} {
		match.DstPort = want
		port, reason = space(1).Reserve(&match, inside, use)
		if port < nat.FirstPort || port > nat.LastPort || reason != packet.ReasonNone || match.DstPort != want {
			t.Errorf("wanted %d: %d %v", want, port, reason)
		}
	}
	none := &fullBut{free: func(uint16) bool { return false }}
	if port, reason = space(1).Reserve(&match, inside, none); port != 0 || reason != packet.ReasonNATExhausted {
		t.Errorf("%d %v", port, reason)
	}
}

// The same seed makes the same choices: a replayed capture gets the same ports.
func TestDeterministic(t *testing.T) {
	use := &fullBut{free: func(p uint16) bool { return p%7 == 0 }}
	a, b := space(5), space(5)
	for i := range 100 {
		k := key(packet.ProtoUDP, uint16(i))
		x, _ := plan(a, &k, use)
		y, _ := plan(b, &k, use)
		if x != y {
			t.Fatalf("%v and %v", x.Reply, y.Reply)
		}
	}
}

func TestAllocs(t *testing.T) {
	a, k := space(1), key(packet.ProtoTCP, 40000)
	var use nat.InUse = &fullBut{free: func(p uint16) bool { return p%100 == 0 }}
	if n := testing.AllocsPerRun(100, func() {
		plan(a, &k, use)
		a.Reserve(&k, inside, use)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// full is a space in which the sessions of as many ports of outside as percent says
// live, all to one server.
func full(tb testing.TB, percent int) (*nat.Space, *taken) {
	s, use := space(3), &taken{keys: make(map[packet.Key]bool)}
	want := (nat.LastPort - nat.FirstPort + 1) * percent / 100
	for i := range want {
		k := key(packet.ProtoTCP, 1)
		k.Src.Lo += uint64(i)
		b, reason := plan(s, &k, use)
		if reason != packet.ReasonNone || use.keys[b.Reply] || b.Hold != nat.HoldPort {
			tb.Fatalf("%d of %d: %v %v", i, want, b, reason)
		}
		use.keys[b.Reply] = true
	}
	return s, use
}

// To the last port each request finds one, with few questions; then there is none
// for this server, and any for another one.
//
// RFC 6888 REQ-13: default
func TestFull(t *testing.T) {
	s, use := full(t, 100)
	k := key(packet.ProtoTCP, 1)
	use.asked = 0
	if _, reason := plan(s, &k, use); reason != packet.ReasonNATExhausted || use.asked > 200 {
		t.Errorf("%v after %d questions", reason, use.asked)
	}
	other := k
	other.Dst = packet.MustAddr("198.51.100.10")
	b, reason := plan(s, &other, use)
	if reason != packet.ReasonNone || b.Hold != nat.HoldShared {
		t.Errorf("%v %v", b, reason)
	}
	for reply := range use.keys { // one goes
		s.Release(&nat.Binding{Original: k, Reply: reply, Hold: nat.HoldPort})
		delete(use.keys, reply)
		use.asked = 0
		b, reason := plan(s, &k, use)
		if reason != packet.ReasonNone || b.Reply != reply || use.asked > 4 {
			t.Errorf("%v %v after %d questions; %v was free", b.Reply, reason, use.asked, reply)
		}
		break
	}
}

// What everybody released leaves nothing behind.
func TestReleaseAll(t *testing.T) {
	s, use := full(t, 10)
	for reply := range use.keys {
		s.Release(&nat.Binding{Original: reply.Reply(), Reply: reply, Hold: nat.HoldPort})
	}
	s.AddressesFrom(0, 10, func(u nat.Usage) { t.Errorf("in use still: %+v", u) })
	k := key(packet.ProtoTCP, 40000)
	if b, _ := plan(s, &k, &taken{}); b.Hold != nat.HoldPort || b.Reply.DstPort != 40000 {
		t.Errorf("%v", b)
	}
}

// UDP keeps the parity of its port, and the port of RTCP follows that of RTP.
//
// RFC 4787 REQ-4: default
// RFC 7857 section 8: default
func TestParity(t *testing.T) {
	s, use := space(1), &taken{keys: make(map[packet.Key]bool)}
	pairs := 0
	for i := range 1000 {
		k := key(packet.ProtoUDP, uint16(1024+2*i)) // below the range: it can not be kept
		rtp, _ := plan(s, &k, use)
		use.keys[rtp.Reply] = true
		k.SrcPort++
		rtcp, _ := plan(s, &k, use)
		use.keys[rtcp.Reply] = true
		if rtp.Reply.DstPort&1 != 0 || rtcp.Reply.DstPort&1 != 1 {
			t.Fatalf("ports %d and %d", rtp.Reply.DstPort, rtcp.Reply.DstPort)
		}
		if rtcp.Reply.DstPort == rtp.Reply.DstPort+1 {
			pairs++
		}
	}
	if pairs != 1000 {
		t.Errorf("%d pairs of 1000", pairs)
	}
}

// TestReserveLow asks for a port below 1024 that somebody has.
func TestReserveLow(t *testing.T) {
	s, use := space(1), &taken{keys: make(map[packet.Key]bool)}
	match := packet.Key{Src: packet.MustAddr("198.51.100.9"), Dst: outside, DstPort: 1022, Proto: packet.ProtoTCP}
	if n, reason := s.Reserve(&match, inside, use); n != 1022 || reason != packet.ReasonNone {
		t.Errorf("the wanted port is free: %d %v", n, reason)
	}
	seen := map[uint16]bool{}
	for range 100 {
		use.keys[match] = true
		n, reason := s.Reserve(&match, inside, use)
		if n < 600 || n > 1023 || seen[n] || reason != packet.ReasonNone {
			t.Fatalf("%d %v", n, reason)
		}
		seen[n] = true
		taken := match
		taken.DstPort = n
		use.keys[taken] = true
	}
}

func TestReservePair(t *testing.T) {
	s, use := space(1), &taken{keys: make(map[packet.Key]bool)}
	match := packet.Key{Src: packet.MustAddr("198.51.100.9"), Dst: outside, DstPort: 40000, Proto: packet.ProtoUDP}
	n, reason := s.ReservePair(&match, inside, use)
	if n != 40000 || reason != packet.ReasonNone {
		t.Errorf("the wanted pair is free: %d %v", n, reason)
	}
	second := match
	second.DstPort = 40001
	use.keys[second] = true
	if n, reason = s.ReservePair(&match, inside, use); n == 40000 || n&1 != 0 || reason != packet.ReasonNone {
		t.Errorf("%d %v", n, reason)
	}
	match.DstPort = 40003
	if n, _ = s.ReservePair(&match, inside, use); n&1 != 0 {
		t.Errorf("%d is not even", n)
	}
}

func BenchmarkPlan(b *testing.B) {
	for _, percent := range []int{0, 50, 90, 99, 100} {
		b.Run(fmt.Sprintf("full=%d%%", percent), func(b *testing.B) {
			s, _ := full(b, percent)
			k := key(packet.ProtoTCP, 1)
			use := &fullBut{free: func(uint16) bool { return true }}
			b.ReportAllocs()
			for b.Loop() {
				if x, reason := plan(s, &k, use); reason == packet.ReasonNone {
					s.Release(&x)
				}
			}
		})
	}
}

// blocks is a space under a pool of blocks of 64 ports at outside, and how sessions
// are translated there.
func blocks(t *testing.T) (*nat.Space, *nat.Source) {
	t.Helper()
	cfg := &config.Config{
		IPPools: []*config.IPPool{{
			Name: "cgn", Type: "port-block-allocation", StartIP: outside.Netip(), EndIP: outside.Netip(),
			StartPort: nat.FirstPort, EndPort: nat.LastPort, BlockSize: 64, NumBlocksPerUser: 2, PBATimeout: 30,
		}},
		Policies: []*config.Policy{{PolicyID: 1, NAT: true, IPPool: true, PoolName: []string{"cgn"}, PortPreserve: true}},
	}
	sources, err := nat.CompileSources(cfg, nat.Index{Pool: func(string, bool) (uint16, error) { return 1, nil }})
	if err != nil {
		t.Fatal(err)
	}
	s := space(1)
	s.Obey(sources, nil)
	return s, sources.Policy(1)
}

// What a client with blocks announces, and the data connections of its own, have
// ports of its blocks.
func TestConfined(t *testing.T) {
	s, how := blocks(t)
	use := &taken{keys: make(map[packet.Key]bool)}
	k := key(packet.ProtoTCP, 1)
	b, _, reason := s.Plan(&nat.Request{Key: k, How: how}, use)
	if reason != packet.ReasonNone || b.Hold != nat.HoldBlock {
		t.Fatalf("%+v %v", b, reason)
	}
	first := b.Reply.DstPort - (b.Reply.DstPort-nat.FirstPort)%64
	inBlock := func(n uint16) bool { return n >= first && n < first+64 }
	match := packet.Key{Src: k.Dst, Dst: outside, DstPort: first + 100, Proto: packet.ProtoTCP}
	for range 50 {
		n, reason := s.Reserve(&match, inside, use)
		if reason != packet.ReasonNone || !inBlock(n) {
			t.Fatalf("reserved %d: %v", n, reason)
		}
		child := key(packet.ProtoTCP, n+64)
		c, reason := s.PlanAt(&child, outside, inside, 0, use)
		if reason != packet.ReasonNone || c.Hold != nat.HoldBlock || use.keys[c.Reply] {
			t.Fatalf("child at %d: %+v %v", c.Reply.DstPort, c, reason)
		}
		use.keys[c.Reply] = true
	}
}
