package neighbour

import (
	"encoding/binary"

	"portcullis/packet"
	"portcullis/session"
)

// Layout of an ARP message for IPv4 on Ethernet (RFC 826), with its link
// header.
const (
	arpFrameSize = packet.EthernetSize + 28

	arpRequest = 1
	arpReply   = 2

	etherARP  = 0x0806
	etherIPv6 = 0x86dd
)

// arpMessage is the addresses of an ARP message.
type arpMessage struct {
	op                  uint16
	senderMAC           MAC
	sender, target      packet.Addr
	targetMAC, linkDest MAC
}

// parseARP reads a frame that carries ARP; false where it is not ARP for IPv4 on
// Ethernet or its sender can not be a station.
func parseARP(frame []byte) (m arpMessage, ok bool) {
	if len(frame) < arpFrameSize {
		return m, false
	}
	b := frame[packet.EthernetSize:]
	if [6]byte(b) != [6]byte{0, 1, 8, 0, 6, 4} {
		return m, false
	}
	m = arpMessage{
		op:        binary.BigEndian.Uint16(b[6:]),
		senderMAC: MAC(b[8:14]), sender: packet.AddrFrom4(b[14:]),
		targetMAC: MAC(b[18:24]), target: packet.AddrFrom4(b[24:]),
		linkDest: MAC(frame[0:6]),
	}
	ok = !m.senderMAC.IsGroup() && !m.senderMAC.IsZero() && !m.sender.IsMulticast() && !m.sender.IsBroadcast()
	return m, ok
}

// frame builds the frame of m.
func (m *arpMessage) frame() []byte {
	b := make([]byte, 0, arpFrameSize)
	b = append(b, m.linkDest[:]...)
	b = append(b, m.senderMAC[:]...)
	b = append(b, etherARP>>8, etherARP&0xff, 0, 1, 8, 0, 6, 4)
	b = binary.BigEndian.AppendUint16(b, m.op)
	b = append(b, m.senderMAC[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(m.sender.Lo))
	b = append(b, m.targetMAC[:]...)
	return binary.BigEndian.AppendUint32(b, uint32(m.target.Lo))
}

// ARP takes a received ARP frame, which it borrows, and answers or learns. It
// says whether the message was well-formed.
func (t *Table) ARP(now session.Tick, frame []byte, out *Outbox) bool {
	m, ok := parseARP(frame)
	if !ok || m.op != arpRequest && m.op != arpReply {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if m.senderMAC == t.mac || t.answersFor(m.sender) {
		return true // an echo of ours, or someone who claims our address
	}
	switch {
	case m.sender == m.target: // gratuitous
		t.override(now, m.sender, m.senderMAC, out)
	case m.op == arpReply && m.target.IsUnspecified() && m.linkDest == t.mac:
		t.answer(now, m.sender, m.senderMAC, out) // we asked without an address
	case !t.answersFor(m.target):
		// Somebody else's conversation.
	case m.op == arpRequest:
		t.learn(now, m.sender, m.senderMAC, out)
		out.send((&arpMessage{op: arpReply, senderMAC: t.mac, sender: m.target,
			targetMAC: m.senderMAC, target: m.sender, linkDest: m.senderMAC}).frame())
	default:
		t.answer(now, m.sender, m.senderMAC, out)
	}
	return true
}

// askARP asks for a, by unicast where to is not the zero MAC.
func (t *Table) askARP(a packet.Addr, to MAC, out *Outbox) {
	if to.IsZero() {
		to = Broadcast
	}
	out.send((&arpMessage{op: arpRequest, senderMAC: t.mac, sender: t.source(a), target: a, linkDest: to}).frame())
}

// announceARP tells all stations where a is (RFC 5227 section 3).
func (t *Table) announceARP(a packet.Addr, out *Outbox) {
	out.send((&arpMessage{op: arpRequest, senderMAC: t.mac, sender: a, target: a, linkDest: Broadcast}).frame())
}
