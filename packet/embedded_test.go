package packet_test

import (
	"testing"

	"portcullis/packet"
	"portcullis/packet/packettest"
)

func TestEmbedded(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {udp 10.0.0.1:1 > 10.0.0.2:2 len 4}", "udp 10.0.0.1:1 > 10.0.0.2:2"},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {tcp 10.0.0.1:1 > 10.0.0.2:2 S cut 12 ipopt 01010101}", "tcp 10.0.0.1:1 > 10.0.0.2:2"},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {icmp 10.0.0.1 > 10.0.0.2 echo id 5 seq 1}", "icmp 10.0.0.1 > 10.0.0.2 type 8 id 5"},
		{"icmp6 fd09::9 > fd00::1 unreach host about {udp [fd00::1]:1 > [fd00::2]:2 len 4}", "udp [fd00::1]:1 > [fd00::2]:2"},
		{"icmp6 fd09::9 > fd00::1 unreach host about {icmp6 fd00::1 > fd00::2 echo id 5 seq 1}", "icmp6 fd00::1 > fd00::2 type 128 id 5"},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {gre 10.0.0.1 > 10.0.0.2 len 4}", "gre 10.0.0.1 > 10.0.0.2"},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {gre 10.0.0.1 > 10.0.0.2 key 65538 len 4 cut 4}", "gre 10.0.0.1 > 10.0.0.2 key 65538"},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {gre 10.0.0.1 > 10.0.0.2 sum key 65538 len 4 cut 4}", "gre 10.0.0.1 > 10.0.0.2 key 65538"},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {gre 10.0.0.1 > 10.0.0.2 sum key 65538 len 4 cut 5}", ""},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {gre 10.0.0.1 > 10.0.0.2 call 7 seq 1 len 4 cut 8}", "gre 10.0.0.1 > 10.0.0.2 key 7"},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {sctp 10.0.0.1:1 > 10.0.0.2:2 init 7 cut 24}", "sctp 10.0.0.1:1 > 10.0.0.2:2"},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {esp 10.0.0.1 > 10.0.0.2}", "esp 10.0.0.1 > 10.0.0.2"},
		{"icmp6 fd09::9 > fd00::1 unreach host about {ah fd00::1 > fd00::2}", "ah fd00::1 > fd00::2"},

		{"icmp 9.9.9.9 > 10.0.0.1 unreach host", ""},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {tcp 10.0.0.1:1 > 10.0.0.2:2 S cut 13}", ""},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {udp 10.0.0.1 > 10.0.0.2 frag 3 len 8}", ""},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {icmp 10.0.0.1 > 10.0.0.2 unreach host}", ""},
		{"icmp 9.9.9.9 > 10.0.0.1 unreach host about {udp [fd00::1]:1 > [fd00::2]:2 len 4}", ""},
		{"icmp6 fd09::9 > fd00::1 unreach host about {udp [fd00::1]:1 > [fd00::2]:2 cut 1}", ""},
	} {
		p := packettest.Packet(c.line)
		e, ok := p.Embedded()
		if ok != (c.want != "") || ok && e.Key.String() != c.want {
			t.Errorf("%s: %v %v, expected %q", c.line, ok, e.Key, c.want)
		}
	}
}

