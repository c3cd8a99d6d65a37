package engine

import (
	"slices"

	"portcullis/packet"
)

// generated are the packets that the worker itself has to send. Their memory is
// kept and reused from call to call.
type generated struct {
	list []Slot
	bufs [][]byte
	lent int // of bufs, since reset
}

// maxGenerated bounds the packets of the worker's own in one call; what does not
// fit is not sent (ICMP errors are a courtesy, held segments are sent again).
const maxGenerated = 1024

func (g *generated) reset() { g.list, g.lent = g.list[:0], 0 }

func (g *generated) slots() []Slot { return g.list }

// memory lends size bytes until reset; what they hold is undefined.
func (g *generated) memory(size int) []byte {
	n := g.lent
	if n == len(g.bufs) {
		g.bufs = append(g.bufs, nil)
	}
	if cap(g.bufs[n]) < size {
		g.bufs[n] = make([]byte, max(size, 2048))
	}
	g.lent++
	return g.bufs[n][:size]
}

// add returns a slot with a zeroed frame of size bytes, or nil.
func (g *generated) add(size int) *Slot {
	if len(g.list) >= maxGenerated {
		return nil
	}
	buf := g.memory(size)
	clear(buf)
	g.list = append(g.list, Slot{Packet: packet.Packet{Frame: buf}, Verdict: Answer})
	return &g.list[len(g.list)-1]
}

// undo takes back the slot that add returned last.
func (g *generated) undo() {
	g.list = g.list[:len(g.list)-1]
	g.lent--
}

// insert puts a copy of s, whose frame lies in lent memory, before the i-th slot.
// There is at most one such slot for each that was received, so it always fits.
func (g *generated) insert(i int, s *Slot) { g.list = slices.Insert(g.list, i, *s) }
