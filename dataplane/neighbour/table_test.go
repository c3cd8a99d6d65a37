package neighbour

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

var (
	ourMAC   = MAC{2, 0, 0, 0, 0, 1}
	theirMAC = MAC{2, 0, 0, 0, 0, 0x22}
	otherMAC = MAC{2, 0, 0, 0, 0, 0x33}
	us4      = packet.MustAddr("192.0.2.1")
	them4    = packet.MustAddr("192.0.2.22")
	us6      = packet.MustAddr("2001:db8::1")
	them6    = packet.MustAddr("2001:db8::22")
)

const second = session.Tick(time.Second)

func newTable() *Table {
	t := New(ourMAC)
	t.SetAddresses([]netip.Prefix{netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("2001:db8::1/64")})
	return t
}

// unhex reads bytes written as hex with blanks.
func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wantFrame(t *testing.T, out *Outbox, i int, want string) {
	t.Helper()
	if i >= len(out.Frames) {
		t.Fatalf("frame %d: only %d were sent", i, len(out.Frames))
	}
	if got := out.Frames[i].Data; !bytes.Equal(got, unhex(t, want)) {
		t.Errorf("frame %d:\ngot  %x\nwant %x", i, got, unhex(t, want))
	}
}

// check compares what a table believes with what the test expects.
func check(t *testing.T, tab *Table, a packet.Addr, s State, mac MAC) {
	t.Helper()
	for _, e := range tab.Entries(0) {
		if e.Addr == a {
			if e.State != s || e.MAC != mac {
				t.Errorf("%v: %v at %v, want %v at %v", a, e.State, e.MAC, s, mac)
			}
			return
		}
	}
	t.Errorf("%v: unknown, want %v", a, s)
}

func unknown(t *testing.T, tab *Table, a packet.Addr) {
	t.Helper()
	for _, e := range tab.Entries(0) {
		if e.Addr == a {
			t.Errorf("%v: %v at %v, want unknown", a, e.State, e.MAC)
		}
	}
}

func arp(op uint16, from MAC, sender packet.Addr, toMAC MAC, target packet.Addr) []byte {
	m := arpMessage{op: op, senderMAC: from, sender: sender, targetMAC: toMAC, target: target, linkDest: ourMAC}
	return m.frame()
}

func nd(t *testing.T, m ndMessage, from MAC) *packet.Packet {
	t.Helper()
	p := &packet.Packet{}
	if r := p.Parse(m.frame(from, ourMAC), packet.Offload{}); r != packet.ReasonNone {
		t.Fatal(r)
	}
	return p
}

func ipFrame(size int) []byte { return bytes.Repeat([]byte{0xab}, size) }

func TestResolve4(t *testing.T) {
	tab, out := newTable(), &Outbox{}
	if _, _, ok := tab.Lookup(0, them4); ok {
		t.Fatal("known from nowhere")
	}
	off := packet.Offload{Flags: packet.OffloadNeedsCsum, GSO: packet.GSOTCPv4, GSOSize: 1448}
	tab.Enqueue(0, them4, ipFrame(60), off, out)
	wantFrame(t, out, 0, `ffffffffffff 020000000001 0806 0001 0800 06 04 0001
		020000000001 c0000201 000000000000 c0000216`)
	out.Reset()
	if !tab.ARP(0, arp(arpReply, theirMAC, them4, ourMAC, us4), out) {
		t.Fatal("answer refused")
	}
	check(t, tab, them4, Reachable, theirMAC)
	if len(out.Frames) != 1 || out.Frames[0].Offload != off {
		t.Fatalf("released %+v", out.Frames)
	}
	if f := out.Frames[0].Data; MAC(f) != theirMAC || MAC(f[6:]) != ourMAC || len(f) != 60 {
		t.Errorf("released %x", f)
	}
	mac, until, ok := tab.Lookup(0, them4)
	if !ok || mac != theirMAC || until < 20*second || until > 50*second {
		t.Errorf("lookup: %v until %v, %v", mac, time.Duration(until), ok)
	}
}

