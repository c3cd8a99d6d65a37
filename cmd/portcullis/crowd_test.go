package main

import (
	"context"
	"encoding/binary"
	"flag"
	"io"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"portcullis/config"
	"portcullis/control"
	"portcullis/dataplane"
	"portcullis/engine"
	"portcullis/packet"
)

// crowdSessions is how many sessions the benchmarks here have:
//
//	go test ./cmd/portcullis -run '^$' -bench ListBeside -benchtime 3x -sessions 1000000
//	go test ./cmd/portcullis -run '^$' -bench Workers -benchtime 3x -sessions 100000
var crowdSessions = flag.Int("sessions", 20_000, "how many sessions the benchmarks have")

const crowdConfig = `
[[system.interface]]
name = "port1"
ip = "10.1.0.1/16"
[[system.interface]]
name = "port2"
ip = "10.2.0.1/16"
[[router.static]]
seq-num = 1
dst = "11.0.0.0/8"
gateway = "10.1.0.2"
device = "port1"
[[firewall.policy]]
policyid = 1
srcintf = "any"
dstintf = "any"
srcaddr = "all"
dstaddr = "all"
action = "accept"
schedule = "always"
service = "ALL"
[system.global]
max-sessions = 4000000
`

// spout is a port where UDP packets never end, unless it is dry, and that swallows
// what it is sent. One packet in a thousand begins a session.
type spout struct {
	info    dataplane.Info
	frames  []byte // one for each session
	next    int
	batches int
	fresh   []byte // begins a session with whatever source port it is given
	mem     [][]byte
	dry     bool
	stopped atomic.Bool
	sent    atomic.Uint64
	arp     []byte // a question of the neighbour that everything goes to
}

const spoutFrame = 60

func (s *spout) Info() *dataplane.Info       { return &s.info }
func (s *spout) Release()                    {}
func (s *spout) Interrupt()                  { s.stopped.Store(true) }
func (s *spout) NewSender() dataplane.Sender { return s }
func (s *spout) Lost() dataplane.Lost        { return dataplane.Lost{} }
func (s *spout) Close() error                { return nil }
func (s *spout) Send(list []dataplane.Buffer) (int, error) {
	s.sent.Add(uint64(len(list)))
	return 0, nil
}

// Recv copies the next frames.
func (s *spout) Recv(batch []dataplane.Buffer, wait time.Duration) (int, error) {
	if s.stopped.Load() {
		return 0, dataplane.ErrClosed
	}
	if s.batches++; s.dry || s.batches%1000 < 3 { // the neighbour is known, and stays so
		batch[0] = dataplane.NewBuffer(s.arp, packet.Offload{})
		if s.dry {
			time.Sleep(wait)
		}
		return 1, nil
	}
	if s.dry {
		time.Sleep(wait)
		return 0, nil
	}
	for i := range batch {
		b := s.mem[i]
		copy(b[packet.OffloadSize:], s.frames[s.next:s.next+spoutFrame])
		batch[i] = b[:packet.OffloadSize+spoutFrame]
		// In another order than they began.
		if s.next += 7919 * spoutFrame; s.next >= len(s.frames) {
			s.next %= len(s.frames)
		}
	}
	if s.batches%(1000/len(batch)) == 0 {
		s.begin(batch[0].Frame())
	}
	return len(batch), nil
}

// begin makes frame the first of a session.
func (s *spout) begin(frame []byte) {
	copy(frame, s.fresh)
	binary.BigEndian.PutUint16(frame[34:], uint16(1024+s.batches%60000))
}

// firewall is an engine with the sessions and the ports of a benchmark.
type firewall struct {
	names  *engine.Names
	worker *engine.Worker
	plane  *dataplane.Plane
	ports  [2]*spout
}

func crowdFirewall(b *testing.B, dry [2]bool) *firewall {
	f := &firewall{names: engine.NewNames()}
	cfg, bad := config.Parse("crowd.toml", []byte(crowdConfig))
	if len(bad) > 0 {
		b.Fatal(bad)
	}
	rules, err := engine.Compile(cfg, engine.Inventory{"port1": {MTU: 1500}, "port2": {MTU: 1500}}, f.names, 1)
	if err != nil {
		b.Fatal(err)
	}
	f.worker = engine.NewWorker(rules, 0, engine.Options{Seed: 1, Names: f.names, MaxSessions: *crowdSessions * 5, Advise: largePages})
	f.fill(b)
	f.plane = dataplane.New(f.worker)
	for i, p := range f.ports {
		p.dry = dry[i]
		if err := f.plane.Add(f.names.InterfaceIndex(p.info.Name), p); err != nil {
			b.Fatal(err)
		}
		if err := f.plane.SetAddresses(uint16(i), []netip.Prefix{cfg.Interfaces[i].IP}); err != nil {
			b.Fatal(err)
		}
	}
	time.Sleep(200 * time.Millisecond)
	b.Cleanup(func() { f.plane.Close() })
	return f
}

// sent is how many packets have left so far.
func (f *firewall) sent() uint64 { return f.ports[0].sent.Load() + f.ports[1].sent.Load() }

// rate is how many packets leave in a second.
func (f *firewall) rate(d time.Duration) float64 {
	before, began := f.sent(), time.Now()
	time.Sleep(d)
	return float64(f.sent()-before) / time.Since(began).Seconds()
}

