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

// wire is a session through a helpers.Control, between two simple TCP ends, over
// a network that loses, doubles, reorders, cuts and merges.
type wire struct {
	rnd   *rand.Rand
	d     *Dialogue
	m     *model
	ctl   helpers.Control
	out   helpers.Output
	ann   *Translator
	ends  [2]*end        // by the direction of what they send
	in    [2][]*datagram // to the control
	queue [2][]*datagram // to the receiver of that direction
	turn  int
	far   [2]int // how far the control has sent each stream, the FIN included
	nagle bool
	loss  int  // percent
	moves bool // the control goes from process to process
}

// datagram is a TCP header, 20 bytes and options, and a payload.
type datagram struct {
	hdr     []byte
	payload []byte
}

// end is one end of the session.
type end struct {
	dir     packet.Dir
	isn     uint32
	out     string // what it may send
	closed  bool   // nothing will be added to out
	una     int    // acknowledged bytes of out, the FIN included
	sent    int    // bytes sent so far, the FIN included
	peerISN uint32
	got     []byte // in order
	ooo     map[int]byte
	fin     int // where the peer's stream ends, -1 while unknown
	done    bool
	dup     [2]int // the last block that came twice
}

// simulate runs d over a network seeded with seed. On every other one the control
// is written down and read again before each segment.
func simulate(h *helpers.Helper, d *Dialogue, m *model, translate bool, seed uint64) error {
	rnd := rand.New(rand.NewPCG(seed, 7))
	w := &wire{rnd: rnd, d: d, m: m, ann: translator(d, !translate), nagle: rnd.IntN(3) == 0, loss: rnd.IntN(4) * 10, moves: seed%2 == 1}
	w.ctl.Reset(h)
	for dir := range w.ends {
		isn := rnd.Uint32()
		if rnd.IntN(2) == 0 {
			isn = -uint32(rnd.IntN(300)) // about to wrap
		}
		w.ends[dir] = &end{dir: packet.Dir(dir), isn: isn, fin: -1, ooo: map[int]byte{}}
	}
	return w.run()
}

func (w *wire) run() error {
	c, s := w.ends[0], w.ends[1]
	c.peerISN, s.peerISN = s.isn, c.isn
	w.far = [2]int{-1, -1}
	for _, step := range []struct {
		e     *end
		flags uint8
	}{{c, packet.TCPSyn}, {c, packet.TCPSyn}, {s, packet.TCPSyn | packet.TCPAck}} {
		if err := w.control(step.e.dir, step.e.datagram(0, 0, step.flags)); err != nil {
			return err
		}
	}
	w.queue, w.far = [2][]*datagram{}, [2]int{}
	for range 300 + w.rnd.IntN(300) {
		w.grant()
		if err := w.step(); err != nil {
			return err
		}
	}
	for range 4000 {
		w.grant()
		if w.finished() {
			return w.judge()
		}
		if err := w.calm(); err != nil {
			return err
		}
	}
	return fmt.Errorf("stalled in turn %d: client sent %d/%d acknowledged %d, server %d/%d acknowledged %d", w.turn,
		c.sent, len(c.out), c.una, s.sent, len(s.out), s.una)
}

// grant lets the next side speak once the other side has been heard.
func (w *wire) grant() {
	for w.turn < len(w.d.Turns) {
		t := w.d.Turns[w.turn]
		other := w.ends[t.Dir]
		want := 0 // what this side must have heard
		for i := range w.turn {
			if w.d.Turns[i].Dir != t.Dir {
				want += len(w.m.turns[i])
			}
		}
		if len(other.got) < want {
			return
		}
		other.out += t.Text
		w.turn++
	}
	w.ends[0].closed, w.ends[1].closed = true, true
}

func (w *wire) finished() bool {
	for _, e := range w.ends {
		if !e.closed || !e.done || e.una != len(e.out)+1 {
			return false
		}
	}
	return true
}

// step does one random thing.
func (w *wire) step() error {
	dir := packet.Dir(w.rnd.IntN(2))
	switch w.rnd.IntN(5) {
	case 0:
		w.talk(w.ends[dir])
	case 1, 2:
		if p := w.pick(&w.in[dir]); p != nil {
			return w.control(dir, p)
		}
	default:
		if p := w.pick(&w.queue[dir]); p != nil {
			return w.receive(w.ends[dir.Other()], p)
		}
	}
	return nil
}

