package helpers

import (
	"math/rand/v2"
	"net/netip"
	"strconv"
	"testing"
)

// sameAddr holds ParseAddr against the standard library's.
func sameAddr(t *testing.T, s string) {
	t.Helper()
	want, err := netip.ParseAddr(s)
	if err != nil || want.Zone() != "" {
		want = netip.Addr{}
	}
	got, ok := ParseAddr([]byte(s))
	if ok != want.IsValid() || got != want {
		t.Errorf("%q is %v, %v; expected %v", s, got, ok, want)
	}
}

// addresses are spelt rightly, and wrongly.
var addresses = []string{
	"192.0.2.1", "0.0.0.0", "255.255.255.255", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.04", "1.2.3.256", "1..3.4", "1.2.3.", ".1.2.3", "1.2.3.4 ",
	"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "1:2:3:4:5:6:7:8:9", "1:2", ":1", "1:", ":::",
	"1::2::3", "12345::", "::g", "::ffff:192.0.2.1", "64:ff9b::192.0.2.33", "1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:192.0.2.1", "1:2:3:4:5:6:7:192.0.2.1", "::192.0.2", "::192.0.2.1:5",
	"fe80::1%eth0", "FE80::ABCD", "", ".", ":", "1", "abcd", "2001:db8::0:1", "::0192.0.2.1", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4", "1.2.3.4::", "::00001",
}

// TestParseAddr: addresses are those of the standard library, and so is what is left
// of them when a few bytes are changed.
func TestParseAddr(t *testing.T) {
	for _, s := range addresses {
		sameAddr(t, s)
	}
	const letters = "0123456789abcdefABCDEFg:.%: "
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		b := []byte(addresses[r.IntN(len(addresses))])
		for range 1 + r.IntN(3) {
			switch i := r.IntN(len(b) + 1); r.IntN(3) {
			case 0:
				b = append(b[:i:i], append([]byte{letters[r.IntN(len(letters))]}, b[i:]...)...)
			case 1:
				b = append(b[:i:i], b[min(i+1, len(b)):]...)
			default:
				if i < len(b) {
					b[i] = letters[r.IntN(len(letters))]
				}
			}
		}
		sameAddr(t, string(b))
	}
}

// TestParseAddrAllocates: no address takes memory, also none that is wrong.
func TestParseAddrAllocates(t *testing.T) {
	for _, s := range addresses {
		b := []byte(s)
		if n := testing.AllocsPerRun(1, func() { ParseAddr(b) }); n != 0 {
			t.Errorf("%q: %v allocations", s, n)
		}
	}
}

// TestAppendAddr: addresses are spelt as the standard library spells them.
func TestAppendAddr(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	all := []string{"0.0.0.0", "255.255.255.255", "100.200.3.40", "192.0.2.1", "::", "2001:db8::1"}
	for range 1000 {
		all = append(all, netip.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.IntN(10)), byte(r.IntN(100)), byte(r.Uint32())}).String())
	}
	for _, s := range all {
		a := netip.MustParseAddr(s)
		for _, b := range [][]byte{nil, []byte("via "), make([]byte, 1, 64)} {
			if got, want := AppendAddr(b, a), a.AppendTo(b); string(got) != string(want) {
				t.Errorf("behind %q %v is %q", b, a, got)
			}
		}
	}
	for _, s := range []string{"::ffff:192.0.2.1", "fe80::1%eth0"} {
		a := netip.MustParseAddr(s)
		if got, want := string(AppendAddr(nil, a)), a.Unmap().WithZone("").String(); got != want {
			t.Errorf("%v is %q, expected %q", a, got, want)
		}
	}
}

// TestAppendPort: all ports are spelt as the standard library spells them.
func TestAppendPort(t *testing.T) {
	for port := range 1 << 16 {
		if got, want := string(AppendPort([]byte(":"), uint16(port))), ":"+strconv.Itoa(port); got != want {
			t.Fatalf("%d is %q", port, got)
		}
	}
}
