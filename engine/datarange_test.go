package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"portcullis/config"
	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// twinRange is a data range in the dumb twin: a list, walked.
type twinRange struct {
	reach
	master      session.Ref
	limit, used uint32
	shut        bool
}

func (r *twinRange) full() bool { return r.shut || r.used >= r.limit }

// TestRangesAgainstTwin holds the ranges against a list under random changes.
func TestRangesAgainstTwin(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	host := func(n int) packet.Addr { return packet.MustAddr(fmt.Sprintf("10.0.0.%d", 1+n)) }
	spans := []config.PortSpan{{Low: 100, High: 109}, {Low: 105, High: 120}, {Low: 100, High: 100}}
	var x ranges
	var twin []*twinRange
	id := uint32(0)
	for range 20000 {
		switch n := rnd.IntN(10); {
		case n == 0:
			id++
			r := &twinRange{
				reach:  reach{client: host(rnd.IntN(3)), server: host(3 + rnd.IntN(2)), zone: uint16(rnd.IntN(2)), ports: spans[rnd.IntN(3)]},
				master: session.Ref{Index: id % 7, ID: id}, limit: uint32(1 + rnd.IntN(3)),
			}
			twin = append(twin, r)
			x.hold(r.reach, r.master, r.limit)
		case len(twin) == 0:
		case n == 1 && len(twin) > rnd.IntN(20):
			i := rnd.IntN(len(twin))
			x.drop(twin[i].master.ID)
			twin = slices.Delete(twin, i, i+1)
		case n == 2:
			if r := twin[rnd.IntN(len(twin))]; r.used > 0 {
				r.used--
				x.release(r.master)
			}
		case n == 3:
			r := twin[rnd.IntN(len(twin))]
			r.shut = !r.shut
			x.bar(r.master, r.shut)
		case n == 4: // of one that is gone
			x.release(session.Ref{ID: id + 1})
			x.take(session.Ref{Index: twin[0].master.Index + 1, ID: twin[0].master.ID})
		default:
			k := packet.Key{Src: host(rnd.IntN(4)), Dst: host(3 + rnd.IntN(3)), Zone: uint16(rnd.IntN(2)), DstPort: uint16(98 + rnd.IntN(24))}
			open, full := false, false
			for _, r := range twin {
				if r.client == k.Src && r.server == k.Dst && r.zone == k.Zone && r.ports.Low <= k.DstPort && k.DstPort <= r.ports.High {
					open, full = open || !r.full(), full || r.full()
				}
			}
			got, gotFull := x.find(&k)
			if (got != nil) != open || got == nil && gotFull != full {
				t.Fatalf("%v: found %+v, full %v; expected %v, %v", k, got, gotFull, open, full)
			}
			if got == nil {
				continue
			}
			i := slices.IndexFunc(twin, func(r *twinRange) bool { return r.master == got.master })
			if i < 0 || twin[i].reach != got.reach || twin[i].full() {
				t.Fatalf("%v: found %+v, which is none for it", k, got)
			}
			twin[i].used++
			x.take(got.master)
		}
		used := map[session.Ref]uint32{}
		for _, r := range twin {
			used[r.master] = r.used
		}
		if err := x.checkQueues(used); err != nil {
			t.Fatal(err)
		}
		if x.Len() != len(twin) {
			t.Fatalf("%d ranges, expected %d", x.Len(), len(twin))
		}
	}
}

// TestHelloInPieces: whatever the pieces, and however they are repeated, what
// passes is what would pass whole.
func TestHelloInPieces(t *testing.T) {
	good := []byte{22, 3, 1, 2, 0, 1, 0, 1, 0xfc}
	rnd := rand.New(rand.NewPCG(2, 2))
	for range 20000 {
		sent := slices.Clone(good[:1+rnd.IntN(len(good))])
		bad := -1
		if rnd.IntN(2) == 0 {
			at := rnd.IntN(len(sent))
			if sent[at] ^= 0x80; at < helpers.HelloSize && at != 4 {
				bad = at
			}
		}
		seen, end := uint8(0), 0
		for end < len(sent) {
			from := rnd.IntN(end + 1)
			to := end + 1 + rnd.IntN(len(sent)-end)
			if bad >= 0 && from > bad {
				t.Fatalf("% x: %d bytes have passed", sent, end)
			}
			now, r := hello(int(seen), end-from, sent[from:to])
			if refused := bad >= 0 && to > bad; refused != (r == packet.ReasonTLSExpected) {
				t.Fatalf("% x, from %d to %d: %v", sent, from, to, r)
			}
			if r != packet.ReasonNone {
				break
			}
			if end = to; int(now) != min(end, helpers.HelloSize) {
				t.Fatalf("% x: %d bytes have passed, %d were seen", sent, end, now)
			}
			if seen = now; seen == helpers.HelloSize {
				break // nobody asks any more
			}
		}
	}
}

func BenchmarkDataRange(b *testing.B) {
	for _, n := range []int{0, 1, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var x ranges
			for i := range n {
				client := packet.MustAddr("10.0.0.0")
				client.Lo += uint64(i / 2)
				x.hold(reach{client: client, server: packet.MustAddr("10.9.0.1"), ports: config.PortSpan{Low: 50000, High: 50100}},
					session.Ref{ID: uint32(i + 1)}, 8)
			}
			k := packet.Key{Src: packet.MustAddr("10.0.0.0"), Dst: packet.MustAddr("10.9.0.1"), DstPort: 50001}
			for b.Loop() {
				if r, _ := x.find(&k); (r != nil) != (n > 0) {
					b.Fatal(r)
				}
			}
		})
	}
}
