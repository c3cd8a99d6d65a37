package packettest_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"portcullis/packet"
	"portcullis/packet/packettest"
)

// Lines in the words that Text uses: each is its own text.
var canonical = []string{
	"tcp 10.0.0.5:40000 > 203.0.113.9:80 SA seq 900 ack 101 len 20",
	"tcp 10.0.0.5:40000 > 203.0.113.9:80 - win 0",
	"tcp 10.0.0.5:40000 > 203.0.113.9:80 S seq 4294967295 mss 1460 ws 7 sackok ts 5/0",
	"tcp 10.0.0.5:40000 > 203.0.113.9:80 A ack 7 ts 9/8 sack 100-200,300-400",
	"tcp 10.0.0.5:40000 > 203.0.113.9:80 PAU urg 3 opt 1e020101 len 4 from 3",
	"tcp [fd01::2]:40000 > [fd02::2]:21 PA seq 1 ack 1 data \"EPSV\\r\\n\"",
	"tcp 10.0.0.5:4000 > 203.0.113.9:1723 PA seq 1 ack 1 pptp out-request/7 pptp echo-request",
	"tcp 10.0.0.5:1 > 10.0.0.6:2 A len 3000 partial gso 1448",
	"udp 10.1.0.2:5000 > 10.2.0.2:53 nosum data \"who?\" ttl 1 tos 16 ipid 7 df vlan 10 vlan 20",
	"udp 10.1.0.2:5000 > 10.2.0.2:53 udplen 9 len 2 ipopt 94040000",
	"udp [fd01::2]:5000 > [fd02::2]:53 len 1 ext 0=010400000000 ext 60=010400000000 badsum",
	"udp [fd01::2]:5000 > [fd02::2]:53 len 1 partial checked",
	"icmp 10.1.0.2 > 10.1.0.1 echo id 7 seq 1",
	"icmp6 fd01::2 > fd01::1 echo-reply id 7 seq 1 len 3",
	"icmp 10.9.0.1 > 10.1.0.2 unreach needfrag mtu 1400 about {tcp 10.1.0.2:40000 > 10.2.0.2:80 A seq 5 len 20 ttl 3 df}",
	"icmp 10.9.0.1 > 10.1.0.2 time-exceeded about {tcp 10.1.0.2:40000 > 10.2.0.2:80 - seq 5 win 0 cut 12}",
	"icmp 10.9.0.1 > 10.1.0.2 unreach port about {udp 10.1.0.2:40000 > 10.2.0.2:80 badsum}",
	"icmp6 fd09::1 > fd01::2 too-big mtu 1280 about {udp [fd01::2]:1 > [fd02::2]:2 len 1000 cut 200}",
	"icmp 10.9.0.1 > 10.1.0.2 type 9 code 4 rest 01020304 hex ff00",
	"udp 10.1.0.2:5000 > 10.2.0.2:53 len 1472 ipid 9 frag 0+",
	"udp 10.1.0.2 > 10.2.0.2 len 20 from 16 ipid 9 frag 185",
	"udp fd01::2 > fd02::2 len 20 frag 185 ipid 9",
	"sctp 10.1.0.2:5000 > 10.2.0.2:53 tag 7 len 4",
	"sctp 10.1.0.2:5000 > 10.2.0.2:53 init 9",
	"sctp 10.1.0.2:5000 > 10.2.0.2:53 init 9 partial",
	"sctp [fd01::2]:5000 > [fd02::2]:53 tag 9 init-ack 8 badsum",
	"sctp 10.1.0.2:5000 > 10.2.0.2:53 tag 8 cookie-echo sack heartbeat error shutdown data \"hi!\" ttl 9",
	"sctp 10.1.0.2:5000 > 10.2.0.2:53 tag 8 abort/t chunk 193=00000001 chunk 0/2=000000000000000000000000",
	"icmp 10.9.0.1 > 10.1.0.2 unreach host about {sctp 10.1.0.2:40000 > 10.2.0.2:80 tag 5 len 20 cut 28}",
	"gre 10.1.0.2 > 10.2.0.2 len 4",
	"gre 10.1.0.2 > 10.2.0.2 carries 2048 sum key 4000000000 seq 9 len 4",
	"gre fd01::2 > fd02::2 call 77 seq 9 ack 3 len 4",
	"icmp 10.9.0.1 > 10.1.0.2 unreach host about {gre 10.1.0.2 > 10.2.0.2 key 5 len 20 cut 20}",
	"ip-99 10.1.0.2 > 10.2.0.2 data \"a\\x00\"",
	"arp 10.1.0.2 > 10.1.0.1 request",
	"arp 10.1.0.1 > 10.1.0.2 reply",
}

