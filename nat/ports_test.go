package nat

import (
	"math/rand/v2"
	"testing"
)

// The set does what a map and a walk do.
func TestPortsTwin(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 40 {
		var s ports
		twin := map[uint16]bool{}
		density := r.IntN(1 << 16)
		for range density {
			if n := uint16(r.IntN(1 << 16)); !twin[n] {
				twin[n] = true
				s.add(n)
			}
		}
		for n := range twin {
			if r.IntN(8) == 0 {
				delete(twin, n)
				s.remove(n)
			}
		}
		if round%4 == 0 { // all but a few of a window
			for n := 5000; n < 20000; n++ {
				if r.IntN(3000) != 0 && !twin[uint16(n)] {
					twin[uint16(n)] = true
					s.add(uint16(n))
				}
			}
		}
		if s.used != len(twin) {
			t.Fatalf("%d used, %d expected", s.used, len(twin))
		}
		for range 2000 {
			first := uint16(r.IntN(1 << 16))
			last := first + uint16(r.IntN(1<<16-int(first)))
			start := first + uint16(r.IntN(int(last-first)+1))
			want := parity(r.IntN(3))
			got, ok := s.find(first, last, start, want)
			expected, found := walk(twin, first, last, start, want)
			if got != expected && ok || ok != found {
				t.Fatalf("find %d-%d from %d parity %d: %d %v, expected %d %v", first, last, start, want, got, ok, expected, found)
			}
			if s.has(start) != twin[start] {
				t.Fatalf("has %d: %v", start, s.has(start))
			}
		}
	}
}

// walk is find, one number after the other.
func walk(used map[uint16]bool, first, last, start uint16, want parity) (uint16, bool) {
	n := start
	for {
		if !used[n] && (want == either || parityOf(n) == want) {
			return n, true
		}
		if n == last {
			n = first
		} else {
			n++
		}
		if n == start {
			return 0, false
		}
	}
}

func TestPortsEnds(t *testing.T) {
	var s ports
	for n := range 1 << 16 {
		if n != 0 && n != 65535 {
			s.add(uint16(n))
		}
	}
	if n, ok := s.find(0, 65535, 1, either); n != 65535 || !ok {
		t.Errorf("%d %v", n, ok)
	}
	if n, ok := s.find(0, 65535, 1, even); n != 0 || !ok {
		t.Errorf("%d %v", n, ok)
	}
	s.add(65535)
	s.add(0)
	if n, ok := s.find(0, 65535, 9, either); ok {
		t.Errorf("%d is not free", n)
	}
}
