package afpacket_test

import (
	"flag"
	"net/netip"
	"sync"
	"testing"
	"time"

	"portcullis/dataplane"
	"portcullis/dataplane/afpacket"
	"portcullis/dataplane/internal/nstest"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

var spin = flag.Duration("spin", afpacket.DefaultSpin, "longest `time` to watch a ring before waiting in the kernel; negative for never")

func TestMain(m *testing.M) { nstest.Main(m) }

// forwarder is an engine that forwards between interfaces 1 and 2 and answers
// nothing.
type forwarder struct {
	mu     sync.Mutex
	super  int // super-packets seen
	seen   int
	counts [packet.NumReasons]uint64
	bytes  uint64
}

func (f *forwarder) Quick(_ session.Tick, batch []engine.Slot) int { return len(batch) }

func (f *forwarder) Process(_ session.Tick, batch []engine.Slot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range batch {
		s := &batch[i]
		f.seen++
		f.bytes += uint64(len(s.Frame))
		if s.Offload.IsGSO() {
			f.super++
		}
		if s.Key.Dst.IsMulticast() || s.Key.Dst.IsBroadcast() {
			continue
		}
		s.Verdict, s.Out, s.NextHop = engine.Forward, 3-s.In, s.Key.Dst
	}
}

func (f *forwarder) Generated() []engine.Slot { return nil }
func (f *forwarder) Tick(session.Tick) bool   { return false }
func (f *forwarder) Count(r packet.Reason, n uint64) {
	f.mu.Lock()
	f.counts[r] += n
	f.mu.Unlock()
}
func (f *forwarder) count(r packet.Reason) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[r]
}

// bed is two hosts and a plane between them.
type bed struct {
	engine *forwarder
	plane  *dataplane.Plane
	a, b   *nstest.Host
	state  string
}

// newBed connects 10.1.0.2 and 10.2.0.2 (and fd01::2, fd02::2) by the plane.
func newBed(t testing.TB) *bed {
	t.Helper()
	b := &bed{engine: &forwarder{}, state: t.TempDir(),
		a: nstest.New(t, "eth1", "10.1.0.2/24", "fd01::2/64"),
		b: nstest.New(t, "eth2", "10.2.0.2/24", "fd02::2/64")}
	b.plane = dataplane.New(b.engine)
	t.Cleanup(func() {
		if err := b.plane.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	b.add(t, 1, "eth1", "10.1.0.1/24", "fd01::1/64")
	b.add(t, 2, "eth2", "10.2.0.1/24", "fd02::1/64")
	b.a.Route(t, "10.1.0.1")
	b.b.Route(t, "10.2.0.1")
	b.a.Route(t, "fd01::1")
	b.b.Route(t, "fd02::1")
	return b
}

func (b *bed) options(device string) afpacket.Options {
	return afpacket.Options{Name: "port-" + device, Device: device, StateDir: b.state, Spin: *spin}
}

func (b *bed) add(t testing.TB, index uint16, device string, addresses ...string) {
	t.Helper()
	port, err := afpacket.Open(b.options(device))
	if err != nil {
		t.Fatal(err)
	}
	if _, isTest := t.(*testing.T); isTest {
		t.Logf("%s: kernel kept out by %s", device, port.Method())
	}
	if err := b.plane.Add(index, port); err != nil {
		t.Fatal(err)
	}
	var list []netip.Prefix
	for _, a := range addresses {
		list = append(list, netip.MustParsePrefix(a))
	}
	if err := b.plane.SetAddresses(index, list); err != nil {
		t.Fatal(err)
	}
	nstest.Eventually(t, device+" up", func() bool { return b.plane.Info(index).Up })
}

func TestForward(t *testing.T) {
	b := newBed(t)
	for _, to := range []string{"10.2.0.2", "fd02::2"} {
		if !b.a.Ping(to, 2*time.Second) {
			t.Errorf("ping %s: no answer", to)
		}
	}
	if b.a.Ping("10.1.0.1", 200*time.Millisecond) {
		t.Error("ping 10.1.0.1: somebody answered, who is not the engine")
	}
	for _, n := range b.plane.Neighbours(2) {
		t.Log(n.Addr, n.MAC, n.State)
	}
}
