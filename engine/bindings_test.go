package engine

import (
	"encoding/binary"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"portcullis/config"
	"portcullis/nat"
	"portcullis/packet"
	"portcullis/session"
)

// bindingCount is how many sessions BenchmarkBindings has translated:
//
//	go test ./engine -run '^$' -bench Bindings -benchtime 1x -bindings 1000000
var bindingCount = flag.Int("bindings", 20_000, "how many translated sessions the benchmark of bindings keeps")

// bindingClients is how many clients share them, all on their way to one server, so
// that each needs a tuple of its own.
const bindingClients = 4000

// natConfig is a policy to one server through four pools of five addresses; pool is
// what they say beside.
func natConfig(policy, pool string) string {
	text := `
[[system.interface]]
name = "port1"
ip = "10.1.0.1/16"
[[system.interface]]
name = "port2"
ip = "10.2.0.1/16"
[system.global]
max-sessions = 4000000
[[firewall.policy]]
policyid = 1
srcintf = ["port1"]
dstintf = ["port2"]
srcaddr = ["all"]
dstaddr = ["all"]
action = "accept"
schedule = "always"
service = ["ALL"]
` + policy
	for i := range 4 {
		text += fmt.Sprintf("[[firewall.ippool]]\nname = \"pool%d\"\nstartip = \"203.0.113.%d\"\nendip = \"203.0.113.%d\"\n%s", i, 16*i+1, 16*i+5, pool)
	}
	return text
}

const throughPools = "nat = \"enable\"\nippool = \"enable\"\npoolname = [\"pool0\", \"pool1\", \"pool2\", \"pool3\"]\n"

// bindingKinds are ways to translate a million sessions; none is what they cost
// without.
var bindingKinds = []struct {
	name, policy, pool string
	hold               nat.Hold
}{
	{"none", "", "", nat.HoldNothing},
	{"overload", throughPools, "", nat.HoldPort},
	{"blocks", throughPools, "type = \"port-block-allocation\"\nblock-size = 128\nnum-blocks-per-user = 4\n", nat.HoldBlock},
	{"mappings", throughPools, "permit-any-host = \"enable\"\n", nat.HoldMapping},
}

// natWorker obeys a configuration.
func natWorker(tb testing.TB, text string) *Worker {
	tb.Helper()
	cfg, bad := config.Parse("nat.toml", []byte(text))
	if len(bad) > 0 {
		tb.Fatal(bad)
	}
	names := NewNames()
	rs, err := Compile(cfg, Inventory{"port1": {MTU: 1500}, "port2": {MTU: 1500}}, names, 1)
	if err != nil {
		tb.Fatal(err)
	}
	return NewWorker(rs, 0, Options{Seed: 1, Names: names, Advise: benchAdvise})
}

// toOneServer makes the batch the SYNs of flows first to first+63.
func (c *crowd) toOneServer(tb testing.TB, first int) {
	for k := range c.batch {
		i := first + k
		frame := c.train.copy(k, 0)
		ip := header.IPv4(frame[packet.EthernetSize:])
		binary.BigEndian.PutUint32(ip[12:], uint32(0x0a010002+i%bindingClients))
		binary.BigEndian.PutUint32(ip[16:], 0x0a020002)
		binary.BigEndian.PutUint16(ip[20:], uint16(1024+i/bindingClients))
		ip.SetChecksum(0)
		ip.SetChecksum(^ip.CalculateChecksum())
		c.batch[k].Renew()
		if r := c.batch[k].Parse(frame, packet.Offload{Flags: packet.OffloadDataValid}); r != packet.ReasonNone {
			tb.Fatal(r)
		}
	}
}

// bindMany gives w that many translated connections.
func bindMany(tb testing.TB, w *Worker, count int) {
	c := newCrowd(packet.TCPSyn)
	for i := 0; i < count; i += benchBatch {
		c.toOneServer(tb, i)
		w.Process(1, c.batch)
		for k := range c.batch {
			s, _ := w.table.Find(&c.batch[k].Key)
			if s == nil {
				tb.Fatalf("session %d: %v", i+k, c.batch[k].Reason)
			}
			benchAnswer(w, s)
		}
	}
}

// BenchmarkBindings has a great many sessions translated through a few pools of one
// policy: what a binding costs in memory beyond its session (B/binding), how long
// it takes to choose one more and to give it back when they are all there
// (ns/alloc), and to make all (all-s). All of them differ, and nothing is left of
// them in the end.
func BenchmarkBindings(b *testing.B) {
	var bare float64
	for _, k := range bindingKinds {
		b.Run(k.name, func(b *testing.B) {
			var each, alloc, all float64
			for range b.N {
				each, alloc, all = tryBindings(b, natConfig(k.policy, k.pool), k.hold, *bindingCount)
			}
			if k.hold == nat.HoldNothing {
				bare = each
			}
			b.ReportMetric(each-bare, "B/binding")
			b.ReportMetric(alloc, "ns/alloc")
			b.ReportMetric(all, "all-s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// TestBindings is BenchmarkBindings with a few.
func TestBindings(t *testing.T) {
	for _, k := range bindingKinds {
		tryBindings(t, natConfig(k.policy, k.pool), k.hold, 20_000)
	}
}

func tryBindings(tb testing.TB, text string, hold nat.Hold, count int) (each, alloc, all float64) {
	runtime.GC()
	debug.FreeOSMemory()
	before := heap()
	w := natWorker(tb, text)
	w.table = session.NewTable(count+benchBatch, 1, 0)
	began := time.Now()
	bindMany(tb, w, count)
	all = time.Since(began).Seconds()
	runtime.GC()
	each = float64(heap()-before) / float64(count)

	seen := make(map[packet.Key]bool, count)
	w.Sessions(func(s *session.Session) bool {
		if seen[s.Key[packet.Reply]] || nat.Hold(s.Hold) != hold {
			tb.Fatalf("%v: had before %v, holds %d", s.Key, seen[s.Key[packet.Reply]], s.Hold)
		}
		seen[s.Key[packet.Reply]] = true
		return true
	})
	alloc = allocate(tb, w, 1000, hold)
	if err := w.CheckInvariants(); err != nil {
		tb.Fatal(err)
	}
	for w.Shutdown(1, 10_000) {
	}
	if err := w.CheckInvariants(); err != nil || w.nat.Mappings() != 0 {
		tb.Fatal(w.nat.Mappings(), err)
	}
	return each, alloc, all
}

// allocate measures choosing a binding and giving it back, for clients that have
// many: nanoseconds for both.
func allocate(tb testing.TB, w *Worker, times int, hold nat.Hold) float64 {
	if hold == nat.HoldNothing {
		return 0
	}
	x := way{in: 1, out: 2, policy: 1, key: packet.Key{Dst: packet.MustAddr("10.2.0.2"), DstPort: 80, SrcPort: 700, Proto: packet.ProtoTCP}}
	best := time.Hour
	for range 5 {
		began := time.Now()
		for i := range times {
			x.key.Src = packet.Addr{Hi: 0, Lo: packet.MustAddr("10.1.0.2").Lo + uint64(i)%bindingClients}
			b := nat.Binding{Original: x.key}
			if r := w.bindSource(&x, &b); r != packet.ReasonNone {
				tb.Fatal(r)
			}
			w.nat.Release(&b)
		}
		best = min(best, time.Since(began)/time.Duration(times))
	}
	return float64(best.Nanoseconds())
}
