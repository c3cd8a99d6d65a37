package packet

import (
	"encoding/binary"
	"math/bits"
)

// sum is the sum of the 16-bit words of b, an odd byte at its end counted as the upper
// half of one, with every carry added in again (RFC 1071). It reads in the byte order
// that costs least and turns the sum round in the end (section 2, "Byte Order
// Independence"), wherever b is in memory; eight bytes at a time, the last ones as well.
func sum(b []byte) uint16 {
	var s, other uint64 // two sums, which need not wait for each other
	rest := b
	for len(rest) >= 64 {
		s = sum32(s, rest[:32])
		other = sum32(other, rest[32:64])
		rest = rest[64:]
	}
	s = plus(s, other)
	if len(rest) >= 32 {
		s = sum32(s, rest[:32])
		rest = rest[32:]
	}
	for len(rest) >= 8 {
		s = plus(s, binary.LittleEndian.Uint64(rest))
		rest = rest[8:]
	}
	if n := len(rest); n > 0 {
		s = plus(s, last(b, n))
	}
	return bits.ReverseBytes16(fold(s))
}

// plus adds with the carry, which brings no other: a sum that has one is not the
// greatest number.
func plus(a, b uint64) uint64 {
	s, c := bits.Add64(a, b, 0)
	return s + c
}

// sum32 adds the 32 bytes of b to s.
func sum32(s uint64, b []byte) uint64 {
	_ = b[31]
	s, c := bits.Add64(s, binary.LittleEndian.Uint64(b), 0)
	s, c = bits.Add64(s, binary.LittleEndian.Uint64(b[8:]), c)
	s, c = bits.Add64(s, binary.LittleEndian.Uint64(b[16:]), c)
	s, c = bits.Add64(s, binary.LittleEndian.Uint64(b[24:]), c)
	return s + c
}

// last is the last n bytes of b, 1 to 7, the first lowest.
func last(b []byte, n int) (x uint64) {
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b[len(b)-8:]) >> (64 - 8*uint(n)&63)
	}
	for i, c := range b[len(b)-n:] {
		x |= uint64(c) << (8 * i & 63)
	}
	return x
}
