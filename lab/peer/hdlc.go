package peer

// PPP on a serial line (RFC 1662): frames between flags, with what must not appear
// escaped, and a check sequence.
const (
	hdlcFlag   = 0x7e
	hdlcEscape = 0x7d
	hdlcGood   = 0xf0b8 // the check sequence of a whole frame, its own included
)

// Frame is a PPP packet as it goes over a serial line.
func Frame(packet []byte) []byte {
	sum := ^fcs(packet)
	b := []byte{hdlcFlag}
	for _, c := range append(append([]byte{}, packet...), byte(sum), byte(sum>>8)) {
		if c < 0x20 || c == hdlcFlag || c == hdlcEscape {
			b = append(b, hdlcEscape, c^0x20)
			continue
		}
		b = append(b, c)
	}
	return append(b, hdlcFlag)
}

// Deframer reads frames off a serial line.
type Deframer struct {
	frame   []byte
	escaped bool
}

// Read takes bytes from the line and calls f for each packet. What is damaged is
// left out.
func (d *Deframer) Read(b []byte, f func(packet []byte)) {
	for _, c := range b {
		switch {
		case c == hdlcFlag:
			if n := len(d.frame); n > 2 && fcs(d.frame) == hdlcGood {
				f(d.frame[:n-2])
			}
			d.frame, d.escaped = d.frame[:0], false
		case c == hdlcEscape:
			d.escaped = true
		case d.escaped:
			d.frame, d.escaped = append(d.frame, c^0x20), false
		default:
			d.frame = append(d.frame, c)
		}
	}
}

// fcs is the check sequence of RFC 1662 appendix C.
func fcs(b []byte) uint16 {
	sum := uint16(0xffff)
	for _, c := range b {
		sum ^= uint16(c)
		for range 8 {
			if sum&1 != 0 {
				sum = sum>>1 ^ 0x8408
			} else {
				sum >>= 1
			}
		}
	}
	return sum
}
