package dataplane

import "portcullis/packet"

const arenaChunk = 256 << 10

// arena lends memory for frames that are built here until reset.
type arena struct {
	chunk []byte
	used  int
}

// keep returns a Buffer with a copy of frame.
func (a *arena) keep(frame []byte, off packet.Offload) Buffer {
	n := packet.OffloadSize + len(frame)
	at := (a.used + 7) &^ 7
	if at+n > len(a.chunk) {
		// Frames in the old chunk stay valid: they hold it.
		a.chunk, at = make([]byte, max(arenaChunk, n)), 0
	}
	a.used = at + n
	b := Buffer(a.chunk[at:a.used:a.used])
	off.Encode(b)
	copy(b[packet.OffloadSize:], frame)
	return b
}

// reset takes all memory back.
func (a *arena) reset() { a.used = 0 }
