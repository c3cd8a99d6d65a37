package sip

import "math/bits"

// stops are up to four characters that are looked for at once, and what marks them.
type stops struct {
	of   [4]word // each eight times
	mark uint8
}

func stopsAt(chars string, mark uint8) (s stops) {
	for i := range s.of {
		s.of[i] = word(chars[min(i, len(chars)-1)]) * ones
	}
	s.mark = mark
	return s
}

// before is where the first of them at is, to where there is none.
func (s *stops) before(d []byte, at, to int) int {
	for ; at < to; at += 8 {
		w := wordAt(d, at)
		a, b, c, e := w^s.of[0], w^s.of[1], w^s.of[2], w^s.of[3]
		if m := ((a-ones)&^a | (b-ones)&^b | (c-ones)&^c | (e-ones)&^e) & highs; m != 0 {
			return min(at+bits.TrailingZeros64(uint64(m))/8, to)
		}
	}
	return to
}
