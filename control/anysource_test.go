package control

import (
	"testing"

	"portcullis/packet"
)

// TestAnySource looks at expectations that any host may fulfil.
func TestAnySource(t *testing.T) {
	for want, k := range map[string]packet.Key{
		"tcp 0.0.0.0:0 > 10.1.0.2:50000": {Proto: 6, Dst: key(6, "10.1.0.2", 0, "10.1.0.2", 0).Dst, DstPort: 50000},
		"tcp [::]:0 > [fd01::2]:50000":   {Proto: 6, Dst: key(6, "fd01::2", 0, "fd01::2", 0).Dst, DstPort: 50000},
		"tcp 10.2.0.2:0 > 10.1.0.2:5000": key(6, "10.2.0.2", 0, "10.1.0.2", 5000),
	} {
		if got := anySource(k).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
