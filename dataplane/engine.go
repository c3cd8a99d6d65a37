package dataplane

import (
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

// Engine decides about packets. It is called by one goroutine at a time.
type Engine interface {
	// Process decides about every slot of batch, whose packets are parsed and have
	// In set. It may edit the frames in place and grow them within their
	// capacity.
	Process(now session.Tick, batch []engine.Slot)

	// Generated is what the engine has to send by itself since the last call.
	// It is valid until the next call of Process or Tick. Frames have room for an
	// Ethernet header; Verdict is engine.Forward or engine.Answer.
	Generated() []engine.Slot

	// Tick drives the engine's timers.
	Tick(now session.Tick)

	// Count accounts for n packets that died of r outside the engine.
	Count(r packet.Reason, n uint64)
}
