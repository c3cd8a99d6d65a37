package sip

import (
	"encoding/binary"
	"math/bits"
)

// word is eight bytes, the first lowest. Heads are read by the word where they are
// compared with what is known: a byte at a time takes several times as long, and
// nearly all that is in a head is looked at.
type word uint64

const (
	ones  word = 0x0101010101010101
	highs      = ones << 7
)

// wordAt is the eight bytes at, zeros standing for what is behind the end.
func wordAt(b []byte, at int) word {
	if at <= len(b)-8 && at >= 0 { // said so that no bound is left to be checked
		return word(binary.LittleEndian.Uint64(b[at : at+8]))
	}
	return lastWord(b, at)
}

// lastWord is a word of what is left, which is less than one.
func lastWord(b []byte, at int) (w word) {
	for i, c := range b[min(at, len(b)):] {
		w |= word(c) << (8 * i & 63)
	}
	return w
}

// lower is w with letters in lower case. What may stand between the cases and is no
// letter, as '@' and '[', becomes what is in no name either.
func (w word) lower() word { return w | w>>1&(ones<<5) }

// upTo is the first n bytes, at most 8.
func (w word) upTo(n int) word { return w &^ (^word(0) << (8 * uint(n))) }

// before is how many bytes there are before the first c, 8 where there is none.
func (w word) before(c byte) int {
	x := w ^ word(c)*ones
	return bits.TrailingZeros64(uint64((x-ones)&^x&highs)) / 8
}

// beforeBlank is how many there are before white space, or another byte up to it.
func (w word) beforeBlank() int {
	return bits.TrailingZeros64(uint64((w-(' '+1)*ones)&^w&highs)) / 8
}

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

// lengths are the bits of so many characters in two words.
var lengths = func() (t [17][2]word) {
	for n := range t {
		t[n] = [2]word{(^word(0)).upTo(min(n, 8)), (^word(0)).upTo(max(n-8, 0))}
	}
	return t
}()

// text is up to 16 characters in lower case, as messages are compared with them.
type text struct {
	first, second word
	of            [2]word // which bits of them there are
	n             int
}

func textOf(s string) text {
	var b [16]byte
	n := copy(b[:], s)
	return text{wordAt(b[:], 0), wordAt(b[:], 8), lengths[n], n}
}

// begins says whether t is at, in any case.
func (t *text) begins(b []byte, at int) bool {
	return wordAt(b, at).lower()&t.of[0] == t.first && (t.n <= 8 || wordAt(b, at+8).lower()&t.of[1] == t.second)
}

// starts says whether s begins with t, in any case.
func (t *text) starts(b []byte, s span) bool { return s.to-s.from >= t.n && t.begins(b, s.from) }

// is says whether s is t, in any case.
func (t *text) is(b []byte, s span) bool { return s.to-s.from == t.n && t.begins(b, s.from) }
