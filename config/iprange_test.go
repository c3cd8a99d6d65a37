package config

import (
	"net/netip"
	"testing"
)

func TestIPRange(t *testing.T) {
	for _, c := range []struct{ in, str, prefix, length string }{
		{"10.0.0.1", "10.0.0.1", "10.0.0.1", "1"},
		{"10.0.0.0/24", "10.0.0.0-10.0.0.255", "10.0.0.0/24", "256"},
		{"10.0.0.7/30", "10.0.0.4-10.0.0.7", "10.0.0.4/30", "4"},
		{"10.0.0.1-10.0.0.2", "10.0.0.1-10.0.0.2", "10.0.0.1-10.0.0.2", "2"},
		{"10.0.0.2-10.0.0.3", "10.0.0.2-10.0.0.3", "10.0.0.2/31", "2"},
		{"10.0.0.9/32", "10.0.0.9", "10.0.0.9", "1"},
		{"0.0.0.0/0", "0.0.0.0-255.255.255.255", "0.0.0.0/0", "4294967296"},
		{"::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0", "340282366920938463463374607431768211456"},
		{"fd00::ffff:0/112", "fd00::ffff:0-fd00::ffff:ffff", "fd00::ffff:0/112", "65536"},
	} {
		f := ipv4
		if c.str[1] != '0' && c.str[1] != '.' || c.str[0] == ':' {
			f = ipv6
		}
		var all []IPRange
		if err := f.sources().add(&all, c.in); err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if r := all[0]; r.String() != c.str || r.orPrefix() != c.prefix || r.Len().String() != c.length {
			t.Errorf("%s: got %s, %s, %s", c.in, r, r.orPrefix(), r.Len())
		}
	}
}

func TestIPRangeContains(t *testing.T) {
	r, _ := ipv4.parseSpan("10.0.0.4-10.0.0.7")
	six, _ := ipv6.parseSpan("::-ffff::")
	for addr, want := range map[string]bool{"10.0.0.3": false, "10.0.0.4": true, "10.0.0.7": true, "10.0.0.8": false, "::1": false} {
		if got := r.Contains(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s in %s: %t", addr, r, got)
		}
	}
	if r.Overlaps(six) || six.Overlaps(r) || (IPRange{}).Overlaps(r) || (IPRange{}).Contains(r.Start) || (IPRange{}).Len().Sign() != 0 {
		t.Error("ranges of two families, or none, have an address in common")
	}
}

func TestPortSpan(t *testing.T) {
	a, b, none := PortSpan{80, 89}, PortSpan{89, 90}, PortSpan{}
	if !a.Overlaps(b) || !b.Overlaps(a) || a.Overlaps(PortSpan{90, 90}) || none.Overlaps(a) || a.Overlaps(none) {
		t.Error("Overlaps")
	}
	if a.Len() != 10 || none.Len() != 0 || (PortSpan{1, 65535}).Len() != 65535 {
		t.Error("Len")
	}
	if a.String() != "80-89" || none.String() != "" || (PortSpan{7, 7}).String() != "7" {
		t.Error("String")
	}
}
