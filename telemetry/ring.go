package telemetry

import (
	"math/bits"
	"sync/atomic"

	"portcullis/session"
)

// Ring carries events from one producer, a worker of the engine, to one
// consumer, the traffic log. It has a fixed size and never waits: an event that
// finds it full is lost, and counted.
//
// The producer owns the slots from written to read + size, the consumer those
// from read to written; each moves only its own mark.
type Ring struct {
	slots []session.Event
	mask  uint64

	_        [64]byte // marks of different writers share no cache line
	written  atomic.Uint64
	readSeen uint64 // the producer's last look at read
	lost     atomic.Uint64

	_    [64]byte
	read atomic.Uint64
}

// NewRing returns a ring for size events, rounded up to a power of two.
func NewRing(size int) *Ring {
	n := uint64(1) << bits.Len(uint(max(size, 1)-1))
	return &Ring{slots: make([]session.Event, n), mask: n - 1}
}

// Push copies e into the ring, or loses it and returns false. An event that makes
// no line of the log is not kept. Producer only.
func (r *Ring) Push(e *session.Event) bool {
	if !e.LogIt {
		return true
	}
	w := r.written.Load()
	if w-r.readSeen > r.mask {
		if r.readSeen = r.read.Load(); w-r.readSeen > r.mask {
			r.lost.Add(1)
			return false
		}
	}
	r.slots[w&r.mask] = *e
	r.written.Store(w + 1)
	return true
}

// Pop moves the oldest event into e, or returns false if there is none. Consumer
// only.
func (r *Ring) Pop(e *session.Event) bool {
	at := r.read.Load()
	if at == r.written.Load() {
		return false
	}
	*e = r.slots[at&r.mask]
	r.read.Store(at + 1)
	return true
}

// Len is the number of events that wait. Anyone may ask.
func (r *Ring) Len() int { return int(r.written.Load() - r.read.Load()) }

// Lost is the number of events that found the ring full. Anyone may ask.
func (r *Ring) Lost() uint64 { return r.lost.Load() }
