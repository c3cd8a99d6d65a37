package engine

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/session"
	"portcullis/session/tcp"
)

// BenchmarkTrip measures what the engine costs for a packet: parsing, the
// session's way, translation. Packets are copied one after the other from a long
// train of frames, which is part of the figure: so the engine has not touched them,
// and they are in the processor's cache, as a frame is that was just received.
//
// established: packets of sessions that exist, in another order than they began. setup: the first
// packet of a session, which ends again outside of the figure.
func BenchmarkTrip(b *testing.B) {
	for _, kind := range []string{"udp4", "tcp4", "tcp6", "tcp4-snat"} {
		for _, n := range []struct {
			name  string
			count int
		}{{"1", 1}, {"1k", 1000}, {"1M", 1000000}} {
			b.Run(fmt.Sprintf("established/%s/sessions=%s", kind, n.name), func(b *testing.B) {
				benchEstablished(b, kind, n.count)
			})
		}
	}
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("setup/policies=%d", n), func(b *testing.B) { benchSetup(b, n, false) })
	}
	b.Run("setup/policies=100/snat+log", func(b *testing.B) { benchSetup(b, 100, true) })
}

const benchBatch = 64

func benchEstablished(b *testing.B, kind string, sessions int) {
	w := benchWorker(b, 1, kind == "tcp4-snat")
	batch := make([]Slot, 1)
	syns := benchTrain(kind, packet.TCPSyn, sessions, 1)
	for i := range sessions {
		if r := batch[0].Parse(syns.copy(0, i), packet.Offload{}); r != packet.ReasonNone {
			b.Fatal(r)
		}
		w.Process(1, batch)
		if batch[0].Verdict != Forward {
			b.Fatalf("session %d: %v", i, batch[0].Reason)
		}
		s, _ := w.table.Find(&batch[0].Key)
		benchAnswer(w, s)
	}

	batch = make([]Slot, benchBatch)
	train := benchTrain(kind, packet.TCPAck, sessions, 7919)
	b.ReportAllocs()
	b.ResetTimer()
	next := 0
	for done := 0; done < b.N; done += benchBatch {
		for i := range batch {
			if r := batch[i].Parse(train.copy(i, next), packet.Offload{}); r != packet.ReasonNone {
				b.Fatal(r)
			}
			if next++; next == sessions {
				next = 0
			}
		}
		w.Quick(session.Tick(done), batch)
		w.Process(session.Tick(done), batch)
	}
	b.StopTimer()
	for i := range batch {
		if batch[i].Verdict != Forward {
			b.Fatal(batch[i].Reason)
		}
	}
}

// benchAnswer establishes a session.
func benchAnswer(w *Worker, s *session.Session) {
	if s.Key[0].Proto == packet.ProtoTCP {
		s.TCP.Track(1, &tcp.Segment{Flags: tcp.SYN | tcp.ACK, Ack: 2, Window: 0xffff}, tcp.Mode{})
		s.TCP.Track(0, &tcp.Segment{Flags: tcp.ACK, Seq: 2, Ack: 1, Window: 0xffff}, tcp.Mode{})
	}
	s.State, s.Replied = session.StateEstablished, true
	w.settle(s)
}

// benchSetup opens sessions that the last of so many policies allows; with full they
// are translated, and events of their start and end go into a ring as the traffic
// log's.
func benchSetup(b *testing.B, policies int, full bool) {
	const flows = 4096
	w := benchWorker(b, policies, full)
	if full {
		w.sink = &benchSink{list: make([]session.Event, 1<<15)}
	}
	batch := make([]Slot, benchBatch)
	train := benchTrain("tcp4", packet.TCPSyn, flows, 1)
	play := func(next int) {
		for i := range batch {
			batch[i].Renew()
			batch[i].Parse(train.copy(i, (next+i)%flows), packet.Offload{})
		}
		w.Quick(1, batch)
		w.Process(1, batch)
	}
	for next := 0; next < flows; next += benchBatch { // memory is touched for the first time
		play(next)
	}
	w.Shutdown(1, flows)
	b.ReportAllocs()
	b.ResetTimer()
	for next := 0; next < b.N; {
		play(next)
		if next += benchBatch; next%flows == 0 {
			b.StopTimer()
			if batch[0].Verdict != Forward {
				b.Fatal(batch[0].Reason)
			}
			w.Shutdown(1, flows)
			b.StartTimer()
		}
	}
}

// benchSink keeps the latest events that make a line, as the traffic log's ring
// does.
type benchSink struct {
	list []session.Event
	n    int
}

// Push keeps a copy of e.
func (k *benchSink) Push(e *session.Event) bool {
	if e.LogIt {
		k.list[k.n&(len(k.list)-1)] = *e
		k.n++
	}
	return true
}

// train is a row of frames of equal length, one for each flow.
type train struct {
	frames []byte
	size   int
	mem    [benchBatch][128]byte
}

// copy writes frame i into memory n and returns that.
func (t *train) copy(n, i int) []byte {
	return t.mem[n][:copy(t.mem[n][:], t.frames[i*t.size:(i+1)*t.size])]
}

