package telemetry_test

import (
	"sync"
	"testing"

	"portcullis/session"
	"portcullis/telemetry"
)

func TestRing(t *testing.T) {
	r := telemetry.NewRing(3) // becomes 4
	var got session.Event
	if r.Pop(&got) {
		t.Fatal("an empty ring gives an event")
	}
	for round := range uint32(3) {
		for i := range uint32(6) {
			if ok := r.Push(&session.Event{ID: round*10 + i, LogIt: true}); ok != (i < 4) {
				t.Fatalf("push %d: %v", i, ok)
			}
		}
		for i := range uint32(4) {
			if !r.Pop(&got) || got.ID != round*10+i {
				t.Fatalf("pop %d: %d", i, got.ID)
			}
		}
		if r.Pop(&got) || r.Lost() != uint64(2*(round+1)) {
			t.Fatalf("lost %d", r.Lost())
		}
	}
}

// Between two goroutines, events arrive whole and in order, and what did not
// arrive is counted.
func TestRingConcurrent(t *testing.T) {
	const n = 50000
	r := telemetry.NewRing(64)
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		defer close(done)
		for i := uint32(1); i <= n; i++ {
			e := session.Event{ID: i, Master: i, LogIt: true}
			e.Packets[1] = uint64(i)
			r.Push(&e)
		}
	})
	var last uint32
	seen := uint64(0)
	read := func() bool {
		var e session.Event
		if !r.Pop(&e) {
			return false
		}
		if e.ID <= last || e.Master != e.ID || e.Packets[1] != uint64(e.ID) {
			t.Errorf("after %d: %+v", last, e)
		}
		last = e.ID
		seen++
		return true
	}
	for open := true; open; {
		select {
		case <-done:
			open = false
		default:
			read()
		}
	}
	for read() {
	}
	wg.Wait()
	if seen+r.Lost() != n {
		t.Errorf("%d arrived and %d were lost of %d", seen, r.Lost(), n)
	}
}

func TestRingAllocs(t *testing.T) {
	r := telemetry.NewRing(8)
	var e session.Event
	if n := testing.AllocsPerRun(100, func() { r.Push(&e); r.Pop(&e) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPushPop(b *testing.B) {
	r := telemetry.NewRing(8)
	var e session.Event
	b.ReportAllocs()
	for b.Loop() {
		r.Push(&e)
		r.Pop(&e)
	}
}

func BenchmarkPushFull(b *testing.B) {
	r := telemetry.NewRing(1)
	var e session.Event
	for b.Loop() {
		r.Push(&e)
	}
}