// calm delivers everything in order, then repeats what is missing.
func (w *wire) calm() error {
	for dir := range w.ends {
		e := w.ends[dir]
		for len(w.in[dir]) > 0 {
			p := w.in[dir][0]
			w.in[dir] = w.in[dir][1:]
			if err := w.control(packet.Dir(dir), p); err != nil {
				return err
			}
		}
		for len(w.queue[dir]) > 0 {
			p := w.queue[dir][0]
			w.queue[dir] = w.queue[dir][1:]
			if err := w.receive(w.ends[1-dir], p); err != nil {
				return err
			}
		}
		w.send(e, e.una, 1+w.rnd.IntN(40))
	}
	return nil
}

// pick takes a packet out of q: mostly the oldest; it may be lost or doubled.
func (w *wire) pick(q *[]*datagram) *datagram {
	if len(*q) == 0 {
		return nil
	}
	i := 0
	if w.rnd.IntN(3) == 0 {
		i = w.rnd.IntN(min(len(*q), 5))
	}
	p := (*q)[i]
	if w.rnd.IntN(12) > 0 {
		*q = append((*q)[:i:i], (*q)[i+1:]...)
	}
	if w.rnd.IntN(100) < w.loss {
		return nil
	}
	return p
}

// talk lets e send something: new bytes, old bytes, both, or nothing.
func (w *wire) talk(e *end) {
	n := w.rnd.IntN(60)
	switch w.rnd.IntN(6) {
	case 0:
		w.send(e, e.una, n)
	case 1:
		w.send(e, e.una+w.rnd.IntN(e.sent-e.una+1), n)
	case 2:
		w.in[e.dir] = append(w.in[e.dir], e.datagram(e.sent, 0, packet.TCPAck))
	case 3:
		if e.sent > 0 && e.sent <= len(e.out) { // a keep-alive, sometimes with a byte
			w.in[e.dir] = append(w.in[e.dir], e.datagram(e.sent-1, w.rnd.IntN(2), packet.TCPAck))
		}
	default:
		if !w.nagle || e.una == e.sent {
			w.send(e, e.sent, n)
		}
	}
}

// send sends n bytes from off on, as far as there are any, with the FIN if it is
// their turn.
func (w *wire) send(e *end, off, n int) {
	if w.nagle && off < e.sent {
		n = min(n, e.sent-off) // new bytes wait until the old ones are acknowledged
	}
	last := min(off+n, len(e.out))
	flags := uint8(packet.TCPAck)
	if e.closed && last == len(e.out) && off <= last {
		flags |= packet.TCPFin
	}
	if off > len(e.out) {
		off, last, flags = len(e.out)+1, len(e.out)+1, packet.TCPAck
	}
	w.in[e.dir] = append(w.in[e.dir], e.datagram(off, last-off, flags))
	if flags&packet.TCPFin != 0 {
		last++
	}
	e.sent = max(e.sent, last)
}

// datagram builds a segment of e.
func (e *end) datagram(off, n int, flags uint8) *datagram {
	p := &datagram{hdr: make([]byte, 20, 60)}
	if n > 0 {
		p.payload = []byte(e.out[off : off+n])
	}
	seq := e.isn + 1 + uint32(off)
	if flags&packet.TCPSyn != 0 {
		seq--
	}
	binary.BigEndian.PutUint32(p.hdr[4:], seq)
	if flags&packet.TCPAck != 0 {
		binary.BigEndian.PutUint32(p.hdr[8:], e.ack())
		if flags&packet.TCPSyn == 0 {
			p.hdr = e.sack(p.hdr)
		}
	}
	p.hdr[12] = byte(len(p.hdr)/4) << 4
	p.hdr[13] = flags
	p.hdr[14] = 0x20
	return p
}

func (e *end) ack() uint32 {
	n := uint32(len(e.got))
	if e.done {
		n++
	}
	return e.peerISN + 1 + n
}

