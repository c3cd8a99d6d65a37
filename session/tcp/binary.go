package tcp

import (
	"encoding/binary"
	"fmt"
)

// BinarySize is the length of what AppendBinary appends, in bytes.
const BinarySize = 46

// allFlags are the flags that there are.
const allFlags = sackOK<<1 - 1

// AppendBinary appends c to b, field by field, big-endian: for whoever keeps a
// connection for another process. The error is nil. It is
// encoding.BinaryAppender.
func (c *Conn) AppendBinary(b []byte) ([]byte, error) {
	for i := range c.side {
		for _, n := range [...]uint32{c.side[i].end, c.side[i].max, c.side[i].ack, c.side[i].reach} {
			b = binary.BigEndian.AppendUint32(b, n)
		}
	}
	b = binary.BigEndian.AppendUint32(b, c.isn)
	b = binary.BigEndian.AppendUint16(b, uint16(c.flags))
	b = binary.BigEndian.AppendUint16(b, c.win)
	b = binary.BigEndian.AppendUint16(b, c.len)
	return append(b, c.shift, c.scale[0], c.scale[1], uint8(c.state)), nil
}

// UnmarshalBinary makes c what AppendBinary was given. It refuses, and leaves c as
// it is, what no connection can be. It is encoding.BinaryUnmarshaler.
func (c *Conn) UnmarshalBinary(b []byte) error {
	if len(b) != BinarySize {
		return fmt.Errorf("TCP connection of %d bytes: expected %d", len(b), BinarySize)
	}
	var n Conn
	for i := range n.side {
		s := &n.side[i]
		for _, to := range [...]*uint32{&s.end, &s.max, &s.ack, &s.reach} {
			*to, b = binary.BigEndian.Uint32(b), b[4:]
		}
		if s.reach > mostReach {
			return fmt.Errorf("TCP connection whose acknowledgements reach back %d bytes: expected at most %d", s.reach, mostReach)
		}
	}
	n.isn = binary.BigEndian.Uint32(b)
	n.flags = flags(binary.BigEndian.Uint16(b[4:]))
	n.win, n.len = binary.BigEndian.Uint16(b[6:]), binary.BigEndian.Uint16(b[8:])
	n.shift, n.scale, n.state = b[10], [2]uint8{b[11], b[12]}, State(b[13])
	switch {
	case n.flags&^allFlags != 0:
		return fmt.Errorf("TCP connection with flags %#x: expected none but %#x", uint16(n.flags), uint16(allFlags))
	case n.shift > mostScale+1 || max(n.scale[0], n.scale[1]) > mostScale:
		return fmt.Errorf("TCP connection with window scales %d, %v: expected at most %d", n.shift, n.scale, mostScale)
	case n.state > LastAck:
		return fmt.Errorf("TCP connection in state %d: expected at most %d", n.state, LastAck)
	}
	*c = n
	return nil
}
