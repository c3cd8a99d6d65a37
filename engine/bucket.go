package engine

import (
	"time"

	"portcullis/session"
)

// bucket limits the rate of ICMP errors, and of resets (RFC 1812 section 4.3.2.8, RFC 4443
// section 2.4 f): a burst, refilled evenly.
type bucket struct {
	tokens int
	filled session.Tick
}

const (
	bucketBurst = 200
	bucketEvery = session.Tick(time.Millisecond) // one token: a thousand a second
)

// take reports whether one more may be sent at now.
func (b *bucket) take(now session.Tick) bool {
	if n := int((now - b.filled) / bucketEvery); n > 0 || b.filled == 0 {
		if b.filled == 0 || b.tokens+n > bucketBurst {
			b.tokens, b.filled = bucketBurst, now
		} else {
			b.tokens, b.filled = b.tokens+n, b.filled+session.Tick(n)*bucketEvery
		}
	}
	if b.tokens == 0 {
		return false
	}
	b.tokens--
	return true
}
