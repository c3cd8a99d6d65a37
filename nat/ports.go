package nat

import "math/bits"

// ports is a set of numbers from 0 to 65535. Whatever is in it, the next number
// that is not is found in a bounded number of steps: each word of 64 numbers has
// a bit in a summary once all its even ones, or all its odd ones, are taken.
type ports struct {
	words [1024]uint64
	full  [2][16]uint64 // by parity: words without a free number of it
	used  int
}

// parity is which numbers are wanted.
type parity uint8

const (
	even parity = iota
	odd
	either
)

// parityOf is the parity of a port.
func parityOf(port uint16) parity { return parity(port & 1) }

// masks are the bits of a word by parity.
var masks = [...]uint64{even: 0x5555_5555_5555_5555, odd: 0xaaaa_aaaa_aaaa_aaaa, either: ^uint64(0)}

func (s *ports) has(n uint16) bool { return s.words[n>>6]>>(n&63)&1 != 0 }

// add takes n, which must be free.
func (s *ports) add(n uint16) {
	w := n >> 6
	s.words[w] |= 1 << (n & 63)
	s.used++
	for p := even; p <= odd; p++ {
		if s.words[w]&masks[p] == masks[p] {
			s.full[p][w>>6] |= 1 << (w & 63)
		}
	}
}

// remove frees n, which must be taken.
func (s *ports) remove(n uint16) {
	w := n >> 6
	s.words[w] &^= 1 << (n & 63)
	s.used--
	s.full[n&1][w>>6] &^= 1 << (w & 63)
}

// find returns the first free number from start on, between first and last, which
// it goes round to; false where there is none.
func (s *ports) find(first, last, start uint16, want parity) (uint16, bool) {
	if n, ok := s.between(start, last, want); ok {
		return n, true
	}
	if start == first {
		return 0, false
	}
	return s.between(first, start-1, want)
}

// between returns the first free number from low to high.
func (s *ports) between(low, high uint16, want parity) (uint16, bool) {
	w := low >> 6
	if free := ^s.words[w] & masks[want] & (^uint64(0) << (low & 63)); free != 0 {
		n := w<<6 | uint16(bits.TrailingZeros64(free))
		return n, n <= high
	}
	w, ok := s.word(w+1, want)
	if !ok {
		return 0, false
	}
	n := w<<6 | uint16(bits.TrailingZeros64(^s.words[w]&masks[want]))
	return n, n <= high
}

// word returns the first word from w on that has a free number.
func (s *ports) word(w uint16, want parity) (uint16, bool) {
	for i, mask := w>>6, ^uint64(0)<<(w&63); int(i) < len(s.full[0]); i, mask = i+1, ^uint64(0) {
		if some := ^s.filled(i, want) & mask; some != 0 {
			return i<<6 | uint16(bits.TrailingZeros64(some)), true
		}
	}
	return 0, false
}

// filled is a word of the summary.
func (s *ports) filled(i uint16, want parity) uint64 {
	if want == either {
		return s.full[even][i] & s.full[odd][i]
	}
	return s.full[want][i]
}
