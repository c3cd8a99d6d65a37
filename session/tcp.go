package session

import "portcullis/packet"

// States of a session. For TCP they are FortiOS's proto_state values; other
// protocols use StateNone until the other side answers and StateEstablished
// from then on.
const (
	StateNone        State = 0
	StateEstablished State = 1
	StateSynSent     State = 2
	StateSynReceived State = 3
	StateFinWait     State = 4
	StateTimeWait    State = 5
	StateClose       State = 6
	StateCloseWait   State = 7
	StateLastAck     State = 8
)

// TCP follows one connection as far as its life and death ask for: who said
// FIN, and whether the other side heard it. It is a pure value: no packet, no
// clock, no lock.
type TCP struct {
	fin   [2]uint32 // the sequence number behind the FIN, by direction
	ended [2]uint8  // finSent, finAcked
}

const (
	finSent  = 1
	finAcked = 2
)

// Segment is what the tracker looks at: flags, sequence and acknowledgement
// number, and the bytes of payload. Ack is in the sequence space of the side it
// acknowledges.
type Segment struct {
	Flags    uint8
	Seq, Ack uint32
	Len      uint32
}

// before says whether a comes before b in sequence space (RFC 9293 section
// 3.4).
func before(a, b uint32) bool { return int32(a-b) < 0 }

// Opens says whether a segment with these flags may open a connection.
func Opens(flags uint8) bool {
	return flags&(packet.TCPSyn|packet.TCPAck|packet.TCPRst|packet.TCPFin) == packet.TCPSyn
}

// FlagsOK refuses combinations that no TCP sends: SYN with FIN or RST, FIN with
// RST, FIN without ACK, none of SYN, ACK, RST and FIN.
func FlagsOK(flags uint8) bool {
	switch flags & (packet.TCPSyn | packet.TCPFin | packet.TCPRst | packet.TCPAck) {
	case packet.TCPSyn, packet.TCPSyn | packet.TCPAck,
		packet.TCPAck, packet.TCPFin | packet.TCPAck,
		packet.TCPRst, packet.TCPRst | packet.TCPAck:
		return true
	}
	return false
}

// Track returns the state after a segment of direction d in state now, and
// whether the segment fits. One that does not fit changes nothing.
func (t *TCP) Track(now State, d packet.Dir, s Segment) (State, bool) {
	switch {
	case s.Flags&packet.TCPRst != 0:
		return StateClose, true
	case now == StateSynSent:
		return synSent(d, s)
	case now == StateSynReceived:
		return t.synReceived(d, s)
	case now == StateClose:
		return now, true
	}
	return t.synchronized(now, d, s), true
}

// synSent waits for the other side's SYN. An ACK without SYN from it is a
// challenge from an older connection: it passes and changes nothing.
func synSent(d packet.Dir, s Segment) (State, bool) {
	syn := s.Flags&packet.TCPSyn != 0
	switch {
	case d == packet.Original:
		return StateSynSent, syn
	case syn: // SYN+ACK, or the SYN of a simultaneous open
		return StateSynReceived, true
	}
	return StateSynSent, s.Flags&packet.TCPAck != 0
}

// synReceived waits for the opener's ACK.
func (t *TCP) synReceived(d packet.Dir, s Segment) (State, bool) {
	if d == packet.Original && s.Flags&(packet.TCPSyn|packet.TCPAck) == packet.TCPAck {
		return t.synchronized(StateEstablished, d, s), true
	}
	return StateSynReceived, true
}

// synchronized follows the closing handshake.
func (t *TCP) synchronized(now State, d packet.Dir, s Segment) State {
	if s.Flags&packet.TCPFin != 0 {
		t.ended[d] |= finSent
		t.fin[d] = s.Seq + s.Len + 1
	}
	if t.ended[0]|t.ended[1] == 0 {
		return now
	}
	o := d.Other()
	if t.ended[o]&finSent != 0 && s.Flags&packet.TCPAck != 0 && !before(s.Ack, t.fin[o]) {
		t.ended[o] |= finAcked
	}
	switch a, b := t.ended[0], t.ended[1]; {
	case a&b&finAcked != 0:
		return StateTimeWait
	case a&b&finSent != 0:
		return StateLastAck
	case (a|b)&finAcked != 0:
		return StateCloseWait
	}
	return StateFinWait
}
