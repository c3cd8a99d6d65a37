package packet

import (
	"math/rand/v2"
	"testing"
)

// The rewrite of the answers follows from that of what they answer, up to the two
// forms that a sum of nothing has.
func TestReverse(t *testing.T) {
	same := func(a, b uint16) bool { return a == b || a == 0 && b == 0xffff || a == 0xffff && b == 0 }
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 8))
		addr := func() Addr { return Addr{Hi: r.Uint64N(3), Lo: r.Uint64()} }
		from := Key{Src: addr(), Dst: addr(), SrcPort: uint16(r.Uint32()), DstPort: uint16(r.Uint32()),
			Proto: []uint8{ProtoTCP, ProtoUDP, ProtoICMPv6, ProtoGRE}[r.IntN(4)]}
		if from.Proto == ProtoICMPv6 {
			from.DstPort = ICMPv6Echo
		}
		to := from
		if r.IntN(2) == 0 {
			to.Src, to.SrcPort = addr(), uint16(r.Uint32())
		}
		if r.IntN(3) == 0 {
			to.Dst = addr()
		}
		got, want := NewRewrite(from, to).Reverse(), NewRewrite(to.Reply(), from.Reply())
		if got.what != want.what || !same(got.l3, want.l3) || !same(got.l4, want.l4) || !same(got.pseudo, want.pseudo) {
			t.Fatalf("seed %d: %+v, expected %+v", seed, got, want)
		}
	}
}
