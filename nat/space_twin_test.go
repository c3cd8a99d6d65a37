package nat

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"portcullis/config"
	"portcullis/packet"
)

// spaceTwin is a world in which a Space gives out translations, and what it may
// give: it keeps a list of what lives, and goes through it for each question.
type spaceTwin struct {
	t      *testing.T
	r      *rand.Rand
	cfg    *config.Config
	src    *Sources
	s      *Space
	now    time.Duration
	live   []*tenancy
	tuples map[packet.Key]bool
	steps  []string
}

// tenancy is a session as the twin knows it.
type tenancy struct {
	Binding
	policy uint32
	joined bool // it came in through a mapping; then Original is all there is
}

// Taken is the engine's answer: what lives, and nothing else.
func (w *spaceTwin) Taken(k *packet.Key) bool { return w.tuples[*k] }

func (w *spaceTwin) Reserves(_ packet.Addr, proto uint8, port uint16) bool {
	return proto == packet.ProtoTCP && port%16 == 5
}

func (w *spaceTwin) fatal(text string, args ...any) {
	w.t.Helper()
	for _, line := range w.steps[max(0, len(w.steps)-12):] {
		w.t.Log(line)
	}
	w.t.Fatalf(text, args...)
}

func (w *spaceTwin) step(text string, args ...any) {
	w.steps = append(w.steps, fmt.Sprintf(text, args...))
}

// TestSpaceTwin lets random clients come and go under random configurations, which
// change, and process after process take over.
func TestSpaceTwin(t *testing.T) {
	seeds := uint64(24)
	if testing.Short() {
		seeds = 6
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { newSpaceTwin(t, seed).play(1000) })
	}
}

func newSpaceTwin(t *testing.T, seed uint64) *spaceTwin {
	w := &spaceTwin{t: t, r: rand.New(rand.NewPCG(seed, 77)), tuples: map[packet.Key]bool{}, now: time.Second}
	w.s = New(rand.NewPCG(seed, 5), nil)
	w.reload()
	return w
}

func (w *spaceTwin) play(steps int) {
	for i := range steps {
		switch n := w.r.IntN(100); {
		case n < 50:
			w.open()
		case n < 55:
			w.child()
		case n < 62:
			w.join()
		case n < 92:
			w.close()
		case n < 95:
			w.step("time passes")
			w.now += time.Duration(w.r.IntN(20)) * time.Second
			w.s.Expire(int64(w.now), 3)
		case n < 97:
			w.reload()
		case n < 98:
			w.restart()
		default: // a crowd
			for range 40 {
				w.open()
			}
		}
		if i%4 == 0 {
			w.check()
		}
	}
	for len(w.live) > 0 {
		w.close()
	}
	w.check()
	w.empty()
}

// check has the space compared with what lives.
func (w *spaceTwin) check() {
	err := w.s.CheckInvariants(func(note func(*Binding), join func(*packet.Key)) {
		for _, x := range w.live {
			if x.joined {
				join(&x.Original)
			} else {
				note(&x.Binding)
			}
		}
	})
	if err != nil {
		w.fatal("%v", err)
	}
}

// empty is what is left of a space in which nothing lives.
func (w *spaceTwin) empty() {
	s := w.s
	for n := 0; s.Expire(int64(w.now)+int64(time.Hour), 10); n++ {
		if n > 1000 {
			w.fatal("blocks without end")
		}
	}
	s.Expire(int64(w.now)+int64(time.Hour), 10)
	w.check()
	for a, h := range s.holders {
		if !h.idle() || len(h.more) != 0 {
			w.fatal("%v is held: %+v", a, h)
		}
	}
	for p, sp := range s.spares {
		for c, f := range sp.full {
			if f != nil && f.used != 0 {
				w.fatal("pool %q, class %d: %d addresses are full", p.Name, c, f.used)
			}
		}
	}
	if s.blocks.count != 0 || s.Mappings() != 0 || len(s.leases.byAddr) != 0 {
		w.fatal("%d blocks, %d mappings, %d leases are left", s.blocks.count, s.Mappings(), len(s.leases.byAddr))
	}
}

func (w *spaceTwin) port() uint16 { return uint16(FirstPort - 3 + w.r.IntN(40)) }

