package helpertest

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
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
		if d.Proto == packet.ProtoUDP {
			if err := datagrams(h, &d); err != nil {
				t.Fatal(err)
			}
			return
		}
		rnd := rand.New(rand.NewPCG(uint64(len(data)), 11))
		for _, most := range []int{1, 2, 7, 40} {
			if err := recut(h, &d, want, func(s string) []string { return pieces(s, most, rnd) }); err != nil {
				t.Fatal(err)
			}
		}
		throughControl(t, h, &d, want)
	})
}

// throughControl sends the turns of d through the framework over a perfect
// network, and compares what was announced and that no byte is lost.
func throughControl(t *testing.T, h *helpers.Helper, d *Dialogue, want *reader) {
	var c helpers.Control
	var out helpers.Output
	ann := &Translator{Off: true}
	c.Reset(h)
	seqs := [2]uint32{0xffffff00, 77}
	for dir, flags := range []uint8{packet.TCPSyn, packet.TCPSyn | packet.TCPAck} {
		c.Segment(&helpers.TCPSegment{Dir: packet.Dir(dir), Seq: seqs[dir], Ack: seqs[1-dir] + 1, Flags: flags}, ann, &out)
		seqs[dir]++
	}
	for _, turn := range d.Turns {
		src, dst := d.ends(turn.Dir)
		for text := turn.Text; ; {
			n := min(len(text), 1+len(turn.Text)/2)
			seg := helpers.TCPSegment{
				Dir: turn.Dir, Src: src, Dst: dst, Seq: seqs[turn.Dir], Ack: seqs[turn.Dir.Other()],
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
	if got := announced(want); len(got) != len(ann.Seen) {
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
