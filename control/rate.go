package control

import (
	"sync"
	"time"
)

// rate tells how fast a growing counter grew during the last whole second.
type rate struct {
	mu    sync.Mutex
	value float64
	last  uint64
	at    time.Time
}

// sample takes the counter's value at a moment.
func (r *rate) sample(n uint64, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d := at.Sub(r.at); !r.at.IsZero() && d > 0 {
		r.value = float64(n-r.last) / d.Seconds()
	}
	r.last, r.at = n, at
}

func (r *rate) read() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.value
}
