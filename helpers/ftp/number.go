package ftp

import (
	"net/netip"

	"portcullis/helpers"
)

// number reads the decimal number that begins b: digits only, no leading zero, at
// most limit. It returns how many bytes it takes, 0 where there is none. The range
// is checked digit by digit, so nothing can wrap.
func number(b []byte, limit uint32) (v uint32, n int) {
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		v = v*10 + uint32(b[n]-'0')
		n++
		if v > limit || n > 1 && b[0] == '0' {
			return 0, 0
		}
	}
	return v, n
}

// sixNumbers reads "h1,h2,h3,h4,p1,p2", and nothing else (RFC 959 section 4.1.2).
func sixNumbers(b []byte) (netip.AddrPort, bool) {
	var v [6]byte
	for i := range v {
		if i > 0 {
			if len(b) == 0 || b[0] != ',' {
				return netip.AddrPort{}, false
			}
			b = b[1:]
		}
		x, n := number(b, 255)
		if n == 0 {
			return netip.AddrPort{}, false
		}
		v[i], b = byte(x), b[n:]
	}
	port := uint16(v[4])<<8 | uint16(v[5])
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(v[:4])), port), len(b) == 0 && port != 0
}

// firstNumbers finds the first run of exactly six numbers with commas between them
// (RFC 1123 section 4.1.2.6: the brackets are not to be relied on). A run that a
// sign or a point leads into is not one.
func firstNumbers(b []byte) (off, size int, ok bool) {
	digit := func(i int) bool { return i < len(b) && b[i] >= '0' && b[i] <= '9' }
	for i := 0; i < len(b); {
		if !digit(i) {
			i++
			continue
		}
		start, count := i, 1
		for digit(i) || i < len(b) && b[i] == ',' && digit(i+1) {
			if b[i] == ',' {
				count++
			}
			i++
		}
		if count == 6 && !joined(b[:start]) {
			return start, i - start, true
		}
	}
	return 0, 0, false
}

// joined says whether the end of b belongs to a number that follows.
func joined(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	switch b[len(b)-1] {
	case '-', '+', '.', ',':
		return true
	}
	return false
}

// delimiter says whether d may separate the fields of RFC 2428.
func delimiter(d byte) bool { return d >= 33 && d <= 126 && (d < '0' || d > '9') }

// extended reads "|1|192.0.2.1|6275|", and nothing else (RFC 2428 section 2).
func extended(b []byte) (netip.AddrPort, bool) {
	if len(b) < 4 || !delimiter(b[0]) || b[2] != b[0] || b[1] != '1' && b[1] != '2' {
		return netip.AddrPort{}, false
	}
	d, family := b[0], b[1]
	b = b[3:]
	n := 0
	for n < len(b) && b[n] != d {
		n++
	}
	if n > 45 || n == len(b) {
		return netip.AddrPort{}, false
	}
	addr, ok := helpers.ParseAddr(b[:n])
	if !ok || addr.Is4In6() || addr.Is4() != (family == '1') {
		return netip.AddrPort{}, false
	}
	port, size := number(b[n+1:], 65535)
	tail := b[n+1+size:]
	return netip.AddrPortFrom(addr, uint16(port)), port != 0 && len(tail) == 1 && tail[0] == d
}

// bracketed finds the port in "(|||6446|)" (RFC 2428 section 3) and where its
// digits are.
func bracketed(b []byte) (off, size int, port uint16, ok bool) {
	for off < len(b) && b[off] != '(' {
		off++
	}
	off++
	if off+4 >= len(b) {
		return 0, 0, 0, false
	}
	d := b[off]
	if !delimiter(d) || b[off+1] != d || b[off+2] != d {
		return 0, 0, 0, false
	}
	off += 3
	v, size := number(b[off:], 65535)
	end := off + size
	if v == 0 || end+1 >= len(b) || b[end] != d || b[end+1] != ')' {
		return 0, 0, 0, false
	}
	return off, size, uint16(v), true
}
