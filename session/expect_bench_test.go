package session

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"portcullis/packet"
)

// addr is the host of that number, behind any other bits.
func addr(net uint64, n int) packet.Addr {
	return packet.Addr{Lo: 0xffff_0000_0000 | net<<24 | uint64(n)}
}

// expecting is a table with so many expectations, ten of each control session, each
// of a client of its own and from a thousand servers.
func expecting(b *testing.B, n int) *Expectations {
	x := NewExpectations(1<<17, 5, 0)
	for i := range n {
		client, server := addr(10, i/10), addr(20, i/10%1000)
		k := packet.Key{Src: server, Dst: client, DstPort: uint16(30000 + i%10), Proto: packet.ProtoUDP}
		e := Expectation{Match: k, Leave: k, Master: Ref{ID: uint32(i/10 + 1)}, Host: client, Expires: Tick(time.Hour)}
		if x.Add(&e, 16, func(*Expectation) { b.Fatal("one gave way") }) != Added {
			b.Fatal("not added")
		}
	}
	return x
}

// BenchmarkExpectations measures the look-up that every new session asks for: of a
// host for which nothing is expected, of one for which something else is, and of what
// is expected; and what it takes to expect a flow, and to void that.
func BenchmarkExpectations(b *testing.B) {
	for _, n := range []int{0, 1000, 100000} {
		x := expecting(b, n)
		look := func(what string, found bool, key func(i int) packet.Key) {
			keys := make([]packet.Key, 1024)
			for i := range keys {
				keys[i] = key(i)
			}
			b.Run(fmt.Sprintf("%s/expectations=%d", what, n), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if (x.Find(&keys[i%len(keys)]) != nil) != found {
						b.Fatal("found, or not")
					}
				}
			})
		}
		look("other-host", false, func(i int) packet.Key {
			return packet.Key{Src: addr(10, i), Dst: addr(30, i*7919), SrcPort: 40000, DstPort: 443, Proto: packet.ProtoTCP}
		})
		if n == 0 {
			continue
		}
		some := func(i int) int { return i * 7919 % n }
		look("same-host", false, func(i int) packet.Key {
			return packet.Key{Src: addr(20, 1), Dst: addr(10, some(i)/10), SrcPort: 40000, DstPort: 443, Proto: packet.ProtoTCP}
		})
		look("found", true, func(i int) packet.Key {
			i = some(i)
			return packet.Key{Src: addr(20, i/10%1000), Dst: addr(10, i/10), SrcPort: 40000, DstPort: uint16(30000 + i%10), Proto: packet.ProtoUDP}
		})
		b.Run(fmt.Sprintf("announce/expectations=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				j := some(i)
				k := packet.Key{Src: addr(20, j/10%1000), Dst: addr(10, j/10), DstPort: 50000, Proto: packet.ProtoUDP}
				x.Add(&Expectation{Match: k, Leave: k, Master: Ref{ID: uint32(j/10 + 1)}, Host: k.Dst, Expires: Tick(time.Hour)}, 16, nil)
				x.Remove(x.Find(&packet.Key{Src: k.Src, Dst: k.Dst, SrcPort: 1, DstPort: k.DstPort, Proto: k.Proto}))
			}
		})
	}
}

// BenchmarkExpectationsExpire measures how 100,000 expectations end that are due at
// once, in steps as a worker takes them: all of it, the step that nine in ten, and 99 in
// a hundred, take no longer than, and the memory of each.
func BenchmarkExpectationsExpire(b *testing.B) {
	const n = 100000
	var steps []time.Duration
	var memory uint64
	for b.Loop() {
		b.StopTimer()
		before := heap()
		x := expecting(b, n)
		memory = heap() - before
		b.StartTimer()
		for more := true; more; {
			began := time.Now()
			more = x.Expire(Tick(2*time.Hour), 512, func(*Expectation) {})
			steps = append(steps, time.Since(began))
		}
		if x.Len() != 0 {
			b.Fatal(x.Len())
		}
	}
	slices.Sort(steps)
	b.ReportMetric(float64(steps[len(steps)*9/10]), "ns/step-p90")
	b.ReportMetric(float64(steps[len(steps)*99/100]), "ns/step-p99")
	b.ReportMetric(float64(memory)/n, "B/expectation")
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
