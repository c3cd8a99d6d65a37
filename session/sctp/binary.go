package sctp

import (
	"encoding/binary"
	"fmt"
)

// BinarySize is the length of what AppendBinary appends, in bytes.
const BinarySize = 45

// AppendBinary appends a to b, field by field, big-endian: for whoever keeps an
// association for another process. The error is nil. It is
// encoding.BinaryAppender.
func (a *Assoc) AppendBinary(b []byte) ([]byte, error) {
	for _, tags := range [...][]uint32{a.live[:], a.former[:], a.offers[0][:], a.offers[1][:]} {
		for _, tag := range tags {
			b = binary.BigEndian.AppendUint32(b, tag)
		}
	}
	picked := uint8(0)
	if a.picked {
		picked = 1
	}
	return append(b, uint8(a.echo[0]), uint8(a.echo[1]), uint8(a.state), uint8(a.was), picked), nil
}

// UnmarshalBinary makes a what AppendBinary was given. It refuses, and leaves a as
// it is, what no association can be. It is encoding.BinaryUnmarshaler.
func (a *Assoc) UnmarshalBinary(b []byte) error {
	if len(b) != BinarySize {
		return fmt.Errorf("SCTP association of %d bytes: expected %d", len(b), BinarySize)
	}
	var n Assoc
	for _, tags := range [...][]uint32{n.live[:], n.former[:], n.offers[0][:], n.offers[1][:]} {
		for i := range tags {
			tags[i], b = binary.BigEndian.Uint32(b), b[4:]
		}
	}
	n.echo, n.state, n.was, n.picked = [2]echo{echo(b[0]), echo(b[1])}, State(b[2]), State(b[3]), b[4] == 1
	switch {
	case max(n.echo[0], n.echo[1]) > echoLive:
		return fmt.Errorf("SCTP association that has echoed offers %v: expected at most %d", n.echo, echoLive)
	case max(n.state, n.was) > ShutdownAckSent || b[4] > 1:
		return fmt.Errorf("SCTP association in states %d, %d, picked up %d: expected at most %d, %[4]d, 1", n.state, n.was, b[4], ShutdownAckSent)
	}
	*a = n
	return nil
}
