package packet_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"portcullis/packet"
	"portcullis/packet/packettest"
)

// whole is p with its checksums computed from nothing.
func whole(p *packet.Packet) *packet.Packet {
	q := *p
	q.Frame = append([]byte(nil), p.Frame...)
	if q.Kind == packet.KindIPv4 {
		h := q.IPv4()
		h.SetChecksum(0)
		h.SetChecksum(^h.CalculateChecksum())
	}
	if q.Key.Proto == packet.ProtoSCTP && !q.Offload.Partial() {
		h := q.Frame[q.L4:]
		clear(h[8:12])
		binary.LittleEndian.PutUint32(h[8:], crc32.Checksum(h, crc32.MakeTable(crc32.Castagnoli)))
	}
	if !(q.Key.Proto == packet.ProtoUDP && binary.BigEndian.Uint16(p.Frame[p.L4+6:]) == 0 && !p.Offload.Partial()) {
		q.FixChecksum()
	}
	return &q
}

// same compares frames; a checksum of 0 equals one of 0xffff except in UDP.
func same(a, b *packet.Packet) bool { return bytes.Equal(a.Frame, b.Frame) }

// target is a random key that packets with key k may leave with.
func target(r *rand.Rand, k packet.Key) packet.Key {
	to := k
	for _, a := range []*packet.Addr{&to.Src, &to.Dst} {
		switch {
		case r.IntN(3) == 0:
		case k.Src.Is4():
			a.Lo ^= uint64(r.Uint32())
		default:
			a.Hi, a.Lo = a.Hi^r.Uint64N(1<<32), r.Uint64()
		}
	}
	if r.IntN(3) > 0 {
		to.SrcPort = uint16(r.Uint32())
	}
	if r.IntN(3) > 0 && k.Proto != packet.ProtoICMP && k.Proto != packet.ProtoICMPv6 {
		to.DstPort = uint16(r.Uint32())
	}
	return to
}

// TestApply compares the incremental rewrite with checksums computed anew, for
// packets of all kinds, whole and partial.
func TestApply(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 20000 {
		line := packettest.Random(r)
		if strings.Contains(line, "badsum") {
			continue
		}
		p := packettest.Packet(line)
		key := p.Key
		to := target(r, key)
		w, back := packet.NewRewrite(key, to), to.Reply()
		other := packettest.Packet(line)
		w.Apply(p, &to)
		if w.ApplyBack(other, &back); !same(p, other) {
			t.Fatalf("%s: by the answer's key %x, by its own %x", line, other.Frame, p.Frame)
		}
		if p.Key != key {
			t.Fatalf("%s: the key changed", line)
		}
		want := whole(p)
		if !same(p, want) {
			t.Fatalf("%s to %v:\n  %s\n  %s\n%x\n%x", line, to, packettest.Text(p), packettest.Text(want), p.Frame, want.Frame)
		}
		var again packet.Packet
		if why := again.Parse(p.Frame, p.Offload); why != packet.ReasonNone || again.Key != to {
			t.Fatalf("%s: %v, left as %v, expected %v", line, why, again.Key, to)
		}
		if w.None() != (key == to) {
			t.Fatalf("%v to %v: None is %v", key, to, w.None())
		}
		// What is left to the device is right once the device has done it.
		p.Key = to
		p.CompleteChecksum()
		if p.Offload.Partial() || !p.ChecksumOK() {
			t.Fatalf("%s: completed and wrong", line)
		}
		// And back again.
		undo := packet.NewRewrite(to, key)
		undo.Apply(p, &key)
		if again.Parse(p.Frame, p.Offload); again.Key != key || !again.ChecksumOK() {
			t.Fatalf("%s: back as %v", line, again.Key)
		}
	}
}

// TestApplyDamaged: a wrong checksum stays wrong by as much.
func TestApplyDamaged(t *testing.T) {
	p := packettest.Packet("udp 10.0.0.1:1 > 10.0.0.2:2 len 9 badsum")
	to := p.Key
	to.SrcPort, to.Src = 77, packet.MustAddr("192.0.2.1")
	r := packet.NewRewrite(p.Key, to)
	r.Apply(p, &to)
	if got := packettest.Text(p); got != "udp 192.0.2.1:77 > 10.0.0.2:2 len 9 badsum" {
		t.Error(got)
	}
}

