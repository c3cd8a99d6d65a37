package fault

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"portcullis/dataplane"
	"portcullis/packet"
)

// room is how far a frame that was copied can grow.
const room = 2048

// line is one direction: frames go in one by one and come out as the network
// likes. It belongs to one goroutine, or is guarded by its owner.
type line struct {
	opts    *Options
	chances *atomic.Pointer[Chances]
	counts  *counts
	dice    *rand.Rand
	held    []held
	out     []dataplane.Buffer // what came out
}

// held is a frame that waits until enough others have overtaken it, but no longer
// than until due.
type held struct {
	frame  dataplane.Buffer
	others int // -1: any number
	due    time.Time
}

func (l *line) chance(p float64) bool { return l.dice.Float64() < p }

// take lets b in. What comes out is b itself, where nothing happens to it.
func (l *line) take(now time.Time, b dataplane.Buffer) {
	c := l.chances.Load()
	l.counts.frames.Add(1)
	if l.chance(c.Loss) {
		l.counts.lost.Add(1)
		l.overtake()
		return
	}
	if l.chance(c.Corrupt) && corruptible(b) {
		l.counts.corrupted.Add(1)
		b = clone(b)
		l.damage(b)
	}
	if l.chance(c.Duplicate) {
		l.counts.duplicated.Add(1)
		l.out = append(l.out, clone(b))
	}
	switch delay, reorder := l.chance(c.Delay), l.chance(c.Reorder); {
	case (delay || reorder) && len(l.held) >= l.opts.Held:
		l.counts.spared.Add(1)
		l.out = append(l.out, b)
	case delay:
		l.counts.delayed.Add(1)
		wait := 1 + time.Duration(l.dice.Int64N(int64(l.opts.MaxDelay)))
		l.held = append(l.held, held{frame: clone(b), others: -1, due: now.Add(wait)})
	case reorder:
		l.counts.reordered.Add(1)
		l.held = append(l.held, held{frame: clone(b), others: 1 + l.dice.IntN(l.opts.Depth), due: now.Add(l.opts.MaxDelay)})
		return // it overtakes nothing
	default:
		l.out = append(l.out, b)
	}
	l.overtake()
}

// overtake counts one more frame that went past those that wait.
func (l *line) overtake() {
	l.letGo(func(h *held) bool {
		if h.others > 0 {
			h.others--
		}
		return h.others == 0
	})
}

// release lets out what has waited until now.
func (l *line) release(now time.Time) {
	l.letGo(func(h *held) bool { return !now.Before(h.due) })
}

func (l *line) letGo(over func(*held) bool) {
	if len(l.held) == 0 {
		return
	}
	kept := l.held[:0]
	for i := range l.held {
		if h := &l.held[i]; over(h) {
			l.out = append(l.out, h.frame)
		} else {
			kept = append(kept, *h)
		}
	}
	clear(l.held[len(kept):])
	l.held = kept
}

// next is when the first frame that waits is due.
func (l *line) next() (due time.Time, ok bool) {
	for i := range l.held {
		if at := l.held[i].due; !ok || at.Before(due) {
			due, ok = at, true
		}
	}
	return due, ok
}

// damage flips one bit.
func (l *line) damage(b dataplane.Buffer) {
	bit := l.dice.IntN((len(b.Frame()) - packet.EthernetSize) * 8)
	b.Frame()[packet.EthernetSize+bit/8] ^= 1 << (bit % 8)
}

// corruptible says whether damage to b can be told by a checksum.
func corruptible(b dataplane.Buffer) bool {
	f, off := b.Frame(), b.Offload()
	return len(f) > packet.EthernetSize && !off.Partial() &&
		(f[12] == 0x08 && f[13] == 0x00 || f[12] == 0x86 && f[13] == 0xdd)
}

// clone copies b, with room to grow.
func clone(b dataplane.Buffer) dataplane.Buffer {
	return append(make(dataplane.Buffer, 0, len(b)+room), b...)
}
