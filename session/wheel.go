package session

import "time"

// Wheel is a hierarchical timing wheel over indices: arming, disarming and
// taking the next due one are O(1); time that passes costs one step for each slot
// of level 0, so that a jump of a week takes milliseconds. It has levels of 64
// slots; a slot of level 0 covers wheelGrain, a slot of each further level 64
// slots of the one below. Timers beyond the last level wait in it and are looked
// at again. A timer is never early; it is late by at most one slot of the level
// it was armed in after the re-sort on the way down, that is by wheelGrain.
type Wheel struct {
	now   int64 // slots of level 0 that have passed
	heads [wheelLevels][wheelSlots]uint32
	links []wheelLink
	due   uint32 // list of timers that are due, by index+1
	count int
}

// wheelLink is the place of one timer: its neighbours in the list (index+1; 0:
// none), the list it is in and when it is due.
type wheelLink struct {
	next, prev uint32
	list       uint16 // level*wheelSlots + slot + 1; wheelDue; 0: not armed
	at         uint32 // due, in slots of level 0, modulo 2^32
}

const (
	wheelLevels = 4
	wheelBits   = 6
	wheelSlots  = 1 << wheelBits
	wheelGrain  = Tick(128 * time.Millisecond)
	wheelFar    = 1 << 30 // in slots: farther than this no timer is set
	wheelDue    = wheelLevels*wheelSlots + 1
	wheelSpan   = 1 << (wheelBits * wheelLevels) // slots of level 0 in all levels
)

func (w *Wheel) start(now Tick) { w.now = int64(now / wheelGrain) }

// grow makes room for indices below n.
func (w *Wheel) grow(n int) {
	for len(w.links) < n {
		w.links = append(w.links, wheelLink{})
	}
}

// Arm sets timer i to at, wherever it was before.
func (w *Wheel) Arm(i uint32, at Tick) {
	w.Disarm(i)
	slot := int64((at + wheelGrain - 1) / wheelGrain)
	if far := w.now + wheelFar; slot > far {
		slot = far // so that its low 32 bits tell it; its owner will arm it again
	}
	w.links[i].at = uint32(slot)
	w.place(i, slot)
	w.count++
}

// place links timer i, due at slot, into the list that its distance asks for.
func (w *Wheel) place(i uint32, slot int64) {
	if slot <= w.now {
		w.push(&w.due, i, wheelDue)
		return
	}
	if slot-w.now >= wheelSpan {
		slot = w.now + wheelSpan - 1
	}
	level := 0
	for d := (slot - w.now) >> wheelBits; d > 0; d >>= wheelBits {
		level++
	}
	n := int(slot>>(wheelBits*level)) & (wheelSlots - 1)
	w.push(&w.heads[level][n], i, uint16(level*wheelSlots+n+1))
}

func (w *Wheel) push(head *uint32, i uint32, list uint16) {
	l := &w.links[i]
	l.prev, l.next, l.list = 0, *head, list
	if *head != 0 {
		w.links[*head-1].prev = i + 1
	}
	*head = i + 1
}

// Disarm stops timer i if it is armed.
func (w *Wheel) Disarm(i uint32) {
	l := &w.links[i]
	if l.list == 0 {
		return
	}
	w.unlink(i)
	w.count--
}

func (w *Wheel) unlink(i uint32) {
	l := &w.links[i]
	switch {
	case l.prev != 0:
		w.links[l.prev-1].next = l.next
	case l.list == wheelDue:
		w.due = l.next
	default:
		w.heads[(l.list-1)/wheelSlots][(l.list-1)%wheelSlots] = l.next
	}
	if l.next != 0 {
		w.links[l.next-1].prev = l.prev
	}
	l.list = 0
}

// Armed says whether timer i runs.
func (w *Wheel) Armed(i uint32) bool { return w.links[i].list != 0 }

// Len is the number of armed timers.
func (w *Wheel) Len() int { return w.count }

// Next takes one timer that is due by now, disarms it and returns its index.
func (w *Wheel) Next(now Tick) (uint32, bool) {
	w.advance(int64(now / wheelGrain))
	if w.due == 0 {
		return 0, false
	}
	i := w.due - 1
	w.unlink(i)
	w.count--
	return i, true
}

// advance turns the wheel to slot to, sorting down what comes near.
func (w *Wheel) advance(to int64) {
	if w.count == 0 && to > w.now {
		w.now = to
	}
	for w.now < to && w.due == 0 {
		w.now++
		for level := 1; level < wheelLevels && w.now&(1<<(wheelBits*level)-1) == 0; level++ {
			w.cascade(level, int(w.now>>(wheelBits*level))&(wheelSlots-1))
		}
		w.cascade(0, int(w.now)&(wheelSlots-1))
	}
}

// cascade sorts the timers of one slot anew by their distance from now.
func (w *Wheel) cascade(level, slot int) {
	for w.heads[level][slot] != 0 {
		i := w.heads[level][slot] - 1
		w.unlink(i)
		// The full slot number follows from its low 32 bits: it is near now.
		w.place(i, w.now+int64(int32(w.links[i].at-uint32(w.now))))
	}
}
