package engine

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"portcullis/packet"
	"portcullis/session"
)

// liveSessions is how many sessions BenchmarkLive and BenchmarkExpiry keep:
//
//	go test ./engine -run '^$' -bench 'Live|Expiry' -benchtime 3s -sessions 10000000
var liveSessions = flag.Int("sessions", 100_000, "how many sessions the benchmarks of scale keep")

// crowd makes the packets of any number of flows, one after the other, in memory of
// its own.
type crowd struct {
	batch []Slot
	train *train
}

func newCrowd(flags uint8) *crowd {
	return &crowd{batch: make([]Slot, benchBatch), train: benchTrain("tcp4", flags, 1, 1)}
}

// fill makes the batch the packets of flows first to first+64·step.
func (c *crowd) fill(tb testing.TB, first, step, flows int) {
	for k := range c.batch {
		i := (first + k*step) % flows
		frame := c.train.copy(k, 0)
		ip := header.IPv4(frame[packet.EthernetSize:])
		binary.BigEndian.PutUint32(ip[12:], uint32(0x0a010002+i%50000))
		binary.BigEndian.PutUint32(ip[16:], uint32(0x0a020002+i/50000%50000))
		binary.BigEndian.PutUint16(ip[20:], uint16(20000+i/50000))
		ip.SetChecksum(0)
		ip.SetChecksum(^ip.CalculateChecksum())
		c.batch[k].Renew()
		if r := c.batch[k].Parse(frame, packet.Offload{Flags: packet.OffloadDataValid}); r != packet.ReasonNone {
			tb.Fatal(r)
		}
	}
}

// populate gives w that many established connections, at least.
func populate(tb testing.TB, w *Worker, sessions int) {
	c := newCrowd(packet.TCPSyn)
	for i := 0; i < sessions; i += benchBatch {
		c.fill(tb, i, 1, sessions)
		w.Process(1, c.batch)
		for k := range c.batch {
			if s, _ := w.table.Find(&c.batch[k].Key); s != nil {
				benchAnswer(w, s)
			} else {
				tb.Fatal(c.batch[k].Reason)
			}
		}
	}
}

// BenchmarkLive measures packets of a great many live sessions, quietly and with
// the garbage collector at work all the time, and what the sessions cost: bytes
// of memory for each, in all (B/session), how long the collector stopped everything
// (median-pause-µs, p99-pause-µs), and the memory of the process (resident-MB).
func BenchmarkLive(b *testing.B) {
	runtime.GC()
	debug.FreeOSMemory()
	before := heap()
	w := scaleWorker(b, *liveSessions)
	populate(b, w, *liveSessions)
	runtime.GC()
	each := float64(heap()-before) / float64(w.table.Len())
	for _, collect := range []bool{false, true} {
		b.Run(fmt.Sprintf("sessions=%d/gc=%v", *liveSessions, collect), func(b *testing.B) {
			benchLive(b, w, collect)
			b.ReportMetric(each, "B/session")
			b.ReportMetric(float64(resident())/1e6, "resident-MB")
		})
	}
}

func benchLive(b *testing.B, w *Worker, collect bool) {
	stop, done := make(chan struct{}), make(chan struct{})
	before := pauses()
	go func() {
		defer close(done)
		for collect {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				runtime.GC()
			}
		}
	}()
	c := newCrowd(packet.TCPAck)
	b.ResetTimer()
	for n := 0; n < b.N; n += benchBatch {
		c.fill(b, n*7919, 7919, *liveSessions)
		if w.Quick(session.Tick(n), c.batch) > 0 {
			b.Fatal("a packet of an established session is not carried on")
		}
	}
	b.StopTimer()
	close(stop)
	<-done
	if collect {
		after := pauses()
		b.ReportMetric(quantile(before, after, 0.5), "median-pause-µs")
		b.ReportMetric(quantile(before, after, 0.99), "p99-pause-µs")
	}
}

