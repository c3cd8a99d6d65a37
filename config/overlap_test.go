package config

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// TestOverlaps compares with a look at every pair.
func TestOverlaps(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	addr := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}) }
	found := 0
	for range 500 {
		ranges := make([]IPRange, random.IntN(30))
		for i := range ranges {
			if low := random.IntN(300); random.IntN(8) > 0 {
				ranges[i] = IPRange{addr(low), addr(low + random.IntN(20))}
			}
		}
		odd := func(a, b int) bool { return (a+b)%3 > 0 }
		want := make([]int, len(ranges))
		for i := range ranges {
			want[i] = slices.IndexFunc(ranges[:i], ranges[i].Overlaps)
			for want[i] >= 0 && !odd(want[i], i) {
				next := slices.IndexFunc(ranges[want[i]+1:i], ranges[i].Overlaps)
				if next < 0 {
					want[i] = -1
				} else {
					want[i] += 1 + next
				}
			}
			if want[i] >= 0 {
				found++
			}
		}
		if got := overlaps(ranges, odd); !slices.Equal(got, want) {
			t.Fatalf("%v:\ngot  %v\nwant %v", ranges, got, want)
		}
	}
	if found < 1000 {
		t.Errorf("only %d overlaps: this test tests little", found)
	}
}
