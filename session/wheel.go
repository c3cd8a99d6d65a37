package session

import "time"

// Theory of operation.
//
// Timers are nodes of circular lists, one list for each slot of each level, and
// two more: what is due, and what is being sorted down. A slot of level 0 covers
// wheelGrain, a slot of each further level 64 slots of the one below. When time
// reaches a slot of level 0, its whole list is appended to what is due; when it
// reaches a slot of a higher level, its whole list is appended to what is to be
// sorted. Either is one step, however many timers the slot holds. Then the
// timers are sorted, or handed out, one a step, and time stands still until none
// is left to be sorted. So no step takes longer because there are more timers,
// and a caller that allows so many steps at a time is never held up for longer
// than those take. Timers beyond the last level wait in it and are looked at
// again.

// Wheel is a hierarchical timing wheel over indices. Arming and disarming are
// O(1), and so is each step of Next. A timer is never early. It is late by less
// than one grain, and by what its caller lets steps wait.
type Wheel struct {
	now   int64                     // slots of level 0 that have passed
	lists [wheelLists + 1]wheelLink // heads by number of list; 0 is not one
	slabs [][]wheelLink             // timers
	count int
}

// wheelLink is a node: its neighbours, as numbers of nodes, and when it is due, in
// slots of level 0 modulo 2^32. A node that is in no list has no neighbours.
type wheelLink struct {
	next, prev uint32
	at         uint32
}

const (
	wheelLevels = 4
	wheelBits   = 6
	wheelSlots  = 1 << wheelBits
	wheelGrain  = Tick(128 * time.Millisecond)
	wheelFar    = 1 << 30                        // in slots: farther than this no timer is set
	wheelSpan   = 1 << (wheelBits * wheelLevels) // slots of level 0 in all levels

	// Lists are numbered by level and slot from 1 on; nodes are numbered likewise,
	// the heads of the lists first.
	wheelDue   = wheelLevels*wheelSlots + 1
	wheelSort  = wheelDue + 1
	wheelLists = wheelSort
	wheelFirst = wheelLists + 1 // the node of timer 0
)

func (w *Wheel) start(now Tick) {
	w.now = int64(now / wheelGrain)
	for n := range w.lists {
		w.lists[n] = wheelLink{next: uint32(n), prev: uint32(n)}
	}
}

// grow makes room for indices below n. What is there does not move.
func (w *Wheel) grow(n int) {
	for len(w.slabs)*slabSize < n {
		w.slabs = append(w.slabs, make([]wheelLink, slabSize))
	}
}

// node is node n: the head of a list or a timer.
func (w *Wheel) node(n uint32) *wheelLink {
	if n < wheelFirst {
		return &w.lists[n]
	}
	i := n - wheelFirst
	return &w.slabs[i>>slabShift][i&(slabSize-1)]
}

// Arm sets timer i to at, wherever it was before.
func (w *Wheel) Arm(i uint32, at Tick) {
	w.Disarm(i)
	slot := int64((at + wheelGrain - 1) / wheelGrain)
	if far := w.now + wheelFar; slot > far {
		slot = far // so that its low 32 bits tell it; its owner will arm it again
	}
	w.node(i + wheelFirst).at = uint32(slot)
	w.place(i+wheelFirst, slot)
	w.count++
}

// place links node n, due at slot, into the list that its distance asks for.
func (w *Wheel) place(n uint32, slot int64) {
	if slot <= w.now {
		w.push(wheelDue, n)
		return
	}
	if slot-w.now >= wheelSpan {
		slot = w.now + wheelSpan - 1
	}
	level := 0
	for d := (slot - w.now) >> wheelBits; d > 0; d >>= wheelBits {
		level++
	}
	w.push(listOf(level, slot), n)
}

// listOf is the list of the slot of a level that a slot of level 0 lies in.
func listOf(level int, slot int64) uint32 {
	return uint32(level*wheelSlots) + uint32(slot>>(wheelBits*level))&(wheelSlots-1) + 1
}

// push appends node n to a list.
func (w *Wheel) push(list, n uint32) {
	head, l := &w.lists[list], w.node(n)
	l.next, l.prev = list, head.prev
	w.node(head.prev).next = n
	head.prev = n
}

// move appends all of a list to another.
func (w *Wheel) move(from, to uint32) {
	f, t := &w.lists[from], &w.lists[to]
	if f.next == from {
		return
	}
	w.node(t.prev).next, w.node(f.next).prev = f.next, t.prev
	w.node(f.prev).next, t.prev = to, f.prev
	f.next, f.prev = from, from
}

// Disarm stops timer i if it is armed.
func (w *Wheel) Disarm(i uint32) {
	if l := w.node(i + wheelFirst); l.next != 0 {
		w.unlink(l)
		w.count--
	}
}

func (w *Wheel) unlink(l *wheelLink) {
	w.node(l.prev).next, w.node(l.next).prev = l.next, l.prev
	l.next, l.prev = 0, 0
}

// Armed says whether timer i runs.
func (w *Wheel) Armed(i uint32) bool { return w.node(i+wheelFirst).next != 0 }

// Len is the number of armed timers.
func (w *Wheel) Len() int { return w.count }

// Next takes one timer that is due by now, disarms it and returns its index. It
// takes the steps that it needs from budget, and reports false where nothing is
// due or the budget is used up.
func (w *Wheel) Next(now Tick, budget *int) (i uint32, ok bool) {
	for to := int64(now / wheelGrain); *budget > 0; *budget-- {
		switch sort, due := w.lists[wheelSort].next, w.lists[wheelDue].next; {
		case sort != wheelSort:
			l := w.node(sort)
			w.unlink(l)
			// The full slot number follows from its low 32 bits: it is near now.
			w.place(sort, w.now+int64(int32(l.at-uint32(w.now))))
		case due != wheelDue:
			w.unlink(w.node(due))
			w.count--
			*budget--
			return due - wheelFirst, true
		case w.now >= to:
			return 0, false
		case w.count == 0:
			w.now = to
		default:
			w.turn()
		}
	}
	return 0, false
}

// turn lets one slot of level 0 pass.
func (w *Wheel) turn() {
	w.now++
	for level := 1; level < wheelLevels && w.now&(1<<(wheelBits*level)-1) == 0; level++ {
		w.move(listOf(level, w.now), wheelSort)
	}
	w.move(listOf(0, w.now), wheelDue)
}