// benchTrain makes a train of that many flows, each step flows behind the one
// before. Endpoints are spread so that a million flows can be translated to one
// address, and most of them keep their ports, as clients' flows do.
func benchTrain(kind string, flags uint8, flows, step int) *train {
	template := benchFrame(kind, flags)
	t := &train{size: len(template), frames: make([]byte, 0, flows*len(template))}
	for n := range flows {
		i := n * step % flows
		src, dst, port := uint32(0x0a010002+i%50000), uint32(0x0a020002+i/50000), uint16(20000+i%40000)
		ip := template[packet.EthernetSize:]
		if template[12] == 0x86 {
			binary.BigEndian.PutUint32(ip[20:], src)
			binary.BigEndian.PutUint32(ip[36:], dst)
			binary.BigEndian.PutUint16(ip[40:], port)
		} else {
			binary.BigEndian.PutUint32(ip[12:], src)
			binary.BigEndian.PutUint32(ip[16:], dst)
			binary.BigEndian.PutUint16(ip[20:], port)
			header.IPv4(ip).SetChecksum(0)
			header.IPv4(ip).SetChecksum(^header.IPv4(ip).CalculateChecksum())
		}
		var p packet.Packet
		if p.Parse(template, packet.Offload{}); p.Key.Proto == packet.ProtoTCP {
			p.FixChecksum()
		}
		t.frames = append(t.frames, template...)
	}
	return t
}

// benchWorker obeys a number of policies of which only the last matches.
func benchWorker(b testing.TB, policies int, snat bool) *Worker {
	b.Helper()
	ping := config.AccessPing
	cfg := &config.Config{
		Global: config.Global{MaxSessions: 1 << 21},
		Interfaces: []*config.Interface{
			{Name: "port1", Status: true, IP: netip.MustParsePrefix("10.1.0.1/16"), AllowAccess: ping,
				IPv6: config.InterfaceIPv6{Address: netip.MustParsePrefix("fd01::1/64")}},
			{Name: "port2", Status: true, IP: netip.MustParsePrefix("10.2.0.1/16"), AllowAccess: ping,
				IPv6: config.InterfaceIPv6{Address: netip.MustParsePrefix("fd02::1/64")}},
		},
		Addresses:  []*config.Address{{Name: "all", Type: "ipmask", Subnet: netip.MustParsePrefix("0.0.0.0/0")}},
		Addresses6: []*config.Address6{{Name: "all", Type: "ipprefix", IP6: netip.MustParsePrefix("::/0")}},
		Services: []*config.Service{
			{Name: "ALL", Protocol: "IP", ICMPType: -1, ICMPCode: -1},
			{Name: "HTTP", Protocol: "TCP/UDP/SCTP", TCP: []config.PortRange{{DstLow: 80, DstHigh: 80, SrcLow: 1, SrcHigh: 65535}}, ICMPType: -1, ICMPCode: -1},
		},
	}
	for i := range policies {
		p := &config.Policy{
			PolicyID: uint32(i + 1), Status: true, Accept: true, NAT: snat, PortPreserve: true,
			SrcIntf: []string{"port1"}, DstIntf: []string{"port2"}, Schedule: []string{"always"},
			SrcAddr: []string{"all"}, DstAddr: []string{"all"}, SrcAddr6: []string{"all"}, DstAddr6: []string{"all"},
			Service: []string{"ALL"}, LogTraffic: "all", LogStart: true, AntiReplay: true,
		}
		if i < policies-1 {
			name := fmt.Sprintf("net%d", i)
			cfg.Addresses = append(cfg.Addresses, &config.Address{Name: name, Type: "ipmask",
				Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(i), 0}), 24)})
			p.SrcAddr, p.SrcAddr6, p.DstAddr6, p.Service = []string{name}, nil, nil, []string{"HTTP"}
		}
		cfg.Policies = append(cfg.Policies, p)
	}
	names := NewNames()
	rs, err := Compile(cfg, Inventory{"port1": {MTU: 1500}, "port2": {MTU: 1500}}, names, 1)
	if err != nil {
		b.Fatal(err)
	}
	return NewWorker(rs, 0, Options{Seed: 1, Names: names, Advise: benchAdvise})
}

// benchAdvise asks for large pages, as the daemon does.
func benchAdvise(block []byte) {
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(&block[0]))) & (page - 1)
	if size := (len(block) - skip) &^ (page - 1); size > 0 {
		_ = unix.Madvise(block[skip:skip+size], unix.MADV_HUGEPAGE)
	}
}

// benchFrame is a packet without addresses and source port.
func benchFrame(kind string, flags uint8) []byte {
	f := make([]byte, packet.EthernetSize, 128)
	tcp := []byte{0, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0}
	switch kind {
	case "tcp6":
		f[12], f[13] = 0x86, 0xdd
		f = append(f, 0x60, 0, 0, 0, 0, 20, packet.ProtoTCP, 64)
		f = append(f, 0xfd, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		f = append(f, 0xfd, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		f = append(f, tcp...)
	case "udp4":
		f[12] = 0x08
		f = append(f, 0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, packet.ProtoUDP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		f = append(f, 0, 0, 0, 53, 0, 8, 0, 0)
	default:
		f[12] = 0x08
		f = append(f, 0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, packet.ProtoTCP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		f = append(f, tcp...)
	}
	for len(f) < 60 {
		f = append(f, 0)
	}
	return f
}
