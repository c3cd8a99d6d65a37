package engine

import (
	"fmt"

	"portcullis/helpers"
	"portcullis/session"
)

// attachment is what a control session needs beyond its record: the helper and
// its memory.
type attachment struct {
	session session.Ref
	helper  *helpers.Helper
	control helpers.Control // TCP
	state   helpers.State   // UDP
	done    bool            // UDP: the helper gave the session up
}

// controls are the attachments of a worker's control sessions. A session keeps
// the number of its own, which is never 0.
type controls struct {
	list []*attachment
	free []uint32
}

// attach prepares an attachment and returns its number.
func (c *controls) attach(s session.Ref, h *helpers.Helper) uint32 {
	n := uint32(len(c.list))
	if k := len(c.free); k > 0 {
		n, c.free = c.free[k-1], c.free[:k-1]
	} else {
		c.list = append(c.list, &attachment{})
	}
	a := c.list[n]
	a.session, a.helper, a.state, a.done = s, h, helpers.State{}, false
	a.control.Reset(h)
	return n + 1
}

// at is the attachment with that number.
func (c *controls) at(n uint32) *attachment { return c.list[n-1] }

// release takes an attachment back.
func (c *controls) release(n uint32) {
	c.list[n-1].session = session.Ref{}
	c.free = append(c.free, n-1)
}

// check reports an attachment without a session: for tests.
func (c *controls) check(t *session.Table) error {
	used := 0
	for i, a := range c.list {
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