// reload makes another configuration the space's.
func (w *spaceTwin) reload() {
	any := func() bool { return w.r.IntN(3) == 0 }
	cfg := &config.Config{}
	for i := range 6 {
		start := netip.AddrFrom4([4]byte{203, 0, 113, byte(i * 16)})
		end := netip.AddrFrom4([4]byte{203, 0, 113, byte(i*16 + 1 + w.r.IntN(3))})
		p := &config.IPPool{
			Name: fmt.Sprintf("p%d", i), StartIP: start, EndIP: end, StartPort: FirstPort, EndPort: FirstPort + 31, PermitAnyHost: any(),
			SourceStartIP: netip.MustParseAddr("10.0.0.0"), SourceEndIP: netip.MustParseAddr("10.0.0.7"),
			BlockSize: uint16(4 + w.r.IntN(8)), NumBlocksPerUser: uint32(1 + w.r.IntN(2)), PBATimeout: uint32(w.r.IntN(20)), PBAInterimLog: uint32(w.r.IntN(2) * 7),
		}
		p.Type = []string{"overload", "overload", "one-to-one", "fixed-port-range", "port-block-allocation", "port-block-allocation"}[w.r.IntN(6)]
		cfg.IPPools = append(cfg.IPPools, p)
	}
	cfg.IPPools6 = []*config.IPPool6{
		{Name: "six", Type: "overload", StartIP: netip.MustParseAddr("2001:db8::1"), EndIP: netip.MustParseAddr("2001:db8::2")},
		{Name: "prefix", Type: "nptv6", InternalPrefix: netip.MustParsePrefix("fd00::/48"), ExternalPrefix: netip.MustParsePrefix("2001:db8:1::/48")},
	}
	for id := range uint32(8) {
		p := &config.Policy{PolicyID: id, NAT: true, IPPool: w.r.IntN(5) > 0, PortPreserve: any(), FixedPort: w.r.IntN(6) == 0, PermitAnyHost: any(), PermitSTUNHost: any()}
		for range 1 + w.r.IntN(2) {
			p.PoolName = append(p.PoolName, fmt.Sprintf("p%d", w.r.IntN(6)))
		}
		p.PoolName6 = []string{[]string{"six", "prefix"}[w.r.IntN(2)]}
		cfg.Policies = append(cfg.Policies, p)
		rule := &config.CentralSNAT{PolicyID: id, NAT: true, PortPreserve: any(), NATIPPool: p.PoolName, NATIPPool6: p.PoolName6}
		if any() {
			rule.NATPort = config.PortSpan{Low: FirstPort + 2, High: FirstPort + 9}
		}
		cfg.CentralSNAT = append(cfg.CentralSNAT, rule)
	}
	n := uint16(0)
	src, err := CompileSources(cfg, Index{Pool: func(string, bool) (uint16, error) { n++; return n, nil }})
	if err != nil {
		w.t.Fatal(err)
	}
	w.cfg, w.src = cfg, src
	w.s.Obey(src, w)
	w.step("reload")
}

// how is the translation of a policy: of those beyond the policies it is a rule of
// the central map.
func (w *spaceTwin) how(policy uint32) *Source {
	if policy >= 8 {
		return w.src.Central(int(policy - 8))
	}
	return w.src.Policy(policy)
}

// wire is the address of the interface.
var wire = [2]packet.Addr{packet.MustAddr("192.0.2.1"), packet.MustAddr("2001:db8:2::1")}

func (w *spaceTwin) request() *Request {
	protocols := []uint8{packet.ProtoTCP, packet.ProtoUDP, packet.ProtoUDP, packet.ProtoICMP, packet.ProtoSCTP, packet.ProtoGRE}
	r := &Request{Policy: uint32(w.r.IntN(16)), Now: int64(w.now), Addr: wire[0]}
	r.Key = packet.Key{Proto: protocols[w.r.IntN(len(protocols))], SrcPort: w.port(), DstPort: 80}
	r.Key.Src = offset(packet.MustAddr("10.0.0.0"), uint32(w.r.IntN(9)))
	r.Key.Dst = offset(packet.MustAddr("198.51.100.0"), uint32(w.r.IntN(3)))
	if w.r.IntN(6) == 0 {
		r.Addr = wire[1]
		r.Key.Src, r.Key.Dst = offset(packet.MustAddr("fd00::"), uint32(w.r.IntN(4))), packet.MustAddr("2001:db8:9::1")
	}
	switch r.Key.Proto {
	case packet.ProtoICMP:
		if r.Key.DstPort = packet.ICMPEcho; !r.Key.Src.Is4() {
			r.Key.Proto, r.Key.DstPort = packet.ProtoICMPv6, packet.ICMPv6Echo
		}
	case packet.ProtoGRE:
		r.Key.SrcPort, r.Key.DstPort = 0, 0
	}
	r.How = w.how(r.Policy)
	return r
}

