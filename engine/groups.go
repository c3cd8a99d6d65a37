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

// groups are a worker's children that are of a group, and those that are control
// sessions themselves.
type groups struct {
	tags map[uint32][]session.Ref // by tag
	kin  map[uint32][]session.Ref // by the serial of their own control session
}

func newGroups() groups {
	return groups{tags: map[uint32][]session.Ref{}, kin: map[uint32][]session.Ref{}}
}

// join enters s, a child.
func (g *groups) join(s *session.Session) {
	if tag := s.Tag(); tag != 0 {
		g.tags[tag] = append(g.tags[tag], s.Ref())
	}
	if s.Hello == session.Helped {
		g.kin[s.Master.ID] = append(g.kin[s.Master.ID], s.Ref())
	}
}

// leave takes s out.
func (g *groups) leave(s *session.Session) {
	if tag := s.Tag(); tag != 0 {
		takeOut(g.tags, tag, s.Ref())
	}
	if s.Hello == session.Helped {
		takeOut(g.kin, s.Master.ID, s.Ref())
	}
}

func takeOut(lists map[uint32][]session.Ref, key uint32, r session.Ref) {
	list := lists[key]
	i := slices.IndexFunc(list, func(x session.Ref) bool { return x.ID == r.ID })
	if i < 0 {
		return
	}
	if len(list) == 1 {
		delete(lists, key)
		return
	}
	list[i] = list[len(list)-1]
	lists[key] = list[:len(list)-1]
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

// stillBoth is Record.Still of a child whose group has ended: nothing keeps it alive.
const stillBoth = 1<<packet.Original | 1<<packet.Reply

// cancelGroup voids what the family of s has announced under a tag.
func (w *Worker) cancelGroup(s *session.Session, tag uint32) {
	family := w.family(s)
	w.expect.RemoveTag(family, tag, w.expectationGone)
	for _, r := range w.groups.kin[family] {
		w.expect.RemoveTag(r.ID, tag, w.expectationGone)
	}
}

// grace is how long the flows of a group go on after it has ended.
const grace = 5 * time.Second

// endGroup has the children of a tag end soon that belong to the family of s,
// whatever they carry.
func (w *Worker) endGroup(s *session.Session, tag uint32) {
	family := w.family(s)
	for _, r := range w.groups.tags[tag] {
		c := w.table.Resolve(r)
		if c == nil || w.family(c) != family {
			continue
		}
		c.Still = stillBoth
		if c.Timeout() > grace {
			c.LastSeen = w.now
			c.SetTimeout(grace)
			w.table.Shorten(c)
		}
	}
}

// keeps says whether s is a session that its helper may have made last (Findings.Keep).
// That is not taken back.
func (w *Worker) keeps(s *session.Session) bool {
	return s.Controls() && s.Replied && s.Key[packet.Original].Proto == packet.ProtoUDP && w.names.helper(s.Helper).Keeps
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
	if w.keeps(s) {
		idle = max(idle, s.Timeout())
	}
	if before := s.Timeout(); idle != before {
		s.SetTimeout(idle)
		if idle < before {
			w.table.Shorten(s)
		}
	}
}
