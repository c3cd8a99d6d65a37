package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"portcullis/engine"
	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/helpers/helpertest/corpus"
	"portcullis/packet"
)

// The laws of helpertest hold what a helper finds, and what the framework makes of
// it, against the helper itself. These here lead the dialogues of the corpus through
// a whole engine, and hold what arrives against what the dialogue says that its
// reader must see.

// TestCorpus: every helper has a story.
func TestCorpus(t *testing.T) {
	told := map[string]bool{}
	for _, s := range corpus.All() {
		told[s.Helper] = true
	}
	for _, h := range helpers.All() {
		if !told[h.Name] {
			t.Errorf("%s: nothing is told of it", h.Name)
		}
	}
}

// everywhere tells every story in every setting.
func everywhere(t *testing.T, all []setting, f func(t *testing.T, s *corpus.Story, c *setting, rules *engine.Ruleset, names *engine.Names)) {
	for _, s := range corpus.All() {
		t.Run(s.Title(), func(t *testing.T) {
			for _, c := range all {
				if !s.Tells(c.v6) {
					continue
				}
				t.Run(c.name, func(t *testing.T) {
					names := engine.NewNames()
					f(t, s, &c, c.ruleset(t, s, names), names)
				})
			}
		})
	}
}

// TestStories: in every setting each side reads what the story says, and what it
// announces comes through, until it says that it ends. Behind source NAT another
// client has told the same story before, so that its ports are taken.
func TestStories(t *testing.T) {
	everywhere(t, settings, func(t *testing.T, s *corpus.Story, c *setting, rules *engine.Ruleset, names *engine.Names) {
		st := newStage(t, names, rules, s, c, 3)
		if c.snat {
			st.play(t, func(int) {})
			st.enter(c, 2)
		}
		from := uint16(7000)
		var open []func()
		st.play(t, func(i int) {
			turn := &s.Turns[i]
			for _, f := range turn.Opens {
				if !st.arrives(t, turn.Dir, f, from) {
					t.Errorf("turn %d: what comes to %s %d did not arrive", i, packet.ProtoName(f.Proto), f.Port)
				}
				from++
				open = append(open, func() {
					if from++; st.arrives(t, turn.Dir, f, from) {
						t.Errorf("turn %d ends what came to %s %d, and it goes on", i, packet.ProtoName(f.Proto), f.Port)
					}
				})
			}
			if turn.Ends {
				for _, f := range open {
					f()
				}
			}
		})
		if err := st.worker.CheckInvariants(); err != nil {
			t.Error(err)
		}
	})
}

// play tells the story to its end, calls after behind each turn, and checks what
// arrived.
func (st *stage) play(t testing.TB, after func(turn int)) {
	t.Helper()
	st.open(t)
	var got []string
	for i := range st.story.Turns {
		got = append(got, st.say(t, &st.story.Turns[i]))
		st.learn()
		after(i)
	}
	for i, text := range st.texts(st.read) {
		if got[i] != text {
			t.Errorf("turn %d: %q arrived, not %q", i, got[i], text)
		}
	}
}

// texts are the turns as one sees them.
func (st *stage) texts(view func(packet.Dir) *corpus.View) (all []string) {
	for i := range st.story.Turns {
		turn := &st.story.Turns[i]
		all = append(all, turn.Text(view(turn.Dir)))
	}
	return all
}

// journeys is how many networks each story is sent over in each setting.
const journeys = 6

// TestJourneys: the same over networks that lose, double, reorder, cut and merge TCP
// segments, with selective acknowledgements, and that double and cut datagrams. What
// is expected at the end is what is expected where nothing happens.
func TestJourneys(t *testing.T) {
	everywhere(t, settings, func(t *testing.T, s *corpus.Story, c *setting, rules *engine.Ruleset, names *engine.Names) {
		calm := newStage(t, names, rules, s, c, 3)
		if c.snat {
			calm.play(t, func(int) {})
			calm.enter(c, 2)
		}
		calm.play(t, func(int) {})
		want := calm.expected()
		for seed := range uint64(journeys) {
			st := newStage(t, names, rules, s, c, 3)
			if c.snat {
				st.play(t, func(int) {})
				st.enter(c, 2)
			}
			st.cast, st.ports = calm.cast, calm.ports
			st.travel(t, seed, func() error {
				if got := st.expected(); !slices.Equal(got, want) {
					return fmt.Errorf("expected %q, not %q", got, want)
				}
				return nil
			})
			if err := st.worker.CheckInvariants(); err != nil {
				t.Error(err)
			}
			if t.Failed() {
				return
			}
		}
	})
}

// travel tells the story over a bad network, to an audience that knows what announced
// ports are known as.
// heard is called when all of it has arrived.
func (st *stage) travel(t *testing.T, seed uint64, heard func() error) {
	t.Helper()
	texts, arrive := st.texts(st.sent), st.texts(st.read)
	if st.story.Proto == packet.ProtoUDP {
		st.post(t, texts, arrive, seed)
		if err := heard(); err != nil {
			t.Errorf("network %d: %v", seed, err)
		}
		return
	}
	d := helpertest.Dialogue{Name: st.story.Title()}
	for i := range st.story.Turns {
		d.Turns = append(d.Turns, helpertest.Turn{Dir: st.story.Turns[i].Dir, Text: texts[i]})
	}
	j := helpertest.Journey{Dialogue: d, Arrives: arrive, Through: &middle{st: st, t: t}, Heard: heard, Seed: seed}
	if err := j.Run(); err != nil {
		t.Errorf("network %d: %v", seed, err)
	}
}

// post sends the turns of a story over UDP: some twice, some in fragments, and those
// in any order.
func (st *stage) post(t *testing.T, texts, arrive []string, seed uint64) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 17))
	st.sizes = func(most int) int { return rnd.IntN(most) + rnd.IntN(most) }
	for i := range st.story.Turns {
		for range 1 + rnd.IntN(2) {
			if got := st.datagram(t, st.story.Turns[i].Dir, texts[i]); got != arrive[i] {
				t.Errorf("network %d: turn %d: %q arrived, not %q", seed, i, got, arrive[i])
			}
		}
	}
}

// middle is the engine in the middle of a journey.
type middle struct {
	st *stage
	t  *testing.T
}

// patience are the reasons for which a segment may die that will be sent again.
var patience = []packet.Reason{packet.ReasonHelperGap, packet.ReasonHelperBusy}

// Carry implements helpertest.Middle.
func (m *middle) Carry(dir packet.Dir, s *helpertest.Segment) (on, back []*helpertest.Segment, err error) {
	cast := m.st.cast
	there, here, why := m.st.pass(m.t, dir, frame(packet.ProtoTCP, cast.own[dir], cast.peer[dir], s.Header, s.Payload))
	if why != packet.ReasonNone && !slices.Contains(patience, why) {
		return nil, nil, fmt.Errorf("%v: a segment died of %v: %x %q", dir, why, s.Header, s.Payload)
	}
	return segments(there), segments(here), nil
}

// segments are those in packets.
func segments(list []*packet.Packet) (all []*helpertest.Segment) {
	for _, p := range list {
		all = append(all, &helpertest.Segment{Header: p.Frame[p.L4:p.Payload], Payload: p.Data()})
	}
	return all
}
