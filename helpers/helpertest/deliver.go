package helpertest

import (
	"fmt"

	"portcullis/helpers"
	"portcullis/packet"
)

// Deliver sends d through the framework over a perfect network, one segment for
// each turn. It fails where the framework drops or holds any of it.
func Deliver(h *helpers.Helper, d Dialogue, ann helpers.Announcer) error {
	d = d.filled()
	var c helpers.Control
	var out helpers.Output
	c.Reset(h)
	seqs := [2]uint32{0xffffff00, 77}
	ends := (&Translator{Off: true}).ends(&d)
	send := func(dir packet.Dir, flags uint8, text string) error {
		seg := helpers.TCPSegment{
			Dir: dir, Ends: &ends[dir], Seq: seqs[dir], Ack: seqs[dir.Other()],
			Flags: flags, Payload: []byte(text),
		}
		c.Segment(&seg, ann, &out)
		seqs[dir] += uint32(len(text))
		if out.Drop != packet.ReasonNone || out.Held || len(out.Out()) == 0 {
			return fmt.Errorf("%q: dropped (%v) or held", text, out.Drop)
		}
		return nil
	}
	for dir, flags := range []uint8{packet.TCPSyn, packet.TCPSyn | packet.TCPAck} {
		if err := send(packet.Dir(dir), flags, ""); err != nil {
			return err
		}
		seqs[dir]++
	}
	for _, t := range d.Turns {
		if err := send(t.Dir, packet.TCPAck, t.Text); err != nil {
			return err
		}
	}
	return nil
}