// pauses are the times that the collector stopped everything for, so far.
func pauses() *metrics.Float64Histogram {
	s := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(s)
	h := *s[0].Value.Float64Histogram()
	h.Counts = slices.Clone(h.Counts)
	return &h
}

// quantile is that of the pauses between two readings, in microseconds, rounded up.
func quantile(before, after *metrics.Float64Histogram, q float64) float64 {
	total := uint64(0)
	for i := range after.Counts {
		total += after.Counts[i] - before.Counts[i]
	}
	seen := uint64(0)
	for i := range after.Counts {
		if seen += after.Counts[i] - before.Counts[i]; float64(seen) >= q*float64(total) && total > 0 {
			return after.Buckets[i+1] * 1e6
		}
	}
	return 0
}

// BenchmarkExpiry lets all sessions expire at one moment, and measures how long
// the longest step of it holds up the packets that wait, and how long all of it
// takes.
func BenchmarkExpiry(b *testing.B) {
	var longest, total time.Duration
	var steps []time.Duration
	for range b.N {
		b.StopTimer()
		w := scaleWorker(b, *liveSessions)
		populate(b, w, *liveSessions)
		now := session.Tick(2 * time.Hour)
		steps = steps[:0]
		b.StartTimer()
		began := time.Now()
		for more, last := true, began; more; {
			more = w.Tick(now)
			at := time.Now()
			steps = append(steps, at.Sub(last))
			longest, last = max(longest, at.Sub(last)), at
		}
		total += time.Since(began)
		b.StopTimer()
		if w.table.Len() != 0 {
			b.Fatalf("%d sessions are left", w.table.Len())
		}
		b.StartTimer()
	}
	slices.Sort(steps)
	b.ReportMetric(float64(longest.Nanoseconds())/1e3, "longest-step-µs")
	b.ReportMetric(float64(steps[len(steps)*999/1000].Nanoseconds())/1e3, "p99.9-step-µs")
	b.ReportMetric(total.Seconds()*1e3/float64(b.N), "all-ms")
}

// TestMemory holds what a session costs, everything included.
func TestMemory(t *testing.T) {
	const sessions = 64_000 // nearly two slabs
	runtime.GC()
	before := heap()
	w := scaleWorker(t, sessions)
	populate(t, w, sessions)
	runtime.GC()
	each := float64(heap()-before) / float64(w.table.Len())
	if each > 320 {
		t.Errorf("%.0f bytes for a session, expected at most 320 (record, timer, index: %d)", each, session.Memory)
	}
	runtime.KeepAlive(w)
}

// TestMemoryHalfOpen: a connection that is half-open costs no more than its record
// and its timer, beside the index, which is there anyway; not even where a helper
// waits for it to be accepted.
func TestMemoryHalfOpen(t *testing.T) {
	const sessions = 64_000
	w := scaleWorker(t, ephemeralShare*sessions+benchBatch)
	c := newCrowd(packet.TCPSyn)
	runtime.GC()
	before := heap()
	for i := 0; i < sessions; i += benchBatch {
		c.fill(t, i, 1, sessions)
		w.Process(1, c.batch)
	}
	runtime.GC()
	if n := w.table.Count(session.Ephemeral); n != sessions {
		t.Fatalf("%d sessions are half-open", n)
	}
	if each := float64(heap()-before) / sessions; each > 300 {
		t.Errorf("%.0f bytes for a half-open session", each)
	}
	runtime.KeepAlive(w)
}

// scaleWorker is a worker whose table is as large as it need be.
func scaleWorker(tb testing.TB, sessions int) *Worker {
	w := benchWorker(tb, 1, false)
	w.table = session.NewTable(sessions+benchBatch, 1, 0)
	w.table.Advise(benchAdvise)
	return w
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// resident is the memory of the process in bytes.
func resident() uint64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kb, _ := strconv.ParseUint(strings.Fields(rest)[0], 10, 64)
	return kb << 10
}
