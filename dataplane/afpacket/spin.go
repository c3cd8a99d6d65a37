package afpacket

import "time"

// spinner watches a ring for a moment before its reader sleeps in the kernel:
// waking up costs more than a frame takes to arrive while traffic is dense. It
// spins only as long as that pays: every success lengthens the moment, every
// failure shortens it, down to nothing on an idle port.
type spinner struct {
	max time.Duration
	now time.Duration // how long to spin next time
}

const (
	minSpin   = 2 * time.Microsecond
	spinReads = 32 // of the status word between two looks at the clock
)

// until spins and says whether the ring has frames.
func (s *spinner) until(r *ring) bool {
	if s.now < minSpin {
		return false
	}
	for end := time.Now().Add(s.now); ; {
		for range spinReads {
			if r.ready() {
				s.now = min(s.now*2, s.max)
				return true
			}
		}
		if !time.Now().Before(end) {
			s.now /= 2
			return false
		}
	}
}

// clock is the moment before a wait; the zero Time where it does not matter.
func (s *spinner) clock() time.Time {
	if s.max < minSpin {
		return time.Time{}
	}
	return time.Now()
}

// waited learns from a wait that began at t: had it been short, spinning would
// have been better.
func (s *spinner) waited(t time.Time) {
	if s.max >= minSpin && time.Since(t) < s.max {
		s.now = max(s.now, s.max/2)
	}
}