func (w *spaceTwin) add(x *tenancy) {
	if w.tuples[x.Reply] {
		w.fatal("%v: handed out twice", x.Reply)
	}
	if !x.joined {
		w.tuples[x.Reply] = true
	}
	w.live = append(w.live, x)
}

func (w *spaceTwin) open() {
	r := w.request()
	homeless, had := w.mayLeaveHome(r), map[*Pool]int{}
	for _, p := range r.How.Pools {
		had[p] = w.blocks(r.Key.Src, p)
	}
	b, _, why := w.s.Plan(r, w)
	w.step("open %v by %d: %v as %v hold %d", r.Key, r.Policy, why, b.Reply.Dst, b.Hold)
	if why != packet.ReasonNone {
		return
	}
	x := &tenancy{Binding: b, policy: r.Policy}
	w.judge(r, x, homeless, had)
	w.add(x)
}

// judge holds a new translation against the words of the configuration.
func (w *spaceTwin) judge(r *Request, x *tenancy, homeless bool, had map[*Pool]int) {
	a, n, c := x.Reply.Dst, *port(&x.Reply), classOf(x.Reply.Proto)
	p := w.src.Pool(a)
	if len(r.How.Pools) == 0 {
		if a != r.Addr {
			w.fatal("%v: not the interface's address", a)
		}
	} else if !r.How.Reaches(a, packet.Addr{}) {
		w.fatal("%v: of none of the policy's pools", a)
	}
	want := r.Key.Reply()
	want.Dst, *port(&want) = a, n
	if x.Reply != want || r.How.Fixed && *port(&x.Reply) != r.Key.SrcPort && c != classOther && x.Hold != HoldMapping {
		w.fatal("%v for %v", x.Reply, r.Key)
	}
	w.exclusive(x)
	if x.Hold == HoldMapping { // it may be of an earlier configuration
		return
	}
	first, last := r.How.window(p, r.Key.Proto)
	switch {
	case c == classOther, p != nil && (p.Method == OneToOne || p.Method == NPTv6):
		if n != r.Key.SrcPort && c != classOther {
			w.fatal("%v for %v: another port", x.Reply, r.Key)
		}
		return
	case p != nil && p.Method == FixedPortRange:
		i := r.Key.Src.Lo - packet.MustAddr("10.0.0.0").Lo
		clients := (8 + uint64(p.n) - 1) / uint64(p.n) // of an address
		ports := 32 / clients
		if first = uint16(FirstPort + i%clients*ports); a != offset(p.first, uint32(i/clients)) {
			w.fatal("client %d at %v", i, a)
		}
		last = first + uint16(ports) - 1
	case p != nil && p.Method == PortBlock:
		w.inBlock(r, p, x, had[p])
		return
	case p != nil && p.Method == Overload && p.n > 1 && homeless:
	case p != nil && p.Method == Overload && a != offset(p.first, uint32(mix(r.Key.Src)%uint64(p.n))):
		w.fatal("%v for %v: its own address has room", x.Reply, r.Key)
	}
	if (n < first || n > last) && !(c == classSCTP && n == r.Key.SrcPort) && !(r.How.Fixed && n == r.Key.SrcPort) {
		w.fatal("%v: port %d is not one of %d-%d", r.Key, n, first, last)
	}
}

