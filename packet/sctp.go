package packet

import "encoding/binary"

// sctpSize is the length of SCTP's common header (RFC 9260 section 3.1).
const sctpSize = 12

// Types of SCTP chunks whose value has a fixed part (RFC 9260 section 3.3).
const (
	sctpData     = 0
	sctpInit     = 1
	sctpInitAck  = 2
	sctpSACK     = 3
	sctpShutdown = 7
)

// Chunk is one chunk of an SCTP packet (RFC 9260 section 3.2). Value is borrowed
// from the packet, without the padding behind it.
type Chunk struct {
	Type, Flags uint8
	Value       []byte
}

// InitiateTag is the tag that an INIT or INIT ACK offers, 0 of any other chunk.
func (c *Chunk) InitiateTag() uint32 {
	if c.Type == sctpInit || c.Type == sctpInitAck {
		return binary.BigEndian.Uint32(c.Value)
	}
	return 0
}

// NextChunk takes the first chunk off a list that is not empty, such as Data of an
// SCTP packet. It reports false where the chunk is cut short or lacks what its type
// must have. Padding may be missing behind the last one.
func NextChunk(list []byte) (c Chunk, rest []byte, ok bool) {
	if len(list) < 4 {
		return c, nil, false
	}
	n := int(binary.BigEndian.Uint16(list[2:]))
	if n < chunkSize(list[0]) || n > len(list) {
		return c, nil, false
	}
	c = Chunk{Type: list[0], Flags: list[1], Value: list[4:n]}
	return c, list[min((n+3)&^3, len(list)):], true
}

// chunkSize is the least length of a chunk, its header included.
func chunkSize(typ uint8) int {
	switch typ {
	case sctpInit, sctpInitAck:
		return 20
	case sctpData, sctpSACK:
		return 16
	case sctpShutdown:
		return 8
	}
	return 4
}

// chunksOK says whether list is one or more whole chunks.
func chunksOK(list []byte) bool {
	ok := len(list) > 0
	for ok && len(list) > 0 {
		_, list, ok = NextChunk(list)
	}
	return ok
}

// VerificationTag is the tag of an SCTP packet. Valid iff Key.Proto is ProtoSCTP
// and not Frag.
func (p *Packet) VerificationTag() uint32 { return binary.BigEndian.Uint32(p.Frame[p.L4+4:]) }
