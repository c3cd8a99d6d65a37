package session

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestWheelModel arms, disarms and advances at random, and compares with a list.
func TestWheelModel(t *testing.T) {
	const timers = 50
	for seed := range uint64(21) {
		r := rand.New(rand.NewPCG(seed, 2))
		// Seeds differ in how far timers and jumps reach, from within one slot to
		// the fourth level.
		far := int64(wheelGrain) << (3 * (seed % 7))
		now := Tick(r.Int64N(int64(100 * time.Hour)))
		var w Wheel
		w.start(now)
		w.grow(timers)
		model := map[uint32]Tick{}
		for range 2000 {
			i := uint32(r.IntN(timers))
			switch r.IntN(5) {
			case 0, 1:
				at := now.Add(time.Duration(r.Int64N(far)) - 50*time.Millisecond)
				w.Arm(i, at)
				model[i] = at
			case 2:
				w.Disarm(i)
				delete(model, i)
			default:
				now = now.Add(time.Duration(r.Int64N(far/4 + 1)))
				drain(t, &w, now, model)
			}
			if w.Len() != len(model) || w.Armed(i) != contains(model, i) {
				t.Fatalf("seed %d: %d armed, expected %d", seed, w.Len(), len(model))
			}
		}
	}
}

// next is Next with as many steps as it takes.
func next(w *Wheel, now Tick) (uint32, bool) {
	steps := 1 << 40
	return w.Next(now, &steps)
}

func contains(m map[uint32]Tick, i uint32) bool { _, ok := m[i]; return ok }

// drain takes everything that is due and compares it with the model.
func drain(t *testing.T, w *Wheel, now Tick, model map[uint32]Tick) {
	t.Helper()
	for {
		i, ok := next(w, now)
		if !ok {
			break
		}
		at, armed := model[i]
		if !armed || at > now {
			t.Fatalf("timer %d fired %v early (armed: %v)", i, at.Sub(now), armed)
		}
		delete(model, i)
	}
	for i, at := range model {
		if late := now - at; late >= wheelGrain {
			t.Fatalf("timer %d is %v late", i, time.Duration(late))
		}
	}
}

// TestWheelPartly: what is due is not lost when it is taken one by one between
// small steps of time, nor when a due timer is disarmed or armed anew.
func TestWheelPartly(t *testing.T) {
	var w Wheel
	w.start(0)
	w.grow(10)
	for i := range uint32(10) {
		w.Arm(i, Tick(time.Second))
	}
	now := Tick(2 * time.Second)
	if _, ok := next(&w, now); !ok {
		t.Fatal("none is due")
	}
	w.Disarm(3)
	w.Arm(4, Tick(time.Hour))
	n := 1
	for {
		i, ok := next(&w, now)
		if !ok {
			break
		}
		if i == 3 || i == 4 {
			t.Errorf("timer %d fired", i)
		}
		n++
	}
	if n < 7 || n > 8 || w.Len() != 1 {
		t.Errorf("%d fired, %d armed", n, w.Len())
	}
}

// TestWheelIdle: an empty wheel jumps any distance at once.
func TestWheelIdle(t *testing.T) {
	var w Wheel
	w.start(0)
	w.grow(1)
	now := Tick(100 * 365 * 24 * time.Hour)
	if _, ok := next(&w, now); ok {
		t.Error("something is due")
	}
	w.Arm(0, now.Add(time.Second))
	if _, ok := next(&w, now); ok {
		t.Error("early")
	}
	if i, ok := next(&w, now.Add(2*time.Second)); !ok || i != 0 {
		t.Error("late")
	}
}

// TestWheelFar: a timer beyond the last level waits for its time.
func TestWheelFar(t *testing.T) {
	var w Wheel
	w.start(0)
	w.grow(2)
	at := Tick(wheelSpan+wheelSpan/3)*wheelGrain + 5
	w.Arm(0, at)
	w.Arm(1, wheelSpan*wheelGrain)
	model := map[uint32]Tick{0: at, 1: wheelSpan * wheelGrain}
	for _, now := range []Tick{(wheelSpan - 1) * wheelGrain, wheelSpan * wheelGrain, at - wheelGrain, at + wheelGrain} {
		drain(t, &w, now, model)
	}
	if len(model) > 0 {
		t.Errorf("left: %v", model)
	}
}

func TestWheelAllocs(t *testing.T) {
	var w Wheel
	w.start(0)
	w.grow(1)
	now := Tick(0)
	if n := testing.AllocsPerRun(1000, func() {
		w.Arm(0, now.Add(time.Minute))
		now = now.Add(2 * time.Minute)
		if _, ok := next(&w, now); !ok {
			t.Fatal("late")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestWheelSteps: whatever the number of timers in one slot, and whatever level it
// was in, no call takes more steps than it is allowed, and all fire in time.
func TestWheelSteps(t *testing.T) {
	const timers, allowed = 100_000, 64
	for _, at := range []Tick{5 * wheelGrain, 100 * wheelGrain, 5000 * wheelGrain} {
		var w Wheel
		w.start(0)
		w.grow(timers)
		for i := range uint32(timers) {
			w.Arm(i, at)
		}
		fired := 0
		for calls := 0; fired < timers; calls++ {
			if calls > 2*timers/allowed+5000/allowed+3*timers/allowed {
				t.Fatalf("at %v: %d of %d fired", at, fired, timers)
			}
			budget := allowed
			for {
				i, ok := w.Next(at, &budget)
				if !ok {
					break
				}
				if w.Armed(i) {
					t.Fatalf("timer %d is still armed", i)
				}
				fired++
			}
			if budget < 0 {
				t.Fatalf("%d steps more than allowed", -budget)
			}
		}
	}
}
