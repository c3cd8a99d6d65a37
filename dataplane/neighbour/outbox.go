package neighbour

import "portcullis/packet"

// Frame is a whole Ethernet frame and the work that is left to the device.
type Frame struct {
	Data    []byte
	Offload packet.Offload
}

// Outbox collects what a Table wants done. The frames' memory is the Outbox's
// owner's.
type Outbox struct {
	Frames []Frame
	Lost   [packet.NumReasons]uint64 // packets that died while they waited, by reason
}

// Reset empties the box.
func (o *Outbox) Reset() {
	clear(o.Frames)
	o.Frames = o.Frames[:0]
	o.Lost = [packet.NumReasons]uint64{}
}

func (o *Outbox) send(b []byte) { o.Frames = append(o.Frames, Frame{Data: b}) }
