package engine_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"portcullis/config"
	"portcullis/engine"
	"portcullis/helpers"
	"portcullis/helpers/helpertest/corpus"
	"portcullis/packet"
)

// TestStoriesAtLimit: one flow is expected at most where an entry says so, and each
// side goes on reading what the other one says.
func TestStoriesAtLimit(t *testing.T) {
	everywhere(t, limited(1, nil), func(t *testing.T, s *corpus.Story, c *setting, rules *engine.Ruleset, names *engine.Names) {
		st := newStage(t, names, rules, s, c, 2)
		announced := false
		st.tellAll(t, c, func(turn *corpus.Turn) {
			announced = announced || len(turn.Opens) > 0
			if got := st.expected(); len(got) > 1 || announced && st.worker.Stats().Expected == 0 {
				t.Errorf("%q are expected, at most one may be", got)
			}
		})
	})
}

// TestStoriesRefused: nothing is opened where an entry allows no port that is
// announced, and the session goes on.
func TestStoriesRefused(t *testing.T) {
	everywhere(t, limited(0, []config.PortSpan{{Low: 1, High: 1}}), func(t *testing.T, s *corpus.Story, c *setting, rules *engine.Ruleset, names *engine.Names) {
		st := newStage(t, names, rules, s, c, 2)
		from := uint16(7000)
		st.tellAll(t, c, func(turn *corpus.Turn) {
			for _, f := range turn.Opens {
				if from++; f.Proto != packet.ProtoGRE && st.arrives(t, turn.Dir, f, from) {
					t.Errorf("what comes to %s %d arrived", packet.ProtoName(f.Proto), f.Port)
				}
			}
		})
	})
}

// limited are all settings with limits.
func limited(most uint32, only []config.PortSpan) []setting {
	all := slices.Clone(settings)
	for i := range all {
		all[i].most, all[i].only = most, only
	}
	return all
}

// tellAll tells the story, and where nothing is translated checks that it arrives as
// it was told.
func (st *stage) tellAll(t *testing.T, c *setting, after func(*corpus.Turn)) {
	t.Helper()
	st.open(t)
	for i := range st.story.Turns {
		turn := &st.story.Turns[i]
		text := turn.Text(st.sent(turn.Dir))
		if got := st.say(t, turn); !c.snat && !c.dnat && got != text {
			t.Errorf("turn %d: %q arrived, not %q", i, got, text)
		}
		st.learn()
		after(turn)
	}
	if err := st.worker.CheckInvariants(); err != nil {
		t.Error(err)
	}
}

// herald is a helper that announces the flows that datagrams of the server tell of:
// a protocol's number and a port.
var herald = helpers.Helper{
	Name: "irc", Protocols: []uint8{packet.ProtoUDP}, MaxExpects: 2, LowPorts: true,
	Inspect: func(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
		var proto uint8
		var port uint16
		if _, err := fmt.Sscan(string(seg.Data), &proto, &port); err == nil {
			f.Announce(helpers.Expect{Proto: proto, Endpoint: netip.AddrPortFrom(seg.Src.Addr(), port)})
		}
		return helpers.Read
	},
}

// TestStoriesAsChild: a session that another control session has announced is read by
// no helper, also at the port of one, so that nothing comes of what it announces.
func TestStoriesAsChild(t *testing.T) {
	all := []setting{{name: "plain", heralded: true}, {name: "IPv6", v6: true, heralded: true}}
	everywhere(t, all, func(t *testing.T, s *corpus.Story, c *setting, rules *engine.Ruleset, names *engine.Names) {
		st := newStage(t, names, rules, s, c, 2)
		server := netip.AddrPortFrom(st.cast.own[1].Addr(), heraldPort)
		client := netip.AddrPortFrom(st.cast.own[0].Addr(), 9000)
		st.pass(t, packet.Original, udpFrame(client, server, "what is there?"))
		st.pass(t, packet.Reply, udpFrame(server, client, fmt.Sprint(s.Proto, s.Server)))
		if got := st.expected(); len(got) != 1 {
			t.Fatalf("%q are expected, not the story", got)
		}
		st.tellAll(t, c, func(*corpus.Turn) {
			if got := st.expected(); len(got) > 0 {
				t.Errorf("%q are expected", got)
			}
		})
		if n := st.worker.Stats().Children; n != 1 {
			t.Errorf("%d children, not the story alone", n)
		}
	})
}

