package helpertest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"portcullis/helpers"
	"portcullis/packet"
)

// seeds is how many networks Laws sends a dialogue over.
const seeds = 60

// Laws runs d through every law.
func Laws(t *testing.T, h *helpers.Helper, d Dialogue) {
	t.Helper()
	d = d.filled()
	t.Run(d.Name, func(t *testing.T) {
		r, err := read(h, &d, whole)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.announced(eventAnnounce); !slices.Equal(got, d.Want) {
			t.Errorf("announced %v, want %v", got, d.Want)
		}
		if got := r.announced(eventMention); d.Mentioned != nil && !slices.Equal(got, d.Mentioned) {
			t.Errorf("mentioned %v, want %v", got, d.Mentioned)
		}
		if r.why != d.Why {
			t.Errorf("detached for %q, want %q", r.why, d.Why)
		}
		if r.tls != d.Encrypted {
			t.Errorf("encrypted: %v, want %v", r.tls, d.Encrypted)
		}
		if err := readBack(h, &d, r); err != nil {
			t.Error("read back: ", err)
		}
		if err := plainly(h, &d, r); err != nil {
			t.Error("where nothing is translated: ", err)
		}
		if d.Proto == packet.ProtoUDP {
			if err := datagrams(h, &d); err != nil {
				t.Error("through the framework: ", err)
			}
			return
		}
		if err := cuts(h, &d, r); err != nil {
			t.Error(err)
		}
		if err := Networks(h, d, seeds); err != nil {
			t.Error(err)
		}
	})
}

// announced is all that was found of a kind.
func (r *reader) announced(kind eventKind) []Announced {
	var all []Announced
	var tags []uint32
	for _, ev := range r.events {
		switch {
		case ev.Kind != kind:
		case kind == eventAnnounce:
			if e := &ev.Expect; r.d.Tagged && e.Tag != 0 {
				if !slices.Contains(tags, e.Tag) {
					tags = append(tags, e.Tag)
				}
				e.Tag = 1 + uint32(slices.Index(tags, e.Tag))
			}
			all = append(all, Announced{ev.Dir, ev.Expect.Endpoint.String(), how(ev.Expect, r.d.Proto)})
		default:
			all = append(all, Announced{Dir: ev.Dir, Endpoint: ev.Expect.Endpoint.String()})
		}
	}
	return all
}

// plainly reads d as where neither end is translated, or one alone is: but for mentions of
// what is not, and where nothing is for lengths, the same is found.
func plainly(h *helpers.Helper, d *Dialogue, want *reader) error {
	if !h.Mentions {
		return nil
	}
	for _, plain := range [][2]bool{{true, true}, {true, false}, {false, true}} {
		r, err := (&reader{h: h, d: d, plain: plain}).read(whole)
		if err != nil {
			return err
		}
		if got, want := r.acts(plain), want.acts(plain); !slices.Equal(got, want) {
			return fmt.Errorf("plain %v: found %v, else %v", plain, got, want)
		}
		if r.why != want.why || r.tls != want.tls || r.unread != want.unread || r.state != want.state {
			return fmt.Errorf("plain %v: detached for %q with state %x, else for %q with state %x", plain, r.why, r.state, want.why, want.state)
		}
	}
	return nil
}

// acts are the events that tell something where some senders are not translated.
func (r *reader) acts(plain [2]bool) []event {
	return slices.DeleteFunc(slices.Clone(r.events), func(ev event) bool {
		if plain[packet.Original] && plain[packet.Reply] {
			return ev.Kind == eventMention || ev.Kind == eventLength
		}
		src, dst := r.d.ends(ev.Dir)
		at := ev.Expect.Endpoint.Addr()
		return ev.Kind == eventMention && (plain[ev.Dir] && at == src.Addr() || plain[ev.Dir.Other()] && at == dst.Addr())
	})
}

// cuts reads d again with every turn cut in two at every byte, byte by byte, and
// in random pieces.
func cuts(h *helpers.Helper, d *Dialogue, want *reader) error {
	longest := 0
	for _, t := range d.Turns {
		longest = max(longest, len(t.Text))
	}
	for at := 1; at < longest; at++ {
		if at > 300 && at%37 != 0 && at < longest-300 {
			continue // long turns are sampled in the middle
		}
		err := recut(h, d, want, func(s string) []string {
			if at >= len(s) {
				return []string{s}
			}
			return []string{s[:at], s[at:]}
		})
		if err != nil {
			return fmt.Errorf("cut at %d: %w", at, err)
		}
	}
	for seed := range uint64(32) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		most := 1 + int(seed)*2
		if err := recut(h, d, want, func(s string) []string { return pieces(s, most, rnd) }); err != nil {
			return fmt.Errorf("in pieces, seed %d: %w", seed, err)
		}
	}
	return nil
}

// pieces cuts s in pieces of 1 to most bytes.
func pieces(s string, most int, rnd *rand.Rand) []string {
	var all []string
	for len(s) > 0 {
		n := min(1+rnd.IntN(most), len(s))
		all = append(all, s[:n])
		s = s[n:]
	}
	return all
}

func recut(h *helpers.Helper, d *Dialogue, want *reader, cut func(string) []string) error {
	r, err := read(h, d, cut)
	if err != nil {
		return err
	}
	if !slices.Equal(r.events, want.events) {
		return fmt.Errorf("found %v, whole %v", r.events, want.events)
	}
	if r.why != want.why || r.tls != want.tls {
		return fmt.Errorf("detached for %q (encrypted: %v), whole for %q (%v)", r.why, r.tls, want.why, want.tls)
	}
	return nil
}

