package engine

import (
	"fmt"
	"testing"

	"portcullis/nat"
	"portcullis/packet"
	"portcullis/session"
)

// BenchmarkAllocate measures choosing a translated port and giving it back, of one
// address (pool=1) and of a pool of 256, when so many of its ports have a session
// to the same server: the question whether a tuple is taken goes to the engine's
// table, where those sessions are. Clients do not keep their ports.
//
// pool=256 fills the addresses one behind the other up to the share that is told,
// as clients do who all have the same ones by their own address.
func BenchmarkAllocate(b *testing.B) {
	for _, pool := range []int{1, 256} {
		for _, percent := range []int{0, 50, 90, 99, 100} {
			b.Run(fmt.Sprintf("pool=%d/full=%d%%", pool, percent), func(b *testing.B) {
				benchAllocate(b, pool, percent)
			})
		}
	}
}

// allocatePorts is how many ports an address of the pools has: of 256 addresses they
// are a quarter of a million.
func allocatePorts(pool int) int {
	if pool == 1 {
		return nat.LastPort - nat.FirstPort + 1
	}
	return 1024
}

func benchAllocate(b *testing.B, pool, percent int) {
	ports := allocatePorts(pool)
	w := natWorker(b, fmt.Sprintf(`
[[system.interface]]
name = "port1"
ip = "10.1.0.1/16"
[[system.interface]]
name = "port2"
ip = "10.2.0.1/16"
[system.global]
max-sessions = 1000000
[[firewall.policy]]
policyid = 1
srcintf = ["port1"]
dstintf = ["port2"]
srcaddr = ["all"]
dstaddr = ["all"]
action = "accept"
schedule = "always"
service = ["ALL"]
nat = "enable"
ippool = "enable"
poolname = ["pool"]
port-preserve = "disable"
[[firewall.ippool]]
name = "pool"
startip = "203.0.112.0"
endip = "203.0.112.%d"
startport = %d
endport = %d
`, pool-1, nat.FirstPort, nat.FirstPort+ports-1))
	x := way{in: 1, out: 2, policy: 1, key: packet.Key{Dst: packet.MustAddr("10.2.0.2"), DstPort: 80, SrcPort: 700, Proto: packet.ProtoTCP}}
	client := packet.MustAddr("10.1.0.2").Lo
	for i := range pool * ports * percent / 100 {
		x.key.Src = packet.Addr{Lo: client + uint64(i)%60000}
		x.key.SrcPort = uint16(1024 + i/60000)
		bound := nat.Binding{Original: x.key}
		if why := w.bindSource(&x, &bound); why != packet.ReasonNone {
			b.Fatalf("%d: %v", i, why)
		}
		s := w.table.New()
		s.Key, s.Hold = [2]packet.Key{bound.Original, bound.Reply}, uint8(bound.Hold)
		s.SetTimeout(3600)
		if w.table.Insert(s, 1) != nil {
			b.Fatalf("%d: had before", i)
		}
	}
	x.key.SrcPort = 700
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		n++
		x.key.Src = packet.Addr{Lo: client + n%1000}
		bound := nat.Binding{Original: x.key}
		if w.bindSource(&x, &bound) == packet.ReasonNone {
			w.nat.Release(&bound)
		}
	}
}

// BenchmarkNAT compares ways of translation in one run, in turns: established
// packets (trip/...), new sessions (setup/...) and where nothing is translated
// though virtual IPs are looked for. What counts is the difference to none.
func BenchmarkNAT(b *testing.B) {
	for _, k := range natKinds {
		b.Run("trip/"+k.name, func(b *testing.B) { benchNATTrip(b, k.text) })
	}
	for _, k := range natKinds {
		b.Run("setup/"+k.name, func(b *testing.B) { benchNATSetup(b, k.text) })
	}
}

