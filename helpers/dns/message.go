package dns

import "encoding/binary"

// headerSize is the size of a message's header, in bytes (RFC 1035 section 4.1.1).
const headerSize = 12

// Operation codes (IANA DNS parameters).
const (
	opQuery    = 0
	opIQuery   = 1
	opStatus   = 2
	opNotify   = 4
	opUpdate   = 5
	opStateful = 6 // RFC 8490: over TCP alone
)

// header is what a message's first bytes say.
type header struct {
	id        uint16
	reply     bool
	truncated bool
	op        uint8
	question  bool
}

// readHeader reads the header that begins b, of a message of size bytes. It reports
// false where no message can begin so: an operation that is none, more than one
// question (RFC 9619), or more records than its bytes have room for.
func readHeader(b []byte, size int) (h header, ok bool) {
	if len(b) < headerSize || size < headerSize {
		return h, false
	}
	flags := binary.BigEndian.Uint16(b[2:])
	h = header{
		id: binary.BigEndian.Uint16(b), reply: flags&0x8000 != 0, truncated: flags&0x0200 != 0,
		op: uint8(flags>>11) & 15, question: b[5] != 0,
	}
	switch h.op {
	case opQuery, opIQuery, opStatus, opNotify, opUpdate, opStateful:
	default:
		return h, false
	}
	questions, records := int(binary.BigEndian.Uint16(b[4:])), 0
	for i := 6; i < headerSize; i += 2 {
		records += int(binary.BigEndian.Uint16(b[i:]))
	}
	if questions > 1 {
		return h, false
	}
	const leastQuestion, leastRecord = 5, 11 // under the root
	least := headerSize + questions*leastQuestion + records*leastRecord
	return h, h.truncated || least <= size
}

// readQuestion reads the question that begins b and returns a number that stands
// for it, letters of either case alike. It reports false where none begins b.
func readQuestion(b []byte) (sum uint32, ok bool) {
	const maxName, maxLabel = 255, 63
	at := 0
	for at < len(b) && b[at] != 0 {
		if b[at] > maxLabel { // nothing stands before it that could be pointed to
			return 0, false
		}
		at += 1 + int(b[at])
	}
	at++
	if at > maxName || at+4 > len(b) {
		return 0, false
	}
	sum = 2166136261 // FNV-1a
	for _, c := range b[:at+4] {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		sum = (sum ^ uint32(c)) * 16777619
	}
	return sum, true
}
