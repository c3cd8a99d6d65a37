package soak

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/log"

	"portcullis/config"
	"portcullis/dataplane"
	"portcullis/dataplane/fault"
	"portcullis/dataplane/wire"
	"portcullis/engine"
	"portcullis/engine/enginetest"
	_ "portcullis/helpers/builtin"
	"portcullis/packet"
	"portcullis/session"
)

var (
	duration = flag.Duration("soak", 3*time.Second, "how long traffic flows")
	trace    = flag.String("soak-trace", "", "the `file` that all frames are written to, as text, with what died in the engine")
	seed     = flag.Uint64("soak-seed", 1, "what the chances are drawn from")
)

const configuration = `
[[system.interface]]
name = "port1"
ip = "10.1.0.1/24"
ipv6 = { ip6-address = "fd01::1/64" }
[[system.interface]]
name = "port2"
ip = "10.2.0.1/24"
ipv6 = { ip6-address = "fd02::1/64" }

[system.global]
max-sessions = 20000
tcp-halfopen-timer = 30
tcp-halfclose-timer = 30
tcp-timewait-timer = 1
udp-idle-timer = 2
ip-fragment-timeout = 2
[[system.session-ttl.port]]
id = 1
protocol = 6
start-port = 0
end-port = 65535
timeout = 60

[[firewall.service.custom]]
name = "soak"
tcp-portrange = "7000-7009"
udp-portrange = "7000"
[[firewall.service.custom]]
name = "dead"
tcp-portrange = "7010"
tcp-halfopen-timer = 1
[[firewall.address]]
name = "translated"
subnet = "10.2.0.2/32"
[[firewall.address6]]
name = "translated6"
ip6 = "fd02::2/128"

[[firewall.policy]]
policyid = 1
srcintf = "port1"
dstintf = "port2"
srcaddr = "all"
dstaddr = "translated"
srcaddr6 = "all"
dstaddr6 = "translated6"
action = "accept"
schedule = "always"
service = ["soak", "dead", "FTP"]
nat = "enable"
logtraffic = "all"
logtraffic-start = "enable"
[[firewall.policy]]
policyid = 2
srcintf = "port1"
dstintf = "port2"
srcaddr = "all"
dstaddr = "all"
srcaddr6 = "all"
dstaddr6 = "all"
action = "accept"
schedule = "always"
service = ["soak", "dead", "FTP"]
logtraffic = "all"
`

// weather is what happens to frames in either direction of each cable, so that a
// round trip meets it four times.
var weather = fault.Chances{Loss: 0.005, Duplicate: 0.005, Corrupt: 0.002, Reorder: 0.01, Delay: 0.01}

// rig is the firewall between its two hosts.
type rig struct {
	cfg    *config.Config
	links  engine.Inventory
	names  *engine.Names
	worker *engine.Worker
	ledger *enginetest.Ledger
	plane  *dataplane.Plane
	ports  [2]*fault.Port
	record *recorder // nil: nobody asked for it
	client *host
	server *host
}

