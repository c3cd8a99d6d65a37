package helpertest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"portcullis/packet"
)

// wire is a session through a Middle, between two simple TCP ends, over a network
// that loses, doubles, reorders, cuts and merges.
type wire struct {
	rnd    *rand.Rand
	d      *Dialogue
	m      *model
	middle Middle
	heard  func() error  // called once every turn has arrived; nil: not
	ends   [2]*end       // by the direction of what they send
	in     [2][]*Segment // to the middle
	queue  [2][]*Segment // to the receiver of that direction
	turn   int
	nagle  bool
	loss   int  // percent
	rough  bool // the model does not know which bytes are changed
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

// newWire lays a network through middle.
func newWire(d *Dialogue, m *model, middle Middle, rnd *rand.Rand) *wire {
	w := &wire{rnd: rnd, d: d, m: m, middle: middle, nagle: rnd.IntN(3) == 0, loss: rnd.IntN(4) * 10}
	for dir := range w.ends {
		isn := rnd.Uint32()
		if rnd.IntN(2) == 0 {
			isn = -uint32(rnd.IntN(300)) // about to wrap
		}
		w.ends[dir] = &end{dir: packet.Dir(dir), isn: isn, fin: -1, ooo: map[int]byte{}}
	}
	return w
}

func (w *wire) run() error {
	c, s := w.ends[0], w.ends[1]
	c.peerISN, s.peerISN = s.isn, c.isn
	for _, step := range []struct {
		e     *end
		flags uint8
	}{{c, packet.TCPSyn}, {c, packet.TCPSyn}, {s, packet.TCPSyn | packet.TCPAck}} {
		if err := w.carry(step.e.dir, step.e.datagram(0, 0, step.flags)); err != nil {
			return err
		}
	}
	w.queue = [2][]*Segment{}
	for range 300 + w.rnd.IntN(300) {
		if err := w.grant(); err != nil {
			return err
		}
		if err := w.step(); err != nil {
			return err
		}
	}
	for range 4000 {
		if err := w.grant(); err != nil {
			return err
		}
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
func (w *wire) grant() error {
	for w.turn < len(w.d.Turns) {
		t := w.d.Turns[w.turn]
		other := w.ends[t.Dir]
		if len(other.got) < w.due(t.Dir, w.turn) {
			return nil
		}
		other.out += t.Text
		w.turn++
	}
	if w.heard != nil {
		for dir, e := range w.ends {
			if len(e.got) < w.due(packet.Dir(dir), w.turn) {
				return nil
			}
		}
		if err := w.heard(); err != nil {
			return err
		}
		w.heard = nil
	}
	w.ends[0].closed, w.ends[1].closed = true, true
	return nil
}

// due is how many bytes who sends in direction dir must have heard before a turn.
func (w *wire) due(dir packet.Dir, turn int) (n int) {
	for i := range turn {
		if w.d.Turns[i].Dir != dir {
			n += len(w.m.turns[i])
		}
	}
	return n
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
			return w.carry(dir, p)
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
			if err := w.carry(packet.Dir(dir), p); err != nil {
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
func (w *wire) pick(q *[]*Segment) *Segment {
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
func (e *end) datagram(off, n int, flags uint8) *Segment {
	p := &Segment{Header: make([]byte, 20, 60)}
	if n > 0 {
		p.Payload = []byte(e.out[off : off+n])
	}
	seq := e.isn + 1 + uint32(off)
	if flags&packet.TCPSyn != 0 {
		seq--
	}
	binary.BigEndian.PutUint32(p.Header[4:], seq)
	if flags&packet.TCPAck != 0 {
		binary.BigEndian.PutUint32(p.Header[8:], e.ack())
		if flags&packet.TCPSyn == 0 {
			p.Header = e.sack(p.Header)
		}
	}
	p.Header[12] = byte(len(p.Header)/4) << 4
	p.Header[13] = flags
	p.Header[14] = 0x20
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

// carry leads one segment through the middle.
func (w *wire) carry(dir packet.Dir, p *Segment) error {
	on, back, err := w.middle.Carry(dir, p)
	w.queue[dir] = append(w.queue[dir], on...)
	w.queue[dir.Other()] = append(w.queue[dir.Other()], back...)
	return err
}

// receive is the receiving half of an end.
func (w *wire) receive(e *end, p *Segment) error {
	flags := p.Header[13]
	off := int(int32(binary.BigEndian.Uint32(p.Header[4:]) - e.peerISN - 1))
	want := w.m.want[e.dir.Other()]
	for i, b := range p.Payload {
		at := off + i
		if at < 0 || at >= len(want) {
			return fmt.Errorf("%v end: got byte %d of a stream of %d", e.dir, at, len(want))
		}
		if want[at] != b {
			return fmt.Errorf("%v end: byte %d is %q, want %q; segment at %d: %q", e.dir, at, b, want[at], off, p.Payload)
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
		e.fin = off + len(p.Payload)
		if e.fin != len(want) {
			return fmt.Errorf("%v end: the stream ends at %d, want %d", e.dir, e.fin, len(want))
		}
	}
	e.done = e.done || e.fin == len(e.got)
	if err := w.acked(e, p); err != nil {
		return err
	}
	if len(p.Payload) > 0 || flags&packet.TCPFin != 0 || off < len(e.got) {
		w.in[e.dir] = append(w.in[e.dir], e.datagram(e.sent, 0, packet.TCPAck))
	}
	return nil
}

// acked takes an acknowledgement in and holds it against the model.
func (w *wire) acked(e *end, p *Segment) error {
	una := int(int32(binary.BigEndian.Uint32(p.Header[8:]) - e.isn - 1))
	if una > e.sent {
		return fmt.Errorf("%v end: %d acknowledged, %d sent", e.dir, una, e.sent)
	}
	e.una = max(e.una, una)
	peer := w.ends[e.dir.Other()]
	for i := 20; i+1 < len(p.Header); {
		if p.Header[i] == 1 {
			i++
			continue
		}
		n := int(p.Header[i+1])
		if p.Header[i] == 5 {
			for j := i + 2; j < i+n; j += 8 {
				l := int(int32(binary.BigEndian.Uint32(p.Header[j:]) - e.isn - 1))
				r := int(int32(binary.BigEndian.Uint32(p.Header[j+4:]) - e.isn - 1))
				if l >= r || r > e.sent {
					return fmt.Errorf("%v end: [%d,%d) selectively acknowledged, %d sent", e.dir, l, r, e.sent)
				}
				if l < e.una || w.rough {
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
	return nil
}
