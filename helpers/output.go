package helpers

import (
	"time"

	"portcullis/packet"
)

// MaxOut bounds the packets that go on in place of one.
const MaxOut = 16

// MaxPayload is the longest payload that anything grows to, in bytes: what fits the
// largest IP packet with its headers and options.
const MaxPayload = 65535 - 120

// Out is one packet to send on in place of the one that came.
type Out struct {
	Seq     uint32 // TCP: in the receiver's sequence space
	Payload []byte // in the memory of the incoming one or of the Output; valid until the next call
	Flags   uint8  // TCP: packet.TCPSyn, ...
	Urgent  uint16 // TCP: the urgent pointer; valid iff Flags has TCPUrg
	Changed bool   // Payload is not that of the incoming packet, whole and unchanged
}

// AckBack is an acknowledgement to be sent to the sender of a segment, in the
// name of its peer. It has no payload and the ACK flag alone.
type AckBack struct {
	Seq, Ack uint32 // as the sender sees its peer
	Window   uint16 // as the peer last wrote it, still scaled
}

// Output is what became of one packet, and the scratch memory that it took. One
// Output is reused for all packets of a worker. Start with the zero value.
type Output struct {
	// Drop is why nothing goes on; ReasonNone where the packet was accepted.
	Drop packet.Reason
	// Held says that bytes of the packet stay here until more of them come. A
	// bare acknowledgement may still be in Out.
	Held bool
	// Detached says that this packet made the helper give up the session; Why
	// is the reason, a constant of a few words.
	Detached bool
	Why      string
	// Encrypted says that it did so because the control channel is now encrypted
	// (Findings.Encrypted).
	Encrypted bool
	// Over says that nothing more is to come (Findings.Over).
	Over bool
	// Keep is how long the session is to last at least (Findings.Keep).
	Keep time.Duration
	// MustAck says that AckBack is to be sent.
	MustAck bool
	AckBack AckBack

	list  [MaxOut]Out
	n     int
	seg   Segment
	found Findings
	state State  // of the helper before the last call of Inspect, where no correction had room
	data  []byte // what is shown to the helper, where earlier bytes come before it
	raw   []byte // bytes as they came, contiguous
	text  []byte // bytes as they go on

	rewriting rewriting
}

// Out is what to send on, in order; empty iff Drop is not ReasonNone. It is valid
// until the next call.
func (o *Output) Out() []Out { return o.list[:o.n] }

func (o *Output) reset() {
	o.Drop, o.Held, o.Detached, o.Why, o.Encrypted, o.MustAck, o.Over = packet.ReasonNone, false, false, "", false, false, false
	o.AckBack, o.Keep, o.rewriting.unspelt = AckBack{}, 0, false
	o.n = 0
}

func (o *Output) drop(why packet.Reason) { o.Drop, o.n = why, 0 }

// Unspelt says that what was announced was voided again because the bytes could not
// be made to spell what the peer was to read.
func (o *Output) Unspelt() bool { return o.rewriting.unspelt }

// next is the next packet that goes on, for the caller to write; nil where there is no
// room.
func (o *Output) next() *Out {
	if o.n == MaxOut {
		return nil
	}
	o.n++
	return &o.list[o.n-1]
}

// add appends s, where there is room.
func (o *Output) add(s Out) {
	if to := o.next(); to != nil {
		*to = s
	}
}

// detach notes why the helper gives up.
func (o *Output) detach(why string) { o.Detached, o.Why = true, why }
