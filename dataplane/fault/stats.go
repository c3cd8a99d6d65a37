package fault

import (
	"fmt"
	"sync/atomic"
)

// Counts are what happened in one direction.
type Counts struct {
	Frames     uint64 // that came, duplicates not counted
	Lost       uint64
	Duplicated uint64
	Corrupted  uint64
	Reordered  uint64
	Delayed    uint64
	Spared     uint64 // were to wait, but too many did
}

// Stats are what a port has done so far.
type Stats struct{ In, Out Counts }

// String is the two directions on one line.
func (s Stats) String() string { return fmt.Sprintf("in %+v out %+v", s.In, s.Out) }

// counts is Counts while it counts.
type counts struct {
	frames, lost, duplicated, corrupted, reordered, delayed, spared atomic.Uint64
}

func (c *counts) read() Counts {
	return Counts{
		Frames: c.frames.Load(), Lost: c.lost.Load(), Duplicated: c.duplicated.Load(), Corrupted: c.corrupted.Load(),
		Reordered: c.reordered.Load(), Delayed: c.delayed.Load(), Spared: c.spared.Load(),
	}
}