func TestResolve6(t *testing.T) {
	tab, out := newTable(), &Outbox{}
	tab.Enqueue(0, them6, ipFrame(60), packet.Offload{}, out)
	wantFrame(t, out, 0, `3333ff000022 020000000001 86dd 60000000 0020 3a ff
		20010db8000000000000000000000001 ff0200000000000000000001ff000022
		87 00 1be7 00000000 20010db8000000000000000000000022 01 01 020000000001`)
	out.Reset()
	answer := ndMessage{typ: packet.ICMPv6NeighborAdv, flags: flagSolicited | flagOverride, src: them6, dst: us6, target: them6, link: theirMAC}
	if !tab.ND(0, nd(t, answer, theirMAC), out) {
		t.Fatal("answer refused")
	}
	check(t, tab, them6, Reachable, theirMAC)
	if len(out.Frames) != 1 {
		t.Errorf("released %d frames", len(out.Frames))
	}
}

func TestAnswers4(t *testing.T) {
	tab, out := newTable(), &Outbox{}
	tab.ARP(0, arp(arpRequest, theirMAC, them4, MAC{}, us4), out)
	wantFrame(t, out, 0, `020000000022 020000000001 0806 0001 0800 06 04 0002
		020000000001 c0000201 020000000022 c0000216`)
	check(t, tab, them4, Stale, theirMAC)
	out.Reset()
	tab.ARP(0, arp(arpRequest, theirMAC, them4, MAC{}, packet.MustAddr("192.0.2.77")), out)
	if len(out.Frames) > 0 {
		t.Error("answered for an address that is not ours")
	}
	tab.SetProxy([]netip.Prefix{netip.MustParsePrefix("192.0.2.76/31")})
	tab.ARP(0, arp(arpRequest, theirMAC, them4, MAC{}, packet.MustAddr("192.0.2.77")), out)
	if len(out.Frames) != 1 {
		t.Error("did not answer for a proxied address")
	}
}

// Who answers for addresses tells the link, but not about more than a few.
func TestAnnounceProxied(t *testing.T) {
	for prefix, want := range map[string]int{"192.0.2.76/31": 2, "192.0.0.0/16": 0, "2001:db8:9::/64": 0, "2001:db8::40/127": 2} {
		tab, out := newTable(), &Outbox{}
		tab.Announce(out)
		own := len(out.Frames)
		out.Reset()
		tab.SetProxy([]netip.Prefix{netip.MustParsePrefix(prefix)})
		if tab.Announce(out); len(out.Frames) != own+want {
			t.Errorf("%s: %d frames besides %d for its own addresses, want %d", prefix, len(out.Frames)-own, own, want)
		}
	}
}

func TestAnswers6(t *testing.T) {
	tab, out := newTable(), &Outbox{}
	ask := ndMessage{typ: packet.ICMPv6NeighborSol, src: them6, dst: solicitedNode(us6), target: us6, link: theirMAC}
	tab.ND(0, nd(t, ask, theirMAC), out)
	wantFrame(t, out, 0, `020000000022 020000000001 86dd 60000000 0020 3a ff
		20010db8000000000000000000000001 20010db8000000000000000000000022
		88 00 0a53 e0000000 20010db8000000000000000000000001 02 01 020000000001`)
	check(t, tab, them6, Stale, theirMAC)
	for name, target := range map[string]packet.Addr{"link-local": ourMAC.LinkLocal(), "stranger": packet.MustAddr("2001:db8::5")} {
		out.Reset()
		ask.target, ask.dst = target, solicitedNode(target)
		tab.ND(0, nd(t, ask, theirMAC), out)
		if want := name == "link-local"; (len(out.Frames) == 1) != want {
			t.Errorf("%s: %d answers", name, len(out.Frames))
		}
	}
	out.Reset()
	ask = ndMessage{typ: packet.ICMPv6NeighborSol, dst: solicitedNode(us6), target: us6}
	p := nd(t, ask, theirMAC)
	if tab.ND(0, p, out) {
		t.Error("a solicitation without source must have no link-layer option")
	}
}