func TestTextOfFrame(t *testing.T) {
	for _, line := range canonical {
		if got := packettest.Text(packettest.Packet(line)); got != line {
			t.Errorf("written and read back:\n  want %s\n  got  %s", line, got)
		}
	}
}

func TestCanonicalWords(t *testing.T) {
	for line, want := range map[string]string{
		"tcp 10.0.0.5:1 > 10.0.0.6:2 win 65535 ttl 64 S seq 0":              "tcp 10.0.0.5:1 > 10.0.0.6:2 S",
		"udp [fd01::2]:5000 > [fd02::2]:53 ext 60":                          "udp [fd01::2]:5000 > [fd02::2]:53 ext 60=010400000000",
		`udp 10.1.0.2:1 > 10.2.0.2:2 data "abc" pad 10`:                     "udp 10.1.0.2:1 > 10.2.0.2:2 len 3",
		"icmp 10.1.0.2 > 10.1.0.1 type 3 code 4 mtu 0 about {arp}":          "",
		"tcp 10.0.0.5:1 > 10.0.0.6:2 S poke l4+13=12":                       "tcp 10.0.0.5:1 > 10.0.0.6:2 SA badsum",
		"icmp 10.1.0.2 > 10.1.0.1 type 8 rest 00070001":                     "icmp 10.1.0.2 > 10.1.0.1 echo id 7 seq 1",
		"udp 10.1.0.2:1 > 10.2.0.2:2 len 30 part 0-24":                      "udp 10.1.0.2:1 > 10.2.0.2:2 len 16 frag 0+",
		"udp 10.1.0.2:1 > 10.2.0.2:2 len 30 ipid 4 part 16-":                "udp 10.1.0.2 > 10.2.0.2 len 22 from 8 ipid 4 frag 2",
		"udp [fd01::2]:1 > [fd02::2]:2 len 30 ipid 4 part 16-24":            "udp fd01::2 > fd02::2 len 8 from 8 frag 2+ ipid 4",
		"tcp 10.0.0.5:1 > fd00::1:2 S":                                      "",
		"tcp 10.0.0.5:1 > 10.0.0.6:2 S nonsense":                            "",
		`tcp 10.0.0.5:1 > 10.0.0.6:2 S data "open`:                          "",
		"tcp 10.0.0.5:1 > 10.0.0.6:2 S cut 1":                               "",
		"udp 10.1.0.2:1 > 10.2.0.2:2 vlan 5 vlan 6 vlan 7":                  "",
		"tcp 10.0.0.5:1 > 10.0.0.6:2 S ttl 256":                             "",
		"icmp 10.9.0.1 > 10.1.0.2 unreach about {udp 10.0.0.1 > 10.0.0.2 x": "",
	} {
		got, err := packettest.Canonical(line)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s:\n  want %s\n  got  %s (%v)", line, want, got, err)
		}
	}
}

// TestRoundTrip writes random packets, and reads and writes them again.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		line := packettest.Random(r)
		frame, off, err := packettest.Build(line)
		if err != nil {
			t.Fatal(err)
		}
		var p packet.Packet
		if why := p.Parse(frame, off); why != packet.ReasonNone {
			t.Fatalf("%s: %v", line, why)
		}
		text := packettest.Text(&p)
		again, off2, err := packettest.Build(text)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if !bytes.Equal(p.Frame, again) || off.Flags != off2.Flags || off.GSO != off2.GSO {
			t.Fatalf("the frame changed:\n  %s\n  %s\n  %x\n  %x", line, text, p.Frame, again)
		}
		if strings.Contains(text, "badsum") != strings.Contains(line, "badsum") {
			t.Fatalf("%s\n%s", line, text)
		}
	}
}

func ExampleText() {
	p := packettest.Packet(`tcp 10.0.0.5:40000 > 203.0.113.9:21 PA seq 900 ack 101 data "PASV\r\n"`)
	fmt.Println(packettest.Text(p))
	// Output: tcp 10.0.0.5:40000 > 203.0.113.9:21 PA seq 900 ack 101 data "PASV\r\n"
}
