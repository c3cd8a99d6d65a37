package tcp

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// world is a connection with the tracker in its middle. Each direction has two
// ways, before and behind the tracker, which lose, double and reorder.
type world struct {
	t    *testing.T
	r    *rand.Rand
	mode Mode
	conn Conn
	ends [2]*end
	ways [2][2][]flight // by direction, then 0 before the tracker, 1 behind it
	now  int
	loss int // of 100
	late int // the longest way
	log  []string

	overtook bool // a reset came to the tracker before what was sent before it
}

type flight struct {
	at  int
	seg Segment
}

func newWorld(t *testing.T, seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 1))
	w := &world{t: t, r: r, loss: r.IntN(25), late: 1 + r.IntN(30), mode: Mode{AntiReplay: AntiReplay(r.IntN(2)), ResetRange: r.IntN(2) == 0}}
	for i := range w.ends {
		e := &end{
			r: r, iss: r.Uint32(), passive: i == 1 && r.IntN(8) > 0, scale: uint8(r.IntN(10)), offers: r.IntN(3) > 0,
			buffer: 1024 + r.Uint32N(1<<(4+r.IntN(16))), left: r.Uint32N(1 << (1 + r.IntN(19))), patient: r.IntN(3) == 0 && i == 0,
		}
		if r.IntN(3) == 0 { // it wraps
			e.iss = -r.Uint32N(1 << 18)
		}
		e.una, e.nxt, e.edge = e.iss, e.iss, e.iss+1
		w.ends[i] = e
	}
	return w
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	for _, l := range w.log[max(0, len(w.log)-40):] {
		w.t.Log(l)
	}
	w.t.Fatalf(format, args...)
}

// put sends a segment on its way.
func (w *world) put(d, leg int, s Segment) {
	if w.r.IntN(100) < w.loss {
		return
	}
	for range 1 + w.r.IntN(12)/11 {
		w.ways[d][leg] = append(w.ways[d][leg], flight{w.now + 1 + w.r.IntN(w.late), s})
	}
}

// come takes what has arrived.
func (w *world) come(d, leg int) (list []Segment) {
	kept := w.ways[d][leg][:0]
	for _, f := range w.ways[d][leg] {
		if f.at <= w.now {
			list = append(list, f.seg)
		} else {
			kept = append(kept, f)
		}
	}
	w.ways[d][leg] = kept
	return list
}

// step lets one moment pass.
func (w *world) step() {
	w.now++
	for d, e := range w.ends {
		if w.r.IntN(3) == 0 {
			e.speak()
		}
		if w.r.IntN(4) == 0 {
			e.read()
		}
		for _, s := range e.out {
			w.put(d, 0, s)
		}
		e.out = e.out[:0]
		for _, s := range w.come(d, 0) {
			if w.track(d, s) {
				w.put(d, 1, s)
			}
		}
		for _, s := range w.come(d, 1) {
			w.ends[d^1].receive(s)
		}
	}
}

// track shows a segment of an end to the tracker, which must let it pass.
func (w *world) track(d int, s Segment) bool {
	before := w.conn
	if w.conn = again(w.t, &w.conn); w.conn != before {
		w.fail("%+v was read as %+v", before, w.conn)
	}
	r := w.conn.Track(uint8(d), &s, w.mode)
	w.log = append(w.log, fmt.Sprintf("%d %+v: %v, %v", d, s, r, w.conn.state))
	if r.Passes() {
		w.overtook = w.overtook || r == Pass && s.Flags&(RST|ACK) == RST|ACK
		return true
	}
	if w.conn != before {
		w.fail("a segment that was dropped changed the tracker")
	}
	if w.mayDrop(d, s) {
		return false
	}
	w.fail("%+v of side %d is dropped (%v) in state %v: %+v", s, d, r, before.state, before)
	return false
}

