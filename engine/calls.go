package engine

import (
	"fmt"

	"portcullis/packet"
	"portcullis/session"
)

// calls are the sessions of calls in progress, by what their keys do not tell: the
// key that their packets leave with, and their control session.
type calls struct {
	byLeaving map[packet.Key]session.Ref
	byMaster  map[uint32][]session.Ref // by serial
}

func newCalls() calls {
	return calls{byLeaving: map[packet.Key]session.Ref{}, byMaster: map[uint32][]session.Ref{}}
}

// add enters s, a call that is in the table.
func (c *calls) add(s *session.Session) {
	for d := range s.Key {
		c.byLeaving[s.Leaving(packet.Dir(d))] = s.Ref()
	}
	c.byMaster[s.Master.ID] = append(c.byMaster[s.Master.ID], s.Ref())
}

// drop takes s out, a call that ends.
func (c *calls) drop(s *session.Session) {
	ref := s.Ref()
	for d := range s.Key {
		if k := s.Leaving(packet.Dir(d)); c.byLeaving[k] == ref {
			delete(c.byLeaving, k)
		}
	}
	list := c.byMaster[s.Master.ID]
	for i := range list {
		if list[i] == ref {
			list[i] = list[len(list)-1]
			list = list[:len(list)-1]
			break
		}
	}
	if c.byMaster[s.Master.ID] = list; len(list) == 0 {
		delete(c.byMaster, s.Master.ID)
	}
}

// count is how many calls a control session has.
func (c *calls) count(master uint32) int { return len(c.byMaster[master]) }

// leaving finds the call of which packets leave with key k, and their direction;
// nil where there is none.
func (c *calls) leaving(t *session.Table, k *packet.Key) (*session.Session, packet.Dir) {
	s := t.Resolve(c.byLeaving[*k])
	if s == nil || s.Leaving(packet.Original) == *k {
		return s, packet.Original
	}
	return s, packet.Reply
}

// awaits is the expectation that p fulfils, or nil. That of a call is fulfilled by
// data of a call alone, and not by another tunnel whose key is the same number.
func (w *Worker) awaits(p *Slot) *session.Expectation {
	e := w.expect.Find(&p.Key)
	if e != nil && e.Call != session.NoCall && !p.CarriesPPTP() {
		return nil
	}
	return e
}

// connect voids the expectation of the other way of a call of which e is fulfilled,
// and returns the key that its packets will arrive with.
func (w *Worker) connect(e *session.Expectation) packet.Key {
	k := e.Twin()
	if t := w.expect.Find(&k); t != nil && t.Master == e.Master {
		w.counts(e.Helper).Voided++
		w.expect.Remove(t)
	}
	return k
}

// endCalls ends the calls of a control session.
func (w *Worker) endCalls(master uint32) {
	for len(w.calls.byMaster[master]) > 0 {
		w.remove(w.table.Resolve(w.calls.byMaster[master][0]), session.EndClose)
	}
}

// clearing lets a call go on for a short while: an end wants it to end.
func (w *Worker) clearing(s *session.Session) {
	s.Call().Over = true
	s.Still = 1<<packet.Original | 1<<packet.Reply
	s.LastSeen = w.now
	s.SetTimeout(w.rules.clocks.idle(s))
	w.table.Shorten(s)
}

// tunnel finds the session of p, which is of GRE; s is the one that has its key, nil
// where none has. pair says that it belongs to the pair of its addresses: then the
// call id is none of its key.
func (w *Worker) tunnel(p *Slot, s *session.Session, dir packet.Dir) (_ *session.Session, _ packet.Dir, pair bool) {
	if s != nil && s.IsCall() && !p.CarriesPPTP() { // another tunnel, whose key is that number
		return nil, packet.Original, false
	}
	if s != nil || !w.strayCall(p) {
		return s, dir, false
	}
	k := p.Key
	k.DstPort = 0
	s, dir = w.table.Find(&k)
	if s != nil && s.IsCall() || s == nil && w.expect.Taken(&k) { // the call of that id
		return nil, packet.Original, false
	}
	return s, dir, true
}

// check reports a call that is not as it must be: for tests.
func (c *calls) check(t *session.Table) error {
	n := 0
	for master, list := range c.byMaster {
		for _, r := range list {
			n++
			if s := t.Resolve(r); s == nil || !s.IsCall() || s.Master.ID != master {
				return fmt.Errorf("call %d of control session %d is gone", r.ID, master)
			}
		}
	}
	for k, r := range c.byLeaving {
		if s := t.Resolve(r); s == nil || s.Leaving(packet.Original) != k && s.Leaving(packet.Reply) != k {
			return fmt.Errorf("call %d does not leave as %v", r.ID, k)
		}
	}
	var lost error
	t.All(func(s *session.Session) bool {
		if s.IsCall() {
			if n--; t.Resolve(s.Master) == nil {
				lost = fmt.Errorf("call %d has no control session", s.ID)
			}
		}
		return true
	})
	if n != 0 {
		return fmt.Errorf("%d calls too many are known", n)
	}
	return lost
}
