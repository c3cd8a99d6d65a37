package engine

import (
	"fmt"

	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// attachment is what a control session needs beyond its record: its helper's
// memory.
type attachment struct {
	session session.Ref
	control *helpers.Control // TCP
	state   helpers.State    // UDP
}

// controls are the attachments of a worker's control sessions. A session keeps
// the number of its own, which is never 0. Memory that is no longer needed goes
// back to the garbage collector, but for a few that are kept at hand.
type controls struct {
	list  []attachment
	ends  [][2]helpers.Ends // beside list, by direction: of TCP, and where there may be Mentions; else they are of an older one
	free  []uint32
	spare []*helpers.Control
}

// maxSpare is how many unused helpers.Controls are kept at hand.
const maxSpare = 64

// attachTCP prepares an attachment of a TCP session and returns its number.
func (c *controls) attachTCP(s *session.Session, h *helpers.Helper) uint32 {
	n := c.add(s)
	c.meet(n, s)
	if k := len(c.spare); k > 0 {
		c.list[n-1].control, c.spare = c.spare[k-1], c.spare[:k-1]
	} else {
		c.list[n-1].control = &helpers.Control{}
	}
	c.list[n-1].control.Reset(h)
	return n
}

// attachUDP keeps st for a UDP session of helper h.
func (c *controls) attachUDP(s *session.Session, h *helpers.Helper, st *helpers.State) uint32 {
	n := c.add(s)
	c.list[n-1].state = *st
	if h.Mentions {
		c.meet(n, s)
	}
	return n
}

// meet notes the ends of s, whose attachment has number n.
func (c *controls) meet(n uint32, s *session.Session) {
	for uint32(len(c.ends)) < n {
		c.ends = append(c.ends, [2]helpers.Ends{})
	}
	for dir := range packet.Dir(2) {
		ends(&c.ends[n-1][dir], s, dir)
	}
}

func (c *controls) add(s *session.Session) uint32 {
	a := attachment{session: s.Ref()}
	if k := len(c.free); k > 0 {
		n := c.free[k-1]
		c.free = c.free[:k-1]
		c.list[n-1] = a
		return n
	}
	c.list = append(c.list, a)
	return uint32(len(c.list))
}

// at is the attachment with that number; it is valid until the next is added.
func (c *controls) at(n uint32) *attachment { return &c.list[n-1] }

// between are the ends that belong to it, where they were noted, in direction dir.
func (c *controls) between(n uint32, dir packet.Dir) *helpers.Ends { return &c.ends[n-1][dir] }

// release takes an attachment back.
func (c *controls) release(n uint32) {
	if old := c.list[n-1].control; old != nil && len(c.spare) < maxSpare {
		c.spare = append(c.spare, old)
	}
	c.list[n-1] = attachment{}
	c.free = append(c.free, n)
	switch {
	case len(c.free) < len(c.list):
	case len(c.list) <= maxSpare:
		c.list, c.free = c.list[:0], c.free[:0]
	default:
		c.list, c.ends, c.free = nil, nil, nil
	}
}

// check reports an attachment without a session: for tests.
func (c *controls) check(t *session.Table) error {
	used := 0
	for i := range c.list {
		a := &c.list[i]
		if a.session.ID == 0 {
			continue
		}
		used++
		if s := t.Resolve(a.session); s == nil || s.Control != uint32(i)+1 {
			return fmt.Errorf("control %d: its session %d is gone", i+1, a.session.ID)
		}
	}
	if used+len(c.free) != len(c.list) {
		return fmt.Errorf("%d controls in use and %d free of %d", used, len(c.free), len(c.list))
	}
	return nil
}
