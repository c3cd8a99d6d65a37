package replay

import (
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
// A capture is mostly taken on one side of the firewall. Where a session is
// translated, one direction of it was then captured as it leaves here, and not as
// it would arrive: a client behind source NAT has answers in its capture that are
// addressed to itself, while the firewall would get them under its own address. So
// packets of a translated session that look as they leave are made to look as they
// arrive, in the direction that was not captured at its arrival. Where both were
// captured, what looks as it leaves is what the firewall itself has sent, and is
// passed over.
//
// What this can not know is by how many bytes a helper made its message longer: the
// acknowledgements of the other side are those of the original.

// crossing is a translated session: what its packets look like on either side.
type crossing struct {
	id     uint32
	arrive [2]packet.Key // by direction
	far    bool          // captured where the original direction leaves
	both   bool          // captured on both sides
}

// leave is what packets of a direction look like when they leave.
func (c *crossing) leave(dir packet.Dir) packet.Key { return c.arrive[dir.Other()].Reply() }

// sides are all of them, by what their packets look like.
type sides struct {
	arrive, leave map[packet.Key]*crossing
	expected      map[packet.Key]packet.Key // what arrives by what leaves, for announced flows from any port
	mapped        bool                      // the packet on its trip was captured as it leaves
}

func newSides() sides {
	return sides{arrive: map[packet.Key]*crossing{}, leave: map[packet.Key]*crossing{}, expected: map[packet.Key]packet.Key{}}
}

// begin notes a session, where it is translated.
func (s *sides) begin(e *session.Event) {
	c := &crossing{id: e.ID, arrive: [2]packet.Key{e.Key, e.ReplyKey}, far: s.mapped}
	if c.leave(packet.Original) == e.Key {
		return
	}
	for dir := range packet.Dir(2) {
		s.arrive[c.arrive[dir]] = c
		s.leave[c.leave(dir)] = c
	}
}

// end forgets a session.
func (s *sides) end(e *session.Event) {
	c := s.arrive[e.Key]
	if c == nil || c.id != e.ID {
		return
	}
	for dir := range packet.Dir(2) {
		delete(s.arrive, c.arrive[dir])
		delete(s.leave, c.leave(dir))
	}
}

// expect notes an announced flow, where it is translated.
func (s *sides) expect(e *session.Event) {
	if leave := e.ReplyKey.Reply(); leave.Dst != e.Key.Dst || leave.DstPort != e.Key.DstPort {
		leave.SrcPort = 0
		s.expected[leave] = e.Key
	}
}

// forget takes back what expect noted.
func (s *sides) forget(e *session.Event) {
	leave := e.ReplyKey.Reply()
	leave.SrcPort = 0
	delete(s.expected, leave)
}

// turn says what a packet with key k looks like when it arrives, and whether it is
// one that the firewall has sent.
func (s *sides) turn(k packet.Key) (arrives packet.Key, sent bool) {
	if c := s.arrive[k]; c != nil {
		c.both = c.both || (k == c.arrive[packet.Original]) == c.far
		return k, false
	}
	if c := s.leave[k]; c != nil {
		dir := packet.Original
		if k != c.leave(dir) {
			dir = packet.Reply
		}
		c.both = c.both || (dir == packet.Original) != c.far
		return c.arrive[dir], c.both
	}
	first := k
	first.SrcPort = 0
	if match, ok := s.expected[first]; ok {
		k.Src, k.Dst, k.DstPort = match.Src, match.Dst, match.DstPort
	}
	return k, false
}

// cross makes a packet look as it arrives. It reports false where the firewall has
// sent it.
func (p *Player) cross(q *engine.Slot) bool {
	if q.Frag || len(p.sides.leave) == 0 && len(p.sides.expected) == 0 {
		return true
	}
	to, sent := p.sides.turn(q.Key)
	if sent {
		return false
	}
	if to == q.Key {
		return true
	}
	p.sides.mapped = true
	r := packet.NewRewrite(q.Key, to)
	r.Apply(&q.Packet, &to)
	q.Key = to
	return true
}
