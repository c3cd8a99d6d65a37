package packet_test

import (
	"testing"

	"portcullis/packet"
	"portcullis/packet/packettest"
)

// The call id of PPTP is rewritten, with the addresses or alone, and the key of any
// other tunnel never is, also where a rewrite asks for it.
func TestApplyCall(t *testing.T) {
	for _, c := range [][2]string{
		{"gre 10.1.0.2 > 10.2.0.2 call 7 seq 9 ack 3 len 40", "gre 10.1.0.2 > 10.2.0.2 call 99 seq 9 ack 3 len 40"},
		{"gre 10.1.0.2 > 10.2.0.2 call 7 ack 3", "gre 203.0.113.9 > 10.9.0.2 call 99 ack 3"},
		{"gre fd01::2 > fd02::2 call 0 seq 1 len 4", "gre fd03::2 > fd02::2 call 65535 seq 1 len 4"},
		{"gre 10.1.0.2 > 10.2.0.2 call 7 seq 9 len 40", "gre 203.0.113.9 > 10.9.0.2 call 7 seq 9 len 40"},
	} {
		p, want := packettest.Packet(c[0]), packettest.Packet(c[1])
		r := packet.NewRewrite(p.Key, want.Key)
		r.Apply(p, &want.Key)
		if got := packettest.Text(p); got != c[1] {
			t.Errorf("%s became %s, want %s", c[0], got, c[1])
		}
	}
	for _, line := range []string{"gre 10.1.0.2 > 10.2.0.2 len 4", "gre 10.1.0.2 > 10.2.0.2 sum key 7 len 4", "gre 10.1.0.2 > 10.2.0.2"} {
		p := packettest.Packet(line)
		to := p.Key
		to.DstPort = 99
		r := packet.NewRewrite(p.Key, to)
		r.Apply(p, &to)
		if got := packettest.Text(p); got != line {
			t.Errorf("%s became %s", line, got)
		}
	}
}
