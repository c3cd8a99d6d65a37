package helpertest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"

	"portcullis/helpers"
	"portcullis/packet"
)

// framework is a Middle that is a helpers.Control and nothing else.
type framework struct {
	w     *wire
	ctl   helpers.Control
	out   helpers.Output
	ann   *Translator
	ends  [2]helpers.Ends
	far   [2]int // how far the control has sent each stream, the FIN included
	moves bool   // the control goes from process to process
}

// simulate runs d over a network seeded with seed. On every other one the control
// is written down and read again before each segment.
func simulate(h *helpers.Helper, d *Dialogue, m *model, translate bool, seed uint64) error {
	f := &framework{ann: translator(d, !translate), moves: seed%2 == 1}
	f.ends = f.ann.ends(d)
	f.ctl.Reset(h)
	f.w = newWire(d, m, f, rand.New(rand.NewPCG(seed, 7)))
	if err := f.w.run(); err != nil {
		return err
	}
	return f.judge()
}

// judge compares what was announced with the model.
func (f *framework) judge() error {
	m := f.w.m
	if fmt.Sprint(f.ann.Seen) != fmt.Sprint(m.seen) {
		return fmt.Errorf("announced %v, want %v", f.ann.Seen, m.seen)
	}
	if f.ann.Cancels != m.cancels {
		return fmt.Errorf("%d cancellations, want %d", f.ann.Cancels, m.cancels)
	}
	why, _ := f.ctl.Detached()
	if why != m.why {
		return fmt.Errorf("detached for %q, want %q", why, m.why)
	}
	return nil
}

// move writes the control down and goes on with what is read.
func (f *framework) move() error {
	b, err := f.ctl.AppendBinary(nil)
	if err != nil {
		return err
	}
	var next helpers.Control
	if err := next.Restore(f.ctl.Helper(), b); err != nil {
		return fmt.Errorf("what was written down: %w", err)
	}
	if again, err := next.AppendBinary(nil); err != nil || !bytes.Equal(again, b) {
		return fmt.Errorf("%x was read as %x (%w)", b, again, err)
	}
	f.ctl = next
	return nil
}

// Carry implements Middle: it does what an engine does with one packet.
func (f *framework) Carry(dir packet.Dir, p *Segment) (on, back []*Segment, err error) {
	if f.moves {
		if err := f.move(); err != nil {
			return nil, nil, err
		}
	}
	seg := helpers.TCPSegment{
		Dir: dir, Ends: &f.ends[dir], Payload: f.lend(p.Payload),
		Seq: binary.BigEndian.Uint32(p.Header[4:]), Ack: binary.BigEndian.Uint32(p.Header[8:]),
		Flags: p.Header[13], Window: binary.BigEndian.Uint16(p.Header[14:]),
	}
	f.ctl.Segment(&seg, f.ann, &f.out)
	if err := f.lawful(p); err != nil {
		return nil, nil, err
	}
	for i := range f.out.Out() {
		q, err := f.sendOn(dir, p, &f.out.Out()[i])
		if err != nil {
			return nil, nil, err
		}
		on = append(on, q...)
	}
	if f.out.MustAck && f.out.Drop == packet.ReasonNone {
		peer := f.w.ends[dir.Other()]
		if at := f.out.AckBack.Seq - peer.isn - 1; int(at) != f.far[peer.dir] {
			return nil, nil, fmt.Errorf("acknowledged back as if %d bytes of the peer were sent, not %d", at, f.far[peer.dir])
		}
		q := &Segment{Header: make([]byte, 20)}
		binary.BigEndian.PutUint32(q.Header[4:], f.out.AckBack.Seq)
		binary.BigEndian.PutUint32(q.Header[8:], f.out.AckBack.Ack)
		q.Header[12], q.Header[13] = 0x50, packet.TCPAck
		back = append(back, q)
	}
	return on, back, nil
}

// lend is a copy of b with some room behind it, or none.
func (f *framework) lend(b []byte) []byte {
	return append(make([]byte, 0, len(b)+f.w.rnd.IntN(3)*20), b...)
}

// lawful checks what became of p.
func (f *framework) lawful(p *Segment) error {
	outs := f.out.Out()
	if f.out.Encrypted != (f.out.Detached && f.w.m.tls) {
		return fmt.Errorf("detached: %v, encrypted: %v, want %v", f.out.Detached, f.out.Encrypted, f.w.m.tls)
	}
	if f.out.Drop != packet.ReasonNone {
		if len(outs) != 0 {
			return errors.New("something was sent on of what was dropped")
		}
		return nil
	}
	if len(outs) == 0 {
		return errors.New("nothing was sent on and nothing dropped")
	}
	for i := range outs {
		o := &outs[i]
		if !o.Changed && string(o.Payload) != string(p.Payload) {
			return fmt.Errorf("a changed payload is not marked: %q became %q", p.Payload, o.Payload)
		}
		if max(len(p.Payload), 536) < len(o.Payload) {
			return fmt.Errorf("%d bytes in one segment", len(o.Payload))
		}
	}
	return nil
}

// sendOn is what goes on to the receiver of o: sometimes o cut in two.
func (f *framework) sendOn(dir packet.Dir, p *Segment, o *helpers.Out) (on []*Segment, err error) {
	off := int(int32(o.Seq - f.w.ends[dir].isn - 1))
	if _, blind := f.ctl.Detached(); !blind && len(o.Payload) == 0 && off > f.far[dir] && o.Flags&packet.TCPSyn == 0 {
		return nil, fmt.Errorf("%v: an empty segment at %d, sent up to %d", dir, off, f.far[dir])
	}
	last := off + len(o.Payload)
	if o.Flags&packet.TCPFin != 0 {
		last++
	}
	f.far[dir] = max(f.far[dir], last)
	cut := 0
	if len(o.Payload) > 1 && f.w.rnd.IntN(4) == 0 {
		cut = 1 + f.w.rnd.IntN(len(o.Payload)-1)
	}
	for from, to := 0, cut; ; from, to = cut, len(o.Payload) {
		if cut == 0 {
			to = len(o.Payload)
		}
		q := &Segment{Header: append(make([]byte, 0, 60), p.Header...), Payload: []byte(string(o.Payload[from:to]))}
		binary.BigEndian.PutUint32(q.Header[4:], o.Seq+uint32(from))
		q.Header[13] = o.Flags
		if to < len(o.Payload) {
			q.Header[13] &^= packet.TCPFin
		}
		f.ctl.Adjust(dir, q.Header)
		on = append(on, q)
		if to == len(o.Payload) {
			return on, nil
		}
	}
}
