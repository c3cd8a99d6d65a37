package fault_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"portcullis/dataplane"
	"portcullis/dataplane/fault"
	"portcullis/dataplane/wire"
	"portcullis/packet"
)

// frame is an IPv4 frame that bears its number.
func frame(n int) []byte {
	f := make([]byte, 60)
	f[12] = 0x08
	binary.BigEndian.PutUint32(f[56:], uint32(n))
	return f
}

func number(f []byte) int { return int(binary.BigEndian.Uint32(f[56:])) }

// rig is a wire with a bad network in front of it. Its clock is a bubble's.
type rig struct {
	wire *wire.Port
	port *fault.Port
}

func newRig(o fault.Options) *rig {
	w := wire.New("port1", dataplane.MAC{2, 0, 0, 0, 0, 1}, 1500)
	return &rig{w, fault.New(w, o)}
}

// received delivers n frames, ten at a time, and returns what arrives.
func (r *rig) received(t *testing.T, n int) (all [][]byte) {
	t.Helper()
	batch := make([]dataplane.Buffer, 7)
	take := func(wait time.Duration) bool {
		k, err := r.port.Recv(batch, wait)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batch[:k] {
			all = append(all, bytes.Clone(b.Frame()))
			clear(b[:cap(b)]) // it is lent: others must not notice
		}
		r.port.Release()
		return k > 0
	}
	for i := 0; i < n; i += 10 {
		for k := i; k < min(i+10, n); k++ {
			r.wire.Deliver(frame(k), packet.Offload{})
		}
		for take(0) {
		}
		time.Sleep(time.Millisecond)
	}
	for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); {
		take(5 * time.Millisecond)
	}
	return all
}

// sent sends n frames, ten at a time, and returns what left.
func (r *rig) sent(t *testing.T, n int) (all [][]byte) {
	t.Helper()
	s := r.port.NewSender()
	for i := 0; i < n; i += 10 {
		var frames []dataplane.Buffer
		for k := i; k < min(i+10, n); k++ {
			frames = append(frames, dataplane.NewBuffer(frame(k), packet.Offload{}))
		}
		if failed, err := s.Send(frames); failed != 0 || err != nil {
			t.Fatal(failed, err)
		}
		for _, b := range frames {
			clear(b) // they were borrowed
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond)
	for _, f := range r.wire.Sent() {
		all = append(all, f.Data)
	}
	return all
}

// both runs a test in either direction.
func both(t *testing.T, o fault.Options, c fault.Chances, check func(t *testing.T, frames [][]byte, n fault.Counts)) {
	const frames = 2000
	t.Run("in", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o.In, o.Out = c, fault.Chances{}
			r := newRig(o)
			check(t, r.received(t, frames), r.port.Stats().In)
		})
	})
	t.Run("out", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o.In, o.Out = fault.Chances{}, c
			r := newRig(o)
			check(t, r.sent(t, frames), r.port.Stats().Out)
		})
	})
}

func numbers(frames [][]byte) (all []int) {
	for _, f := range frames {
		all = append(all, number(f))
	}
	return all
}

// near says whether n of 2000 is about the chance p.
func near(n uint64, p float64) bool { return float64(n) > 2000*p*0.7 && float64(n) < 2000*p*1.3 }

func TestNothing(t *testing.T) {
	both(t, fault.Options{}, fault.Chances{}, func(t *testing.T, frames [][]byte, n fault.Counts) {
		if got := numbers(frames); len(got) != 2000 || !slices.IsSorted(got) || n != (fault.Counts{Frames: 2000}) {
			t.Errorf("%d frames, %+v", len(got), n)
		}
	})
}

func TestLoss(t *testing.T) {
	both(t, fault.Options{Seed: 1}, fault.Chances{Loss: 0.1}, func(t *testing.T, frames [][]byte, n fault.Counts) {
		if got := numbers(frames); len(got) != 2000-int(n.Lost) || !near(n.Lost, 0.1) || !slices.IsSorted(got) {
			t.Errorf("%d frames, %+v", len(got), n)
		}
	})
}

func TestDuplicate(t *testing.T) {
	both(t, fault.Options{Seed: 2}, fault.Chances{Duplicate: 0.1}, func(t *testing.T, frames [][]byte, n fault.Counts) {
		got := numbers(frames)
		if len(got) != 2000+int(n.Duplicated) || !near(n.Duplicated, 0.1) || len(slices.Compact(got)) != 2000 {
			t.Errorf("%d frames, %+v", len(got), n)
		}
	})
}

func TestReorder(t *testing.T) {
	both(t, fault.Options{Seed: 3, Depth: 3}, fault.Chances{Reorder: 0.1}, func(t *testing.T, frames [][]byte, n fault.Counts) {
		got := numbers(frames)
		moved := uint64(0)
		for i, v := range got {
			if i-v > 2*3 { // others that wait may pass it as well
				t.Errorf("frame %d is the %d. to arrive", v, i)
			}
			if i > 0 && v < got[i-1] {
				moved++
			}
		}
		if slices.Sort(got); len(slices.Compact(got)) != 2000 || !near(n.Reordered, 0.1) || moved < n.Reordered/2 {
			t.Errorf("%d frames, %d behind a later one, %+v", len(got), moved, n)
		}
	})
}

