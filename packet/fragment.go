package packet

import "encoding/binary"

// Fragment cuts an IPv4 packet into fragments whose IP packets are at most mtu
// bytes long (RFC 791 section 3.2) and hands each to emit as a whole frame,
// with the link header of p; the memory is lent to emit for the call. A partial
// checksum is completed first. It reports false, and emits nothing, where p is
// not IPv4, a super-packet, or mtu leaves no room for 8 bytes.
func Fragment(p *Packet, mtu int, emit func(frame []byte)) bool {
	if p.Kind != KindIPv4 || p.Offload.IsGSO() {
		return false
	}
	ihl := int(p.Frame[p.L3]&0x0f) * 4
	room := (mtu - ihl) &^ 7
	if room < 8 {
		return false
	}
	p.CompleteChecksum()
	l3 := int(p.L3)
	body := p.Frame[l3+ihl:]
	field := binary.BigEndian.Uint16(p.Frame[l3+6:])
	first := int(field&0x1fff) * 8 // p may be a fragment itself
	more := field & 0x2000

	buf := make([]byte, l3+mtu)
	head := l3 + copy(buf[l3:], p.Frame[l3:l3+ihl])
	copy(buf, p.Frame[:l3])
	for at := 0; at < len(body); {
		n := min(room, len(body)-at)
		flags := uint16(0x2000)
		if at+n == len(body) {
			flags = more
		}
		h := buf[l3:]
		binary.BigEndian.PutUint16(h[2:], uint16(head-l3+n))
		binary.BigEndian.PutUint16(h[6:], flags|uint16((first+at)/8))
		copy(buf[head:], body[at:at+n])
		fixIPv4Header(h)
		emit(buf[:head+n])
		if at == 0 {
			head = l3 + copyOptions(h, ihl)
		}
		at += n
	}
	return true
}

// copyOptions shortens the header at h to the options that every fragment
// carries (those with the copied flag) and returns its new length.
func copyOptions(h []byte, ihl int) int {
	at := ipv4MinSize
	for i := ipv4MinSize; i < ihl && h[i] != 0; {
		n := 1
		if h[i] != 1 {
			if i+1 >= ihl || h[i+1] < 2 || i+int(h[i+1]) > ihl {
				break
			}
			n = int(h[i+1])
			if h[i]&0x80 != 0 {
				copy(h[at:], h[i:i+n])
				at += n
			}
		}
		i += n
	}
	for at%4 != 0 {
		h[at] = 0
		at++
	}
	h[0] = 0x40 | uint8(at/4)
	return at
}
