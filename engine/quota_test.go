package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"portcullis/engine"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
)

// quotaConfig bounds the sessions of policy 4 (DNS) by shaper a, and all others by
// shaper b.
func quotaConfig(a, b string, bounds [2][3]int) string {
	text := ""
	for i, name := range []string{"a", "b"} {
		text += fmt.Sprintf("[[firewall.shaper.per-ip-shaper]]\nname = %q\nmax-concurrent-session = %d\nmax-concurrent-tcp-session = %d\nmax-concurrent-udp-session = %d\n",
			name, bounds[i][0], bounds[i][1], bounds[i][2])
	}
	for i, p := range []struct{ service, shaper string }{{"DNS", a}, {"ALL", b}} {
		text += fmt.Sprintf("[[firewall.policy]]\npolicyid = %d\nsrcintf = \"port1\"\ndstintf = \"port2\"\nsrcaddr = \"all\"\ndstaddr = \"all\"\nsrcaddr6 = \"all\"\ndstaddr6 = \"all\"\naction = \"accept\"\nschedule = \"always\"\nservice = %q\nper-ip-shaper = %q\n",
			4+i, p.service, p.shaper)
	}
	return text
}

// guest is a session as the model of the quotas remembers it.
type guest struct {
	source packet.Addr
	proto  uint8
	shaper string
	fresh  bool // judged by the rules in force
}

// quotaModel counts sessions by walking over all of them.
type quotaModel struct {
	live  map[packet.Key]*guest
	names [2]string // the shaper of policies 4 and 5
	bound map[string][3]int
}

// Push follows the sessions that begin and end.
func (m *quotaModel) Push(e *session.Event) bool {
	switch e.Kind {
	case session.EventStart:
		m.live[e.Key] = &guest{source: e.Key.Src, proto: e.Key.Proto, shaper: m.names[e.Policy-4], fresh: true}
	case session.EventEnd:
		delete(m.live, e.Key)
	}
	return true
}

// full says whether the source of k may have no further session like it.
func (m *quotaModel) full(k packet.Key, shaper string) bool {
	var all, own int
	for _, g := range m.live {
		if g.source == k.Src && g.shaper == shaper {
			all++
			if g.proto == k.Proto {
				own++
			}
		}
	}
	b := m.bound[shaper]
	return b[0] > 0 && all >= b[0] || k.Proto == packet.ProtoTCP && b[1] > 0 && own >= b[1] || k.Proto == packet.ProtoUDP && b[2] > 0 && own >= b[2]
}

// TestQuotaModel has few sources open and lose sessions in all the ways there are,
// while the rules change, and compares what is refused with the model. The
// engine's own counts are compared with its table after each step.
func TestQuotaModel(t *testing.T) {
	bounds := [2][2][3]int{{{5, 2, 3}, {7, 0, 2}}, {{2, 1, 0}, {0, 3, 4}}}
	texts := []string{
		quotaConfig("a", "b", bounds[0]), quotaConfig("b", "b", bounds[0]),
		quotaConfig("b", "a", bounds[1]), quotaConfig("a", "b", bounds[1]),
	}
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newRig(t, texts...)
			d := rand.New(rand.NewPCG(seed, 3))
			m := &quotaModel{live: map[packet.Key]*guest{}}
			reload := func(i int) {
				m.names = [][2]string{{"a", "b"}, {"b", "b"}, {"b", "a"}, {"a", "b"}}[i]
				m.bound = map[string][3]int{"a": bounds[i/2][0], "b": bounds[i/2][1]}
				for _, g := range m.live {
					g.fresh = false
				}
			}
			reload(0)
			r.worker = engine.NewWorker(r.rules[0], 0, engine.Options{Seed: seed, Sink: m, Names: r.names})
			generation := uint32(len(texts))
			refused, opened := 0, 0
			for step := range 4000 {
				switch n := d.IntN(100); {
				case n < 80:
					r.quotaPacket(t, d, m, &refused, &opened)
				case n < 90:
					r.now += session.Tick(time.Duration(d.IntN(2000)) * time.Millisecond)
					r.worker.Tick(r.now)
				case n < 91:
					r.now += session.Tick(time.Duration(d.IntN(200)) * time.Second)
					for r.worker.Tick(r.now) {
					}
				case n < 96:
					r.clear()
				default:
					i := d.IntN(len(texts))
					generation++
					r.worker.SetRuleset(r.rules[i].Relink(nil, r.names, generation))
					reload(i)
				}
				if err := r.worker.CheckInvariants(); err != nil {
					t.Fatalf("step %d: %v", step, err)
				}
				if got := r.worker.Stats().Sessions; got != len(m.live) {
					t.Fatalf("step %d: %d sessions, %d in the model", step, got, len(m.live))
				}
			}
			if refused < 100 || opened < 100 {
				t.Errorf("%d refused, %d opened: not much of a test", refused, opened)
			}
			for r.worker.Shutdown(r.now, 3) {
			}
			if err := r.worker.CheckInvariants(); err != nil || r.worker.Stats().Sessions != 0 {
				t.Fatalf("after the end: %v", err)
			}
		})
	}
}