// sack appends a SACK option: what came twice, then what came out of order.
func (e *end) sack(hdr []byte) []byte {
	var blocks [][2]int
	if e.dup[1] > e.dup[0] {
		blocks = append(blocks, e.dup)
		e.dup = [2]int{}
	}
	limit := len(e.got) + 4000
	for i := len(e.got); i < limit && len(blocks) < 3; i++ {
		l := i
		for ; i < limit; i++ {
			if _, ok := e.ooo[i]; !ok {
				break
			}
		}
		if i > l {
			blocks = append(blocks, [2]int{l, i})
		}
		if len(e.ooo) == 0 {
			break
		}
	}
	if len(blocks) == 0 {
		return hdr
	}
	hdr = append(hdr, 1, 1, 5, byte(2+8*len(blocks)))
	for _, b := range blocks {
		hdr = binary.BigEndian.AppendUint32(hdr, e.peerISN+1+uint32(b[0]))
		hdr = binary.BigEndian.AppendUint32(hdr, e.peerISN+1+uint32(b[1]))
	}
	return hdr
}

// move writes the control down and goes on with what is read.
func (w *wire) move() error {
	b, err := w.ctl.AppendBinary(nil)
	if err != nil {
		return err
	}
	var next helpers.Control
	if err := next.Restore(w.ctl.Helper(), b); err != nil {
		return fmt.Errorf("what was written down: %w", err)
	}
	if again, err := next.AppendBinary(nil); err != nil || !bytes.Equal(again, b) {
		return fmt.Errorf("%x was read as %x (%w)", b, again, err)
	}
	w.ctl = next
	return nil
}

// control does what an engine does with one packet.
func (w *wire) control(dir packet.Dir, p *datagram) error {
	if w.moves {
		if err := w.move(); err != nil {
			return err
		}
	}
	src, dst := w.d.ends(dir)
	seg := helpers.TCPSegment{
		Dir: dir, Src: src, Dst: dst, Payload: p.payload,
		Seq: binary.BigEndian.Uint32(p.hdr[4:]), Ack: binary.BigEndian.Uint32(p.hdr[8:]),
		Flags: p.hdr[13], Window: binary.BigEndian.Uint16(p.hdr[14:]),
	}
	w.ctl.Segment(&seg, w.ann, &w.out)
	outs := w.out.Out()
	if w.out.Encrypted != (w.out.Detached && w.m.tls) {
		return fmt.Errorf("detached: %v, encrypted: %v, want %v", w.out.Detached, w.out.Encrypted, w.m.tls)
	}
	if w.out.Drop != packet.ReasonNone {
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
		if !o.Changed && string(o.Payload) != string(p.payload) {
			return fmt.Errorf("a changed payload is not marked: %q became %q", p.payload, o.Payload)
		}
		if max(len(p.payload), 536) < len(o.Payload) {
			return fmt.Errorf("%d bytes in one segment", len(o.Payload))
		}
		if err := w.sendOn(dir, p, o); err != nil {
			return err
		}
	}
	if w.out.MustAck {
		peer := w.ends[dir.Other()]
		if at := w.out.AckBack.Seq - peer.isn - 1; int(at) != w.far[peer.dir] {
			return fmt.Errorf("acknowledged back as if %d bytes of the peer were sent, not %d", at, w.far[peer.dir])
		}
		q := &datagram{hdr: make([]byte, 20)}
		binary.BigEndian.PutUint32(q.hdr[4:], w.out.AckBack.Seq)
		binary.BigEndian.PutUint32(q.hdr[8:], w.out.AckBack.Ack)
		q.hdr[12], q.hdr[13] = 0x50, packet.TCPAck
		w.queue[dir.Other()] = append(w.queue[dir.Other()], q)
	}
	return nil
}

// sendOn puts o on the way to the receiver, sometimes cut in two.
func (w *wire) sendOn(dir packet.Dir, p *datagram, o *helpers.Out) error {
	off := int(int32(o.Seq - w.ends[dir].isn - 1))
	if _, blind := w.ctl.Detached(); !blind && len(o.Payload) == 0 && off > w.far[dir] {
		return fmt.Errorf("%v: an empty segment at %d, sent up to %d", dir, off, w.far[dir])
	}
	last := off + len(o.Payload)
	if o.Flags&packet.TCPFin != 0 {
		last++
	}
	w.far[dir] = max(w.far[dir], last)
	cut := 0
	if len(o.Payload) > 1 && w.rnd.IntN(4) == 0 {
		cut = 1 + w.rnd.IntN(len(o.Payload)-1)
	}
	for from, to := 0, cut; ; from, to = cut, len(o.Payload) {
		if cut == 0 {
			to = len(o.Payload)
		}
		q := &datagram{hdr: append(make([]byte, 0, 60), p.hdr...), payload: []byte(string(o.Payload[from:to]))}
		binary.BigEndian.PutUint32(q.hdr[4:], o.Seq+uint32(from))
		q.hdr[13] = o.Flags
		if to < len(o.Payload) {
			q.hdr[13] &^= packet.TCPFin
		}
		w.ctl.Adjust(dir, q.hdr)
		w.queue[dir] = append(w.queue[dir], q)
		if to == len(o.Payload) {
			return nil
		}
	}
}