// mayLeaveHome says whether some address that the client has by its own address
// has no port left.
func (w *spaceTwin) mayLeaveHome(r *Request) bool {
	c := classOf(r.Key.Proto)
	for _, p := range r.How.Pools {
		if p.Method != Overload || c == classOther {
			continue
		}
		home := offset(p.first, uint32(mix(r.Key.Src)%uint64(p.n)))
		have := map[uint16]bool{}
		for _, x := range w.live {
			if k := &x.Reply; !x.joined && k.Dst == home && classOf(k.Proto) == c {
				have[*port(k)] = true
			}
		}
		first, last := r.How.window(p, r.Key.Proto)
		room := 0
		for n := uint32(first); n <= uint32(last) && room <= freeTries; n++ {
			alone := r.How.filter(p) != FilterExact && mappable(c)
			if !have[uint16(n)] && !(alone && w.Reserves(home, r.Key.Proto, uint16(n))) {
				room++
			}
		}
		if room <= freeTries { // so few may all be spoken for, or not be asked
			return true
		}
	}
	return false
}

// exclusive looks whether what is one client's alone is another one's too.
func (w *spaceTwin) exclusive(x *tenancy) {
	a, n, c := x.Reply.Dst, *port(&x.Reply), classOf(x.Reply.Proto)
	for _, y := range w.live {
		if y.joined || y.Reply.Dst != a || y.Original.Src == x.Original.Src {
			continue
		}
		lease := func(h Hold) bool { return h == HoldLease }
		if lease(x.Hold) && lease(y.Hold) {
			w.fatal("%v: of two clients, %v and %v", a, x.Original, y.Original)
		}
		ported := func(h Hold) bool { return h == HoldPort || h == HoldShared || h == HoldBlock || h == HoldMapping }
		alone := func(h Hold) bool { return h == HoldBlock || h == HoldMapping }
		xh, yh := w.under(x), w.under(y)
		if classOf(y.Reply.Proto) == c && *port(&y.Reply) == n && ported(xh) && ported(yh) && (alone(x.Hold) || alone(y.Hold)) {
			w.fatal("%v:%d: of one client alone (hold %d %d, %d %d), and of %v and %v", a, n, x.Hold, xh, y.Hold, yh, x.Original, y.Original)
		}
	}
}

// under is what x occupies by itself or by its mapping.
func (w *spaceTwin) under(x *tenancy) Hold {
	if x.Hold == HoldMapping {
		return w.s.maps.all[w.s.maps.byOuter[outer{x.Reply.Dst, *port(&x.Reply), x.Reply.Proto}]].under
	}
	return x.Hold
}

// inBlock looks for the block of x, and whether its client just got one too many.
func (w *spaceTwin) inBlock(r *Request, p *Pool, x *tenancy, had int) {
	found, n := false, *port(&x.Reply)
	w.s.BlocksFrom(0, math.MaxInt32, func(b Block) {
		found = found || b.Client == r.Key.Src && b.Addr == x.Reply.Dst && b.First <= n && n <= b.Last
	})
	if !found || x.Hold != HoldBlock {
		w.fatal("%v: in no block of its client", x.Reply)
	}
	if has := w.blocks(r.Key.Src, p); has > had && has > p.maxBlocks {
		w.fatal("%v has %d blocks", r.Key.Src, has)
	}
}

// blocks is how many blocks of p a client has; p may be nil.
func (w *spaceTwin) blocks(client packet.Addr, p *Pool) (n int) {
	w.s.BlocksFrom(0, math.MaxInt32, func(b Block) {
		if b.Client == client && p != nil && p.Holds(b.Addr) {
			n++
		}
	})
	return n
}

// child opens what a helper announced, at an address where its client has a session.
func (w *spaceTwin) child() {
	if len(w.live) == 0 {
		return
	}
	m := w.live[w.r.IntN(len(w.live))]
	if m.joined {
		return
	}
	key := m.Original
	key.DstPort++
	b, why := w.s.PlanAt(&key, m.Reply.Dst, key.Src, int64(w.now), w)
	w.step("child %v: %v as %v hold %d", key, why, b.Reply, b.Hold)
	if why != packet.ReasonNone {
		return
	}
	x := &tenancy{Binding: b, policy: m.policy}
	w.exclusive(x)
	w.add(x)
}

