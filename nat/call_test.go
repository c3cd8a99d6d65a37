package nat_test

import (
	"testing"

	"portcullis/packet"
)

// A call id is kept where it is free, low ones and 0 too, and is another one where
// that leads to somebody already; others are not asked about it.
func TestReserveCall(t *testing.T) {
	match := packet.Key{Src: packet.MustAddr("10.2.0.2"), Dst: packet.MustAddr("10.2.0.1"), DstPort: 7, Proto: packet.ProtoGRE}
	use := &taken{keys: map[packet.Key]bool{}}
	s := space(1)
	got := map[uint16]bool{}
	for range 2000 {
		id, r := s.ReserveCall(&match, use)
		if r != packet.ReasonNone || got[id] {
			t.Fatalf("%d: %v, twice: %v", id, r, got[id])
		}
		if len(got) == 0 != (id == 7) {
			t.Errorf("the first one is kept: %d is number %d", id, len(got)+1)
		}
		k := match
		k.DstPort = id
		got[id], use.keys[k] = true, true
	}
	other := match
	other.Src = packet.MustAddr("10.2.0.3")
	if id, r := s.ReserveCall(&other, use); id != 7 || r != packet.ReasonNone {
		t.Errorf("to another peer: %d, %v", id, r)
	}
	other.DstPort = 0
	if id, r := s.ReserveCall(&other, use); id != 0 || r != packet.ReasonNone {
		t.Errorf("0: %d, %v", id, r)
	}
	for id := range 1 << 16 {
		k := match
		k.DstPort = uint16(id)
		use.keys[k] = true
	}
	if id, r := s.ReserveCall(&match, use); r != packet.ReasonNATExhausted {
		t.Errorf("of none left: %d, %v", id, r)
	}
}