// TestApplySCTP: what was damaged on the way stays damaged, whatever it was, and is
// as it was once the damage is undone.
func TestApplySCTP(t *testing.T) {
	const from, left = "sctp 10.0.0.1:1 > 10.0.0.2:2 tag 7 cookie-echo len 21", "sctp 192.0.2.1:77 > 10.0.0.2:99 tag 7 cookie-echo len 21"
	for at := range packettest.Packet(from).Frame {
		p := packettest.Packet(from)
		if at < int(p.L4)+4 {
			continue
		}
		to := p.Key
		to.SrcPort, to.DstPort, to.Src = 77, 99, packet.MustAddr("192.0.2.1")
		p.Frame[at] ^= 0x10
		r := packet.NewRewrite(p.Key, to)
		r.Apply(p, &to)
		if same(p, whole(p)) {
			t.Errorf("byte %d was damaged, and nobody can see it", at)
		}
		p.Frame[at] ^= 0x10
		if got := packettest.Text(p); got != left {
			t.Errorf("byte %d: %s", at, got)
		}
	}
	for _, n := range []int{4, 227, 228, 229, 255, 4064, 4095, 8192, 40000, 65480} {
		p := packettest.Packet(fmt.Sprintf("sctp 10.0.0.1:1 > 10.0.0.2:2 tag 7 len %d", n))
		to := p.Key
		to.SrcPort, to.DstPort = 77, 99
		r := packet.NewRewrite(p.Key, to)
		if r.Apply(p, &to); !same(p, whole(p)) {
			t.Errorf("wrong for a packet of %d bytes", n)
		}
	}
	p := packettest.Packet(from)
	to := p.Key
	to.SrcPort, p.Offload.Flags = 77, packet.OffloadNeedsCsum
	before := append([]byte(nil), p.Frame...)
	r := packet.NewRewrite(p.Key, to)
	r.Apply(p, &to)
	binary.BigEndian.PutUint16(before[p.L4:], 77)
	if !bytes.Equal(p.Frame, before) {
		t.Error("more than the port changed where the device computes the checksum")
	}
}

// TestUDPZero: an unused checksum stays unused, and one that comes out as 0 is
// written as 0xffff (RFC 768).
func TestUDPZero(t *testing.T) {
	p := packettest.Packet("udp 10.0.0.1:1 > 10.0.0.2:2 nosum")
	to := p.Key
	to.SrcPort = 9
	r := packet.NewRewrite(p.Key, to)
	r.Apply(p, &to)
	if got := packettest.Text(p); got != "udp 10.0.0.1:9 > 10.0.0.2:2 nosum" {
		t.Error(got)
	}
	if !p.ChecksumOK() {
		t.Error("an unused checksum is not wrong")
	}
	if p := packettest.Packet("udp [fd00::1]:1 > [fd00::2]:2 nosum"); p.ChecksumOK() {
		t.Error("IPv6 has no unused checksum")
	}
	found := false
	for port := range 65536 {
		p := packettest.Packet("udp 10.0.0.1:1 > 10.0.0.2:2")
		to := p.Key
		to.SrcPort = uint16(port)
		r := packet.NewRewrite(p.Key, to)
		r.Apply(p, &to)
		sum := binary.BigEndian.Uint16(p.Frame[p.L4+6:])
		if sum == 0 {
			t.Fatalf("port %d: the checksum became 0, unused", port)
		}
		found = found || sum == 0xffff
		if !p.ChecksumOK() {
			t.Fatalf("port %d: wrong", port)
		}
	}
	if !found {
		t.Error("no port whose checksum is 0")
	}
}

func TestDecrementTTL(t *testing.T) {
	for ttl := range 256 {
		for _, base := range []string{"udp 10.0.0.1:1 > 10.0.0.2:2 len 1 ttl 9 tos 255 ipid 65535 df", "udp [fd00::1]:1 > [fd00::2]:2 ttl 9"} {
			p := packettest.Packet(base)
			at := map[packet.Kind]uint32{packet.KindIPv4: 8, packet.KindIPv6: 7}[p.Kind]
			p.Frame[p.L3+at] = byte(ttl)
			p = whole(p)
			before := append([]byte(nil), p.Frame...)
			ok := p.DecrementTTL()
			if ok != (ttl > 1) {
				t.Fatalf("%s: %d: %v", base, ttl, ok)
			}
			if !ok && !bytes.Equal(before, p.Frame) {
				t.Fatalf("%s: %d: changed all the same", base, ttl)
			}
			if ok && int(p.Frame[p.L3+at]) != ttl-1 {
				t.Fatalf("%s: %d became %d", base, ttl, p.Frame[p.L3+at])
			}
			if !same(p, whole(p)) {
				t.Fatalf("%s: %d: wrong checksum", base, ttl)
			}
		}
	}
}

