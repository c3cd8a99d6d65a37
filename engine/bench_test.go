package engine

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/session"
)

// BenchmarkTrip measures what the engine costs for a packet: parsing, the
// session's way, translation. Frames come back as they arrived, by a copy that
// is part of the figure, so that each is a packet the engine has not touched.
//
// established: packets of sessions that exist, taken in turn. setup: the first
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
		b.Run(fmt.Sprintf("setup/policies=%d", n), func(b *testing.B) { benchSetup(b, n) })
	}
}

const benchBatch = 64

func benchEstablished(b *testing.B, kind string, sessions int) {
	w := benchWorker(b, 1, kind == "tcp4-snat")
	frames := make([][]byte, sessions)
	batch := make([]Slot, 1)
	for i := range frames {
		frames[i] = benchFrame(kind, i, packet.TCPSyn)
		if r := batch[0].Parse(append([]byte(nil), frames[i]...), packet.Offload{}); r != packet.ReasonNone {
			b.Fatal(r)
		}
		w.Process(1, batch)
		if batch[0].Verdict != Forward {
			b.Fatalf("session %d: %v", i, batch[0].Reason)
		}
		frames[i] = benchFrame(kind, i, packet.TCPAck)
	}
	w.Sessions(func(s *session.Session) bool { s.State = session.StateEstablished; return true })

	batch = make([]Slot, benchBatch)
	var mem [benchBatch][128]byte
	b.ReportAllocs()
	b.ResetTimer()
	next := 0
	for done := 0; done < b.N; done += benchBatch {
		for i := range batch {
			f := frames[next]
			if next += 7919; next >= sessions {
				next %= sessions
			}
			if r := batch[i].Parse(mem[i][:copy(mem[i][:], f)], packet.Offload{}); r != packet.ReasonNone {
				b.Fatal(r)
			}
		}
		w.Process(session.Tick(done), batch)
	}
	b.StopTimer()
	for i := range batch {
		if batch[i].Verdict != Forward {
			b.Fatal(batch[i].Reason)
		}
	}
}

func benchSetup(b *testing.B, policies int) {
	w := benchWorker(b, policies, false)
	batch := make([]Slot, benchBatch)
	var mem [benchBatch][128]byte
	frames := make([][]byte, 4096)
	for i := range frames {
		frames[i] = benchFrame("tcp4", i, packet.TCPSyn)
	}
	b.ReportAllocs()
	b.ResetTimer()
	next := 0
	for done := 0; done < b.N; done += benchBatch {
		for i := range batch {
			f := frames[next&4095]
			next++
			batch[i].Parse(mem[i][:copy(mem[i][:], f)], packet.Offload{})
		}
		w.Process(1, batch)
		if next&4095 == 0 {
			b.StopTimer()
			if batch[0].Verdict != Forward {
				b.Fatal(batch[0].Reason)
			}
			w.Shutdown(1)
			b.StartTimer()
		}
	}
}

// benchWorker obeys a number of policies of which only the last matches.
func benchWorker(b *testing.B, policies int, snat bool) *Worker {
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
			PolicyID: uint32(i + 1), Status: true, Accept: true, NAT: snat,
			SrcIntf: []string{"port1"}, DstIntf: []string{"port2"}, Schedule: []string{"always"},
			SrcAddr: []string{"all"}, DstAddr: []string{"all"}, SrcAddr6: []string{"all"}, DstAddr6: []string{"all"},
			Service: []string{"ALL"}, LogTraffic: "all",
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
	return NewWorker(rs, 0, Options{Seed: 1, Names: names})
}

// benchFrame is a packet of flow i, whose endpoints are spread so that a million
// flows can be translated to one address.
func benchFrame(kind string, i int, flags uint8) []byte {
	f := make([]byte, packet.EthernetSize, 128)
	f[12], f[13] = 0x08, 0x00
	src, dst := uint32(0x0a010002+i%50000), uint32(0x0a020002+i/50000)
	port := uint16(20000 + i/50000)
	if kind == "tcp6" {
		f[12], f[13] = 0x86, 0xdd
		f = append(f, 0x60, 0, 0, 0, 0, 20, packet.ProtoTCP, 64)
		f = append(f, 0xfd, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		f = binary.BigEndian.AppendUint32(f, src)
		f = append(f, 0xfd, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		f = binary.BigEndian.AppendUint32(f, dst)
		f = append(f, benchTCP(port, flags)...)
	} else {
		size, proto := 40, byte(packet.ProtoTCP)
		if kind == "udp4" {
			size, proto = 28, packet.ProtoUDP
		}
		f = append(f, 0x45, 0, 0, byte(size), 0, 0, 0x40, 0, 64, proto, 0, 0)
		f = binary.BigEndian.AppendUint32(f, src)
		f = binary.BigEndian.AppendUint32(f, dst)
		var sum uint32
		for j := packet.EthernetSize; j < len(f); j += 2 {
			sum += uint32(binary.BigEndian.Uint16(f[j:]))
		}
		for sum>>16 != 0 {
			sum = sum>>16 + sum&0xffff
		}
		binary.BigEndian.PutUint16(f[packet.EthernetSize+10:], ^uint16(sum))
		if kind == "udp4" {
			f = binary.BigEndian.AppendUint16(f, port)
			f = append(f, 0, 53, 0, 8, 0, 0)
		} else {
			f = append(f, benchTCP(port, flags)...)
		}
	}
	for len(f) < 60 {
		f = append(f, 0)
	}
	return f
}

func benchTCP(port uint16, flags uint8) []byte {
	h := binary.BigEndian.AppendUint16(nil, port)
	h = append(h, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0)
	return h
}
