package nat

// shelf keeps things in places that they do not leave, so that a walk through
// them in several steps meets each at most once.
type shelf[T any] struct {
	all  []*T // nil: nothing is there
	free []uint32
}

// put puts x into a place.
func (s *shelf[T]) put(x *T) (at uint32) {
	if n := len(s.free); n > 0 {
		at, s.free = s.free[n-1], s.free[:n-1]
		s.all[at] = x
		return at
	}
	s.all = append(s.all, x)
	return uint32(len(s.all) - 1)
}

// take takes what is in a place.
func (s *shelf[T]) take(at uint32) {
	s.all[at] = nil
	s.free = append(s.free, at)
}

// walk calls f for what is in the n places from one on, and returns the place to
// go on from, 0 behind the last.
func (s *shelf[T]) walk(from uint32, n int, f func(*T)) (next uint32) {
	end := min(int(from)+n, len(s.all))
	for i := int(from); i < end; i++ {
		if s.all[i] != nil {
			f(s.all[i])
		}
	}
	if end == len(s.all) {
		return 0
	}
	return uint32(end)
}