// heraldPort is where the herald reads.
const heraldPort = 9

// heralds has the herald read on its port: under a name that the story does not need.
func heralds(cfg *config.Config, s *corpus.Story, names *engine.Names) {
	h := herald
	if s.Helper == h.Name {
		h.Name = "sane"
	}
	names.BuildIn(&h)
	cfg.Helpers = append(cfg.Helpers, &config.SessionHelper{ID: 2, Name: h.Name, Protocol: packet.ProtoUDP, Port: heraldPort, Status: true})
	for _, service := range cfg.Services {
		if service.Name == "control" {
			service.UDP = append(service.UDP, config.PortRange{DstLow: heraldPort, DstHigh: heraldPort, SrcLow: 1, SrcHigh: 65535})
		}
	}
}

// TestStoriesCut: each turn over TCP is cut in two at every byte: one behind the
// other, the first part twice and the second again from its middle on, and the second
// first.
func TestStoriesCut(t *testing.T) {
	everywhere(t, []setting{{name: "plain"}, {name: "both", snat: true, dnat: true}, {name: "IPv6, source NAT", v6: true, snat: true}},
		func(t *testing.T, s *corpus.Story, c *setting, rules *engine.Ruleset, names *engine.Names) {
			if s.Proto != packet.ProtoTCP {
				return
			}
			st := newStage(t, names, rules, s, c, 2)
			st.play(t, func(int) {})
			longest := slices.MaxFunc(st.texts(st.sent), func(a, b string) int { return len(a) - len(b) })
			for at := 1; at < len(longest); at++ {
				for _, way := range []string{"in order", "overlapping", "the second first"} {
					st.worker.Shutdown(st.now, 1<<20)
					st.cut(t, way, at)
					if t.Failed() {
						t.Fatalf("cut at %d, %s", at, way)
					}
				}
			}
		})
}

// cut tells the story in a new session with each turn cut at a byte.
func (st *stage) cut(t *testing.T, way string, at int) {
	t.Helper()
	st.open(t)
	texts, arrive := st.texts(st.sent), st.texts(st.read)
	for i := range texts {
		text, dir := texts[i], st.story.Turns[i].Dir
		parts := [][2]int{{0, len(text)}}
		if at < len(text) {
			switch way {
			case "in order":
				parts = [][2]int{{0, at}, {at, len(text)}}
			case "overlapping":
				parts = [][2]int{{0, at}, {0, at}, {at / 2, len(text)}, {at, len(text)}}
			default:
				parts = [][2]int{{at, len(text)}, {0, at}, {at, len(text)}}
			}
		}
		if got := st.pieces(t, dir, text, parts); got != arrive[i] {
			t.Errorf("turn %d: %q arrived, not %q", i, got, arrive[i])
		}
		st.got[dir.Other()] += uint32(len(arrive[i]))
		st.seq[dir] += uint32(len(text))
		st.tell(t, dir.Other(), packet.TCPAck, "")
	}
}

// pieces sends parts of a text, and returns what arrived of it. What comes again must
// be the same.
func (st *stage) pieces(t *testing.T, dir packet.Dir, text string, parts [][2]int) string {
	t.Helper()
	var got []byte
	came := map[int]bool{}
	for _, part := range parts {
		b := segment(st.cast.own[dir], st.cast.peer[dir], st.seq[dir]+uint32(part[0]), st.got[dir], packet.TCPAck, text[part[0]:part[1]])
		on, _, why := st.pass(t, dir, b)
		if why != packet.ReasonNone && !slices.Contains(patience, why) {
			t.Errorf("a part died of %v", why)
		}
		for _, p := range on {
			off := int(int32(p.TCP().SequenceNumber() - st.got[dir.Other()]))
			for i, c := range p.Data() {
				at := off + i
				got = append(got, make([]byte, max(0, at+1-len(got)))...)
				if came[at] && got[at] != c {
					t.Errorf("byte %d is %q, and then %q", at, got[at], c)
				}
				got[at], came[at] = c, true
			}
		}
	}
	if len(came) != len(got) {
		t.Errorf("%d bytes of %d arrived", len(came), len(got))
	}
	return string(got)
}
