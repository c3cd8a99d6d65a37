package nat_test

import (
	"testing"

	"portcullis/nat"
	"portcullis/packet"
)

// A port that is not the client's own is drawn at random (RFC 6056 section 3.3.1):
// who has seen some of them knows nothing of the next one, and another seed gives
// others.
//
// RFC 6888 REQ-15: default
// RFC 7857 section 9: default
func TestGuess(t *testing.T) {
	const n, parts = 4000, 16
	s, twin := space(1), space(2)
	use := &taken{keys: make(map[packet.Key]bool)}
	var hits [parts]int
	steps, alike, last := map[uint16]int{}, 0, uint16(0)
	for i := range n {
		k := key(packet.ProtoTCP, uint16(i%1000+1)) // below the range: it can not be kept
		k.Src.Lo += uint64(i)
		b, reason := plan(s, &k, use)
		if reason != packet.ReasonNone {
			t.Fatal(reason)
		}
		use.keys[b.Reply] = true
		at := b.Reply.DstPort
		hits[int(at-nat.FirstPort)*parts/(nat.LastPort-nat.FirstPort+1)]++
		steps[at-last]++
		if other, _ := plan(twin, &k, use); other.Reply.DstPort == at {
			alike++
		}
		last = at
	}
	for i, h := range hits {
		if h < n/parts*3/4 || h > n/parts*5/4 {
			t.Errorf("part %d of the range has %d of %d ports", i, h, n)
		}
	}
	for step, times := range steps {
		if times > 5 {
			t.Errorf("%d times the next port was %d further on", times, step)
		}
	}
	if alike > 5 {
		t.Errorf("another seed gave %d of the same ports", alike)
	}
}