// quotaPacket sends a packet of a random flow, and compares its fate with what
// the model says.
func (r *rig) quotaPacket(t *testing.T, d *rand.Rand, m *quotaModel, refused, opened *int) {
	t.Helper()
	src, dst := fmt.Sprintf("10.1.0.%d", 2+d.IntN(3)), "10.2.0.2"
	if d.IntN(4) == 0 {
		src, dst = fmt.Sprintf("[fd01::%d]", 2+d.IntN(2)), "[fd02::2]"
	}
	port := []int{53, 53, 80}[d.IntN(3)]
	flow := fmt.Sprintf("%s:%d > %s:%d", src, 1000+d.IntN(6), dst, port)
	line, answer := "udp "+flow, ""
	switch d.IntN(3) {
	case 0:
		line = "tcp " + flow + " S seq " + fmt.Sprint(d.IntN(1000))
	case 1:
		line = "tcp " + flow + " R seq 1001"
	case 2:
		var s, p string
		fmt.Sscanf(flow, "%s > %s", &s, &p)
		answer = fmt.Sprintf("udp %s > %s", p, s)
	}
	var p packet.Packet
	if why := p.Parse(packettest.Frame(line), packet.Offload{}); why != packet.ReasonNone {
		t.Fatal(line, why)
	}
	shaper := m.names[1]
	if port == 53 {
		shaper = m.names[0]
	}
	g := m.live[p.Key]
	if g != nil && !g.fresh { // it is judged again, and follows its policy
		g.shaper, g.fresh = shaper, true
	}
	full := m.full(p.Key, shaper)
	_, why := r.send(t, "port1", packettest.Frame(line), packet.Offload{}, func(*engine.Slot) {})
	switch opens := g == nil && p.TCPFlags != packet.TCPRst; {
	case opens && full && why != packet.ReasonSessionQuota:
		t.Fatalf("%s: %v, but its source has its sessions", line, why)
	case !opens && why == packet.ReasonSessionQuota && m.live[p.Key] != nil, opens && !full && why == packet.ReasonSessionQuota:
		t.Fatalf("%s: %v", line, why)
	case why == packet.ReasonSessionQuota:
		*refused++
	case opens && why == packet.ReasonNone:
		*opened++
	}
	if answer != "" && m.live[p.Key] != nil {
		r.send(t, "port2", packettest.Frame(answer), packet.Offload{}, func(*engine.Slot) {})
	}
}

// TestQuotaCosts: sessions without a shaper are made without an allocation, and
// those of one whose source is known likewise.
func TestQuotaCosts(t *testing.T) {
	r := newRig(t, rigPolicy, quotaConfig("a", "b", [2][3]int{}))
	batch := make([]engine.Slot, 1)
	for i, rs := range r.rules {
		r.worker = engine.NewWorker(rs, 0, engine.Options{Seed: 1, Names: r.names})
		r.play(t, "port1 < udp 10.1.0.2:1 > 10.2.0.2:80")
		frame := packettest.Frame("udp 10.1.0.2:2 > 10.2.0.2:80")
		var refs [1]session.Ref
		n := testing.AllocsPerRun(100, func() {
			s := &batch[0]
			s.Renew()
			s.In = 0
			s.Parse(frame, packet.Offload{})
			r.worker.Process(r.now, batch)
			r.worker.Sessions(func(s *session.Session) bool { refs[0] = s.Ref(); return s.Key[0].SrcPort != 2 })
			r.worker.Clear(r.now, refs[:])
		})
		if st := r.worker.Stats(); n != 0 || st.Sessions != 1 || st.Created < 100 {
			t.Errorf("rules %d: %v allocations, %+v", i, n, st)
		}
	}
}
