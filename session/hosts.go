package session

import (
	"fmt"

	"portcullis/packet"
)

// hostFilter says of most hosts that nothing is expected there, at the price of one
// read. Of the others it says nothing: two hosts may share a place. It takes its
// memory when the first host is added.
type hostFilter struct {
	some  []uint64 // a bit for each place that some host has
	hosts []uint32 // how many expectations have it
	taken int      // places
}

// hostPlaces is the number of places, a power of two: 10,000 hosts fill one in
// 26, in 32 KB.
const (
	hostBits   = 18
	hostPlaces = 1 << hostBits
)

func placeOf(a packet.Addr) uint32 {
	return uint32((a.Hi*0x9e3779b97f4a7c15 ^ a.Lo) * 0xd6e8feb86659fd93 >> (64 - hostBits))
}

// none says that no expectation is for host a.
func (f *hostFilter) none(a packet.Addr) bool {
	i := placeOf(a)
	return f.some[i/64]>>(i%64)&1 == 0
}

func (f *hostFilter) add(a packet.Addr) {
	if f.some == nil {
		f.some, f.hosts = make([]uint64, hostPlaces/64), make([]uint32, hostPlaces)
	}
	i := placeOf(a)
	if f.hosts[i]++; f.hosts[i] == 1 {
		f.some[i/64] |= 1 << (i % 64)
		f.taken++
	}
}

func (f *hostFilter) remove(a packet.Addr) {
	i := placeOf(a)
	if f.hosts[i]--; f.hosts[i] == 0 {
		f.some[i/64] &^= 1 << (i % 64)
		f.taken--
	}
}

// check reports a place that is not as the expectations of x are: for tests.
func (f *hostFilter) check(x *Expectations) error {
	want := map[uint32]uint32{}
	x.All(func(e *Expectation) bool { want[placeOf(e.Match.Dst)]++; return true })
	for i, n := range want {
		if f.hosts[i] != n || f.some[i/64]>>(i%64)&1 == 0 {
			return fmt.Errorf("place %d: %d expectations counted, %d are", i, f.hosts[i], n)
		}
	}
	if f.taken != len(want) {
		return fmt.Errorf("%d places are taken, expected %d", f.taken, len(want))
	}
	return nil
}
