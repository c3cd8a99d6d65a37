package engine_test

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"portcullis/engine"
	"portcullis/helpers/helpertest/corpus"
	"portcullis/packet"
)

// BenchmarkControl measures what a segment, or datagram, of a control session costs
// on its way through the engine: with its helper (ns/segment), and how much more that
// is than without (more-ns/segment). The part of a story that may be repeated is told
// over and over in one session, to both of its ends: its announcements are made
// again, too. Acknowledgements are segments like others, but only the last setting has
// them. Both figures are the least of many rounds.
func BenchmarkControl(b *testing.B) {
	for _, s := range corpus.All() {
		for _, c := range []setting{{name: "plain"}, {name: "snat", snat: true}, {name: "ipv6", v6: true}, {name: "snat-acknowledged", snat: true, acks: true}} {
			if !s.Tells(c.v6) || c.acks && s.Proto != packet.ProtoTCP {
				continue
			}
			b.Run(s.Title()+"/"+c.name, func(b *testing.B) {
				without := c
				without.unhelped = true
				with, bare := newLoop(b, s, &c), newLoop(b, s, &without)
				b.ReportAllocs()
				b.ResetTimer()
				least := [2]time.Duration{time.Hour, time.Hour}
				for done := 0; done < b.N; done += rounds * len(with.steps) {
					for i, l := range []*loop{with, bare} {
						begun := time.Now()
						for range rounds {
							l.turn(b)
						}
						least[i] = min(least[i], time.Since(begun))
					}
				}
				n := float64(rounds * len(with.steps))
				b.ReportMetric(float64(least[0])/n, "ns/segment")
				b.ReportMetric(float64(least[0]-least[1])/n, "more-ns/segment")
				b.ReportMetric(0, "ns/op") // of both
			})
		}
	}
}

// BenchmarkTrunk measures what a call costs through a control session that many others
// go through as well: a provider's, or a proxy's, behind source NAT.
func BenchmarkTrunk(b *testing.B) {
	for _, s := range corpus.All() {
		if s.Helper != "sip" || s.Name != "call" || s.Proto != packet.ProtoUDP {
			continue
		}
		for _, calls := range []int{0, 10, 100} {
			b.Run(fmt.Sprintf("calls=%d", calls), func(b *testing.B) {
				l := newLoop(b, s, &setting{snat: true})
				invite := s.Turns[0].Text(l.sent(packet.Original))
				for i := range calls {
					other := strings.NewReplacer("call1", fmt.Sprintf("other%d", i), "m=audio 50000", fmt.Sprintf("m=audio %d", 20000+2*i))
					l.datagram(b, packet.Original, other.Replace(invite))
				}
				if got := l.worker.Stats().Expected; got < 2*uint64(calls) {
					b.Fatalf("%d flows were announced", got)
				}
				b.ReportAllocs()
				b.ResetTimer()
				for done := 0; done < b.N; done += len(l.steps) {
					l.turn(b)
				}
			})
		}
	}
}

// rounds is how often the story is told between two looks at the clock.
const rounds = 50

// loop is a part of a story that is told over and over.
type loop struct {
	*stage
	steps []step
	batch []engine.Slot
	mem   [1 << 11]byte
}

// step is a packet of a loop.
type step struct {
	dir   packet.Dir
	in    uint16
	frame []byte
	l4    int
	size  uint32 // bytes of payload
}

func newLoop(t testing.TB, s *corpus.Story, c *setting) *loop {
	names := engine.NewNames()
	l := &loop{stage: newStage(t, names, c.ruleset(t, s, names), s, c, 2), batch: make([]engine.Slot, 1)}
	l.open(t)
	for i := range s.Turns {
		l.say(t, &s.Turns[i])
		l.learn()
	}
	for i := s.Again; i < len(s.Turns); i++ {
		l.add(&s.Turns[i])
		if c.acks {
			l.acknowledge(s.Turns[i].Dir.Other())
		}
	}
	return l
}

// acknowledge makes a step of a bare acknowledgement, sent in direction dir.
func (l *loop) acknowledge(dir packet.Dir) {
	l.step(dir, segment(l.cast.own[dir], l.cast.peer[dir], 0, 0, packet.TCPAck, ""), 0)
}

// add makes a step of a turn.
func (l *loop) add(turn *corpus.Turn) {
	dir, text := turn.Dir, turn.Text(l.sent(turn.Dir))
	b := udpFrame(l.cast.own[dir], l.cast.peer[dir], text)
	if l.story.Proto == packet.ProtoTCP {
		b = segment(l.cast.own[dir], l.cast.peer[dir], 0, 0, packet.TCPPsh|packet.TCPAck, text)
	}
	l.step(dir, b, len(text))
}

// step makes a step of a frame with so many bytes of payload.
func (l *loop) step(dir packet.Dir, b []byte, size int) {
	var p packet.Packet
	p.Parse(b, packet.Offload{})
	l.steps = append(l.steps, step{dir, l.names.InterfaceIndex(sides[dir]), b, int(p.L4), uint32(size)})
}

// turn tells the loop once.
func (l *loop) turn(t testing.TB) {
	for i := range l.steps {
		l.pass(t, &l.steps[i])
	}
}

// pass sends one packet and notes how far the stream has come.
func (l *loop) pass(t testing.TB, s *step) {
	b := l.mem[:copy(l.mem[:], s.frame)]
	tcp := l.story.Proto == packet.ProtoTCP
	if tcp {
		number(b[s.l4:], l.seq[s.dir], l.got[s.dir])
		l.seq[s.dir] += s.size
	}
	p := &l.batch[0]
	p.Renew()
	p.In = s.in
	p.Parse(b, packet.Offload{})
	l.worker.Quick(l.now, l.batch)
	l.worker.Process(l.now, l.batch)
	if p.Verdict != engine.Forward {
		t.Fatalf("%v: %q died of %v", s.dir, s.frame, p.Reason)
	}
	if tcp {
		l.got[s.dir.Other()] += uint32(len(p.Data()))
		for i := range l.worker.Generated() {
			l.got[s.dir.Other()] += uint32(len(l.worker.Generated()[i].Data()))
		}
	}
}

// number writes the numbers of a TCP header in which they are 0, and keeps its
// checksum right (RFC 1624).
func number(h []byte, seq, ack uint32) {
	binary.BigEndian.PutUint32(h[4:], seq)
	binary.BigEndian.PutUint32(h[8:], ack)
	sum := uint32(^binary.BigEndian.Uint16(h[16:])) + seq>>16 + seq&0xffff + ack>>16 + ack&0xffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	binary.BigEndian.PutUint16(h[16:], ^uint16(sum))
}

// TestControlAllocates: a segment of a control session that announces nothing
// allocates nothing.
func TestControlAllocates(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	everywhere(t, settings, func(t *testing.T, s *corpus.Story, c *setting, rules *engine.Ruleset, names *engine.Names) {
		l := newLoop(t, s, c)
		const times = 5
		least := make([]uint64, len(l.steps)) // others may allocate meanwhile
		for n := range times {
			for i := range l.steps {
				was := mallocs()
				l.pass(t, &l.steps[i])
				if now := mallocs() - was; n == 0 || now < least[i] {
					least[i] = now
				}
			}
		}
		for i, n := range least {
			if turn := &s.Turns[s.Again+i]; n > 0 && turn.Silent() {
				t.Errorf("%d allocations for turn %d", n, s.Again+i)
			}
		}
	})
}

// mallocs is how often memory was allocated so far.
func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
