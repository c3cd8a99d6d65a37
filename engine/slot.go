package engine

import "portcullis/packet"

// Verdict is what the engine decided about a packet. The zero value is the safe
// one.
type Verdict uint8

// Verdicts.
const (
	Drop    Verdict = iota // Slot.Reason says why
	Forward                // translated; send by Slot.Out to Slot.NextHop
	Answer                 // rewritten in place into the box's own answer; send by Slot.Out to Slot.NextHop
	Hold                   // the engine kept a copy; it will come out of Generated later
)

// Slot is one packet of a batch and the engine's decision about it. The
// dataplane fills Packet (parsed, with In set) and reads the rest after
// Worker.Process. The Ethernet addresses of the frame are the dataplane's to
// write. Before a slot is used for another packet, Renew it.
type Slot struct {
	packet.Packet
	Verdict Verdict
	Reason  packet.Reason // valid iff Verdict is Drop
	Out     uint16        // outgoing interface, index as in Ruleset.Interfaces
	// FragmentTo, where not 0, is the MTU in bytes that this packet must be
	// fragmented to before it is sent (packet.Fragment).
	FragmentTo uint16
	largest    uint16      // of a reassembled packet: bytes of its largest fragment; else 0
	hash       uint32      // of Key in the session table
	fetched    uint64      // see Worker.fetch
	hashed     bool        // hash is valid
	decided    bool        // by Quick
	NextHop    packet.Addr // the neighbour to send to: a gateway or the destination itself
}

// Renew makes the slot ready for another packet.
func (p *Slot) Renew() {
	p.Verdict, p.Reason, p.Out, p.FragmentTo = Drop, packet.ReasonNone, 0, 0
	p.hashed, p.decided = false, false
}