// TestTail: what waits for others to overtake it does not wait for ever.
func TestTail(t *testing.T) {
	both(t, fault.Options{Depth: 1000}, fault.Chances{Reorder: 1}, func(t *testing.T, frames [][]byte, n fault.Counts) {
		if len(frames) != 2000 || n.Reordered+n.Spared != 2000 {
			t.Errorf("%d frames, %+v", len(frames), n)
		}
	})
}

func TestDelay(t *testing.T) {
	both(t, fault.Options{Seed: 4, MaxDelay: 5 * time.Millisecond}, fault.Chances{Delay: 0.2}, func(t *testing.T, frames [][]byte, n fault.Counts) {
		got := numbers(frames)
		for i, v := range got {
			if i-v > 6*10 {
				t.Errorf("frame %d came %d frames late", v, i-v)
			}
		}
		late := !slices.IsSorted(got)
		if slices.Sort(got); len(slices.Compact(got)) != 2000 || !near(n.Delayed, 0.2) || !late {
			t.Errorf("%d frames, late: %v, %+v", len(got), late, n)
		}
	})
}

func TestCorrupt(t *testing.T) {
	both(t, fault.Options{Seed: 5}, fault.Chances{Corrupt: 0.1}, func(t *testing.T, frames [][]byte, n fault.Counts) {
		damaged := uint64(0)
		for i, f := range frames {
			want, wrong := frame(i), 0
			for k := range f {
				wrong += bits.OnesCount8(f[k] ^ want[k])
			}
			if wrong > 1 || !bytes.Equal(f[:14], want[:14]) {
				t.Errorf("frame %d: %x", i, f)
			}
			damaged += uint64(wrong)
		}
		if len(frames) != 2000 || damaged != n.Corrupted || !near(n.Corrupted, 0.1) {
			t.Errorf("%d frames, %d damaged, %+v", len(frames), damaged, n)
		}
	})
}

// TestSpared are frames that damage would not show in.
func TestSpared(t *testing.T) {
	r := newRig(fault.Options{In: fault.Chances{Corrupt: 1}})
	arp := frame(0)
	arp[13] = 0x06
	r.wire.Deliver(arp, packet.Offload{})
	r.wire.Deliver(frame(1), packet.Offload{Flags: packet.OffloadNeedsCsum, CsumStart: 34, CsumOffset: 16})
	r.wire.Deliver(frame(2)[:14], packet.Offload{})
	batch := make([]dataplane.Buffer, 8)
	if n, err := r.port.Recv(batch, 0); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	if n := r.port.Stats().In; n.Corrupted != 0 || !bytes.Equal(batch[0].Frame(), arp) || !bytes.Equal(batch[1].Frame(), frame(1)) {
		t.Errorf("%+v %x", n, batch[:2])
	}
}

// TestHeld: no more frames wait than were allowed.
func TestHeld(t *testing.T) {
	both(t, fault.Options{Held: 3, MaxDelay: 500 * time.Microsecond}, fault.Chances{Delay: 1}, func(t *testing.T, frames [][]byte, n fault.Counts) {
		if len(frames) != 2000 || n.Delayed != 3*2000/10 || n.Spared != 7*2000/10 {
			t.Errorf("%d frames, %+v", len(frames), n)
		}
	})
}

// TestSeed: a seed tells everything.
func TestSeed(t *testing.T) {
	c := fault.Chances{Loss: 0.1, Duplicate: 0.1, Corrupt: 0.1, Reorder: 0.2, Delay: 0.2}
	run := func(seed uint64) (s string) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(fault.Options{Seed: seed, In: c, Out: c})
			s = fmt.Sprintf("%x %x %v", r.received(t, 300), r.sent(t, 300), r.port.Stats())
		})
		return s
	}
	if a, b := run(1), run(1); a != b {
		t.Error("the same seed gives different fates")
	}
	if run(1) == run(2) {
		t.Error("another seed gives the same fate")
	}
}

// TestDown hands through what the port within says.
func TestDown(t *testing.T) {
	r := newRig(fault.Options{})
	r.wire.SetUp(false)
	if n, err := r.port.NewSender().Send([]dataplane.Buffer{dataplane.NewBuffer(frame(1), packet.Offload{})}); n != 1 || err == nil {
		t.Error(n, err)
	}
	if n, err := r.port.Recv(make([]dataplane.Buffer, 1), 0); n != 0 || err == nil {
		t.Error(n, err)
	}
	if r.port.Info().Up {
		t.Error("it is up")
	}
}

// TestSet changes the weather.
func TestSet(t *testing.T) {
	r := newRig(fault.Options{Out: fault.Chances{Loss: 1}})
	s := r.port.NewSender()
	one := []dataplane.Buffer{dataplane.NewBuffer(frame(1), packet.Offload{})}
	_, _ = s.Send(one)
	r.port.Set(fault.Chances{}, fault.Chances{})
	_, _ = s.Send(one)
	if n := len(r.wire.Sent()); n != 1 {
		t.Errorf("%d frames left, want 1", n)
	}
}
