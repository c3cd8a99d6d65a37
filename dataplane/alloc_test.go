package dataplane

import (
	"net/netip"
	"testing"
	"time"

	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

// sink is a port that takes everything and receives nothing.
type sink struct{ info Info }

func (s *sink) Info() *Info                               { return &s.info }
func (s *sink) Recv([]Buffer, time.Duration) (int, error) { time.Sleep(tickEvery); return 0, nil }
func (s *sink) Release()                                  {}
func (s *sink) Interrupt()                                {}
func (s *sink) NewSender() Sender                         { return s }
func (s *sink) Lost() Lost                                { return Lost{} }
func (s *sink) Close() error                              { return nil }
func (s *sink) Send([]Buffer) (int, error)                { return 0, nil }

// loop is an engine that sends everything back.
type loop struct{}

func (loop) Quick(_ session.Tick, batch []engine.Slot) int {
	for i := range batch {
		batch[i].Verdict, batch[i].NextHop = engine.Forward, batch[i].Key.Src
	}
	return 0
}
func (loop) Process(session.Tick, []engine.Slot) {}
func (loop) Generated() []engine.Slot            { return nil }
func (loop) Tick(session.Tick) bool              { return false }
func (loop) Count(packet.Reason, uint64)         {}

// bench is a worker with a batch of UDP frames whose next hop is known.
func bench() (*worker, []Buffer, func()) {
	p := New(loop{})
	port := &sink{Info{Name: "port1", MAC: MAC{2, 0, 0, 0, 0, 1}, MTU: 1500, Up: true}}
	_ = p.Add(0, port)
	_ = p.SetAddresses(0, []netip.Prefix{netip.MustParsePrefix("10.1.0.1/24")})
	m := p.member(0)
	m.neighbours.ARP(0, []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0x22, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1,
		2, 0, 0, 0, 0, 0x22, 10, 1, 0, 22, 0, 0, 0, 0, 0, 0, 10, 1, 0, 1}, &newWorker(p, m).outbox)
	frame := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0x22, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0x66, 0x85,
		10, 1, 0, 22, 10, 1, 0, 23, 0, 99, 0, 99, 0, 26, 0, 0, 60: 0}
	sum := uint32(0)
	frame[24], frame[25] = 0, 0
	for i := 14; i < 34; i += 2 {
		sum += uint32(frame[i])<<8 | uint32(frame[i+1])
	}
	sum = sum>>16 + sum&0xffff
	frame[24], frame[25] = byte(^sum>>8), byte(^sum)
	frames := make([]Buffer, batchSize)
	for i := range frames {
		frames[i] = NewBuffer(frame, packet.Offload{})
	}
	return newWorker(p, m), frames, func() { _ = p.Close() }
}

// restation undoes the link header that forwarding wrote.
func restation(frames []Buffer) {
	for _, b := range frames {
		copy(b.Frame(), []byte{2, 0, 0, 0, 0, 1})
	}
}

func TestServeAllocatesNothing(t *testing.T) {
	w, frames, end := bench()
	defer end()
	w.serve(frames)
	before := w.member.stats.read().TxPackets
	if before != batchSize {
		t.Fatalf("%d frames went through, want %d", before, batchSize)
	}
	if n := testing.AllocsPerRun(100, func() { restation(frames); w.serve(frames) }); n != 0 {
		t.Errorf("%v allocations a batch", n)
	}
}

// BenchmarkServe is the dataplane's own share of a frame, without any device.
func BenchmarkServe(b *testing.B) {
	w, frames, end := bench()
	defer end()
	b.ReportAllocs()
	for b.Loop() {
		restation(frames)
		w.serve(frames)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batchSize, "ns/frame")
}
