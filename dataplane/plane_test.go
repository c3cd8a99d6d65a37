package dataplane_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"portcullis/dataplane"
	"portcullis/dataplane/wire"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

var (
	mac1 = dataplane.MAC{2, 0, 0, 0, 1, 1}
	mac2 = dataplane.MAC{2, 0, 0, 0, 2, 1}
	host = dataplane.MAC{2, 0, 0, 0, 2, 0x22}
	next = packet.MustAddr("10.2.0.22")
)

// stub is an engine whose decisions the test writes.
type stub struct {
	mu        sync.Mutex
	inside    bool // to notice two goroutines inside
	decide    func(s *engine.Slot)
	generated []engine.Slot
	counts    [packet.NumReasons]uint64
	ticks     int
	now       session.Tick
	t         *testing.T
}

func (e *stub) enter(now session.Tick) func() {
	e.mu.Lock()
	if e.inside {
		e.t.Error("two goroutines inside the engine")
	}
	e.inside = true
	if now < e.now {
		e.t.Error("time goes back by", e.now.Sub(now))
	}
	e.now = now
	e.mu.Unlock()
	runtime.Gosched()
	return func() { e.mu.Lock(); e.inside = false; e.mu.Unlock() }
}

func (e *stub) Quick(_ session.Tick, batch []engine.Slot) int { return len(batch) }

func (e *stub) Process(now session.Tick, batch []engine.Slot) {
	defer e.enter(now)()
	for i := range batch {
		if batch[i].Verdict != engine.Drop || batch[i].FragmentTo != 0 {
			e.t.Error("slot carries an old verdict")
		}
		e.decide(&batch[i])
	}
}

func (e *stub) Generated() []engine.Slot {
	e.mu.Lock()
	defer e.mu.Unlock()
	g := e.generated
	e.generated = nil
	return g
}

func (e *stub) Tick(now session.Tick) (more bool) {
	defer e.enter(now)()
	e.mu.Lock()
	e.ticks++
	e.mu.Unlock()
	return false
}

func (e *stub) Count(r packet.Reason, n uint64) {
	e.mu.Lock()
	e.counts[r] += n
	e.mu.Unlock()
}

func (e *stub) count(r packet.Reason) uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counts[r]
}

// forward is the plain decision.
func forward(s *engine.Slot) { s.Verdict, s.Out, s.NextHop = engine.Forward, 2, next }

// rig is a plane with two wires.
type rig struct {
	*dataplane.Plane
	engine *stub
	p1, p2 *wire.Port
}

func newRig(t *testing.T, decide func(*engine.Slot)) *rig {
	t.Helper()
	r := &rig{engine: &stub{decide: decide, t: t},
		p1: wire.New("port1", mac1, 1500), p2: wire.New("port2", mac2, 1500)}
	r.Plane = dataplane.New(r.engine)
	t.Cleanup(func() { r.Close() })
	must(t, r.Add(1, r.p1))
	must(t, r.Add(2, r.p2))
	must(t, r.SetAddresses(1, []netip.Prefix{netip.MustParsePrefix("10.1.0.1/24")}))
	must(t, r.SetAddresses(2, []netip.Prefix{netip.MustParsePrefix("10.2.0.1/24")}))
	r.announced(t, r.p1)
	r.announced(t, r.p2)
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// announced expects the gratuitous ARP of a port.
func (r *rig) announced(t *testing.T, p *wire.Port) {
	t.Helper()
	f, ok := p.Next(time.Second)
	if !ok || f.Data[13] != 6 || !bytes.Equal(f.Data[28:32], f.Data[38:42]) {
		t.Fatalf("no gratuitous ARP but %x", f.Data)
	}
}

// resolve answers the question for next on port 2.
func (r *rig) resolve(t *testing.T) {
	t.Helper()
	f, ok := r.p2.Next(time.Second)
	if !ok || f.Data[13] != 6 || !bytes.Equal(f.Data[38:42], []byte{10, 2, 0, 22}) {
		t.Fatalf("no ARP request but %x", f.Data)
	}
	r.p2.Deliver(arpReply(), packet.Offload{})
}

func arpReply() []byte {
	f := append(append([]byte(nil), mac2[:]...), host[:]...)
	f = append(f, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2)
	f = append(append(f, host[:]...), 10, 2, 0, 22)
	return append(append(f, mac2[:]...), 10, 2, 0, 1)
}

// udp is a frame for port 1 with n bytes of payload.
func udp(n int) []byte {
	f := append(append([]byte(nil), mac1[:]...), host[:]...)
	f = append(f, 8, 0, 0x45, 0, 0, 0, 0, 7, 0, 0, 64, 17, 0, 0, 10, 1, 0, 22, 10, 2, 0, 22, 0, 99, 0, 99, 0, 0, 0, 0)
	f = append(f, make([]byte, n)...)
	binary.BigEndian.PutUint16(f[16:], uint16(28+n))
	binary.BigEndian.PutUint16(f[38:], uint16(8+n))
	sum := uint32(0)
	for i := 14; i < 34; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(f[i:]))
	}
	sum = sum>>16 + sum&0xffff
	binary.BigEndian.PutUint16(f[24:], ^uint16(sum))
	return f
}

