package session

import "fmt"

// Class says what a full table may do with a session.
type Class uint8

// Classes. The sessions of all but the first wait in a queue, in the order in
// which they came into it.
const (
	Lasting   Class = iota // it stays
	Ephemeral              // nothing has come of it yet: half-open, or one side alone has spoken
	Over                   // it has ended and is only remembered
	Brief                  // a question and its answer, and perhaps more since: whoever looks must see

	classes
)

// queue is a list of sessions, oldest first, linked through the records.
type queue struct {
	first, last uint32 // index+1
	n           int
}

// Class is what a full table may do with s.
func (s *Record) Class() Class { return s.class }

// Classify makes s a session of class c, the newest one if it was of another.
func (t *Table) Classify(s *Session, c Class) {
	if s.class == c {
		return
	}
	if s.class != Lasting {
		t.unqueue(s)
	}
	if s.class = c; c == Lasting {
		return
	}
	q := &t.queues[c]
	s.next, s.prev = 0, q.last
	if q.last != 0 {
		t.at(q.last - 1).next = s.index + 1
	} else {
		q.first = s.index + 1
	}
	q.last = s.index + 1
	q.n++
}

func (t *Table) unqueue(s *Session) {
	q := &t.queues[s.class]
	if s.prev != 0 {
		t.at(s.prev - 1).next = s.next
	} else {
		q.first = s.next
	}
	if s.next != 0 {
		t.at(s.next - 1).prev = s.prev
	} else {
		q.last = s.prev
	}
	s.next, s.prev = 0, 0
	q.n--
}

// Requeue makes s the newest of its class, which is not Lasting.
func (t *Table) Requeue(s *Session) {
	c := s.class
	t.Classify(s, Lasting)
	t.Classify(s, c)
}

// Count is how many sessions of a class other than Lasting there are.
func (t *Table) Count(c Class) int { return t.queues[c].n }

// Oldest is the session that has been of class c for longest, other than the one
// that spare names; nil where there is none. c is not Lasting.
func (t *Table) Oldest(c Class, spare Ref) *Session {
	for n := t.queues[c].first; n != 0; n = t.at(n - 1).next {
		if s := t.at(n - 1); s.Ref() != spare {
			return s
		}
	}
	return nil
}

// checkQueues reports what is wrong with the queues, in which so many sessions
// must be.
func (t *Table) checkQueues(want int) error {
	for c := Ephemeral; c < classes; c++ {
		q, n, before := &t.queues[c], 0, uint32(0)
		for i := q.first; i != 0; i = t.at(i - 1).next {
			if s := t.at(i - 1); !s.live || s.class != c || s.prev != before {
				return fmt.Errorf("session %d is in the queue of class %d: live %v, class %d", s.ID, c, s.live, s.class)
			}
			before = i
			if n++; n > q.n {
				break
			}
		}
		if n != q.n || q.last != before {
			return fmt.Errorf("%d sessions in the queue of class %d, %d counted", n, c, q.n)
		}
		want -= n
	}
	if want != 0 {
		return fmt.Errorf("%d sessions of a class are in no queue", want)
	}
	return nil
}