func TestRewriteError(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{
			"icmp 9.9.9.9 > 192.0.2.1 unreach port about {udp 192.0.2.1:7777 > 10.0.0.2:2 len 4 ttl 5}",
			"icmp 9.9.9.9 > 10.0.0.1 unreach port about {udp 10.0.0.1:1 > 10.0.0.2:2 len 4 ttl 5}",
		},
		{
			"icmp 9.9.9.9 > 192.0.2.1 unreach port about {udp 192.0.2.1:7777 > 10.0.0.2:2 nosum len 4}",
			"icmp 9.9.9.9 > 10.0.0.1 unreach port about {udp 10.0.0.1:1 > 10.0.0.2:2 nosum len 4}",
		},
		{
			"icmp 9.9.9.9 > 192.0.2.1 time-exceeded about {tcp 192.0.2.1:7777 > 10.0.0.2:2 SA seq 9 ack 8 mss 1460}",
			"icmp 9.9.9.9 > 10.0.0.1 time-exceeded about {tcp 10.0.0.1:1 > 10.0.0.2:2 SA seq 9 ack 8 mss 1460}",
		},
		{
			"icmp 9.9.9.9 > 192.0.2.1 time-exceeded about {tcp 192.0.2.1:7777 > 10.0.0.2:2 - seq 9 win 0 len 1000 cut 1012}",
			"icmp 9.9.9.9 > 10.0.0.1 time-exceeded about {tcp 10.0.0.1:1 > 10.0.0.2:2 - seq 9 win 0 len 1000 cut 1012}",
		},
		{
			"icmp 9.9.9.9 > 192.0.2.1 unreach host about {icmp 192.0.2.1 > 10.0.0.2 echo id 7777 seq 1}",
			"icmp 9.9.9.9 > 10.0.0.1 unreach host about {icmp 10.0.0.1 > 10.0.0.2 echo id 1 seq 1}",
		},
		{
			"icmp 9.9.9.9 > 192.0.2.1 unreach proto about {gre 192.0.2.1 > 10.0.0.2 key 65538 len 4 ttl 9}",
			"icmp 9.9.9.9 > 10.0.0.1 unreach proto about {gre 10.0.0.1 > 10.0.0.2 key 65538 len 4 ttl 9}",
		},
		{
			"icmp 9.9.9.9 > 192.0.2.1 unreach host about {sctp 192.0.2.1:7777 > 10.0.0.2:2 init 7 ttl 9}",
			"icmp 9.9.9.9 > 10.0.0.1 unreach host about {sctp 10.0.0.1:1 > 10.0.0.2:2 init 7 ttl 9}",
		},
		{
			"icmp 9.9.9.9 > 192.0.2.1 unreach host about {sctp 192.0.2.1:7777 > 10.0.0.2:2 init 7 badsum}",
			"icmp 9.9.9.9 > 10.0.0.1 unreach host about {sctp 10.0.0.1:1 > 10.0.0.2:2 init 7 badsum}",
		},
		{
			"icmp6 fd09::9 > fd02::1 unreach net about {sctp [fd02::1]:7777 > [fd00::2]:2 tag 7 len 20}",
			"icmp6 fd09::9 > fd00::1 unreach net about {sctp [fd00::1]:1 > [fd00::2]:2 tag 7 len 20}",
		},
		{
			"icmp 9.9.9.9 > 192.0.2.1 unreach host about {sctp 192.0.2.1:7777 > 10.0.0.2:2 tag 7 len 20 cut 40}",
			"icmp 9.9.9.9 > 10.0.0.1 unreach host about {sctp 10.0.0.1:1 > 10.0.0.2:2 tag 7 len 20 cut 40}",
		},
		{
			"icmp6 fd09::9 > fd02::1 too-big mtu 1280 about {udp [fd02::1]:7777 > [fd00::2]:2 len 44 ttl 9}",
			"icmp6 fd09::9 > fd00::1 too-big mtu 1280 about {udp [fd00::1]:1 > [fd00::2]:2 len 44 ttl 9}",
		},
		{
			"icmp6 fd09::9 > fd02::1 unreach net about {icmp6 fd02::1 > fd00::2 echo id 7777 seq 1}",
			"icmp6 fd09::9 > fd00::1 unreach net about {icmp6 fd00::1 > fd00::2 echo id 1 seq 1}",
		},
	} {
		p := packettest.Packet(c.line)
		e, ok := p.Embedded()
		if !ok {
			t.Errorf("%s: nothing is embedded", c.line)
			continue
		}
		inner := e.Key
		inner.Src = packet.MustAddr("10.0.0.1")
		if e.Key.Proto != packet.ProtoGRE {
			inner.SrcPort = 1
		}
		if !p.Key.Src.Is4() {
			inner.Src = packet.MustAddr("fd00::1")
		}
		p.RewriteError(p.Key.Src, inner.Src, e, inner)
		if got := packettest.Text(p); got != c.want {
			t.Errorf("%s:\n  want %s\n  got  %s", c.line, c.want, got)
		}
	}
}

func TestQuotedSeq(t *testing.T) {
	for _, c := range []struct{ tail, want string }{{"mss 1460}", "mss 1460}"}, {"len 9 cut 21}", "win 0 len 9 cut 21}"}} {
		flags := "S"
		if c.want != c.tail {
			flags = "-" // they lie behind what is quoted
		}
		p := packettest.Packet("icmp 9.9.9.9 > 10.0.0.1 unreach host about {tcp 10.0.0.1:1 > 10.0.0.2:2 S seq 4294967295 " + c.tail)
		e, _ := p.Embedded()
		if got := p.QuotedSeq(e); got != 4294967295 {
			t.Errorf("quoted %d", got)
		}
		p.SetQuotedSeq(e, 70000)
		p.RewriteError(p.Key.Src, p.Key.Dst, e, e.Key)
		want := "icmp 9.9.9.9 > 10.0.0.1 unreach host about {tcp 10.0.0.1:1 > 10.0.0.2:2 " + flags + " seq 70000 " + c.want
		if got := packettest.Text(p); got != want {
			t.Errorf("want %s\n got %s", want, got)
		}
	}
}
