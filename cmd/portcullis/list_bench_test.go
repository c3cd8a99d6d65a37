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

// listSessions is how many sessions BenchmarkListBeside lists:
//
//	go test ./cmd/portcullis -run '^$' -bench ListBeside -benchtime 3x -sessions 1000000
var listSessions = flag.Int("sessions", 20_000, "how many sessions the benchmark of the session list has")

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
srcintf = "port1"
dstintf = "port2"
srcaddr = "all"
dstaddr = "all"
action = "accept"
schedule = "always"
service = "ALL"
[system.global]
max-sessions = 4000000
`

// spout is a port where UDP packets of existing sessions never end, and one that
// swallows what it is sent.
type spout struct {
	info    dataplane.Info
	frames  []byte
	mem     [][]byte
	next    int
	dry     bool
	stopped atomic.Bool
	sent    atomic.Uint64
	arp     []byte // is delivered first
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
	if s.arp != nil {
		batch[0] = dataplane.NewBuffer(s.arp, packet.Offload{})
		s.arp = nil
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
		if s.next += spoutFrame; s.next == len(s.frames) {
			s.next = 0
		}
	}
	return len(batch), nil
}

// BenchmarkListBeside measures how long diagnose sys session list takes, over the
// control socket, while packets are forwarded as fast as one port's thread can,
// and what is left of their rate meanwhile.
func BenchmarkListBeside(b *testing.B) {
	names := engine.NewNames()
	cfg, bad := config.Parse("list.toml", []byte(crowdConfig))
	if len(bad) > 0 {
		b.Fatal(bad)
	}
	rules, err := engine.Compile(cfg, engine.Inventory{"port1": {MTU: 1500}, "port2": {MTU: 1500}}, names, 1)
	if err != nil {
		b.Fatal(err)
	}
	w := engine.NewWorker(rules, 0, engine.Options{Seed: 1, Names: names, MaxSessions: *listSessions * 5})
	in, out := listPorts(b, w, names)
	plane := dataplane.New(w)
	defer plane.Close()
	for i, p := range []*spout{in, out} {
		if err := plane.Add(names.InterfaceIndex(p.info.Name), p); err != nil {
			b.Fatal(err)
		}
		if err := plane.SetAddresses(uint16(i), []netip.Prefix{cfg.Interfaces[i].IP}); err != nil {
			b.Fatal(err)
		}
	}
	client := listServer(b, plane, w, names)
	rate := func(d time.Duration) float64 {
		before := out.sent.Load()
		time.Sleep(d)
		return float64(out.sent.Load()-before) / d.Seconds()
	}
	time.Sleep(200 * time.Millisecond)
	var alone, beside, took float64
	for b.Loop() {
		alone += rate(2 * time.Second)
		before, began := out.sent.Load(), time.Now()
		if err := client.List(context.Background(), control.Query{}, control.FormBlock, io.Discard); err != nil {
			b.Fatal(err)
		}
		d := time.Since(began).Seconds()
		beside += float64(out.sent.Load()-before) / d
		took += d
	}
	n := float64(b.N)
	b.ReportMetric(took/n, "s/list")
	b.ReportMetric(alone/n/1e6, "Mpackets/s-alone")
	b.ReportMetric(beside/n/1e6, "Mpackets/s-beside")
	b.ReportMetric(beside/alone, "ratio")
}

// listPorts makes the sessions and the ports whose packets they carry.
func listPorts(b *testing.B, w *engine.Worker, names *engine.Names) (in, out *spout) {
	in = &spout{info: dataplane.Info{Name: "port1", MAC: dataplane.MAC{2, 0, 0, 0, 0, 1}, MTU: 1500, Up: true}}
	out = &spout{info: dataplane.Info{Name: "port2", MAC: dataplane.MAC{2, 0, 0, 0, 0, 2}, MTU: 1500, Up: true}, dry: true}
	out.arp = []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0x22, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2,
		2, 0, 0, 0, 0, 0x22, 10, 2, 0, 2, 2, 0, 0, 0, 0, 2, 10, 2, 0, 1}
	for range 256 {
		in.mem = append(in.mem, make([]byte, packet.OffloadSize+spoutFrame+64))
	}
	slot := make([]engine.Slot, 1)
	for i := range *listSessions {
		there := udpFrame(in.info.MAC, [4]byte{11, 0, byte(i >> 8), byte(i)}, [4]byte{10, 2, 0, 2}, uint16(1024+(i>>16)), 53)
		back := udpFrame(out.info.MAC, [4]byte{10, 2, 0, 2}, [4]byte{11, 0, byte(i >> 8), byte(i)}, 53, uint16(1024+(i>>16)))
		in.frames = append(in.frames, there...)
		for k, frame := range [][]byte{there, back} {
			slot[0].Renew()
			slot[0].In = names.InterfaceIndex([]string{"port1", "port2"}[k])
			if r := slot[0].Parse(append([]byte(nil), frame...), packet.Offload{}); r != packet.ReasonNone {
				b.Fatal(r)
			}
			w.Process(1, slot)
			if slot[0].Verdict != engine.Forward {
				b.Fatal(slot[0].Reason)
			}
		}
	}
	return in, out
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

func listServer(b *testing.B, plane *dataplane.Plane, w *engine.Worker, names *engine.Names) *control.Client {
	path := filepath.Join(b.TempDir(), "control.sock")
	l, err := control.Listen(path, "")
	if err != nil {
		b.Fatal(err)
	}
	s := control.NewServer(&view{plane, w}, names)
	go s.Serve(l)
	b.Cleanup(func() { s.Close() })
	return control.NewClient(path)
}
