package packet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// byWords is the sum as RFC 1071 defines it.
func byWords(b []byte) uint16 {
	s := uint32(0)
	for i, x := range b {
		s += uint32(x) << (8 * (1 - i&1))
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}

// TestSum sums every length at every place, of any bytes and of those that carry most.
func TestSum(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	some := make([]byte, 300)
	for i := range some {
		some[i] = byte(rnd.Uint32())
	}
	for _, b := range [][]byte{some, bytes.Repeat([]byte{0xff}, 300), bytes.Repeat([]byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, 38), make([]byte, 300)} {
		for from := range 9 {
			for n := range 280 {
				if got, want := sum(b[from:from+n]), byWords(b[from:from+n]); got != want {
					t.Fatalf("%x at %d: %04x, not %04x", b[from:from+n], from, got, want)
				}
			}
		}
	}
}

func FuzzSum(f *testing.F) {
	f.Add([]byte("an odd one"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, want := sum(b), byWords(b); got != want {
			t.Fatalf("%x: %04x, not %04x", b, got, want)
		}
	})
}

func BenchmarkSum(b *testing.B) {
	for _, n := range []int{20, 302, 1460} {
		buf := bytes.Repeat([]byte{1, 2, 3}, n)[:n]
		b.Run(fmt.Sprintf("bytes=%d", n), func(b *testing.B) {
			for b.Loop() {
				_ = sum(buf)
			}
		})
	}
}
