package helpers

import (
	"net/netip"
	"testing"

	"portcullis/packet"
)

// other is an Announcer that knows one more endpoint.
type other struct{ anyone }

func (other) Known(_ packet.Dir, ap netip.AddrPort) (netip.AddrPort, bool) {
	return netip.MustParseAddrPort("203.0.113.9:9"), ap.Port() == 9
}

// TestEnds: either end is known by what the receiver sees, where that is another one,
// and all else by what the engine knows.
func TestEnds(t *testing.T) {
	at := netip.MustParseAddrPort
	nat := EndsOf(at("192.0.2.1:5060"), at("198.51.100.1:5060"), at("203.0.113.1:6000"), at("198.51.100.1:5060"))
	vip := EndsOf(at("192.0.2.1:5060"), at("198.51.100.1:5060"), at("192.0.2.1:5060"), at("10.0.0.1:7000"))
	if nat.SrcPlain || !nat.DstPlain || nat.Plain() || !vip.SrcPlain || vip.DstPlain {
		t.Errorf("%+v, %+v", nat, vip)
	}
	for _, c := range []struct {
		ends       *Ends
		said, want string // empty: the bytes stay
	}{
		{&nat, "192.0.2.1:5060", "203.0.113.1:6000"},
		{&nat, "[::ffff:192.0.2.1]:5060", "203.0.113.1:6000"},
		{&nat, "192.0.2.1:0", "203.0.113.1:0"},
		{&nat, "192.0.2.1:5061", ""},
		{&nat, "192.0.2.1:9", "203.0.113.9:9"},
		{&nat, "198.51.100.1:5060", ""},
		{&nat, "198.51.100.1:0", ""},
		{&nat, "203.0.113.9:9", ""},
		{&vip, "192.0.2.1:5060", ""},
		{&vip, "192.0.2.1:0", ""},
		{&vip, "198.51.100.1:5060", "10.0.0.1:7000"},
		{&vip, "198.51.100.1:0", "10.0.0.1:0"},
		{&vip, "198.51.100.1:9", "203.0.113.9:9"},
	} {
		got, ok := c.ends.known(packet.Original, at(c.said), other{})
		if ok != (c.want != "") || ok && got != at(c.want) {
			t.Errorf("%s is %v (%v), expected %q", c.said, got, ok, c.want)
		}
	}
}