// TestRefused lists messages that must change nothing.
func TestRefused(t *testing.T) {
	good := arp(arpReply, theirMAC, them4, ourMAC, us4)
	edit := func(at int, v byte) []byte {
		b := bytes.Clone(good)
		b[at] = v
		return b
	}
	for name, frame := range map[string][]byte{
		"short": good[:41], "hardware": edit(15, 6), "protocol": edit(16, 9), "length": edit(18, 8),
		"operation": edit(21, 3), "group sender": edit(22, 3), "multicast sender": edit(28, 224),
	} {
		tab, out := newTable(), &Outbox{}
		tab.Enqueue(0, them4, ipFrame(60), packet.Offload{}, out)
		if tab.ARP(0, frame, out) {
			t.Errorf("arp %s: accepted", name)
		}
		check(t, tab, them4, Incomplete, MAC{})
	}
	m := ndMessage{typ: packet.ICMPv6NeighborAdv, flags: flagSolicited, src: them6, dst: us6, target: them6, link: theirMAC}
	for name, spoil := range map[string]func(p *packet.Packet){
		"hop limit": func(p *packet.Packet) { p.Frame[21] = 254 },
		"checksum":  func(p *packet.Packet) { p.Frame[56] ^= 1 },
		"code":      func(p *packet.Packet) { p.Frame[55] = 1 },
		"short":     func(p *packet.Packet) { p.Frame = p.Frame[:70] },
		"option":    func(p *packet.Packet) { p.Frame[79] = 0; p.Offload.Flags = packet.OffloadNeedsCsum },
		"target":    func(p *packet.Packet) { p.Frame[62] = 0xff; p.Offload.Flags = packet.OffloadNeedsCsum },
		"group":     func(p *packet.Packet) { p.Frame[80] |= 1; p.Offload.Flags = packet.OffloadNeedsCsum },
	} {
		tab, out := newTable(), &Outbox{}
		tab.Enqueue(0, them6, ipFrame(60), packet.Offload{}, out)
		p := nd(t, m, theirMAC)
		spoil(p)
		if tab.ND(0, p, out) {
			t.Errorf("nd %s: accepted", name)
		}
		check(t, tab, them6, Incomplete, MAC{})
	}
}

// TestStrangers checks that nobody enters the table uninvited.
func TestStrangers(t *testing.T) {
	tab, out := newTable(), &Outbox{}
	far := packet.MustAddr("198.51.100.7")
	tab.ARP(0, arp(arpReply, theirMAC, them4, ourMAC, us4), out) // no question asked
	unknown(t, tab, them4)
	tab.ARP(0, arp(arpRequest, theirMAC, them4, MAC{}, them4), out) // gratuitous
	unknown(t, tab, them4)
	tab.ARP(0, arp(arpRequest, theirMAC, far, MAC{}, us4), out) // off link
	unknown(t, tab, far)
	tab.ARP(0, arp(arpReply, theirMAC, us4, ourMAC, us4), out) // claims our address
	unknown(t, tab, us4)
	adv := ndMessage{typ: packet.ICMPv6NeighborAdv, flags: flagOverride, src: them6, dst: allNodes, target: them6, link: theirMAC}
	tab.ND(0, nd(t, adv, theirMAC), out)
	unknown(t, tab, them6)
}