func (r *rig) wantCount(t *testing.T, why packet.Reason, n uint64) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); r.engine.count(why) < n && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
	}
	if got := r.engine.count(why); got != n {
		t.Errorf("%v: %d, want %d", why, got, n)
	}
}

func TestForwardResolves(t *testing.T) {
	r := newRig(t, forward)
	off := packet.Offload{Flags: packet.OffloadNeedsCsum, GSO: packet.GSOUDPL4, GSOSize: 1000, CsumStart: 34, CsumOffset: 6}
	for range 2 { // the first waits, the second does not
		r.p1.Deliver(udp(5000), off)
		if r.Stats(2).TxPackets < 2 {
			r.resolve(t)
		}
		f, ok := r.p2.Next(time.Second)
		if !ok || dataplane.MAC(f.Data) != host || dataplane.MAC(f.Data[6:]) != mac2 || f.Offload != off ||
			!bytes.Equal(f.Data[14:], udp(5000)[14:]) {
			t.Fatalf("forwarded %d bytes %+v", len(f.Data), f.Offload)
		}
	}
	if st := r.Stats(1); st.RxPackets != 2 || st.RxBytes != 2*5042 {
		t.Errorf("stats %+v", st)
	}
	if n := r.Neighbours(2); len(n) != 1 || n[0].Addr != next {
		t.Errorf("neighbours %+v", n)
	}
}

// TestFragment: what may be fragmented leaves in fragments, in order.
//
// RFC 4787 REQ-13a: default
func TestFragment(t *testing.T) {
	r := newRig(t, func(s *engine.Slot) { forward(s); s.FragmentTo = 576 })
	r.p1.Deliver(udp(1400), packet.Offload{})
	r.resolve(t)
	total := 0
	for range 3 {
		f, ok := r.p2.Next(time.Second)
		if !ok || dataplane.MAC(f.Data) != host || len(f.Data) > 576+14 {
			t.Fatalf("fragment: %v %x", ok, f.Data)
		}
		if at := 8 * int(binary.BigEndian.Uint16(f.Data[20:])&0x1fff); at != total {
			t.Errorf("a fragment at %d, want %d", at, total)
		}
		total += len(f.Data) - 34
	}
	if total != 1408 {
		t.Errorf("fragments carry %d bytes, want 1408", total)
	}
	r.p1.Deliver(udp(4000), packet.Offload{GSO: packet.GSOUDPL4, GSOSize: 1000})
	r.wantCount(t, packet.ReasonTooBig, 1)
}

