package packet

import (
	"encoding/binary"
	"hash/crc32"
)

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

// castagnoli is the polynomial of SCTP's checksum (RFC 9260 appendix A).
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// setSCTPPorts writes the ports of the whole SCTP packet h and changes its checksum
// by what that changes. The difference of two sums does not depend on what the
// packets have in common, the old checksum included: a packet that was
// damaged stays so.
func setSCTPPorts(h []byte, src, dst uint16) {
	change := crc32.Checksum(h, castagnoli)
	putPorts(h, src, dst)
	change ^= crc32.Checksum(h, castagnoli)
	binary.LittleEndian.PutUint32(h[8:], binary.LittleEndian.Uint32(h[8:])^change)
}

func putPorts(h []byte, src, dst uint16) {
	binary.BigEndian.PutUint16(h, src)
	binary.BigEndian.PutUint16(h[2:], dst)
}
