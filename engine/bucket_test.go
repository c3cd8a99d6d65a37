package engine

import (
	"testing"
	"time"

	"portcullis/session"
)

// TestBucket: a burst, then one for each millisecond, and never more than a burst
// however long nothing was taken.
func TestBucket(t *testing.T) {
	var b bucket
	now := session.Tick(time.Second)
	drain := func() (n int) {
		for b.take(now) {
			n++
		}
		return n
	}
	if n := drain(); n != bucketBurst {
		t.Errorf("%d at first", n)
	}
	now = now.Add(3500 * time.Microsecond)
	if n := drain(); n != 3 {
		t.Errorf("%d after 3.5 ms", n)
	}
	now = now.Add(500 * time.Microsecond)
	if n := drain(); n != 1 {
		t.Errorf("%d half a millisecond later: the half before it is lost", n)
	}
	now = now.Add(time.Hour)
	if n := drain(); n != bucketBurst {
		t.Errorf("%d after an hour", n)
	}
}
