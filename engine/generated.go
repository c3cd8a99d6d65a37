package engine

import "portcullis/packet"

// generated are the packets that the worker itself has to send. Their memory is
// kept and reused from call to call.
type generated struct {
	list []Slot
	bufs [][]byte
}

// maxGenerated bounds the packets of the worker's own in one call; what does not
// fit is not sent (ICMP errors are a courtesy, held segments are sent again).
const maxGenerated = 1024

func (g *generated) reset() { g.list = g.list[:0] }

func (g *generated) slots() []Slot { return g.list }

// add returns a slot with a zeroed frame of size bytes, or nil.
func (g *generated) add(size int) *Slot {
	n := len(g.list)
	if n == maxGenerated {
		return nil
	}
	if n == len(g.bufs) {
		g.bufs = append(g.bufs, nil)
	}
	if cap(g.bufs[n]) < size {
		g.bufs[n] = make([]byte, max(size, 2048))
	}
	buf := g.bufs[n][:size]
	clear(buf)
	g.list = append(g.list, Slot{Packet: packet.Packet{Frame: buf}, Verdict: Answer})
	return &g.list[n]
}

// undo takes back the slot that add returned last.
func (g *generated) undo() { g.list = g.list[:len(g.list)-1] }
