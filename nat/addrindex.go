package nat

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"portcullis/packet"
)

// addrIndex finds what stands for an address. The ranges that were put in cut the
// family into stretches, each within the same ranges from end to end; a stretch
// has the number of its cell, 0 where no range is.
//
// Most addresses lie outside of all ranges and are turned away by the bounds.
// For the others the stretches are halved, within what a table by the leading bits
// of the distance from the lowest address leaves of them.
type addrIndex struct {
	low, high packet.Addr // the bounds: no address outside has a cell
	starts    []packet.Addr
	cells     []uint32 // by position in starts
	jump      []uint32 // the stretch that holds the first address of a part; nil: not of use
	shift     uint8    // bits of the distance within a part
}

// maxJump bounds the table: 256 KiB.
const maxJump = 1 << 16

// find returns the cell of the stretch that holds a.
func (x *addrIndex) find(a packet.Addr) uint32 {
	if a.Less(x.low) || x.high.Less(a) {
		return 0
	}
	first, last := uint32(0), uint32(len(x.starts)-1)
	if x.jump != nil {
		part := (a.Lo - x.low.Lo) >> x.shift
		first, last = x.jump[part], x.jump[part+1]
	}
	for first < last {
		mid := (first + last + 1) / 2
		if a.Less(x.starts[mid]) {
			last = mid - 1
		} else {
			first = mid
		}
	}
	return x.cells[first]
}

// ranked is a range and what it stands for. Where ranges overlap, a lower rank
// comes first.
type ranked struct {
	reach
	rank uint32
}

// newAddrIndex builds the index of ranges of one family. cell makes a cell, a number
// above 0, of the ranks that one stretch lies in, in order; it borrows the list and
// is asked once for each list.
func newAddrIndex(ranges []ranked, cell func(ranks []uint32) uint32) addrIndex {
	if len(ranges) == 0 {
		return addrIndex{low: packet.Addr{Hi: ^uint64(0), Lo: ^uint64(0)}}
	}
	x := addrIndex{low: ranges[0].lo, high: ranges[0].hi}
	edges := make([]edge, 0, 2*len(ranges))
	for _, r := range ranges {
		if r.lo.Less(x.low) {
			x.low = r.lo
		}
		if x.high.Less(r.hi) {
			x.high = r.hi
		}
		edges = append(edges, edge{at: r.lo, rank: r.rank})
		if next, ok := r.behind(); ok {
			edges = append(edges, edge{at: next, rank: r.rank, ends: true})
		}
	}
	x.sweep(edges, cell)
	x.accelerate()
	return x
}

// edge is where a range begins, or the first address behind it.
type edge struct {
	at   packet.Addr
	rank uint32
	ends bool
}

// sweep walks from edge to edge and enters the stretches between them.
func (x *addrIndex) sweep(edges []edge, cell func([]uint32) uint32) {
	slices.SortFunc(edges, func(a, b edge) int { return compareAddr(a.at, b.at) })
	known := map[string]uint32{"": 0}
	var active []uint32
	var sig []byte
	for i, e := range edges {
		at, found := slices.BinarySearch(active, e.rank)
		switch {
		case e.ends && found:
			active = slices.Delete(active, at, at+1)
		case !e.ends:
			active = slices.Insert(active, at, e.rank)
		}
		if i+1 < len(edges) && edges[i+1].at == e.at {
			continue
		}
		sig = sig[:0]
		for _, r := range active {
			sig = binary.LittleEndian.AppendUint32(sig, r)
		}
		c, ok := known[string(sig)]
		if !ok {
			c = cell(active)
			known[string(sig)] = c
		}
		x.starts, x.cells = append(x.starts, e.at), append(x.cells, c)
	}
}

// accelerate makes the table by the leading bits where all addresses share the
// upper half.
func (x *addrIndex) accelerate() {
	if x.low.Hi != x.high.Hi || len(x.starts) < 4 {
		return
	}
	distance := x.high.Lo - x.low.Lo
	want := min(bits.Len(uint(len(x.starts)))+1, bits.Len(maxJump-1))
	x.shift = uint8(max(bits.Len64(distance)-want, 0))
	parts := distance>>x.shift + 1
	x.jump = make([]uint32, parts+1)
	at := uint32(0)
	for part := range parts {
		first := packet.Addr{Hi: x.low.Hi, Lo: x.low.Lo + part<<x.shift}
		for int(at)+1 < len(x.starts) && !first.Less(x.starts[at+1]) {
			at++
		}
		x.jump[part] = at
	}
	x.jump[parts] = uint32(len(x.starts) - 1)
}

func compareAddr(a, b packet.Addr) int {
	switch {
	case a.Less(b):
		return -1
	case b.Less(a):
		return 1
	}
	return 0
}
