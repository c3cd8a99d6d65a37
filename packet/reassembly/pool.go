package reassembly

// none is the number of no record and no page.
const none = 0

// pageSize is a multiple of 8, as offsets are; a fragment of an Ethernet frame
// touches two pages at most.
const pageSize = 2048

type page [pageSize]byte

// slabSize is how many records a pool asks the machine for at once.
const slabSize = 64

// pool lends records by number, none excepted. It keeps what it took from the
// machine.
type pool[T any] struct {
	slabs [][]T
	free  []uint32
	made  int // numbers 1 to made have been lent at least once
	used  int
	max   int
}

// at is the record with number n.
func (p *pool[T]) at(n uint32) *T { return &p.slabs[(n-1)/slabSize][(n-1)%slabSize] }

// get lends a record, or none where all are lent. What it holds is undefined.
func (p *pool[T]) get() uint32 {
	if k := len(p.free); k > 0 {
		n := p.free[k-1]
		p.free = p.free[:k-1]
		p.used++
		return n
	}
	if p.made >= p.max {
		return none
	}
	if p.made == len(p.slabs)*slabSize {
		p.slabs = append(p.slabs, make([]T, slabSize))
	}
	p.made++
	p.used++
	return uint32(p.made)
}

// put takes record n back.
func (p *pool[T]) put(n uint32) {
	p.free = append(p.free, n)
	p.used--
}