// fill makes the sessions and the ports whose packets they carry: port1 has those
// of the openers, port2 the answers.
func (f *firewall) fill(b *testing.B) {
	const gateway = 0x21
	for i, name := range []string{"port1", "port2"} {
		n := byte(i + 1)
		p := &spout{info: dataplane.Info{Name: name, MAC: dataplane.MAC{2, 0, 0, 0, 0, n}, MTU: 1500, Up: true}}
		p.arp = []byte{2, 0, 0, 0, 0, n, 2, 0, 0, 0, 0, gateway + byte(i), 8, 6, 0, 1, 8, 0, 6, 4, 0, 1,
			2, 0, 0, 0, 0, gateway + byte(i), 10, n, 0, 2, 2, 0, 0, 0, 0, n, 10, n, 0, 1}
		for range 256 {
			p.mem = append(p.mem, make([]byte, packet.OffloadSize+spoutFrame+64))
		}
		f.ports[i] = p
	}
	slot := make([]engine.Slot, 1)
	client := [4]byte{11, 1, 0, 1}
	f.ports[0].fresh = udpFrame(f.ports[0].info.MAC, client, [4]byte{10, 2, 0, 2}, 0, 99)
	f.ports[1].fresh = udpFrame(f.ports[1].info.MAC, [4]byte{10, 2, 0, 2}, client, 0, 99)
	for i := range *crowdSessions {
		client := [4]byte{11, 0, byte(i >> 8), byte(i)}
		port := uint16(1024 + i>>16)
		for k, frame := range [][]byte{
			udpFrame(f.ports[0].info.MAC, client, [4]byte{10, 2, 0, 2}, port, 53),
			udpFrame(f.ports[1].info.MAC, [4]byte{10, 2, 0, 2}, client, 53, port),
		} {
			f.ports[k].frames = append(f.ports[k].frames, frame...)
			slot[0].Renew()
			slot[0].In = f.names.InterfaceIndex(f.ports[k].info.Name)
			if r := slot[0].Parse(frame, packet.Offload{}); r != packet.ReasonNone {
				b.Fatal(r)
			}
			if f.worker.Process(1, slot); slot[0].Verdict != engine.Forward {
				b.Fatal(slot[0].Reason)
			}
		}
	}
}

func udpFrame(to dataplane.MAC, src, dst [4]byte, sport, dport uint16) []byte {
	f := make([]byte, spoutFrame)
	copy(f, to[:])
	f[12] = 8
	ip := header.IPv4(f[14:])
	copy(ip, []byte{0x45, 0, 0, 46, 0, 0, 0, 0, 64, packet.ProtoUDP})
	copy(ip[12:], src[:])
	copy(ip[16:], dst[:])
	ip.SetChecksum(^ip.CalculateChecksum())
	binary.BigEndian.PutUint16(ip[20:], sport)
	binary.BigEndian.PutUint16(ip[22:], dport)
	binary.BigEndian.PutUint16(ip[24:], 26)
	return f
}

// serve answers on a control socket.
func (f *firewall) serve(b *testing.B) *control.Client {
	path := filepath.Join(b.TempDir(), "control.sock")
	l, err := control.Listen(path, "")
	if err != nil {
		b.Fatal(err)
	}
	s := control.NewServer(&view{f.plane, f.worker, f.names}, f.names)
	go s.Serve(l)
	b.Cleanup(func() { s.Close() })
	return control.NewClient(path)
}

// BenchmarkWorkers measures what two ports' threads get through beside one
// another, compared with the mean of what either does alone: packets of the same
// sessions, the openers' by one port and the answers by the other, and as many new
// sessions as a busy firewall has.
func BenchmarkWorkers(b *testing.B) {
	var rates [3]float64
	for b.Loop() {
		for i, dry := range [][2]bool{{false, true}, {true, false}, {false, false}} {
			f := crowdFirewall(b, dry)
			rates[i] += f.rate(2*time.Second) / 1e6
			f.plane.Close()
		}
	}
	n := float64(b.N)
	b.ReportMetric(rates[0]/n, "Mpackets/s-port1")
	b.ReportMetric(rates[1]/n, "Mpackets/s-port2")
	b.ReportMetric(rates[2]/n, "Mpackets/s-both")
	b.ReportMetric(2*rates[2]/(rates[0]+rates[1]), "ratio")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkListBeside measures how long diagnose sys session list takes, over the
// control socket, while packets are forwarded as fast as one port's thread can,
// and what is left of their rate meanwhile.
func BenchmarkListBeside(b *testing.B) {
	f := crowdFirewall(b, [2]bool{false, true})
	client := f.serve(b)
	var alone, beside, took float64
	for b.Loop() {
		alone += f.rate(2 * time.Second)
		before, began := f.sent(), time.Now()
		if err := client.List(context.Background(), control.Query{}, control.FormBlock, io.Discard); err != nil {
			b.Fatal(err)
		}
		d := time.Since(began).Seconds()
		beside += float64(f.sent()-before) / d
		took += d
	}
	n := float64(b.N)
	b.ReportMetric(took/n, "s/list")
	b.ReportMetric(alone/n/1e6, "Mpackets/s-alone")
	b.ReportMetric(beside/n/1e6, "Mpackets/s-beside")
	b.ReportMetric(beside/alone, "ratio")
	b.ReportMetric(0, "ns/op")
}
