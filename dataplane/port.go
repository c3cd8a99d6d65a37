package dataplane

import (
	"errors"
	"time"

	"portcullis/dataplane/neighbour"
	"portcullis/packet"
)

// MAC is an Ethernet address.
type MAC = neighbour.MAC

// Outcomes of a Port that its user tells apart. They are wrapped with the name
// of the port.
var (
	ErrDown   = errors.New("port is down")
	ErrClosed = errors.New("port is closed")
)

// Info is what a port is at the moment. An Info never changes; a port that
// changes has another one.
type Info struct {
	Name string
	MAC  MAC
	MTU  int    // bytes of an IP packet
	Up   bool   // frames can be sent and received
	Why  string // why it is not up; empty where it is
}

// Lost counts frames that died in a device before they could be received.
type Lost struct {
	RingDrop  uint64 // the ring was full: packet.ReasonRingDrop
	Truncated uint64 // longer than a slot: packet.ReasonTruncated
}

// Port is a device. Recv and Release belong to one goroutine; every other
// method may be called from any.
type Port interface {
	// Info is the state of the port. The pointer is another one after every
	// change, so that comparing pointers tells whether there was one.
	Info() *Info

	// Recv fills batch from its start and returns how many frames it holds. It
	// waits for the first at most wait, then returns 0. The frames are lent until
	// Release, which comes before the next Recv; they may be edited, and grown
	// within their capacity. A port that is down waits as well and returns
	// ErrDown; it comes back by itself where it can.
	Recv(batch []Buffer, wait time.Duration) (int, error)

	// Release gives the frames of the last Recv back.
	Release()

	// Interrupt lets the Recv that waits, or else the next one, return early.
	Interrupt()

	// NewSender returns what a goroutine needs to send. Its frames are sent until
	// the port is closed.
	NewSender() Sender

	// Lost is what was lost since the last call.
	Lost() Lost

	// Close ends the port and puts back what it changed. No Recv may be running
	// and no frame be lent; senders may, and find the port down.
	Close() error
}

// Sender sends by one port. It belongs to one goroutine.
type Sender interface {
	// Send borrows the frames and returns how many of them were not sent. err,
	// where there is any, wraps ErrDown where the port is down or closed. The
	// frames' order is kept.
	Send(frames []Buffer) (failed int, err error)
}

// Buffer is a frame with its virtio-net header in front, as devices take and
// give it: packet.OffloadSize bytes, then the frame from its Ethernet header.
type Buffer []byte

// NewBuffer returns a Buffer that keeps a copy of frame.
func NewBuffer(frame []byte, off packet.Offload) Buffer {
	b := make(Buffer, packet.OffloadSize+len(frame))
	off.Encode(b)
	copy(b[packet.OffloadSize:], frame)
	return b
}

// Frame is the frame in b, with the room behind it as capacity.
func (b Buffer) Frame() []byte { return b[packet.OffloadSize:] }

// Offload decodes the header of b.
func (b Buffer) Offload() packet.Offload { return packet.DecodeOffload(b) }
