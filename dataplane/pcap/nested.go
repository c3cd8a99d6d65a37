package pcap

import "encoding/binary"

// ppi has a header of little-endian fields that says what link is behind it.
func ppi(b []byte) (uint16, []byte, bool) {
	if len(b) < 8 {
		return 0, b, false
	}
	return nested(b, uint32(binary.LittleEndian.Uint16(b[2:])), 8, binary.LittleEndian.Uint32(b[4:]))
}

// pktap is macOS's: it says with each packet what link its interface has.
func pktap(b []byte) (uint16, []byte, bool) {
	if len(b) < 12 {
		return 0, b, false
	}
	return nested(b, binary.LittleEndian.Uint32(b), 12, binary.LittleEndian.Uint32(b[8:]))
}

// nested opens the frame of a link behind a header of size, at least so long.
func nested(b []byte, size, least, link uint32) (uint16, []byte, bool) {
	if size < least || int64(size) > int64(len(b)) {
		return 0, b, false
	}
	open := links[Link(min(link, uint32(linkNone)))]
	if open == nil || Link(link) == linkPPI || Link(link) == linkPktap { // none is in itself
		return etherOther, b[size:], true
	}
	return open(b[size:])
}

// nflog is what Linux's filter hands to user space: a header, then attributes, one
// of which is the packet. Their fields are in the byte order of whoever captured.
func nflog(b []byte) (uint16, []byte, bool) {
	if len(b) < 4 {
		return 0, b, false
	}
	ether := familyType(uint32(b[0]))
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if p, ok := attribute(b[4:], order, 9); ok {
			return ether, p, true
		}
	}
	return 0, b, false
}

// attribute finds that of a kind in a list of them, each a length of all of it, a
// kind, a value and up to three bytes more. Of the one that is found, the end may
// have been cut off.
func attribute(b []byte, order binary.ByteOrder, kind uint16) ([]byte, bool) {
	for len(b) >= 4 {
		n := int(order.Uint16(b))
		switch {
		case n < 4:
			return nil, false
		case order.Uint16(b[2:]) == kind:
			return b[4:min(n, len(b))], true
		case (n+3)&^3 > len(b):
			return nil, false
		}
		b = b[(n+3)&^3:]
	}
	return nil, false
}

// ipnet is Solaris's, of its observability nodes.
func ipnet(b []byte) (uint16, []byte, bool) {
	if len(b) < 24 {
		return 0, b, false
	}
	return familyType(uint32(b[1])), b[24:], true
}