// receive is the receiving half of an end.
func (w *wire) receive(e *end, p *datagram) error {
	flags := p.hdr[13]
	off := int(int32(binary.BigEndian.Uint32(p.hdr[4:]) - e.peerISN - 1))
	want := w.m.want[e.dir.Other()]
	for i, b := range p.payload {
		at := off + i
		if at < 0 || at >= len(want) {
			return fmt.Errorf("%v end: got byte %d of a stream of %d", e.dir, at, len(want))
		}
		if want[at] != b {
			return fmt.Errorf("%v end: byte %d is %q, want %q; segment at %d: %q", e.dir, at, b, want[at], off, p.payload)
		}
		if _, have := e.ooo[at]; have || at < len(e.got) {
			e.dup = [2]int{at, at + 1}
			continue
		}
		e.ooo[at] = b
	}
	for {
		b, ok := e.ooo[len(e.got)]
		if !ok {
			break
		}
		delete(e.ooo, len(e.got))
		e.got = append(e.got, b)
	}
	if flags&packet.TCPFin != 0 {
		e.fin = off + len(p.payload)
		if e.fin != len(want) {
			return fmt.Errorf("%v end: the stream ends at %d, want %d", e.dir, e.fin, len(want))
		}
	}
	e.done = e.done || e.fin == len(e.got)
	if err := w.acked(e, p); err != nil {
		return err
	}
	if len(p.payload) > 0 || flags&packet.TCPFin != 0 || off < len(e.got) {
		w.in[e.dir] = append(w.in[e.dir], e.datagram(e.sent, 0, packet.TCPAck))
	}
	return nil
}

// acked takes an acknowledgement in and holds it against the model.
func (w *wire) acked(e *end, p *datagram) error {
	una := int(int32(binary.BigEndian.Uint32(p.hdr[8:]) - e.isn - 1))
	if una > e.sent {
		return fmt.Errorf("%v end: %d acknowledged, %d sent", e.dir, una, e.sent)
	}
	e.una = max(e.una, una)
	peer := w.ends[e.dir.Other()]
	for i := 20; i+1 < len(p.hdr); {
		if p.hdr[i] == 1 {
			i++
			continue
		}
		n := int(p.hdr[i+1])
		if p.hdr[i] == 5 {
			for j := i + 2; j < i+n; j += 8 {
				l := int(int32(binary.BigEndian.Uint32(p.hdr[j:]) - e.isn - 1))
				r := int(int32(binary.BigEndian.Uint32(p.hdr[j+4:]) - e.isn - 1))
				if l >= r || r > e.sent {
					return fmt.Errorf("%v end: [%d,%d) selectively acknowledged, %d sent", e.dir, l, r, e.sent)
				}
				if l < e.una {
					continue // of what came twice
				}
				nl, nr := w.m.spread(e.dir, l, r)
				for at := nl; at < nr; at++ {
					if _, ok := peer.ooo[at]; !ok && at >= len(peer.got) {
						return fmt.Errorf("%v end: [%d,%d) selectively acknowledged, byte %d never arrived", e.dir, l, r, at)
					}
				}
			}
		}
		i += n
	}
	return nil
}

// judge compares what arrived with the model.
func (w *wire) judge() error {
	for dir := range w.ends {
		if got := string(w.ends[1-dir].got); got != w.m.want[dir] {
			return fmt.Errorf("%v: received %q, want %q", packet.Dir(dir), got, w.m.want[dir])
		}
	}
	if fmt.Sprint(w.ann.Seen) != fmt.Sprint(w.m.seen) {
		return fmt.Errorf("announced %v, want %v", w.ann.Seen, w.m.seen)
	}
	if w.ann.Cancels != w.m.cancels {
		return fmt.Errorf("%d cancellations, want %d", w.ann.Cancels, w.m.cancels)
	}
	why, _ := w.ctl.Detached()
	if why != w.m.why {
		return fmt.Errorf("detached for %q, want %q", why, w.m.why)
	}
	return nil
}
