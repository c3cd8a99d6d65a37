package reassembly

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"portcullis/packet"
	"portcullis/packet/packettest"
)

// rig is a table and what it told of.
type rig struct {
	*Table
	lost [packet.NumReasons]uint64
}

func newRig(memory int) *rig {
	r := &rig{}
	r.Table = New(1, func(why packet.Reason, n uint64) { r.lost[why] += n })
	r.SetLimits(Limits{Memory: memory, Timeout: 30 * time.Second})
	return r
}

// add takes in the fragment that a line spells and returns what became whole.
func (r *rig) add(t testing.TB, now time.Duration, line string) (string, packet.Reason) {
	t.Helper()
	frame, off, err := packettest.Build(line)
	if err != nil {
		t.Fatal(err)
	}
	whole, why := r.frame(t, now, frame, off)
	if whole == nil {
		return "", why
	}
	return packettest.Text(whole), why
}

// frame takes in a fragment and returns what became whole.
func (r *rig) frame(t testing.TB, now time.Duration, frame []byte, off packet.Offload) (*packet.Packet, packet.Reason) {
	t.Helper()
	var p packet.Packet
	if why := p.Parse(frame, off); why != packet.ReasonNone || !p.Frag {
		t.Fatalf("%v, fragment: %v: %x", why, p.Frag, frame)
	}
	p.In = 3
	w, why := r.Add(int64(now), &p)
	var whole *packet.Packet
	if why == packet.ReasonNone && w.Size > 0 {
		whole = new(packet.Packet)
		got := r.Take(w, make([]byte, 0, w.Size))
		if len(got) != w.Size {
			t.Fatalf("a whole of %d bytes, announced with %d", len(got), w.Size)
		}
		if why = whole.Parse(got, packet.Offload{}); why != packet.ReasonNone || whole.Frag {
			t.Fatalf("the whole: %v: %x", why, got)
		}
	}
	if err := r.CheckInvariants(); err != nil {
		t.Fatal(err)
	}
	return whole, why
}

func TestTable(t *testing.T) {
	const (
		none      = packet.ReasonNone
		overlap   = packet.ReasonFragmentOverlap
		duplicate = packet.ReasonFragmentDuplicate
		bad       = packet.ReasonBadFragment
		tiny      = packet.ReasonFragmentTiny
	)
	const four, six = "udp 10.0.0.1:5 > 10.0.0.2:6 len 100 ipid 9", "udp [fd00::1]:5 > [fd00::2]:6 len 100 ipid 99999"
	for _, c := range []struct {
		packet string
		parts  []string
		want   []packet.Reason
		whole  string
	}{
		{four, []string{"0-56", "56-"}, []packet.Reason{none, none}, four},
		{four, []string{"56-", "0-56"}, []packet.Reason{none, none}, four},
		{four + " df", []string{"0-56", "56-"}, []packet.Reason{none, none}, four + " df"},
		{four + " tos 7 ttl 9 ipopt 94040000 vlan 7", []string{"48-104", "0-48", "104-"}, []packet.Reason{none, none, none}, four + " tos 7 ttl 9 ipopt 94040000 vlan 7"},
		{four, []string{"0-8", "8-16", "16-24", "24-"}, []packet.Reason{none, none, none, none}, four},
		{six, []string{"0-56", "56-"}, []packet.Reason{none, none}, "udp [fd00::1]:5 > [fd00::2]:6 len 100"},
		{six + " ext 0 ext 60 ext 43", []string{"56-", "0-56"}, []packet.Reason{none, none}, "udp [fd00::1]:5 > [fd00::2]:6 len 100 ext 0 ext 60 ext 43"},
		{four, []string{"0-56", "0-56", "56-", "56-"}, []packet.Reason{none, duplicate, none, none}, four},
		{four, []string{"56-", "56-", "0-56"}, []packet.Reason{none, duplicate, none}, four},
		{four, []string{"0-56", "0-48", "56-"}, []packet.Reason{none, overlap, overlap}, ""},
		{four, []string{"0-56", "0-64", "56-"}, []packet.Reason{none, overlap, overlap}, ""},
		{four, []string{"0-56", "48-", "56-"}, []packet.Reason{none, overlap, overlap}, ""},
		{four, []string{"56-", "56-104", "0-56"}, []packet.Reason{none, overlap, overlap}, ""},
		{four, []string{"96-104", "104-", "104-", "88-", "0-96"}, []packet.Reason{none, none, duplicate, overlap, overlap}, ""},
		{six, []string{"16-56", "0-24", "56-"}, []packet.Reason{none, overlap, overlap}, ""},
		{four, []string{"0-8", "56-", "16-24", "8-56"}, []packet.Reason{none, none, none, overlap}, ""},
		{"tcp 10.0.0.1:5 > 10.0.0.2:6 S mss 9 len 40", []string{"0-16"}, []packet.Reason{tiny}, ""},
		{"tcp 10.0.0.1:5 > 10.0.0.2:6 S mss 9 ws 1 len 40", []string{"0-24"}, []packet.Reason{tiny}, ""},
		{"tcp 10.0.0.1:5 > 10.0.0.2:6 S mss 9 len 40", []string{"24-", "0-24"}, []packet.Reason{none, none}, "tcp 10.0.0.1:5 > 10.0.0.2:6 S mss 9 len 40"},
		{"sctp 10.0.0.1:5 > 10.0.0.2:6 len 40", []string{"0-8"}, []packet.Reason{tiny}, ""},
		{"gre 10.0.0.1 > 10.0.0.2 sum key 5 len 40", []string{"0-8"}, []packet.Reason{tiny}, ""},
		{"gre 10.0.0.1 > 10.0.0.2 len 40", []string{"0-8", "8-"}, []packet.Reason{none, none}, "gre 10.0.0.1 > 10.0.0.2 len 40"},
		{"ip-99 10.0.0.1 > 10.0.0.2 len 40", []string{"0-8", "8-"}, []packet.Reason{none, none}, "ip-99 10.0.0.1 > 10.0.0.2 len 40"},
		{"udp 10.0.0.1:5 > 10.0.0.2:6 len 65507", []string{"0-40000", "40000-"}, []packet.Reason{none, none}, "udp 10.0.0.1:5 > 10.0.0.2:6 len 65507"},
		{"udp 10.0.0.1:5 > 10.0.0.2:6 len 65507 ipopt 94040000", []string{"0-40000", "40000-"}, []packet.Reason{none, bad}, ""},
		{"udp 10.0.0.1:5 > 10.0.0.2:6 len 65507 ipopt 94040000", []string{"40000-", "0-40000"}, []packet.Reason{none, bad}, ""},
	} {
		t.Run(fmt.Sprint(c.packet, c.parts), func(t *testing.T) {
			r := newRig(1 << 20)
			whole := ""
			for i, part := range c.parts {
				w, why := r.add(t, 0, c.packet+" part "+part)
				if why != c.want[i] {
					t.Errorf("part %s: %v, expected %v", part, why, c.want[i])
				}
				whole += w
			}
			want := ""
			if c.whole != "" {
				want, _ = packettest.Canonical(c.whole)
			}
			if whole != want {
				t.Errorf("whole: %s\nexpected %s", whole, want)
			}
		})
	}
}

