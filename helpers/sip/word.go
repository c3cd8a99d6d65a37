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
