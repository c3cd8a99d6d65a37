package helpertest

import (
	"math/rand/v2"

	"portcullis/packet"
)

// Segment is a TCP segment: a header of 20 bytes and options, of which nobody reads
// the ports and the checksum, and a payload.
type Segment struct {
	Header, Payload []byte
}

// Middle is what stands between the two ends of a TCP session.
type Middle interface {
	// Carry takes a segment of direction dir, which it borrows, and returns what goes
	// on in its place and what goes back to its sender.
	Carry(dir packet.Dir, s *Segment) (on, back []*Segment, err error)
}

// Journey is the way of a TCP dialogue over a network that loses, doubles, reorders,
// cuts and merges, with selective acknowledgements, through a Middle.
type Journey struct {
	Dialogue Dialogue
	Arrives  []string // the turns as they must arrive
	Through  Middle
	// Heard is called when every turn has arrived, before the ends close. nil: nobody is
	// to be told.
	Heard func() error
	Seed  uint64 // of the network
}

// Run sends the dialogue and returns the first fault: a byte that neither its sender
// has written nor Arrives has, an acknowledgement of what was never sent, or an end
// that never comes.
func (j *Journey) Run() error {
	d := j.Dialogue.filled()
	m := &model{turns: j.Arrives}
	for i, t := range d.Turns {
		m.sent[t.Dir] += t.Text
		m.want[t.Dir] += j.Arrives[i]
	}
	w := newWire(&d, m, j.Through, rand.New(rand.NewPCG(j.Seed, 13)))
	w.rough, w.heard = true, j.Heard
	return w.run()
}