func TestGrow(t *testing.T) {
	r := newRig(t, func(s *engine.Slot) {
		forward(s)
		s.Frame = append(s.Frame, "grown"...) // within the capacity, or elsewhere
	})
	r.p1.Deliver(udp(10), packet.Offload{})
	r.resolve(t)
	if f, _ := r.p2.Next(time.Second); !strings.HasSuffix(string(f.Data), "grown") || len(f.Data) != 57 {
		t.Errorf("sent %q", f.Data)
	}
}

func TestGenerated(t *testing.T) {
	r := newRig(t, forward)
	var s engine.Slot
	if why := s.Parse(udp(20), packet.Offload{}); why != packet.ReasonNone {
		t.Fatal(why)
	}
	s.Verdict, s.Out, s.NextHop = engine.Answer, 2, next
	r.Do(func(session.Tick) { r.engine.mu.Lock(); r.engine.generated = []engine.Slot{s}; r.engine.mu.Unlock() })
	r.resolve(t)
	if f, ok := r.p2.Next(time.Second); !ok || dataplane.MAC(f.Data) != host || len(f.Data) != 62 {
		t.Errorf("generated: %x", f.Data)
	}
}

// TestReasons lists what a packet can die of in the dataplane.
func TestReasons(t *testing.T) {
	edit := func(at int, v ...byte) []byte {
		f := udp(20)
		copy(f[at:], v)
		return f
	}
	for name, tt := range map[string]struct {
		frame []byte
		why   packet.Reason
	}{
		"other station": {edit(5, 9), packet.ReasonNotForUs},
		"all stations":  {edit(0, 255, 255, 255, 255, 255, 255), packet.ReasonNotForUs},
		"tag":           {append(edit(12, 0x81, 0, 0, 5, 8, 0), 0, 0, 0, 0), packet.ReasonBadVLAN},
		"ether type":    {edit(12, 0x88, 0xcc), packet.ReasonEtherType},
		"runt":          {udp(0)[:13], packet.ReasonTruncated},
		"bad arp":       {edit(12, 8, 6), packet.ReasonBadL4Header},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(s *engine.Slot) {
				if name != "tag" {
					t.Error("reached the engine")
				}
			})
			if name == "tag" {
				f := udp(20)
				tt.frame = append(append(append([]byte(nil), f[:12]...), 0x81, 0, 0, 5), f[12:]...)
			}
			r.p1.Deliver(tt.frame, packet.Offload{})
			r.wantCount(t, tt.why, 1)
		})
	}
}

// TestPriorityTag forwards a frame whose tag names no VLAN, with its offload
// offsets moved along.
func TestPriorityTag(t *testing.T) {
	r := newRig(t, forward)
	f := udp(20)
	tagged := append(append(append([]byte(nil), f[:12]...), 0x81, 0, 0xa0, 0), f[12:]...)
	r.p1.Deliver(tagged, packet.Offload{Flags: packet.OffloadNeedsCsum, HdrLen: 46, CsumStart: 38, CsumOffset: 6})
	r.resolve(t)
	got, ok := r.p2.Next(time.Second)
	if !ok || !bytes.Equal(got.Data[12:], f[12:]) {
		t.Fatalf("sent %x, want the frame without its tag: %x", got.Data, f)
	}
	if o := got.Offload; o.CsumStart != 34 || o.HdrLen != 42 {
		t.Errorf("offload %+v, want offsets 4 less", o)
	}
}

func TestUnresolved(t *testing.T) {
	if testing.Short() {
		t.Skip("takes three seconds")
	}
	r := newRig(t, forward)
	r.p1.Deliver(udp(20), packet.Offload{})
	r.wantCount(t, packet.ReasonNeighbourUnresolved, 1)
}

func TestPortDown(t *testing.T) {
	r := newRig(t, forward)
	r.p1.Deliver(udp(20), packet.Offload{}) // will wait for the next hop
	if _, ok := r.p2.Next(time.Second); !ok {
		t.Fatal("nobody asked")
	}
	r.p2.SetUp(false)
	r.wantCount(t, packet.ReasonPortDown, 1)
	r.p1.Deliver(udp(20), packet.Offload{})
	r.wantCount(t, packet.ReasonPortDown, 2)
	r.p2.SetUp(true)
	r.announced(t, r.p2)
	r.p1.Deliver(udp(20), packet.Offload{})
	r.resolve(t)
	if _, ok := r.p2.Next(time.Second); !ok {
		t.Error("nothing is forwarded after the port came back")
	}
}