var natKinds = []struct{ name, text string }{
	{"none", natConfig("", "")},
	{"vips-of-others", natConfig("", "") + manyVIPs(1000)},
	{"interface", natConfig("nat = \"enable\"\n", "")},
	{"pool", natConfig(throughPools, "")},
	{"mapping", natConfig(throughPools, "permit-any-host = \"enable\"\n")},
	{"blocks", natConfig(throughPools, "type = \"port-block-allocation\"\n")},
	{"vip", natConfig("nat = \"enable\"\n", "") + theVIP},
}

// theVIP takes what the benchmark's clients send to the server, and maps it to
// another address.
const theVIP = `
[[firewall.vip]]
name = "server"
extip = "10.2.0.2"
mappedip = "10.2.0.77"
extintf = "any"
[[firewall.policy]]
policyid = 2
srcintf = ["port1"]
dstintf = ["port2"]
srcaddr = ["all"]
dstaddr = ["server"]
action = "accept"
schedule = "always"
service = ["ALL"]
`

// manyVIPs are virtual IPs on all sides of the server's address.
func manyVIPs(n int) (text string) {
	for i := range n {
		text += fmt.Sprintf("[[firewall.vip]]\nname = \"v%d\"\nextip = \"10.2.%d.%d\"\nmappedip = \"10.1.9.9\"\nextintf = \"any\"\nportforward = \"enable\"\nprotocol = \"tcp\"\nextport = \"81\"\nmappedport = \"81\"\n", i, 1+i/250, 1+i%250)
	}
	list := ""
	for i := range n {
		list += fmt.Sprintf("\"v%d\", ", i)
	}
	return text + "[[firewall.policy]]\npolicyid = 3\nsrcintf = [\"port2\"]\ndstintf = [\"port1\"]\nsrcaddr = [\"all\"]\ndstaddr = [" + list + "]\naction = \"accept\"\nschedule = \"always\"\nservice = [\"ALL\"]\n"
}

const natFlows = 4096

func benchNATTrip(b *testing.B, text string) {
	w := natWorker(b, text)
	bindMany(b, w, natFlows)
	c := newCrowd(packet.TCPAck)
	frames := make([][]byte, natFlows)
	for i := 0; i < natFlows; i += benchBatch {
		c.toOneServer(b, i)
		for k := range c.batch {
			frames[i+k] = append([]byte(nil), c.batch[k].Frame...)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += benchBatch {
		for k := range c.batch {
			mem := c.train.mem[k][:]
			c.batch[k].Renew()
			c.batch[k].Parse(mem[:copy(mem, frames[(n+k)%natFlows])], packet.Offload{Flags: packet.OffloadDataValid})
		}
		if w.Quick(session.Tick(n), c.batch) > 0 {
			b.Fatal("a packet of an established session is not carried on")
		}
	}
}

func benchNATSetup(b *testing.B, text string) {
	w := natWorker(b, text)
	c := newCrowd(packet.TCPSyn)
	b.ReportAllocs()
	for n := 0; n < b.N; {
		c.toOneServer(b, n%natFlows)
		b.StartTimer()
		w.Quick(1, c.batch)
		w.Process(1, c.batch)
		if n += benchBatch; n%natFlows == 0 {
			b.StopTimer()
			if c.batch[0].Verdict != Forward {
				b.Fatal(c.batch[0].Reason)
			}
			w.Shutdown(1, natFlows)
			b.StartTimer()
		}
	}
}

// TestNATBenchmarks: what BenchmarkNAT measures happens.
func TestNATBenchmarks(t *testing.T) {
	for _, k := range natKinds {
		w := natWorker(t, k.text)
		bindMany(t, w, benchBatch)
		w.Sessions(func(s *session.Session) bool {
			dst, src := s.Key[1].Src != s.Key[0].Dst, s.Key[1].Dst != s.Key[0].Src
			if dst != (k.name == "vip") || src == (k.name == "none" || k.name == "vip" || k.name == "vips-of-others") {
				t.Errorf("%s: %v", k.name, s.Key)
			}
			return true
		})
	}
}