// mayDrop says whether a segment of an end need not arrive: nobody would miss it.
func (w *world) mayDrop(d int, s Segment) bool {
	to := w.ends[d^1]
	switch {
	case s.Flags&RST != 0: // one that the receiver would not act on, either
		return !to.heard || s.Seq != to.rcv
	case w.ends[0].dead || w.ends[1].dead:
		return true
	case w.conn.state == None: // the opener is not heard yet
		return d == 1
	case s.Flags&(SYN|ACK) == SYN: // a late one of a simultaneous open
		return d == 1 && w.conn.flags&met != 0
	case w.conn.state == SynSent: // behind a SYN that is lost or late
		return d == 0 || s.Flags&ACK == 0
	}
	return false
}

// TestModel plays random connections through the tracker: it never drops what
// the ends need, in whatever order it comes, follows them to the end, and is not
// moved by what others inject.
func TestModel(t *testing.T) {
	n := 3000
	if testing.Short() {
		n = 300
	}
	seen := map[State]int{}
	for seed := range uint64(n) {
		w := newWorld(t, seed)
		w.log = append(w.log, fmt.Sprintf("seed %d: %+v", seed, w.mode))
		abort := -1
		if w.r.IntN(4) == 0 {
			abort = w.r.IntN(400)
		}
		for !(w.ends[0].done() && w.ends[1].done()) {
			w.step()
			if w.now == abort {
				w.abort()
			}
			if w.now%5 == 0 {
				w.hostile()
			}
			if w.now > 200000 {
				w.fail("seed %d: the connection does not end: %v\n%+v\n%+v", seed, w.conn.state, w.ends[0], w.ends[1])
			}
		}
		w.over(seed)
		seen[w.conn.state]++
	}
	t.Log(seen)
	if seen[TimeWait] < n/2 || seen[Close] < n/20 {
		t.Errorf("how the connections ended: %v", seen)
	}
}

// abort has one side reset the connection, where it is open.
func (w *world) abort() {
	e := w.ends[w.r.IntN(2)]
	if e.opened && !e.dead && !e.done() {
		e.dead = true
		e.send(Segment{Flags: RST | ACK, Seq: e.nxt, Ack: e.rcv})
	}
}

// over compares the tracker with how it ended.
func (w *world) over(seed uint64) {
	aborted := w.ends[0].dead || w.ends[1].dead
	if st := w.conn.state; st != TimeWait && !(aborted && (st == Close || st.closing() || w.overtook)) {
		w.fail("seed %d: the connection is over (aborted: %v); the tracker says %v", seed, aborted, st)
	}
}

// hostile injects what somebody sends who sees nothing of the connection.
func (w *world) hostile() {
	if w.conn.flags&met == 0 || w.conn.state == Close {
		return
	}
	d := w.r.IntN(2)
	s := Segment{
		Flags: []uint8{RST, RST | ACK, SYN, SYN | ACK, ACK, FIN | ACK}[w.r.IntN(6)],
		Seq:   w.ends[d].nxt + 1<<22 + w.r.Uint32N(1<<32-1<<24), Ack: w.r.Uint32(),
		Len: w.r.Uint32N(1500), Window: uint16(w.r.Uint32()),
	}
	if s.Flags&ACK != 0 && (w.ends[d^1].nxt-s.Ack < 1<<22 || s.Flags&SYN != 0) {
		s.Ack += 1 << 23 // no lucky guess
	}
	if w.r.IntN(4) == 0 && w.conn.state == Established { // lucky, but not exact
		s.Flags, s.Seq = RST, w.conn.side[d].end+1
	}
	was := w.conn
	r := w.conn.Track(uint8(d), &s, w.mode)
	w.log = append(w.log, fmt.Sprintf("%d hostile %+v: %v, %v", d, s, r, w.conn.state))
	if w.conn.state != was.state || w.conn.side != was.side || r == Alive {
		w.fail("%+v of a stranger, side %d: %v, %v becomes %v", s, d, r, was.state, w.conn.state)
	}
}
