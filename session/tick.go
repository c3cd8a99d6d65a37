package session

import "time"

// Tick is a moment of the engine's time: nanoseconds since the engine started,
// monotonic. The engine is told the tick with every batch and reads no clock.
type Tick int64

// Add returns the moment d later.
func (t Tick) Add(d time.Duration) Tick { return t + Tick(d) }

// Sub returns the time from u to t.
func (t Tick) Sub(u Tick) time.Duration { return time.Duration(t - u) }

// Seconds is the duration a tick counts, in whole seconds.
func (t Tick) Seconds() int64 { return int64(t) / int64(time.Second) }