func newRig(t *testing.T) *rig {
	t.Helper()
	cfg, bad := config.Parse("soak.toml", []byte(configuration))
	if err := bad.Err(); err != nil {
		t.Fatal(err)
	}
	r := &rig{cfg: cfg, links: engine.Inventory{}, names: engine.NewNames(), ledger: enginetest.NewLedger()}
	var far [2]*wire.Port
	for i := range r.ports {
		mac := dataplane.MAC{2, 0, 0, 0, 0, byte(i + 1)}
		near := wire.New(fmt.Sprintf("port%d", i+1), mac, 1500)
		far[i] = wire.New([]string{"client", "server"}[i], dataplane.MAC{2, 0, 0, 0, 1, byte(i + 1)}, 1500)
		wire.Connect(near, far[i])
		r.ports[i] = fault.New(near, fault.Options{Seed: *seed + uint64(i), In: weather, Out: weather, MaxDelay: 5 * time.Millisecond})
		r.links[near.Info().Name] = engine.Link{MTU: 1500, LinkLocal: mac.LinkLocal()}
	}
	rs, err := engine.Compile(cfg, r.links, r.names, 1)
	must(t, err)
	r.worker = engine.NewWorker(rs, 0, engine.Options{Seed: *seed, Sink: r.ledger, Names: r.names})
	var e dataplane.Engine = r.worker
	if *trace != "" {
		r.record = &recorder{start: time.Now()}
		e = &watched{r.worker, r.record}
	}
	r.plane = dataplane.New(e)
	for i, c := range cfg.Interfaces {
		index := r.names.InterfaceIndex(c.Name)
		must(t, r.plane.Add(index, r.ports[i]))
		must(t, r.plane.SetAddresses(index, []netip.Prefix{c.IP, c.IPv6.Address}))
	}
	r.client, err = newHost(far[0], r.record, false, []string{"10.1.0.1", "fd01::1"}, "10.1.0.2/24", "10.1.0.3/24", "fd01::2/64")
	must(t, err)
	r.server, err = newHost(far[1], r.record, true, []string{"10.2.0.1", "fd02::1"}, "10.2.0.2/24", "10.2.0.3/24", "fd02::2/64", "fd02::3/64")
	must(t, err)
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// failures collects what must not happen.
type failures struct {
	mu   sync.Mutex
	errs []error
	n    int
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n++; len(f.errs) < 20 {
		f.errs = append(f.errs, err)
	}
}

// TestSoak is the whole story.
func TestSoak(t *testing.T) {
	log.SetTarget(log.GoogleEmitter{Writer: &log.Writer{Next: io.Discard}}) // gVisor tells of every reset
	goroutines, before := runtime.NumGoroutine(), heap()
	r := newRig(t)
	r.refuses(t)
	sum, bad := &totals{}, &failures{}
	r.converse(t, sum, bad)
	r.report(t, sum)
	must(t, r.record.write(*trace))
	if bad.n > 0 {
		t.Errorf("%d conversations went wrong, among them:\n%v", bad.n, errors.Join(bad.errs...))
	}
	for i := range kinds {
		if sum.done[i].Load() == 0 {
			t.Errorf("no conversation of kind %s", kinds[i].name)
		}
	}
	r.falls(t)
	r.accounts(t, sum)
	must(t, r.plane.Close())
	leaves(t, r, sum, goroutines, before)
}

// clients is how many conversations go on at once.
const clients = 48

// converse has all conversations.
func (r *rig) converse(t *testing.T, sum *totals, bad *failures) {
	s := newServer(r.server, bad.add)
	for _, a := range serverAddrs {
		must(t, s.serve(a))
	}
	o := r.operate(bad.add)
	until := time.Now().Add(*duration)
	var all sync.WaitGroup
	for i := range clients {
		c := &client{totals: sum, host: r.client, dice: rand.New(rand.NewPCG(*seed, uint64(i))), gateway: r.mac(0)}
		all.Go(func() { c.run(until, bad.add) })
	}
	all.Wait()
	ended := time.Now()
	s.end()
	o.end()
	t.Logf("the last conversation ended %v after its time, the server %v later", ended.Sub(until).Round(time.Millisecond), time.Since(ended).Round(time.Millisecond))
	t.Logf("operator: %d pages of sessions, %d checks, %d loads", o.pages, o.checks, o.loads)
	if o.pages == 0 || o.checks == 0 || o.loads == 0 {
		t.Error("the operator slept")
	}
}

func (r *rig) mac(i int) []byte { mac := r.ports[i].Info().MAC; return mac[:] }

// refuses makes sure that what the helper opens is closed without it.
func (r *rig) refuses(t *testing.T) {
	t.Helper()
	for _, to := range serverAddrs {
		l, err := r.server.listen(netip.AddrPortFrom(to, 0))
		must(t, err)
		src := clientAddrs[0]
		if to.Is6() {
			src = clientAddrs[2]
		}
		at := netip.AddrPortFrom(to, uint16(l.Addr().(*net.TCPAddr).Port))
		denied := r.drops()[packet.ReasonImplicitDeny]
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		watch := time.AfterFunc(0, func() {
			for r.drops()[packet.ReasonImplicitDeny] == denied && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
			cancel()
		})
		if _, err := r.client.dial(ctx, netip.AddrPortFrom(src, 0), at); err == nil {
			t.Errorf("%v is open to everybody", at)
		}
		watch.Stop()
		cancel()
		if r.drops()[packet.ReasonImplicitDeny] == denied {
			t.Errorf("%v was not denied", at)
		}
		must(t, l.Close())
	}
}

func (r *rig) drops() (d [packet.NumReasons]uint64) {
	r.plane.Do(func(session.Tick) { d = r.worker.Drops() })
	return d
}

func (r *rig) stats() (s engine.Stats) {
	r.plane.Do(func(session.Tick) { s = r.worker.Stats() })
	return s
}

// falls lets everything fall silent: within seconds, by the timers alone, there is
// nothing left.
func (r *rig) falls(t *testing.T) {
	t.Helper()
	for _, p := range r.ports {
		p.Set(fault.Chances{}, fault.Chances{})
	}
	r.client.close()
	r.server.close()
	began := time.Now()
	for st := r.stats(); st.Sessions+st.Expectations+st.Fragmented > 0; st = r.stats() {
		if time.Since(began) > 100*time.Second {
			t.Errorf("still there after %v: %+v", time.Since(began).Round(time.Second), st)
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("all over %v after the last conversation", time.Since(began).Round(100*time.Millisecond))
}

// accounts holds the books against each other.
func (r *rig) accounts(t *testing.T, sum *totals) {
	t.Helper()
	r.plane.Do(func(session.Tick) {
		if err := r.worker.CheckInvariants(); err != nil {
			t.Error(err)
		}
		st, l := r.worker.Stats(), r.ledger
		for _, w := range l.Wrong {
			t.Error(w)
		}
		if l.Open() != 0 || l.Starts != l.Ended() || l.Starts != st.Created || st.EventsLost != 0 {
			t.Errorf("%d sessions created, %d starts and %d ends told, %d without an end", st.Created, l.Starts, l.Ended(), l.Open())
		}
		if l.Children != st.Children || l.Children < sum.files.Load() || l.Expects != st.Expected || l.Expects < l.Children {
			t.Errorf("%d files fetched by %d children (%d counted), %d expected (%d counted)", sum.files.Load(), l.Children, st.Children, l.Expects, st.Expected)
		}
		if st.Blocked != 0 || st.Refused != 0 || st.Detached != 0 {
			t.Errorf("%d sessions blocked, %d announcements refused, %d helpers detached", st.Blocked, st.Refused, st.Detached)
		}
		if st.Reassembled == 0 {
			t.Error("no packet came in fragments")
		}
		for why := packet.ReasonNone + 1; why < packet.NumReasons; why++ {
			if n := r.worker.Drops()[why]; n > 0 && strings.HasPrefix(why.String(), "ring") {
				t.Errorf("%d packets died of %v", n, why)
			}
		}
	})
}

// report tells what happened.
func (r *rig) report(t *testing.T, sum *totals) {
	t.Helper()
	var b strings.Builder
	for i := range kinds {
		fmt.Fprintf(&b, " %s=%d (%v)", kinds[i].name, sum.done[i].Load(), time.Duration(sum.longest[i].Load()).Round(time.Millisecond))
	}
	t.Logf("conversations (and the longest)%s; files=%d bytes=%d", &b, sum.files.Load(), sum.bytes.Load())
	t.Logf("engine %+v", r.stats())
	b.Reset()
	for why, n := range r.drops() {
		if n > 0 {
			fmt.Fprintf(&b, " %v=%d", packet.Reason(why), n)
		}
	}
	t.Logf("drops%s", &b)
	for i := range r.ports {
		t.Logf("port%d %+v %v", i+1, r.plane.Stats(r.names.InterfaceIndex(fmt.Sprintf("port%d", i+1))), r.ports[i].Stats())
	}
	r.plane.Do(func(session.Tick) {
		t.Logf("events starts=%d children=%d ends=%v", r.ledger.Starts, r.ledger.Children, r.ledger.Ends)
	})
}

// leaves makes sure that no goroutine and no memory is left but the worker's own.
func leaves(t *testing.T, r *rig, sum *totals, goroutines int, before uint64) {
	t.Helper()
	r.client, r.server, r.record, r.plane = nil, nil, nil, nil
	for end := time.Now().Add(3 * time.Second); runtime.NumGoroutine() > goroutines && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		b := make([]byte, 1<<16)
		t.Errorf("%d goroutines, %d before:\n%s", n, goroutines, b[:runtime.Stack(b, true)])
	}
	after, ours := heap(), firewallHeap()
	ends := sum.conversations() * endKeeps
	t.Logf("heap %d kB before, %d kB after, of which the firewall has %d kB", before>>10, after>>10, ours>>10)
	if ours > firewallKeeps {
		t.Errorf("the firewall has %d bytes of heap, more than %d", ours, firewallKeeps)
	}
	if after > before+firewallKeeps+ends {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
	runtime.KeepAlive(r)
}