// TestBehindFragmentHeader: headers that only the whole shows.
func TestBehindFragmentHeader(t *testing.T) {
	for data, want := range map[string]packet.Reason{
		"1100010400000000" + "0005000600100000" + "6162636465666768": packet.ReasonNone,
		"1101010c00000000" + "0005000600100000":                      packet.ReasonFragmentTiny,
		"1101010400000000":                                           packet.ReasonFragmentTiny,
		"2c00010400000000" + "1100000000000000" + "0005000600100000": packet.ReasonBadExtHeader,
		"0000010400000000" + "1100010400000000" + "0005000600100000": packet.ReasonBadExtHeader,
	} {
		r := newRig(1 << 20)
		if _, why := r.add(t, 0, "ip-60 fd00::1 > fd00::2 frag 0+ ipid 4 hex "+data); why != want {
			t.Errorf("%s: %v, expected %v", data, why, want)
		}
	}
}

func TestTooMany(t *testing.T) {
	r := newRig(1 << 20)
	for i := range maxSpans {
		if _, why := r.add(t, 0, fmt.Sprintf("udp 10.0.0.1 > 10.0.0.2 len 8 frag %d+", 2*i+1)); why != packet.ReasonNone {
			t.Fatal(i, why)
		}
	}
	if _, why := r.add(t, 0, "udp 10.0.0.1 > 10.0.0.2 len 8 frag 2+"); why != packet.ReasonFragmentOverflow {
		t.Error(why)
	}
	if r.lost[packet.ReasonFragmentOverflow] != maxSpans || r.pages.used != 0 {
		t.Errorf("%d lost, %d pages held", r.lost[packet.ReasonFragmentOverflow], r.pages.used)
	}
}

// TestMemory: a datagram larger than all the memory loses to itself, and takes
// nothing with it that lasts.
func TestMemory(t *testing.T) {
	r := newRig(40000)
	r.add(t, 0, "udp 10.0.0.1 > 10.0.0.9 len 8 frag 1+")
	died := packet.ReasonNone
	for i := 2000; i < 60000 && died == packet.ReasonNone; i += 2000 {
		_, died = r.add(t, 1, fmt.Sprintf("udp 10.0.0.1 > 10.0.0.2 len 2000 frag %d+", i/8))
	}
	if died != packet.ReasonFragmentMemory || r.Len() != 0 || r.Memory() != 0 {
		t.Errorf("%v, %d datagrams, %d bytes", died, r.Len(), r.Memory())
	}
	if n := r.lost[packet.ReasonFragmentMemory]; n < 10 {
		t.Errorf("%d fragments lost", n)
	}
	none := newRig(0)
	if _, why := none.add(t, 0, "udp 10.0.0.1 > 10.0.0.2 len 8 frag 1+"); why != packet.ReasonFragmentMemory {
		t.Error(why)
	}
}