func TestOverride(t *testing.T) {
	tab, out := newTable(), &Outbox{}
	tab.Enqueue(0, them4, ipFrame(60), packet.Offload{}, out)
	tab.ARP(second, arp(arpReply, theirMAC, them4, ourMAC, us4), out)
	gen := tab.Generation()
	tab.ARP(second+1, arp(arpRequest, otherMAC, them4, MAC{}, them4), out)
	check(t, tab, them4, Reachable, theirMAC) // the first answer wins for a second
	tab.ARP(3*second, arp(arpRequest, otherMAC, them4, MAC{}, them4), out)
	check(t, tab, them4, Stale, otherMAC)
	if tab.Generation() == gen {
		t.Error("caches were not told")
	}
}

func TestLife(t *testing.T) {
	tab, out := newTable(), &Outbox{}
	tab.Enqueue(0, them4, ipFrame(60), packet.Offload{}, out)
	tab.ARP(0, arp(arpReply, theirMAC, them4, ourMAC, us4), out)
	out.Reset()
	now := 46 * second
	tab.Tick(now, out)
	check(t, tab, them4, Stale, theirMAC)
	if len(out.Frames) > 0 {
		t.Error("asked for a neighbour nobody uses")
	}
	if mac, _, ok := tab.Lookup(now, them4); !ok || mac != theirMAC {
		t.Error("a stale neighbour is still a neighbour")
	}
	for range 3 { // unicast questions
		out.Reset()
		tab.Tick(now, out)
		if len(out.Frames) != 1 || MAC(out.Frames[0].Data) != theirMAC {
			t.Fatalf("probe: %+v", out.Frames)
		}
		now += second
	}
	tab.Tick(now, out)
	check(t, tab, them4, Failed, MAC{})
	out.Reset()
	tab.Enqueue(now, them4, ipFrame(60), packet.Offload{}, out)
	if out.Lost[packet.ReasonNeighbourUnresolved] != 1 || len(out.Frames) > 0 {
		t.Errorf("failed: lost %d, asked %d", out.Lost[packet.ReasonNeighbourUnresolved], len(out.Frames))
	}
	tab.Tick(now+second, out)
	unknown(t, tab, them4)
}

func TestStaleForgotten(t *testing.T) {
	tab, out := newTable(), &Outbox{}
	tab.ARP(0, arp(arpRequest, theirMAC, them4, MAC{}, us4), out)
	tab.Tick(session.Tick(staleTime)-1, out)
	check(t, tab, them4, Stale, theirMAC)
	tab.Tick(session.Tick(staleTime), out)
	unknown(t, tab, them4)
}

func TestUnanswered(t *testing.T) {
	tab, out := newTable(), &Outbox{}
	for range MaxQueue + 2 {
		tab.Enqueue(0, them4, ipFrame(60), packet.Offload{}, out)
	}
	if n := out.Lost[packet.ReasonNeighbourQueueFull]; n != 2 {
		t.Errorf("queue full: %d, want 2", n)
	}
	for now := session.Tick(0); now <= 3*second; now += second / 10 {
		tab.Tick(now, out)
	}
	if n := out.Lost[packet.ReasonNeighbourUnresolved]; n != MaxQueue {
		t.Errorf("unresolved: %d, want %d", n, MaxQueue)
	}
	if n := len(out.Frames); n != maxProbes {
		t.Errorf("asked %d times, want %d", n, maxProbes)
	}
	if tab.queued != 0 {
		t.Errorf("%d bytes still wait", tab.queued)
	}
}

func TestBounds(t *testing.T) {
	tab, out := newTable(), &Outbox{}
	tab.Enqueue(0, them4, ipFrame(60), packet.Offload{}, out)
	tab.ARP(0, arp(arpReply, theirMAC, them4, ourMAC, us4), out)
	waiting := 0
	for i := range 3 * MaxEntries {
		out.Reset()
		a := them6
		a.Lo += uint64(i) << 8
		tab.Enqueue(session.Tick(i), a, ipFrame(60000), packet.Offload{}, out)
		waiting++
		for _, n := range out.Lost {
			waiting -= int(n)
		}
		if len(tab.entries) > MaxEntries || tab.queued > MaxQueued {
			t.Fatalf("%d entries, %d bytes", len(tab.entries), tab.queued)
		}
	}
	check(t, tab, them4, Reachable, theirMAC) // a scan does not push out who answers
	out.Reset()
	tab.Flush(packet.ReasonPortDown, out)
	if n := out.Lost[packet.ReasonPortDown]; int(n) != waiting || tab.queued != 0 || len(tab.entries) != 0 {
		t.Errorf("flush: %d of %d packets counted, %d bytes, %d entries left", n, waiting, tab.queued, len(tab.entries))
	}
}

