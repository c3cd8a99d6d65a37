package packet

import "encoding/binary"

// Piece is a fragment taken apart: the headers that every fragment of a datagram
// repeats, and its share of the rest. It borrows the frame.
type Piece struct {
	Head   []byte // the frame up to Data, without the fragment header of IPv6
	Next   int    // IPv6: where in Head the number of the following header stands
	Proto  uint8  // what Data begins with where Offset is 0
	Data   []byte
	Offset int // of Data in the datagram, in bytes
	ID     uint32
	More   bool // Data is not the end of the datagram
	DF     bool // IPv4: routers must not fragment it
}

// Piece takes the fragment p apart. Valid iff Frag.
func (p *Packet) Piece() Piece {
	f := Piece{Head: p.Frame[:p.L4], Proto: p.Key.Proto, Data: p.Frame[p.L4:]}
	if p.Kind == KindIPv4 {
		field := binary.BigEndian.Uint16(p.Frame[p.L3+6:])
		f.ID = uint32(binary.BigEndian.Uint16(p.Frame[p.L3+4:]))
		f.Offset, f.More, f.DF = int(field&0x1fff)*8, field&0x2000 != 0, field&0x4000 != 0
		return f
	}
	at := int(p.L4) - fragmentSize
	h := p.Frame[at:]
	field := binary.BigEndian.Uint16(h[2:])
	f.ID = binary.BigEndian.Uint32(h[4:])
	f.Offset, f.More = int(field&0xfff8), field&1 != 0
	f.Head = p.Frame[:at]
	f.Next = int(p.L3) + 6
	for i := int(p.L3) + ipv6Size; i < at; i += 8 + int(p.Frame[i+1])*8 { // Parse checked the lengths
		f.Next = i
	}
	return f
}

// HeadersWhole says whether the piece of offset 0 holds all headers up to and with
// that of the transport (RFC 1858, RFC 7112): what a decision about the datagram
// is made from.
func (f *Piece) HeadersWhole() Reason {
	h, proto := f.Data, f.Proto
	for range maxExtHeaders {
		size := 0
		switch proto {
		case 0, 44:
			return ReasonBadExtHeader // behind a fragment header
		case 43, 60:
			if len(h) >= 2 {
				size = 8 + int(h[1])*8
			}
		default:
			if len(h) < transportSize(proto, h) {
				return ReasonFragmentTiny
			}
			return ReasonNone
		}
		if size == 0 || size > len(h) {
			return ReasonFragmentTiny
		}
		proto, h = h[0], h[size:]
	}
	return ReasonBadExtHeader
}

// transportSize is the length of the transport header that begins at h.
func transportSize(proto uint8, h []byte) int {
	switch proto {
	case ProtoTCP:
		if len(h) < tcpMinSize {
			return tcpMinSize
		}
		return int(h[12]>>4) * 4
	case ProtoUDP, ProtoESP, ProtoAH:
		return udpSize
	case ProtoICMP, ProtoICMPv6:
		return icmpQueryHeaderSize
	case ProtoSCTP:
		return sctpSize
	case ProtoGRE:
		if len(h) < greMinSize {
			return greMinSize
		}
		return greSize(h)
	}
	return 0
}
