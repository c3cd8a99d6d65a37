package control

import (
	"testing"

	"portcullis/packet"
)

// TestAnySource looks at expectations that any host may fulfil.
func TestAnySource(t *testing.T) {
	for dst, want := range map[string]string{"10.1.0.2": "0.0.0.0", "fd01::2": "::"} {
		k := key(packet.ProtoTCP, dst, 0, dst, 50000)
		k.Src = packet.Addr{}
		if got := tupleOf(k); got.Src.String() != want || got.Dst.String() != dst {
			t.Errorf("to %s: %+v, want from %s", dst, got, want)
		}
	}
}
