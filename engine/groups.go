package engine

import (
	"slices"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
// What a helper announces may be of a group, which has a tag: the media of one call
// among the calls of a control session. Children remember their group, so that the
// end of the call can end them. A call need not end in the session that it began in:
// control sessions that one announced another of are one family.

// groups are a worker's children that are of a group, by tag.
type groups map[uint32][]session.Ref

// join enters s, a child.
func (g groups) join(s *session.Session) {
	if tag := s.Tag(); tag != 0 {
		g[tag] = append(g[tag], s.Ref())
	}
}

// leave takes s out.
func (g groups) leave(s *session.Session) {
	tag := s.Tag()
	if tag == 0 {
		return
	}
	list := g[tag]
	if i := slices.Index(list, s.Ref()); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		delete(g, tag)
	} else {
		g[tag] = list
	}
}

// family is the serial of the control session that all others come from which s
// belongs to, or is.
func (w *Worker) family(s *session.Session) uint32 {
	for range 3 { // a child, a control session that is a child, its own
		if s.Master.ID == 0 {
			break
		}
		m := w.table.Resolve(s.Master)
		if m == nil {
			return s.Master.ID
		}
		s = m
	}
	return s.ID
}

// grace is how long the flows of a group go on after it has ended.
const grace = 5 * time.Second

// endGroup has the children of a tag end soon that belong to the family of s,
// whatever they carry.
func (w *Worker) endGroup(s *session.Session, tag uint32) {
	family := w.family(s)
	for _, r := range w.groups[tag] {
		c := w.table.Resolve(r)
		if c == nil || w.family(c) != family {
			continue
		}
		c.Still = 1<<packet.Original | 1<<packet.Reply
		if c.Timeout() > grace {
			c.LastSeen = w.now
			c.SetTimeout(grace)
			w.table.Shorten(c)
		}
	}
}

// outlast has a control session last as long as what it has announced is waited
// for, where that asks for it.
func (w *Worker) outlast(s *session.Session) {
	if !s.Replied || !s.Controls() || s.Key[packet.Original].Proto == packet.ProtoTCP && s.State != session.StateEstablished {
		return
	}
	idle := w.rules.clocks.idle(s)
	if until := w.expect.KeptUntil(s.ID); until != 0 {
		idle = max(idle, until.Sub(s.LastSeen))
	}
	if before := s.Timeout(); idle != before {
		s.SetTimeout(idle)
		if idle < before {
			w.table.Shorten(s)
		}
	}
}
