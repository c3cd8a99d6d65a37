package helpertest

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"portcullis/helpers"
	"portcullis/packet"
)

// Fuzz adds the dialogues as seeds and looks for one that breaks a law. Lines in
// testdata/fuzz are dialogues as Encode writes them.
func Fuzz(f *testing.F, h *helpers.Helper, seeds ...Dialogue) {
	for _, d := range seeds {
		f.Add(Encode(d))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := decode(data)
		d.Proto = h.Protocols[0]
		want, err := read(h, &d, whole)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(d.Turns, func(turn Turn) bool { return len(turn.Text) > longest }) {
			if err := plainly(h, &d, want); err != nil {
				t.Fatal(err)
			}
		}
		if err := translated(h, &d, want); err != nil {
			t.Fatal(err)
		}
		if d.Proto == packet.ProtoUDP {
			if err := datagrams(h, &d); err != nil {
				t.Fatal(err)
			}
			return
		}
		rnd := rand.New(rand.NewPCG(uint64(len(data)), 11))
		for _, most := range []int{1, 2, 7, 40} {
			if len(data) > 3000 && most < 40 {
				continue // byte by byte it takes too long
			}
			if err := recut(h, &d, want, func(s string) []string { return pieces(s, most, rnd) }); err != nil {
				t.Fatal(err)
			}
		}
		throughControl(t, h, &d, want)
	})
}

// longest is the longest turn, in bytes, that is held to be within what a helper
// reads whatever it is respelt as, and to have room in Findings for all that is in it.
const longest = 500

// translated reads back what d is respelt as, and sends it over a network. It does
// so only where the messages end with the turns, and are none that a helper may give
// up for being long, or for naming addresses that the kit itself makes up.
func translated(h *helpers.Helper, d *Dialogue, first *reader) error {
	if first.unread || len(first.events) == 0 || first.gone {
		return nil
	}
	m, err := newModel(h, d, true)
	if err != nil {
		return err
	}
	longest := longest
	if d.Proto == packet.ProtoTCP {
		longest = min(longest, h.MaxHold)
	}
	for i, t := range d.Turns {
		if max(len(t.Text), len(m.turns[i])) > longest || madeUp(t.Text) {
			return nil
		}
	}
	if err := readBack(h, d, first); err != nil || d.Proto == packet.ProtoUDP {
		return err
	}
	return simulate(h, d, m, true, uint64(len(first.events)))
}

// madeUp says whether s names an address that Public answers.
func madeUp(s string) bool {
	for _, like := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		for dir := range packet.Dir(2) {
			a := Public(dir, like)
			if strings.Contains(s, a.String()) || strings.Contains(s, string(a.AsSlice())) {
				return true
			}
		}
	}
	return false
}

// throughControl sends the turns of d through the framework over a perfect
// network, and compares what was announced and that no byte is lost.
func throughControl(t *testing.T, h *helpers.Helper, d *Dialogue, want *reader) {
	var c helpers.Control
	var out helpers.Output
	ann := translator(d, true)
	ends := ann.ends(d)
	c.Reset(h)
	seqs := [2]uint32{0xffffff00, 77}
	for dir, flags := range []uint8{packet.TCPSyn, packet.TCPSyn | packet.TCPAck} {
		c.Segment(&helpers.TCPSegment{Dir: packet.Dir(dir), Seq: seqs[dir], Ack: seqs[1-dir] + 1, Flags: flags}, ann, &out)
		seqs[dir]++
	}
	for _, turn := range d.Turns {
		for text := turn.Text; ; {
			n := min(len(text), 1+len(turn.Text)/2)
			seg := helpers.TCPSegment{
				Dir: turn.Dir, Ends: &ends[turn.Dir], Seq: seqs[turn.Dir], Ack: seqs[turn.Dir.Other()],
				Flags: packet.TCPAck, Payload: []byte(text[:n]),
			}
			c.Segment(&seg, ann, &out)
			if len(out.Out()) != 1 || string(out.Out()[0].Payload) != text[:n] || out.Out()[0].Seq != seg.Seq {
				t.Fatalf("%q became %v", text[:n], out.Out())
			}
			seqs[turn.Dir] += uint32(n)
			if text = text[n:]; text == "" {
				break
			}
		}
	}
	if got := want.announced(eventAnnounce); len(got) != len(ann.Seen) {
		t.Fatalf("announced %v, want %v", ann.Seen, got)
	}
}

// Encode writes d as a fuzz input: for each turn two bytes, the direction and the
// length, and the text.
func Encode(d Dialogue) []byte {
	b := []byte{0}
	if d.Client.IsValid() && d.Client.Addr().Is6() {
		b[0] = 1
	}
	for _, t := range d.Turns {
		b = append(b, byte(t.Dir)<<7|byte(len(t.Text)>>8), byte(len(t.Text)))
		b = append(b, t.Text...)
	}
	return b
}

// decode reads any bytes as a dialogue.
func decode(b []byte) Dialogue {
	var d Dialogue
	if len(b) > 0 && b[0]&1 != 0 {
		d.Client = netip.MustParseAddrPort("[2001:db8::10]:40000")
		d.Server = netip.MustParseAddrPort("[2001:db8::20]:21")
	}
	for r := bytes.NewBuffer(b[min(1, len(b)):]); r.Len() >= 2 && len(d.Turns) < 64; {
		head := r.Next(2)
		dir := packet.Dir(head[0] >> 7)
		n := int(head[0]&0x7f)<<8 | int(head[1])
		d.Turns = append(d.Turns, Turn{dir, string(r.Next(n))})
	}
	return d.filled()
}
