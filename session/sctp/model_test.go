package sctp

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// world is an association with the tracker in its middle. Each direction has two
// ways, before and behind the tracker, which lose, double and reorder.
type world struct {
	t     *testing.T
	r     *rand.Rand
	assoc Assoc
	ends  [2]*end
	ways  [2][2][]flight // by direction, then 0 before the tracker, 1 behind it
	now   int
	loss  int // of 100
	late  int // the longest way
	log   []string

	offered   map[uint32]bool // by either
	strange   [2]uint32       // what a stranger has offered, in the name of either side
	displaced int             // 1: an offer was forgotten before it was taken
}

type flight struct {
	at int
	m  message
}

func newWorld(t *testing.T, seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 1))
	w := &world{t: t, r: r, loss: r.IntN(25), late: 1 + r.IntN(30), offered: map[uint32]bool{}}
	closer := r.IntN(3)
	for i := range w.ends {
		w.ends[i] = &end{r: r, opens: i == 0 || r.IntN(3) == 0, left: r.IntN(30), closes: closer == i || closer == 2, patience: i * r.IntN(40), rto: 2 * w.late}
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

// put sends a message on its way.
func (w *world) put(d, leg int, m message) {
	if w.r.IntN(100) < w.loss {
		return
	}
	for range 1 + w.r.IntN(12)/11 {
		w.ways[d][leg] = append(w.ways[d][leg], flight{w.now + 1 + w.r.IntN(w.late), m})
	}
}

// come takes what has arrived.
func (w *world) come(d, leg int) (list []message) {
	kept := w.ways[d][leg][:0]
	for _, f := range w.ways[d][leg] {
		if f.at <= w.now {
			list = append(list, f.m)
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
		e.tick()
		for _, m := range e.out {
			w.put(d, 0, m)
		}
		e.out = e.out[:0]
		for _, m := range w.come(d, 0) {
			if w.track(d, &m) {
				w.put(d, 1, m)
			}
		}
		for _, m := range w.come(d, 1) {
			w.ends[d^1].receive(&m)
		}
	}
}

// track shows a message of an end to the tracker, which must not keep back what
// the other end waits for.
func (w *world) track(d int, m *message) bool {
	if w.assoc.state == None && !m.Opens() { // no session
		return false
	}
	before := w.assoc
	if w.assoc = again(w.t, &w.assoc); w.assoc != before {
		w.fail("%+v was read as %+v", before, w.assoc)
	}
	r := w.assoc.Track(uint8(d), &m.Packet)
	w.log = append(w.log, fmt.Sprintf("%d: %d %+v: %v, %+v", w.now, d, *m, resultNames[r], w.assoc))
	switch {
	case r == Reopen:
		w.assoc = w.assoc.Successor()
		return w.track(d, m)
	case r.Passes():
		if m.what == Init || m.what == InitAck {
			w.offered[m.Offer] = true
		}
		return true
	case w.assoc != before:
		w.fail("a packet that was dropped changed the tracker")
	case !w.ends[d^1].accepts(m):
		return false
	case r == WrongTag && w.offered[m.Tag] && m.kinds&(1<<InitAck|1<<CookieEcho|1<<CookieAck) != 0: // too many others were offered since
		w.displaced = 1
		return false
	}
	w.fail("%+v of side %d is dropped (%v)\n%+v\n%+v\n%+v", m, d, resultNames[r], before, w.ends[0], w.ends[1])
	return false
}

func (w *world) over() bool { return w.ends[0].dead && w.ends[1].dead }

// TestModel plays random associations through the tracker: it never drops what
// the ends need, in whatever order it comes, follows them to the end, and is not
// moved by what others inject.
func TestModel(t *testing.T) {
	n := 4000
	if testing.Short() {
		n = 400
	}
	seen, displaced := map[State]int{}, 0
	for seed := range uint64(n) {
		w := newWorld(t, seed)
		w.log = append(w.log, fmt.Sprintf("seed %d", seed))
		at := [3]int{-1, -1, -1} // an abort, a restart, an attack
		for i := range at {
			if w.r.IntN(3) == 0 {
				at[i] = w.r.IntN(400)
			}
		}
		for !w.over() {
			w.step()
			switch e := w.ends[w.r.IntN(2)]; w.now {
			case at[0]:
				if e.state == Established {
					e.abort()
				}
			case at[1]:
				if e.met && e.state != None {
					e.restart()
				}
			case at[2]:
				w.pretend()
			}
			if w.now%5 == 0 {
				w.hostile()
			}
			if w.now > 20000 {
				w.fail("seed %d: it does not end: %+v\n%+v\n%+v", seed, w.assoc, w.ends[0], w.ends[1])
			}
		}
		seen[w.assoc.state]++
		displaced += w.displaced
	}
	t.Log(seen, displaced)
	if displaced > n/100 {
		t.Errorf("%d of %d associations waited because an offer was forgotten", displaced, n)
	}
	if seen[Closed] < n/2 {
		t.Errorf("how the associations ended: %v", seen)
	}
}

// hostile injects what somebody sends who sees nothing of the association. What
// the tracker lets pass arrives.
func (w *world) hostile() {
	if w.assoc.live == (pair{}) || w.assoc.state == Closed {
		return
	}
	d := w.r.IntN(2)
	m := message{what: []uint8{0, InitAck, Abort, Shutdown, ShutdownAck, CookieEcho, CookieAck, ShutdownComplete, Init}[w.r.IntN(9)]}
	m.Tag = 1 + w.r.Uint32N(1<<32-1)
	offer := 1 + w.r.Uint32N(1<<32-1)
	flags := uint8(w.r.IntN(2))
	if w.ends[0].state == Established && w.ends[1].state == Established && w.r.IntN(2) == 0 {
		if w.r.IntN(2) == 0 {
			m.what, m.Tag, w.strange[d] = Init, 0, offer
		} else { // what it has offered itself
			m.Tag, flags = w.strange[d], reflected
		}
	}
	m.Add(m.what, flags, offer)
	was := w.assoc
	r := w.assoc.Track(uint8(d), &m.Packet)
	w.log = append(w.log, fmt.Sprintf("%d: %d hostile %+v: %v, %+v", w.now, d, m, resultNames[r], w.assoc))
	if w.assoc.state != was.state || w.assoc.live != was.live || r == Alive || r == Reopen {
		w.fail("%+v of a stranger, side %d: %v\n%+v\n%+v", m, d, resultNames[r], was, w.assoc)
	}
	if r.Passes() {
		w.put(d, 1, m)
	}
}

// pretend plays a handshake and its end in the name of both ends.
func (w *world) pretend() {
	if w.ends[0].state != Established || w.ends[1].state != Established || w.assoc.state != Established {
		return
	}
	mine, yours := w.r.Uint32()|1, w.r.Uint32()|1
	for i, s := range []struct{ tag, offer uint32 }{{0, mine}, {mine, yours}, {yours, 0}, {mine, 0}, {yours, 0}, {0, mine}} {
		var p Packet
		p.Tag = s.tag
		p.Add([]uint8{Init, InitAck, CookieEcho, CookieAck, Abort, Init}[i], 0, s.offer)
		r := w.assoc.Track([]uint8{0, 1, 0, 1, 0, 0}[i], &p)
		w.log = append(w.log, fmt.Sprintf("%d: pretended %+v: %v, %+v", w.now, p, resultNames[r], w.assoc))
		if r == Reopen {
			w.fail("an association that lives is to give way")
		}
	}
}