// readBack spells every announcement and mention anew, and every length, and reads
// the result as the peer does.
func readBack(h *helpers.Helper, d *Dialogue, first *reader) error {
	m, err := newModel(h, d, true)
	if err != nil {
		return err
	}
	back := *d
	back.Client = Translate(packet.Original, d.Client)
	back.Server = Translate(packet.Reply, d.Server)
	back.Turns = slices.Clone(d.Turns)
	for i := range back.Turns {
		back.Turns[i].Text = m.turns[i]
	}
	second, err := read(h, &back, whole)
	if err != nil {
		return err
	}
	if len(second.events) != len(first.events) || second.why != first.why {
		return fmt.Errorf("found %v %q, spelt %v %q", second.events, second.why, first.events, first.why)
	}
	ann := translator(d, false)
	for i := range first.events {
		got := second.events[i]
		if got.Expect.Pair && paired(first.events, i, ann) {
			got.Expect.Pair = first.events[i].Expect.Pair
		}
		if err := sameBack(h, &first.events[i], &got, ann, m.want); err != nil {
			return err
		}
	}
	return nil
}

// paired says whether the port behind that of the i-th event is announced beside it,
// of another host: who reads both hosts as one, as they are known behind a translation,
// finds a pair.
func paired(all []event, i int, ann *Translator) bool {
	e := &all[i]
	to := ann.translate(e.Dir, e.Expect.Endpoint)
	behind := netip.AddrPortFrom(to.Addr(), to.Port()+1)
	return e.Kind == eventAnnounce && slices.ContainsFunc(all, func(o event) bool {
		return o.Kind == eventAnnounce && o.Turn == e.Turn && o.Expect.Endpoint.Addr() != e.Expect.Endpoint.Addr() && ann.translate(o.Dir, o.Expect.Endpoint) == behind
	})
}

// sameBack says how got, which was found in the rewritten streams text, is not what
// was became.
func sameBack(h *helpers.Helper, was, got *event, ann *Translator, text [2]string) error {
	w, g := &was.Expect, &got.Expect
	if g.Call != helpers.NoCall { // that is the identifier of the other side's way, as it is known here
		g.PeerPort = w.PeerPort
	}
	if got.Kind != was.Kind || got.Turn != was.Turn || got.Dir != was.Dir || how(*g, 0) != how(*w, 0) {
		return fmt.Errorf("found %+v, spelt %+v", *got, *was)
	}
	to := w.Endpoint
	switch was.Kind {
	case eventAnnounce:
		to = ann.translate(was.Dir, w.Endpoint)
	case eventMention:
		to, _ = ann.Known(was.Dir, w.Endpoint)
		if !spellsPort(h, text[got.Dir][got.Off:][:g.Edit.Len], g.Edit) { // it told the address apart from others
			to = netip.AddrPortFrom(to.Addr(), g.Endpoint.Port())
		}
	case eventLength:
		orig := text[got.Dir][got.Off:][:g.Edit.Len]
		size := got.To - got.From
		if spelt := h.SpellLength(nil, []byte(orig), g.Edit, size); size != was.To-was.From && string(spelt) != orig {
			return fmt.Errorf("there are %d bytes, spelt %q", size, orig)
		}
	}
	if w.Edit.Len > 0 && g.Endpoint != to {
		return fmt.Errorf("found %s, spelt %s", g.Endpoint, to)
	}
	return nil
}

// spellsPort says whether a port is spelt where text is, and not an address alone.
func spellsPort(h *helpers.Helper, text string, e helpers.Edit) bool {
	a := netip.MustParseAddr("203.0.113.1")
	one := h.Spell(nil, []byte(text), e, netip.AddrPortFrom(a, 1111))
	return string(one) != string(h.Spell(nil, []byte(text), e, netip.AddrPortFrom(a, 2222)))
}

// Networks sends d over n random networks, with translation and without, and
// returns the first fault. It is the property test of the framework's sequence
// adjustment.
func Networks(h *helpers.Helper, d Dialogue, n int) error {
	d = d.filled()
	for _, translate := range []bool{true, false} {
		m, err := newModel(h, &d, translate)
		if err != nil {
			return err
		}
		for seed := range uint64(n) {
			if err := simulate(h, &d, m, translate, seed); err != nil {
				return fmt.Errorf("network %d (translating: %v): %w", seed, translate, err)
			}
		}
	}
	return nil
}

// datagrams sends d through the framework, one datagram for each turn.
func datagrams(h *helpers.Helper, d *Dialogue) error {
	m, err := newModel(h, d, true)
	if err != nil {
		return err
	}
	var out helpers.Output
	var st helpers.State
	ann := translator(d, false)
	ends := ann.ends(d)
	gone := ""
	for i, t := range d.Turns {
		if gone != "" {
			break
		}
		helpers.ReadDatagram(h, &st, &helpers.Datagram{Dir: t.Dir, Ends: &ends[t.Dir], Payload: []byte(t.Text)}, ann, &out)
		if len(out.Out()) != 1 || string(out.Out()[0].Payload) != m.turns[i] {
			return fmt.Errorf("turn %d became %v, want %q", i, out.Out(), m.turns[i])
		}
		if out.Over != m.over[i] {
			return fmt.Errorf("turn %d is the last: %v, want %v", i, out.Over, m.over[i])
		}
		if out.Detached {
			gone = out.Why
		}
	}
	if !slices.Equal(ann.Seen, m.seen) || gone != m.why {
		return fmt.Errorf("announced %v and %q, want %v and %q", ann.Seen, gone, m.seen, m.why)
	}
	return nil
}

// Network sends d over the one network of that seed, with translation.
func Network(h *helpers.Helper, d Dialogue, seed uint64) error {
	d = d.filled()
	m, err := newModel(h, &d, true)
	if err != nil {
		return err
	}
	return simulate(h, &d, m, true, seed)
}