func TestSetData(t *testing.T) {
	for _, c := range []struct{ line, data, want string }{
		{"tcp 10.0.0.1:1 > 10.0.0.2:2 PA len 9 mss 5", "x", "tcp 10.0.0.1:1 > 10.0.0.2:2 PA mss 5 len 1 from 23"},
		{"tcp [fd00::1]:1 > [fd00::2]:2 PA len 1", "longer", "tcp [fd00::1]:1 > [fd00::2]:2 PA data \"longer\""},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 len 9", "", "udp 10.0.0.1:1 > 10.0.0.2:2"},
		{"udp [fd00::1]:1 > [fd00::2]:2 len 9 ext 60", "xyz", "udp [fd00::1]:1 > [fd00::2]:2 len 3 from 23 ext 60=010400000000"},
		{"udp [fd00::1]:1 > [fd00::2]:2 len 9 partial", "!", "udp [fd00::1]:1 > [fd00::2]:2 data \"!\" partial"},
	} {
		p := packettest.Packet(c.line)
		if !p.SetData([]byte(c.data)) {
			t.Errorf("%s: refused", c.line)
		}
		if got := packettest.Text(p); got != c.want {
			t.Errorf("%s:\n  want %s\n  got  %s", c.line, c.want, got)
		}
	}
	p := packettest.Packet("tcp 10.0.0.1:1 > 10.0.0.2:2 PA data \"0123456789\"")
	p.SetData(p.Data()[3:6]) // a part of the payload itself
	if string(p.Data()) != "345" || !p.ChecksumOK() {
		t.Errorf("%q", p.Data())
	}
	before := packettest.Text(p)
	if p.SetData(make([]byte, cap(p.Frame))) || packettest.Text(p) != before {
		t.Error("it outgrew its memory")
	}
	p.Frame = append(make([]byte, 0, 70000), p.Frame...)
	if p.SetData(make([]byte, 65535)) || packettest.Text(p) != before {
		t.Error("it outgrew an IP packet")
	}
}

func TestTurnAround(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"udp 10.0.0.1:1 > 10.0.0.2:2 len 3 ttl 9 ipid 7 df", "udp 10.0.0.2:1 > 10.0.0.1:2 len 3 ttl 33"},
		{"udp [fd00::1]:1 > [fd00::2]:2 len 3 ttl 9", "udp [fd00::2]:1 > [fd00::1]:2 len 3 ttl 33"},
	} {
		p := packettest.Packet(c.line)
		p.TurnAround(p.Key, 33)
		if got := packettest.Text(p); got != c.want {
			t.Errorf("%s:\n  want %s\n  got  %s", c.line, c.want, got)
		}
	}
}

// TestApplyAllocs: parsing and rewriting allocate nothing.
func TestApplyAllocs(t *testing.T) {
	for _, line := range []string{
		"tcp 10.0.0.1:1 > 10.0.0.2:2 A len 100", "udp [fd00::1]:1 > [fd00::2]:2 len 100 ext 60", "icmp 10.0.0.1 > 10.0.0.2 echo id 1 seq 1",
		"sctp 10.0.0.1:1 > 10.0.0.2:2 tag 1 len 100",
	} {
		frame := packettest.Frame(line)
		mem := make([]byte, len(frame))
		var p packet.Packet
		to := packettest.Packet(line).Key
		to.SrcPort = 99
		r := packet.NewRewrite(packettest.Packet(line).Key, to)
		if n := testing.AllocsPerRun(100, func() {
			copy(mem, frame)
			p.Parse(mem, packet.Offload{})
			p.DecrementTTL()
			r.Apply(&p, &to)
		}); n != 0 {
			t.Errorf("%s: %v allocations", line, n)
		}
	}
}