// TestOldest: it is the oldest that gives way, of whichever family.
func TestOldest(t *testing.T) {
	r := newRig(4 * perDatagram)
	lines := []string{
		"udp fd00::1 > fd00::2 len 8 frag 1+", "udp 10.0.0.1 > 10.0.0.2 len 8 frag 1+",
		"udp fd00::1 > fd00::3 len 8 frag 1+", "udp 10.0.0.1 > 10.0.0.3 len 8 frag 1+",
	}
	for i, line := range lines {
		r.add(t, time.Duration(i), line)
	}
	for i := range 3 {
		r.add(t, 9, fmt.Sprintf("udp 10.0.0.1 > 10.0.0.4 len 8 ipid %d frag 1+", i))
	}
	for i, line := range lines { // the fourth is there still
		if _, why := r.add(t, 9, line); (why == packet.ReasonFragmentDuplicate) != (i == 3) {
			t.Errorf("%s: %v", line, why)
		}
		if i == 0 {
			break // it displaced the fourth
		}
	}
	if _, why := r.add(t, 9, lines[1]); why != packet.ReasonNone {
		t.Error(why)
	}
}

func TestExpire(t *testing.T) {
	r := newRig(1 << 20)
	for i := range 10 {
		r.add(t, time.Duration(i)*time.Second, fmt.Sprintf("udp 10.0.0.1 > 10.0.0.2 len 8 ipid %d frag 1+", i))
		r.add(t, time.Duration(i)*time.Second, fmt.Sprintf("udp fd00::1 > fd00::2 len 8 ipid %d frag 1+", i))
	}
	for _, c := range []struct {
		at     time.Duration
		budget int
		left   int
	}{{29999 * time.Millisecond, 99, 20}, {30 * time.Second, 99, 19}, {39 * time.Second, 4, 15}, {39 * time.Second, 99, 10}, {60 * time.Second, 99, 9}, {time.Hour, 99, 0}} {
		if r.Expire(int64(c.at), c.budget); r.Len() != c.left {
			t.Errorf("at %v: %d datagrams left, expected %d", c.at, r.Len(), c.left)
		}
		if err := r.CheckInvariants(); err != nil {
			t.Error(err)
		}
	}
	if r.Memory() != 0 || r.lost[packet.ReasonFragmentTimeout] != 20 {
		t.Errorf("%d bytes held, %d lost", r.Memory(), r.lost[packet.ReasonFragmentTimeout])
	}
}

// TestWhole: the largest fragment and the identification are told.
func TestWhole(t *testing.T) {
	for line, want := range map[string]Whole{
		"udp 10.0.0.1:5 > 10.0.0.2:6 len 100 ipid 9 ipopt 94040000": {Size: 146, Largest: 24 + 64, ID: 9},
		"udp [fd00::1]:5 > [fd00::2]:6 len 100 ipid 99999 ext 0":    {Size: 170, Largest: 56 + 64, ID: 99999},
	} {
		r := newRig(1 << 20)
		var got Whole
		for _, part := range []string{"0-40", "40-104", "104-"} {
			got, _ = r.Add(0, packettest.Packet(line+" part "+part))
		}
		got.record = 0
		if got != want {
			t.Errorf("%s: %+v, expected %+v", line, got, want)
		}
	}
}

// TestAllocs: a datagram that is reassembled allocates nothing once the table has
// its memory.
func TestAllocs(t *testing.T) {
	r := newRig(1 << 20)
	a := packettest.Packet("udp 10.0.0.1:5 > 10.0.0.2:6 len 3000 part 0-1480")
	b := packettest.Packet("udp 10.0.0.1:5 > 10.0.0.2:6 len 3000 part 1480-")
	mem := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		r.Add(0, b)
		w, _ := r.Add(0, a)
		mem = r.Take(w, mem)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if !bytes.Contains(mem, packettest.Packet("udp 10.0.0.1:5 > 10.0.0.2:6 len 3000").Data()) {
		t.Error("another payload")
	}
}

// BenchmarkTable takes in the three fragments of a datagram of 4000 bytes.
func BenchmarkTable(b *testing.B) {
	r := newRig(32 << 20)
	var parts []*packet.Packet
	for _, part := range []string{"0-1480", "1480-2960", "2960-"} {
		parts = append(parts, packettest.Packet("udp 10.0.0.1:5 > 10.0.0.2:6 len 3992 part "+part))
	}
	mem := make([]byte, 0, 8192)
	b.ReportAllocs()
	b.SetBytes(4000)
	for b.Loop() {
		r.Add(0, parts[0])
		r.Add(0, parts[1])
		w, _ := r.Add(0, parts[2])
		mem = r.Take(w, mem)
	}
}