// join lets somebody in through a mapping.
func (w *spaceTwin) join() {
	var some []*tenancy
	for _, x := range w.live {
		if x.Hold == HoldMapping && x.Reply.Proto == packet.ProtoUDP {
			some = append(some, x)
		}
	}
	if len(some) == 0 {
		return
	}
	x := some[w.r.IntN(len(some))]
	key := packet.Key{Src: packet.MustAddr("198.51.100.77"), SrcPort: w.port(), Dst: x.Reply.Dst, DstPort: x.Reply.DstPort, Proto: packet.ProtoUDP}
	m := w.s.Inbound(&key)
	if m == nil || m.Inner != x.Original.Src || m.InnerPort != x.Original.SrcPort {
		w.fatal("%v: %+v, of %v", key, m, x.Original)
	}
	if w.s.Join(&key, m.Inner, m.InnerPort+1) || !w.s.Join(&key, m.Inner, m.InnerPort) {
		w.fatal("%v: joined %+v", key, m)
	}
	y := &tenancy{joined: true, policy: x.policy}
	y.Original = key
	y.Reply = packet.Key{Src: m.Inner, SrcPort: m.InnerPort} // of the session, in case of a restart
	w.live = append(w.live, y)
	w.step("join %v", key)
}

func (w *spaceTwin) close() {
	if len(w.live) == 0 {
		return
	}
	i := w.r.IntN(len(w.live))
	x := w.live[i]
	w.live[i] = w.live[len(w.live)-1]
	w.live = w.live[:len(w.live)-1]
	w.step("close %v hold %d joined %v", x.Original, x.Hold, x.joined)
	if x.joined {
		w.s.Leave(&x.Original)
		return
	}
	w.s.Release(&x.Binding)
	delete(w.tuples, x.Reply)
}

// restart has another space take up what lives, in any order.
func (w *spaceTwin) restart() {
	w.step("restart")
	w.s = New(rand.NewPCG(w.r.Uint64(), 5), nil)
	w.s.Obey(w.src, w)
	w.r.Shuffle(len(w.live), func(i, k int) { w.live[i], w.live[k] = w.live[k], w.live[i] })
	kept := w.live[:0]
	for _, x := range w.live {
		if x.joined {
			if !w.s.AdoptInbound(&x.Original, x.Reply.Src, x.Reply.SrcPort, x.policy, w.how(x.policy), int64(w.now)) {
				continue
			}
		} else {
			x.Hold = w.s.Adopt(&x.Binding, x.policy, w.how(x.policy), int64(w.now))
		}
		kept = append(kept, x)
	}
	w.live = kept
}

// A damaged space is found out.
func TestCheckInvariants(t *testing.T) {
	for name, damage := range map[string]func(*Space, *holder){
		"a port too many":    func(s *Space, h *holder) { s.take(h, classTCP, 6000) },
		"a port too few":     func(s *Space, h *holder) { s.drop(h, classTCP, *port(&packet.Key{DstPort: 40000})) },
		"a summary":          func(_ *Space, h *holder) { h.ports[classTCP].full[even][0] = 1 },
		"sessions":           func(_ *Space, h *holder) { h.sessions[classUDP]++ },
		"a lease":            func(s *Space, _ *holder) { s.leases.grant(packet.MustAddr("10.0.0.9"), wire[0], 3) },
		"a mapping":          func(s *Space, _ *holder) { s.maps.add(Mapping{Outer: wire[0], OuterPort: 7}) },
		"a block":            func(s *Space, _ *holder) { s.blocks.count++ },
		"a remembered other": func(s *Space, _ *holder) { s.recent, s.last = wire[0], new(holder) },
	} {
		s := New(rand.NewPCG(1, 1), nil)
		k := packet.Key{Src: packet.MustAddr("10.0.0.5"), SrcPort: 40000, Dst: packet.MustAddr("198.51.100.9"), DstPort: 80, Proto: packet.ProtoTCP}
		b, _, why := s.Plan(&Request{Key: k, How: Interface, Addr: wire[0]}, nobody{})
		check := func() error { return s.CheckInvariants(func(note func(*Binding), _ func(*packet.Key)) { note(&b) }) }
		if err := errors.Join(check()); why != packet.ReasonNone || err != nil {
			t.Fatal(why, err)
		}
		if damage(s, s.holders[wire[0]]); check() == nil {
			t.Errorf("%s: not found out", name)
		}
	}
}

type nobody struct{}

func (nobody) Taken(*packet.Key) bool { return false }
