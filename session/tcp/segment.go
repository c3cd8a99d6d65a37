package tcp

// Flags of a segment, as in byte 13 of the header (RFC 9293 section 3.1).
const (
	FIN = 0x01
	SYN = 0x02
	RST = 0x04
	ACK = 0x10

	control = SYN | FIN | RST | ACK
)

// Segment is what the tracker looks at. Seq and Ack are in the sequence spaces
// of the ends: Ack counts what the other end itself has sent, whatever was
// rewritten on the way.
type Segment struct {
	Seq, Ack uint32
	Len      uint32 // bytes of payload, of a super-packet all of them
	SACK     uint32 // the highest edge of a SACK option; valid iff HasSACK
	Window   uint16 // as in the header
	Flags    uint8
	Scale    uint8 // of a SYN: the shift of its window scale option plus 1; 0 is none
	SACKOK   bool  // of a SYN: it permits SACK
	HasSACK  bool
}

// end is the sequence number behind the segment.
func (s *Segment) end() uint32 {
	end := s.Seq + s.Len
	if s.Flags&SYN != 0 {
		end++
	}
	if s.Flags&FIN != 0 {
		end++
	}
	return end
}

// before says whether a comes before b in sequence space (RFC 9293 section
// 3.4).
func before(a, b uint32) bool { return int32(a-b) < 0 }

// after says whether a comes after b in sequence space.
func after(a, b uint32) bool { return int32(a-b) > 0 }

// raise makes *a at least b, in sequence space.
func raise(a *uint32, b uint32) {
	if after(b, *a) {
		*a = b
	}
}

// Opens says whether a segment with these flags may open a connection.
func Opens(flags uint8) bool { return flags&control == SYN }

// FlagsOK refuses combinations that no TCP sends: SYN with FIN or RST, FIN with
// RST, FIN without ACK, none of SYN, ACK, RST and FIN.
func FlagsOK(flags uint8) bool {
	switch flags & control {
	case SYN, SYN | ACK, ACK, FIN | ACK, RST, RST | ACK:
		return true
	}
	return false
}
