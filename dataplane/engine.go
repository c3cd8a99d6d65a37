package dataplane

import (
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

// Engine decides about packets. Quick may be called by several goroutines at once
// while none calls anything else; everything else is called by one at a time.
type Engine interface {
	// Quick decides about the slots of batch that it can decide about with others
	// beside it, and returns how many it leaves to Process. The packets are parsed
	// and have In set. It may edit the frames in place.
	Quick(now session.Tick, batch []engine.Slot) (left int)

	// Process decides about the slots of batch that Quick has left. It may edit the
	// frames in place and grow them within their capacity.
	Process(now session.Tick, batch []engine.Slot)

	// Generated is what the engine has to send by itself since the last call.
	// It is valid until the next call of Process or Tick. Frames have room for an
	// Ethernet header; Verdict is engine.Forward or engine.Answer.
	Generated() []engine.Slot

	// Tick drives the engine's timers. It does a bounded part of what is due and
	// reports whether there is more.
	Tick(now session.Tick) (more bool)

	// Count accounts for n packets that died of r outside the engine.
	Count(r packet.Reason, n uint64)
}
