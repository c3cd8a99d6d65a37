package session

// shares keeps how much everyone has of something that is shared: who has nothing takes
// no room.
type shares[K comparable] struct {
	index map[K]uint32 // into list
	list  []share[K]
	free  []uint32
}

// share is what one of them has.
type share[K comparable] struct {
	key  K
	n    int
	head uint32 // of a list of it, for whoever keeps one
}

func newShares[K comparable]() shares[K] { return shares[K]{index: map[K]uint32{}} }

// of is what key has. It is valid until the next take.
func (s *shares[K]) of(key K) (x share[K]) {
	if i, ok := s.index[key]; ok {
		return s.list[i]
	}
	return x
}

// find says where it is kept what key has, if it has anything, and how much that is.
func (s *shares[K]) find(key K) (i uint32, n int) {
	if i, ok := s.index[key]; ok {
		return i, s.list[i].n
	}
	return 0, 0
}

// take adds one to what key has, of which find has just said where and how much it is,
// and says where that is kept until all of it is gone.
func (s *shares[K]) take(key K, i uint32, n int) uint32 {
	if n == 0 {
		i = s.place(key)
	}
	s.list[i].n++
	return i
}

func (s *shares[K]) place(key K) (i uint32) {
	if n := len(s.free); n > 0 {
		i, s.free = s.free[n-1], s.free[:n-1]
	} else {
		i = uint32(len(s.list))
		s.list = append(s.list, share[K]{})
	}
	s.list[i] = share[K]{key: key}
	s.index[key] = i
	return i
}

// give takes one from what is kept at i.
func (s *shares[K]) give(i uint32) {
	x := &s.list[i]
	if x.n--; x.n == 0 {
		delete(s.index, x.key)
		s.free = append(s.free, i)
	}
}