func TestAnnounce(t *testing.T) {
	tab, out := newTable(), &Outbox{}
	tab.Announce(out)
	if len(out.Frames) != 3 {
		t.Fatalf("%d announcements, want 3", len(out.Frames))
	}
	wantFrame(t, out, 0, `ffffffffffff 020000000001 0806 0001 0800 06 04 0001
		020000000001 c0000201 000000000000 c0000201`)
	wantFrame(t, out, 2, `333300000001 020000000001 86dd 60000000 0020 3a ff
		fe800000000000000000 00fffe000001 ff020000000000000000000000000001
		88 00 d99a a0000000 fe800000000000000000 00fffe000001 02 01 020000000001`)
}

func TestGroupMAC(t *testing.T) {
	for a, want := range map[string]string{
		"239.129.2.3": "01:00:5e:01:02:03", "255.255.255.255": "ff:ff:ff:ff:ff:ff", "ff02::1:ff12:3456": "33:33:ff:12:34:56",
	} {
		if got, ok := GroupMAC(packet.MustAddr(a)); !ok || got.String() != want {
			t.Errorf("%s: %v, %v", a, got, ok)
		}
	}
	if _, ok := GroupMAC(us4); ok {
		t.Error("a station is no group")
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	tab, out := newTable(), &Outbox{}
	tab.Enqueue(0, them4, ipFrame(60), packet.Offload{}, out)
	tab.ARP(0, arp(arpReply, theirMAC, them4, ourMAC, us4), out)
	if n := testing.AllocsPerRun(100, func() { tab.Lookup(0, them4) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzReceive feeds anything to a table and expects it to stay bounded, and to
// believe nobody about our own addresses.
func FuzzReceive(f *testing.F) {
	f.Add(arp(arpReply, theirMAC, them4, ourMAC, us4))
	f.Add((&ndMessage{typ: packet.ICMPv6NeighborAdv, flags: 0xe0, src: them6, dst: us6, target: them6, link: theirMAC}).frame(theirMAC, ourMAC))
	f.Add((&ndMessage{typ: packet.ICMPv6NeighborSol, src: them6, dst: us6, target: us6, link: theirMAC}).frame(theirMAC, ourMAC))
	f.Fuzz(func(t *testing.T, frame []byte) {
		tab, out := newTable(), &Outbox{}
		tab.Enqueue(0, them4, ipFrame(60), packet.Offload{}, out)
		tab.Enqueue(0, them6, ipFrame(60), packet.Offload{}, out)
		tab.ARP(0, frame, out)
		var p packet.Packet
		for _, flags := range []uint8{0, packet.OffloadNeedsCsum} {
			if p.Parse(frame, packet.Offload{Flags: flags}) == packet.ReasonNone && p.Kind == packet.KindIPv6 &&
				p.Key.Proto == packet.ProtoICMPv6 && !p.Frag && IsND(p.ICMPType) {
				tab.ND(0, &p, out)
			}
		}
		unknown(t, tab, us4)
		unknown(t, tab, us6)
		for _, e := range tab.Entries(0) {
			if e.MAC.IsGroup() {
				t.Errorf("%v believed to be at %v", e.Addr, e.MAC)
			}
		}
		for _, f := range out.Frames {
			if len(f.Data) < 42 || MAC(f.Data[6:]) != ourMAC && len(f.Data) != 60 {
				t.Errorf("sent %x", f.Data)
			}
		}
	})
}
