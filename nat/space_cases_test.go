package nat

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"portcullis/config"
	"portcullis/packet"
)

// casePool is a pool with so many addresses from one on.
func casePool(name, typ, first string, n int) *config.IPPool {
	start := netip.MustParseAddr(first)
	end := start
	for range n - 1 {
		end = end.Next()
	}
	return &config.IPPool{
		Name: name, Type: typ, StartIP: start, EndIP: end, StartPort: FirstPort, EndPort: FirstPort + 63,
		BlockSize: 32, NumBlocksPerUser: 1, PBATimeout: 1,
	}
}

// caseSources are policies 1, 2, ..., each with one of the pools.
func caseSources(t *testing.T, pools ...*config.IPPool) *Sources {
	t.Helper()
	cfg := &config.Config{IPPools: pools}
	for i, p := range pools {
		cfg.Policies = append(cfg.Policies, &config.Policy{PolicyID: uint32(i + 1), NAT: true, IPPool: true, PoolName: []string{p.Name}})
	}
	numbers := map[string]uint16{}
	src, err := CompileSources(cfg, Index{Pool: func(name string, _ bool) (uint16, error) {
		numbers[name] = uint16(len(numbers) + 1)
		return numbers[name], nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// caseRequest is that of a client's connection to one server.
func caseRequest(src *Sources, policy uint32, client, port int) *Request {
	k := packet.Key{SrcPort: uint16(port), Dst: packet.MustAddr("198.51.100.9"), DstPort: 80, Proto: packet.ProtoTCP}
	k.Src = offset(packet.MustAddr("10.0.0.0"), uint32(client))
	return &Request{Key: k, How: src.Policy(policy), Policy: policy, Now: 1}
}

// A client that leaves by two ways has an address in the one-to-one pool of each.
func TestLeasesOfTwoPools(t *testing.T) {
	src := caseSources(t, casePool("a", "one-to-one", "203.0.113.1", 2), casePool("b", "one-to-one", "203.0.113.17", 2))
	s := New(rand.NewPCG(1, 1), nil)
	s.Obey(src, nil)
	var held []Binding
	for policy, want := range map[uint32]string{1: "203.0.113.1", 2: "203.0.113.17"} {
		for port := range 3 {
			b, _, why := s.Plan(caseRequest(src, policy, 5, 1000+port), nobody{})
			if why != packet.ReasonNone || b.Hold != HoldLease || b.Reply.Dst != packet.MustAddr(want) {
				t.Fatalf("policy %d: %v %v", policy, b, why)
			}
			held = append(held, b)
		}
	}
	for i := range held {
		s.Release(&held[i])
	}
	if n := len(s.leases.byAddr) + len(s.leases.byClient); n != 0 {
		t.Errorf("%d are left", n)
	}
}

// After a change of the configuration blocks that come back can be given out again,
// at each address.
func TestBlocksComeBackAfterChange(t *testing.T) {
	pools := []*config.IPPool{casePool("blocks", "port-block-allocation", "203.0.113.1", 4)} // two blocks each
	src := caseSources(t, pools...)
	s := New(rand.NewPCG(1, 1), nil)
	s.Obey(src, nil)
	var held []Binding
	take := func(want int) {
		t.Helper()
		held = held[:0]
		for client := range 40 {
			if b, _, why := s.Plan(caseRequest(src, 1, client, 1000), nobody{}); why == packet.ReasonNone {
				held = append(held, b)
			}
		}
		if len(held) != want {
			t.Fatalf("%d clients have a block, expected %d", len(held), want)
		}
	}
	take(8)
	src = caseSources(t, pools...)
	s.Obey(src, nil)
	if _, _, why := s.Plan(caseRequest(src, 1, 77, 1000), nobody{}); why == packet.ReasonNone {
		t.Fatal("a ninth block")
	}
	for i := range held {
		s.Release(&held[i])
	}
	s.Expire(1e10, 100)
	take(8)
}

// A session that came in through a mapping which the configuration no longer makes
// takes nothing along into the next process.
func TestAdoptInboundUnwanted(t *testing.T) {
	src := caseSources(t, casePool("a", "overload", "203.0.113.1", 1))
	s := New(rand.NewPCG(1, 1), nil)
	s.Obey(src, nil)
	key := packet.Key{Src: packet.MustAddr("198.51.100.9"), SrcPort: 9, Dst: packet.MustAddr("203.0.113.1"), DstPort: 6000, Proto: packet.ProtoUDP}
	if s.AdoptInbound(&key, packet.MustAddr("10.0.0.5"), 4000, 1, src.Policy(1), 1) || s.AdoptInbound(&key, packet.MustAddr("10.0.0.5"), 4000, 9, nil, 1) {
		t.Error("a mapping is made")
	}
	if err := s.CheckInvariants(func(func(*Binding), func(*packet.Key)) {}); err != nil {
		t.Error(err)
	}
}
