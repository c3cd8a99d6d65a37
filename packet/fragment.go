package packet

import "encoding/binary"

// Fragment cuts an IP packet into fragments whose IP packets are at most mtu
// bytes long (RFC 791 section 3.2, RFC 8200 section 4.5) and hands each to emit as
// a whole frame, with the link header of p; the memory is lent to emit for the
// call. Fragments keep the DF bit of p; those of IPv6 carry p.FragmentID. A packet
// that fits is handed out as it is. A partial checksum is completed first. It
// reports false, and emits nothing, where p is no IP packet, a super-packet, an
// IPv6 packet with a fragment header already, or mtu leaves no room for 8 bytes.
func Fragment(p *Packet, mtu int, emit func(frame []byte)) bool {
	if p.Offload.IsGSO() {
		return false
	}
	switch p.Kind {
	case KindIPv4:
		return p.fragment4(mtu, emit)
	case KindIPv6:
		return p.fragment6(mtu, emit)
	}
	return false
}

func (p *Packet) fragment4(mtu int, emit func(frame []byte)) bool {
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
	more, df := field&0x2000, field&0x4000

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
		binary.BigEndian.PutUint16(h[6:], df|flags|uint16((first+at)/8))
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

// fragmentSize is the length of the IPv6 fragment header.
const fragmentSize = 8

func (p *Packet) fragment6(mtu int, emit func(frame []byte)) bool {
	l3 := int(p.L3)
	next, head, ok := p.perFragment()
	room := (mtu - (head - l3) - fragmentSize) &^ 7
	if !ok || room < 8 {
		return false
	}
	p.CompleteChecksum()
	if len(p.Frame)-l3 <= mtu {
		emit(p.Frame)
		return true
	}
	body := p.Frame[head:]
	buf := make([]byte, head+fragmentSize+room)
	copy(buf, p.Frame[:head])
	h := buf[head:]
	h[0], buf[next] = buf[next], 44
	binary.BigEndian.PutUint32(h[4:], p.FragmentID)
	for at := 0; at < len(body); {
		n := min(room, len(body)-at)
		field := uint16(at)
		if at+n < len(body) {
			field |= 1
		}
		binary.BigEndian.PutUint16(h[2:], field)
		binary.BigEndian.PutUint16(buf[l3+4:], uint16(head-l3-ipv6Size+fragmentSize+n))
		copy(h[fragmentSize:], body[at:at+n])
		emit(buf[:head+fragmentSize+n])
		at += n
	}
	return true
}

// perFragment finds the headers that every fragment of an IPv6 packet repeats:
// those that routers on the way read (RFC 8200 section 4.5). next is where the
// number of the header behind them stands, end is where they end. It reports false
// where there is a fragment header already.
func (p *Packet) perFragment() (next, end int, ok bool) {
	next, end = int(p.L3)+6, int(p.L3)+ipv6Size
	for n, i := next, end; i < int(p.L4); { // Parse checked the lengths
		number := p.Frame[n]
		if number == 44 {
			return 0, 0, false
		}
		n, i = i, i+8+int(p.Frame[i+1])*8
		if number == 0 || number == 43 {
			next, end = n, i
		}
	}
	return next, end, true
}

// SetIdentification gives p another identification: what its fragments are told
// from those of other packets by.
func (p *Packet) SetIdentification(id uint32) {
	p.FragmentID = id
	if p.Kind == KindIPv4 {
		h := p.Frame[p.L3:]
		binary.BigEndian.PutUint16(h[4:], uint16(id))
		fixIPv4Header(h)
	}
}
