package nat_test

import (
	"math/rand/v2"
	"testing"

	"portcullis/config"
	"portcullis/nat"
	"portcullis/packet"
)

const listConfig = `
[[firewall.ippool]]
name = "overload"
startip = "198.51.100.20"
endip = "198.51.100.27"
[[firewall.ippool]]
name = "one"
type = "one-to-one"
startip = "198.51.100.30"
endip = "198.51.100.200"
[[firewall.ippool]]
name = "fixed"
type = "fixed-port-range"
startip = "198.51.101.40"
endip = "198.51.101.41"
source-startip = "10.0.0.0"
source-endip = "10.0.0.255"
[[firewall.ippool]]
name = "blocks"
type = "port-block-allocation"
startip = "198.51.101.50"
endip = "198.51.101.53"
block-size = 64
num-blocks-per-user = 4
[[firewall.ippool]]
name = "any"
startip = "198.51.101.60"
endip = "198.51.101.61"
permit-any-host = "enable"
[[firewall.ippool6]]
name = "any"
startip = "2001:db8::1"
endip = "2001:db8::2"
`

// pools compiles the pools of a configuration; a pool's number is its place, from
// 1.
func pools(t *testing.T, text string) *nat.Sources {
	t.Helper()
	cfg, bad := config.Parse("pools.toml", []byte(text))
	if bad.Err() != nil {
		t.Fatal(bad)
	}
	n := uint16(0)
	s, err := nat.CompileSources(cfg, nat.Index{
		Interface: func(string) (uint16, bool) { return 0, false },
		Pool:      func(string, bool) (uint16, error) { n++; return n, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// walk walks all of a list in steps of some length, and says how often f was
// called.
func walk[T any](step int, list func(uint32, int, func(T)) uint32, f func(T)) (n int) {
	for cursor := uint32(0); ; {
		cursor = list(cursor, step, func(x T) { n++; f(x) })
		if cursor == 0 {
			return n
		}
	}
}

func add(c *nat.Counts, proto uint8) {
	switch proto {
	case packet.ProtoTCP:
		c.TCP++
	case packet.ProtoUDP:
		c.UDP++
	case packet.ProtoSCTP:
		c.SCTP++
	case packet.ProtoICMP:
		c.ICMP++
	default:
		c.Other++
	}
}

// TestLists: whatever sessions come and go, the lists tell what the bindings that
// are held add up to.
func TestLists(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	sources := pools(t, listConfig)
	s := space(5)
	s.Obey(sources, nil)
	use := &taken{keys: map[packet.Key]bool{}}
	var live []nat.Binding
	protos := []uint8{packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP, packet.ProtoICMP, packet.ProtoGRE}
	now, failed := int64(0), 0
	for round := range 30 {
		for range 400 {
			k := key(protos[rng.IntN(len(protos))], uint16(2000+rng.IntN(200)))
			k.Src.Lo += uint64(rng.IntN(40))
			k.Dst.Lo += uint64(rng.IntN(3))
			how := nat.Source{Pools: sources.Pools[rng.IntN(5):][:1], Preserve: true}
			b, _, why := s.Plan(&nat.Request{Key: k, How: &how, Now: now}, use)
			if why != packet.ReasonNone {
				failed++
				continue
			}
			use.keys[b.Reply] = true
			live = append(live, b)
		}
		for range min(len(live), rng.IntN(700)) {
			i := rng.IntN(len(live))
			s.Release(&live[i])
			delete(use.keys, live[i].Reply)
			live[i] = live[len(live)-1]
			live = live[:len(live)-1]
		}
		now += int64(rng.IntN(20)) * 1e9
		s.Expire(now, 1<<20)
		compareLists(t, s, sources, live, 1+round)
	}
	for i := range live {
		s.Release(&live[i])
	}
	s.Expire(now+1e12, 1<<20)
	compareLists(t, s, sources, nil, 7)
	if failed == 0 {
		t.Error("no pool was ever exhausted")
	}
	if s.Mappings() != 0 {
		t.Errorf("%d mappings are left", s.Mappings())
	}
}

func compareLists(t *testing.T, s *nat.Space, sources *nat.Sources, live []nat.Binding, step int) {
	t.Helper()
	sessions, mapped := map[packet.Addr]nat.Counts{}, 0
	type share struct {
		client packet.Addr
		pool   uint16
	}
	blockPorts := map[share]int{}
	for _, b := range live {
		c := sessions[b.Reply.Dst]
		add(&c, b.Reply.Proto)
		sessions[b.Reply.Dst] = c
		switch b.Hold {
		case nat.HoldMapping:
			mapped++
		case nat.HoldBlock:
			blockPorts[share{b.Original.Src, sources.Pool(b.Reply.Dst).Number}]++
		}
	}
	blocksAt := map[packet.Addr]int{}
	walk(step, s.AddressesFrom, func(u nat.Usage) {
		if u.Sessions != sessions[u.Addr] {
			t.Errorf("%v: %+v, expected %+v", u.Addr, u.Sessions, sessions[u.Addr])
		}
		if p := sources.Pool(u.Addr); p == nil || p.Number != u.Pool {
			t.Errorf("%v: pool %d", u.Addr, u.Pool)
		}
		delete(sessions, u.Addr) // a second time would find nothing
		blocksAt[u.Addr] = u.Blocks
	})
	if len(sessions) > 0 {
		t.Errorf("not listed: %v", sessions)
	}
	tally, clients := nat.Tally{}, map[packet.Addr]bool{}
	walk(step, s.BlocksFrom, func(b nat.Block) {
		tally.Blocks++
		clients[b.Client] = true
		blocksAt[b.Addr]--
		used := b.Used.TCP + b.Used.UDP + b.Used.SCTP + b.Used.ICMP
		blockPorts[share{b.Client, b.Pool}] -= used
		if (b.Due != 0) != (used == 0) {
			t.Errorf("%v has %d ports, and goes back at %d", b.Client, used, b.Due)
		}
		if b.Due != 0 {
			tally.Lingering++
		}
		if want := 5117 + 64*b.Place; int(b.First) != want || b.Last != b.First+63 {
			t.Errorf("block %d: ports %d-%d", b.Place, b.First, b.Last)
		}
	})
	for a, n := range blocksAt {
		if n != 0 {
			t.Errorf("%v: %d blocks are listed more or less", a, n)
		}
	}
	for who, n := range blockPorts {
		if n != 0 {
			t.Errorf("%v: %d ports are listed more or less", who, n)
		}
	}
	got := s.Tally(4)
	if got.Blocks != tally.Blocks || got.Lingering != tally.Lingering || got.Clients != len(clients) || got.Granted < uint64(got.Blocks) {
		t.Errorf("tally %+v: expected %+v, %d clients", got, tally, len(clients))
	}
	n := walk(step, s.MappingsFrom, func(m *nat.Mapping) { mapped -= m.Sessions() })
	if n != s.Mappings() || mapped != 0 {
		t.Errorf("%d mappings of %d are listed; %d sessions too few", n, s.Mappings(), mapped)
	}
}

// TestWalkOfMovingAddresses: whatever comes and goes during a walk, no address is
// met twice, and those that stay are met.
func TestWalkOfMovingAddresses(t *testing.T) {
	s := space(1)
	use := &taken{}
	k := key(packet.ProtoUDP, 4000)
	var all []nat.Binding
	next := packet.MustAddr("203.0.113.1")
	begin := func() {
		next.Lo++
		b, _, _ := s.Plan(&nat.Request{Key: k, How: nat.Interface, Addr: next}, use)
		all = append(all, b)
	}
	for range 1000 {
		begin()
	}
	stay := map[packet.Addr]bool{}
	for i := 0; i < 1000; i += 2 {
		stay[all[i].Reply.Dst] = true
	}
	seen, at := map[packet.Addr]bool{}, 1
	for cursor := uint32(0); ; {
		cursor = s.AddressesFrom(cursor, 64, func(u nat.Usage) {
			if seen[u.Addr] {
				t.Errorf("%v is met twice", u.Addr)
			}
			seen[u.Addr] = true
			delete(stay, u.Addr)
		})
		if cursor == 0 {
			break
		}
		for range 20 {
			s.Release(&all[at])
			at += 2
			begin()
		}
	}
	if len(stay) > 0 {
		t.Errorf("%d were not met", len(stay))
	}
}

// TestPoolShapes: what a pool says of itself.
func TestPoolShapes(t *testing.T) {
	list := pools(t, listConfig).Pools
	for i, want := range []int{8, 171, 2, 4, 2, 2} {
		if got := list[i].Addresses(); got != want {
			t.Errorf("%s: %d addresses", list[i].Name, got)
		}
	}
	if got := list[0].Room(); got != (nat.Counts{TCP: 8 * 60417, UDP: 8 * 60417, SCTP: 8 * 60417, ICMP: 8 * 65535}) {
		t.Errorf("room of an overload pool: %+v", got)
	}
	if got := list[2].Room(); got.ICMP != 2*60417 {
		t.Errorf("room of a fixed-port-range pool: %+v", got)
	}
	if got := list[3].Room(); got != (nat.Counts{}) {
		t.Errorf("room of a pool of blocks: %+v", got)
	}
	if size, per, most := list[3].Blocks(); size != 64 || per != 944 || most != 4 {
		t.Errorf("blocks: %d %d %d", size, per, most)
	}
	if first, last, ports := list[2].Clients(); first.String() != "10.0.0.0" || last.String() != "10.0.0.255" || ports != 60417/128 {
		t.Errorf("clients: %v to %v with %d ports", first, last, ports)
	}
	if list[4].Number == list[5].Number {
		t.Error("pools of both families share a number")
	}
}
