package nat

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"portcullis/packet"
)

// The example of RFC 6296 section 3.
func TestPrefixExample(t *testing.T) {
	p, err := newPrefixes(netip.MustParsePrefix("fd01:203:405::/48"), netip.MustParsePrefix("2001:db8:1::/48"))
	if err != nil {
		t.Fatal(err)
	}
	in, out := packet.MustAddr("fd01:203:405:1::1234"), packet.MustAddr("2001:db8:1:d550::1234")
	if got, ok := p.out(in); got != out || !ok {
		t.Errorf("out: %v %v", got, ok)
	}
	if got, ok := p.in(out); got != in || !ok {
		t.Errorf("in: %v %v", got, ok)
	}
	if _, ok := p.out(packet.MustAddr("fd01:203:405:ffff::1")); ok {
		t.Error("a subnet of all ones has no outer address")
	}
	if _, ok := p.out(packet.MustAddr("fd01:203:406:1::1")); ok {
		t.Error("an address outside of the prefix was translated")
	}
}

// There and back is where it was, and no checksum changes.
func TestPrefixReversible(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 296))
	for range 5000 {
		bits := 16 + r.IntN(49)
		a := func() netip.Prefix {
			x := packet.Addr{Hi: r.Uint64(), Lo: r.Uint64()}
			return netip.PrefixFrom(x.Netip(), bits).Masked()
		}
		p, err := newPrefixes(a(), a())
		if err != nil {
			t.Fatal(err)
		}
		x := packet.Addr{Hi: r.Uint64()&^p.maskHi | p.innerHi, Lo: r.Uint64()}
		if r.IntN(3) == 0 {
			x.Lo |= 0xffff << 48
		}
		out, ok := p.out(x)
		if !ok {
			continue
		}
		back, ok := p.in(out)
		// Of the word that bears the difference, zero and all ones are one number.
		if !ok || back != x {
			t.Fatalf("%v/%d: out %v, back %v %v", x, bits, out, back, ok)
		}
		if a, b := sum(x)%0xffff, sum(out)%0xffff; a != b {
			t.Fatalf("%v -> %v: sums %#x and %#x", x, out, a, b)
		}
	}
}

func TestPrefixRefuses(t *testing.T) {
	for _, c := range [][2]string{{"fd00::/48", "2001:db8::/56"}, {"fd00::/80", "2001:db8::/80"}, {"10.0.0.0/8", "2001:db8::/8"}} {
		if _, err := newPrefixes(netip.MustParsePrefix(c[0]), netip.MustParsePrefix(c[1])); err == nil {
			t.Errorf("%v: accepted", c)
		}
	}
}