func TestNoSuchPort(t *testing.T) {
	r := newRig(t, func(s *engine.Slot) { forward(s); s.Out = 9 })
	r.p1.Deliver(udp(20), packet.Offload{})
	r.wantCount(t, packet.ReasonPortDown, 1)
	if err := r.SetAddresses(9, nil); err == nil {
		t.Error("interface 9 has no port")
	}
	if err := r.Add(1, r.p2); err == nil {
		t.Error("interface 1 has a port already")
	}
}

func TestLosses(t *testing.T) {
	r := newRig(t, forward)
	r.p1.Lose(dataplane.Lost{RingDrop: 7, Truncated: 2})
	r.wantCount(t, packet.ReasonRingDrop, 7)
	r.wantCount(t, packet.ReasonTruncated, 2)
	r.p2.FailNext(1)
	r.p1.Deliver(udp(20), packet.Offload{}) // the question fails
	r.wantCount(t, packet.ReasonSendFailed, 1)
	if st := r.Stats(2); st.TxErrors != 1 {
		t.Errorf("stats %+v", st)
	}
}

func TestRemove(t *testing.T) {
	r := newRig(t, forward)
	must(t, r.Remove(2))
	if r.Info(2) != nil || r.Remove(2) == nil {
		t.Error("the port is still there")
	}
	r.p1.Deliver(udp(20), packet.Offload{})
	r.wantCount(t, packet.ReasonPortDown, 1)
	again := wire.New("port2", mac2, 1500)
	must(t, r.Add(2, again))
	must(t, r.SetAddresses(2, []netip.Prefix{netip.MustParsePrefix("10.2.0.1/24")}))
	r.p2 = again
	r.announced(t, again)
	r.p1.Deliver(udp(20), packet.Offload{})
	r.resolve(t)
	if _, ok := again.Next(time.Second); !ok {
		t.Error("the new port sends nothing")
	}
}

// TestCloseLeavesNothing counts goroutines, and expects to be done promptly.
func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	r := newRig(t, forward)
	began := time.Now()
	must(t, r.Close())
	if d := time.Since(began); d > 500*time.Millisecond {
		t.Errorf("took %v", d)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
	if err := r.Add(3, wire.New("port3", mac1, 1500)); err == nil {
		t.Error("added to a closed plane")
	}
}

// TestStorm lets both directions run while ports come and go.
func TestStorm(t *testing.T) {
	r := newRig(t, func(s *engine.Slot) {
		s.Verdict, s.Out, s.NextHop = engine.Forward, 3-s.In, packet.MustAddr("255.255.255.255")
	})
	var feed sync.WaitGroup
	for _, p := range []*wire.Port{r.p1, r.p2} {
		feed.Go(func() {
			for range 300 {
				f := udp(100)
				copy(f, p.Info().MAC[:])
				p.Deliver(f, packet.Offload{})
				p.Sent()
				runtime.Gosched()
			}
		})
	}
	for i := range 20 {
		must(t, r.Add(uint16(10+i), wire.New("extra", mac1, 1500)))
		must(t, r.SetAddresses(uint16(10+i), []netip.Prefix{netip.MustParsePrefix("10.9.0.1/24")}))
		if i > 0 {
			must(t, r.Remove(uint16(10+i-1)))
		}
	}
	feed.Wait()
	for end := time.Now().Add(5 * time.Second); (r.Stats(1).TxPackets < 300 || r.Stats(2).TxPackets < 300) && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
	}
	if a, b := r.Stats(1).TxPackets, r.Stats(2).TxPackets; a < 300 || b < 300 {
		t.Errorf("forwarded %d and %d, want 300 each", a, b)
	}
}
