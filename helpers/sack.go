package helpers

import (
	"encoding/binary"

	"portcullis/packet"
)

// Options of a TCP header that are looked at here (RFC 9293, RFC 2018).
const (
	optEnd  = 0
	optNop  = 1
	optSACK = 5

	tcpHeaderSize = 20
)

// Adjust translates, in place, what a TCP header of direction dir says about the
// bytes of the other direction: the acknowledgement and every SACK edge (RFC
// 2018; RFC 2883), from the space of what its sender was sent into the space of
// what its peer has sent. tcp is the header with its options, and may go on with
// the payload. Sequence number and checksum are not touched. It reports whether
// anything changed.
//
// It changes nothing in c, so it may also be asked for a copy of a header. It must
// not be applied twice to one header.
func (c *Control) Adjust(dir packet.Dir, tcp []byte) bool {
	if len(tcp) < tcpHeaderSize || tcp[13]&packet.TCPAck == 0 {
		return false
	}
	st := &c.dirs[dir.Other()]
	if !st.owes && st.fix.idle() {
		return false
	}
	ack := binary.BigEndian.Uint32(tcp[8:])
	now := st.ackOut(ack)
	binary.BigEndian.PutUint32(tcp[8:], now)
	changed := now != ack
	size := min(int(tcp[12]>>4)*4, len(tcp))
	for i := tcpHeaderSize; i+1 < size && tcp[i] != optEnd; {
		if tcp[i] == optNop {
			i++
			continue
		}
		n := int(tcp[i+1])
		if n < 2 || i+n > size {
			break
		}
		if tcp[i] == optSACK && st.fix.sack(tcp[i:i+n]) {
			changed = true
		}
		i += n
	}
	return changed
}

// sack translates the edges of a SACK option. A block never says more than the
// receiver said: its left edge is rounded up, its right edge down. A block of
// which nothing is left is taken out and the space filled with no-operations.
func (c *corrections) sack(opt []byte) bool {
	if len(opt) < 10 || (len(opt)-2)%8 != 0 {
		return false
	}
	changed := false
	w := 2
	for r := 2; r < len(opt); r += 8 {
		left, right := binary.BigEndian.Uint32(opt[r:]), binary.BigEndian.Uint32(opt[r+4:])
		l, h := c.back(left, true), c.back(right, false)
		if !before(l, h) {
			changed = true
			continue
		}
		changed = changed || l != left || h != right || w != r
		binary.BigEndian.PutUint32(opt[w:], l)
		binary.BigEndian.PutUint32(opt[w+4:], h)
		w += 8
	}
	if w == 2 {
		w = 0
	} else {
		opt[1] = byte(w)
	}
	for i := w; i < len(opt); i++ {
		opt[i] = optNop
	}
	return changed
}
