package packet_test

import (
	"testing"

	"portcullis/packet"
	"portcullis/packet/packettest"
)

func parse(t testing.TB, line string) (*packet.Packet, packet.Reason) {
	t.Helper()
	frame, off, err := packettest.Build(line)
	if err != nil {
		t.Fatal(err)
	}
	p := new(packet.Packet)
	return p, p.Parse(frame, off)
}

func TestParseReasons(t *testing.T) {
	for _, c := range []struct {
		line string
		want packet.Reason
	}{
		{"udp 10.0.0.1:1 > 10.0.0.2:2 len 20", packet.ReasonNone},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 vlan 1 vlan 2", packet.ReasonNone},
		{"ip-99 10.0.0.1 > 10.0.0.2", packet.ReasonNone},
		{"ip-59 fd00::1 > fd00::2", packet.ReasonNone},
		{"arp 10.0.0.1 > 10.0.0.2 request", packet.ReasonNone},
		{"udp [fd00::1]:1 > [fd00::2]:2 ext 0 ext 60 ext 43 ext 60", packet.ReasonNone},
		{"udp [fd00::1]:1 > [fd00::2]:2 frag 0 len 8", packet.ReasonNone}, // atomic, RFC 6946

		{"udp 10.0.0.1:1 > 10.0.0.2:2 cut 29", packet.ReasonTruncated},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 cut 27", packet.ReasonTruncated},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 cut 1", packet.ReasonTruncated},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 cut 40", packet.ReasonTruncated},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 vlan 5 cut 29", packet.ReasonTruncated},
		{"udp [fd00::1]:1 > [fd00::2]:2 cut 9", packet.ReasonTruncated},
		{"udp [fd00::1]:1 > [fd00::2]:2 cut 1", packet.ReasonTruncated},
		{"arp 10.0.0.1 > 10.0.0.2 request cut 1", packet.ReasonTruncated},

		{"udp 10.0.0.1:1 > 10.0.0.2:2 vlan 1 vlan 2 vlan 3", packet.ReasonBadVLAN},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 ether 88cc", packet.ReasonEtherType},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 vlan 1 ether 0003", packet.ReasonEtherType},

		{"udp 10.0.0.1:1 > 10.0.0.2:2 poke ip+0=65", packet.ReasonBadIPHeader},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 poke ip+0=44", packet.ReasonBadIPHeader},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 poke ip+2=0013", packet.ReasonBadIPHeader},
		{"udp [fd00::1]:1 > [fd00::2]:2 poke ip+0=45", packet.ReasonBadIPHeader},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 badipsum", packet.ReasonBadIPChecksum},

		{"udp 10.0.0.1:1 > 10.0.0.2:2 ipopt 01010101", packet.ReasonNone},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 ipopt 00ffffff", packet.ReasonNone},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 ipopt 01010107", packet.ReasonBadIPOption},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 ipopt 94050000", packet.ReasonBadIPOption},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 ipopt 94010000", packet.ReasonBadIPOption},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 ipopt 83030400", packet.ReasonSourceRoute},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 ipopt 01890304", packet.ReasonSourceRoute},
		{"udp [fd00::1]:1 > [fd00::2]:2 ext 43=000100000000", packet.ReasonSourceRoute},
		{"udp [fd00::1]:1 > [fd00::2]:2 ext 43=000000000000", packet.ReasonNone},

		{"udp [fd00::1]:1 > [fd00::2]:2 ext 60 ext 0", packet.ReasonBadExtHeader},
		{"udp [fd00::1]:1 > [fd00::2]:2 ext 60 poke ip+41=02", packet.ReasonBadExtHeader},
		{"ip-60 fd00::1 > fd00::2", packet.ReasonBadExtHeader},
		{"ip-60 fd00::1 > fd00::2 hex 11", packet.ReasonBadExtHeader},
		{"ip-43 fd00::1 > fd00::2 hex 1100", packet.ReasonBadExtHeader},
		{"ip-44 fd00::1 > fd00::2 hex 11000000000000", packet.ReasonBadExtHeader},
		{"udp [fd00::1]:1 > [fd00::2]:2 ext 60 ext 60 ext 60 ext 60 ext 60 ext 60 ext 60 ext 60", packet.ReasonBadExtHeader},

		{"ip-6 10.0.0.1 > 10.0.0.2 len 19", packet.ReasonBadL4Header},
		{"tcp 10.0.0.1:1 > 10.0.0.2:2 S poke l4+12=40", packet.ReasonBadL4Header},
		{"tcp 10.0.0.1:1 > 10.0.0.2:2 S poke l4+12=60", packet.ReasonBadL4Header},
		{"ip-17 10.0.0.1 > 10.0.0.2 len 7", packet.ReasonBadL4Header},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 udplen 7", packet.ReasonBadL4Header},
		{"udp 10.0.0.1:1 > 10.0.0.2:2 udplen 9", packet.ReasonBadL4Header},
		{"ip-1 10.0.0.1 > 10.0.0.2 len 7", packet.ReasonBadL4Header},
		{"icmp6 10.0.0.1 > 10.0.0.2 echo id 1 seq 1", packet.ReasonBadL4Header},
		{"icmp fd00::1 > fd00::2 echo id 1 seq 1", packet.ReasonBadL4Header},
		{"ip-132 10.0.0.1 > 10.0.0.2 len 11", packet.ReasonBadL4Header},
		{"sctp 10.0.0.1:1 > 10.0.0.2:2", packet.ReasonBadL4Header}, // no chunk
		{"sctp 10.0.0.1:1 > 10.0.0.2:2 init 7", packet.ReasonNone},
		{"sctp 10.0.0.1:1 > 10.0.0.2:2 heartbeat abort len 3", packet.ReasonNone},
		{"sctp 10.0.0.1:1 > 10.0.0.2:2 heartbeat poke l4+14=0003", packet.ReasonBadL4Header},
		{"sctp 10.0.0.1:1 > 10.0.0.2:2 heartbeat poke l4+14=0000", packet.ReasonBadL4Header},
		{"sctp 10.0.0.1:1 > 10.0.0.2:2 heartbeat poke l4+14=0005", packet.ReasonBadL4Header},
		{"sctp 10.0.0.1:1 > 10.0.0.2:2 heartbeat abort poke l4+18=0008", packet.ReasonBadL4Header},
		{"sctp 10.0.0.1:1 > 10.0.0.2:2 init 7 poke l4+14=0010", packet.ReasonBadL4Header},
		{"sctp 10.0.0.1:1 > 10.0.0.2:2 chunk 1=000000010000000100010001", packet.ReasonBadL4Header},
		{"sctp 10.0.0.1:1 > 10.0.0.2:2 chunk 2=000000010000000100010001", packet.ReasonBadL4Header},
		{"sctp 10.0.0.1:1 > 10.0.0.2:2 chunk 3=0000000100000001", packet.ReasonBadL4Header},
		{"sctp 10.0.0.1:1 > 10.0.0.2:2 chunk 7", packet.ReasonBadL4Header},
		{"sctp 10.0.0.1:1 > 10.0.0.2:2 chunk 7=00000000", packet.ReasonNone},
		{"ip-132 10.0.0.1 > 10.0.0.2 hex 00010002000000010000000004000005aa", packet.ReasonNone}, // no padding
		{"ip-132 10.0.0.1 > 10.0.0.2 hex 00010002000000010000000004000004aa", packet.ReasonBadL4Header},
		{"ip-47 10.0.0.1 > 10.0.0.2 len 3", packet.ReasonBadL4Header},
		{"ip-47 10.0.0.1 > 10.0.0.2 hex 00000800", packet.ReasonNone},
		{"ip-47 10.0.0.1 > 10.0.0.2 hex 03f80800", packet.ReasonNone},        // reserved: ignored
		{"ip-47 10.0.0.1 > 10.0.0.2 hex 40000800", packet.ReasonBadL4Header}, // routing
		{"ip-47 10.0.0.1 > 10.0.0.2 hex 08000800", packet.ReasonBadL4Header}, // strict source route
		{"ip-47 10.0.0.1 > 10.0.0.2 hex 04000800", packet.ReasonBadL4Header}, // recursion
		{"ip-47 10.0.0.1 > 10.0.0.2 hex 00020800", packet.ReasonBadL4Header}, // version
		{"ip-47 10.0.0.1 > 10.0.0.2 hex 80000800000000", packet.ReasonBadL4Header},
		{"ip-47 10.0.0.1 > 10.0.0.2 hex 20000800000000", packet.ReasonBadL4Header},
		{"ip-47 10.0.0.1 > 10.0.0.2 hex 10000800000000", packet.ReasonBadL4Header},
		{"ip-47 10.0.0.1 > 10.0.0.2 hex b0000800000000000000000100000000", packet.ReasonNone},
		{"gre 10.0.0.1 > 10.0.0.2 call 7 seq 1 ack 1 len 3", packet.ReasonNone},
		{"gre 10.0.0.1 > 10.0.0.2 call 7 ack 1", packet.ReasonNone},
		{"gre 10.0.0.1 > 10.0.0.2 call 7 seq 1 carries 2048 len 3", packet.ReasonBadL4Header},
		{"gre 10.0.0.1 > 10.0.0.2 call 7 len 3", packet.ReasonBadL4Header},           // a payload without a number
		{"gre 10.0.0.1 > 10.0.0.2 call 7 sum seq 1 len 3", packet.ReasonBadL4Header}, // a checksum
		{"gre 10.0.0.1 > 10.0.0.2 call 7 seq 1 len 3 poke l4+4=0004", packet.ReasonBadL4Header},
		{"gre 10.0.0.1 > 10.0.0.2 call 7 seq 1 len 3 poke l4+1=41", packet.ReasonBadL4Header},
		{"gre 10.0.0.1 > 10.0.0.2 call 7 seq 1 len 3 poke l4+0=10", packet.ReasonBadL4Header}, // no key
		{"ip-47 10.0.0.1 > 10.0.0.2 hex 3001880b00000007000000", packet.ReasonBadL4Header},
		{"ip-50 10.0.0.1 > 10.0.0.2 len 7", packet.ReasonBadL4Header},

		{"udp 10.0.0.1 > 10.0.0.2 frag 2", packet.ReasonBadFragment},
		{"udp 10.0.0.1 > 10.0.0.2 frag 2+ len 15", packet.ReasonBadFragment},
		{"udp 10.0.0.1 > 10.0.0.2 frag 8191 len 8", packet.ReasonBadFragment},
		{"udp 10.0.0.1 > 10.0.0.2 frag 8191 len 7", packet.ReasonNone},
		{"udp fd00::1 > fd00::2 frag 2+ len 15", packet.ReasonBadFragment},
	} {
		p, got := parse(t, c.line)
		if got != c.want {
			t.Errorf("%s: %v, expected %v", c.line, got, c.want)
		}
		if (got == packet.ReasonNone) != (p.Kind != packet.KindNone) {
			t.Errorf("%s: kind %v with reason %v", c.line, p.Kind, got)
		}
	}
}

func TestParseFields(t *testing.T) {
	p, _ := parse(t, "tcp 10.0.0.1:1 > 10.0.0.2:2 PA seq 7 mss 1460 data \"hello\" pad 9 vlan 7 vlan 8")
	key := packet.Key{Src: packet.MustAddr("10.0.0.1"), Dst: packet.MustAddr("10.0.0.2"), SrcPort: 1, DstPort: 2, Proto: packet.ProtoTCP}
	if p.Key != key || p.TCPFlags != packet.TCPPsh|packet.TCPAck || p.Frag || p.VLANs != 2 || p.VLAN != 7 {
		t.Errorf("%+v", p)
	}
	if string(p.Data()) != "hello" { // the padding is gone
		t.Errorf("payload %q", p.Data())
	}
	if p.L3 != 22 || p.L4 != 42 || p.Payload != 66 || len(p.Frame) != 71 {
		t.Errorf("offsets %d %d %d of %d", p.L3, p.L4, p.Payload, len(p.Frame))
	}
	p, _ = parse(t, "icmp6 fd00::1 > fd00::2 echo id 77 seq 1 ext 60")
	if p.Key.SrcPort != 77 || p.Key.DstPort != 128 || p.ICMPType != 128 || p.L4 != 14+40+8 {
		t.Errorf("%+v", p)
	}
	p, _ = parse(t, "udp 10.0.0.1 > 10.0.0.2 frag 10+ len 16")
	if !p.Frag || p.Key.SrcPort != 0 || len(p.Data()) != 0 || p.Key.Proto != packet.ProtoUDP {
		t.Errorf("%+v", p)
	}
	p, _ = parse(t, "udp fd00::1 > fd00::2 frag 10+ len 16 ext 60")
	if !p.Frag || p.Key.Proto != packet.ProtoUDP || p.L4 != 14+40+8+8 {
		t.Errorf("%+v", p)
	}
}

// TestParseReuse: nothing of one frame is left when the next is parsed.
func TestParseReuse(t *testing.T) {
	var p packet.Packet
	lines := []string{
		"udp fd00::1 > fd00::2 frag 10+ len 16 vlan 5", "tcp 10.0.0.1:1 > 10.0.0.2:2 SFA", "icmp 10.0.0.1 > 10.0.0.2 echo id 1 seq 1",
		"arp 10.0.0.1 > 10.0.0.2 request", "udp 10.0.0.1:1 > 10.0.0.2:2 ether 1234", "gre 10.0.0.1 > 10.0.0.2",
	}
	for _, first := range lines {
		for _, second := range lines {
			var fresh packet.Packet
			frame, off, _ := packettest.Build(first)
			p.Parse(frame, off)
			frame, off, _ = packettest.Build(second)
			a, b := p.Parse(frame, off), fresh.Parse(frame, off)
			if a != b || p.Kind != fresh.Kind || p.Frag != fresh.Frag || p.VLANs != fresh.VLANs || p.TCPFlags != fresh.TCPFlags || p.ICMPType != fresh.ICMPType {
				t.Errorf("%s after %s: %+v, %+v", second, first, p, fresh)
			}
			if p.Kind > packet.KindARP && p.Key != fresh.Key {
				t.Errorf("%s after %s: key %v", second, first, p.Key)
			}
		}
	}
}

func TestTunnelKey(t *testing.T) {
	for _, c := range []struct {
		line     string
		src, dst uint16
		key      string
		pptp     bool
	}{
		{"gre 10.0.0.1 > 10.0.0.2 len 4", 0, 0, "gre 10.0.0.1 > 10.0.0.2", false},
		{"gre 10.0.0.1 > 10.0.0.2 sum seq 9 len 4", 0, 0, "gre 10.0.0.1 > 10.0.0.2", false},
		{"gre 10.0.0.1 > 10.0.0.2 key 100 len 4", 0, 100, "gre 10.0.0.1 > 10.0.0.2 key 100", false},
		{"gre fd00::1 > fd00::2 sum key 65538 seq 1 len 4", 1, 2, "gre fd00::1 > fd00::2 key 65538", false},
		{"gre 10.0.0.1 > 10.0.0.2 call 7 seq 1 len 4", 0, 7, "gre 10.0.0.1 > 10.0.0.2 key 7", true},
		{"gre 10.0.0.1 > 10.0.0.2 call 65535 ack 1", 0, 65535, "gre 10.0.0.1 > 10.0.0.2 key 65535", true},
	} {
		p, r := parse(t, c.line)
		if r != packet.ReasonNone || p.Key.SrcPort != c.src || p.Key.DstPort != c.dst || p.Key.String() != c.key || p.CarriesPPTP() != c.pptp {
			t.Errorf("%s: %v, %d %d, %v, PPTP %v", c.line, r, p.Key.SrcPort, p.Key.DstPort, p.Key, p.CarriesPPTP())
		}
		back := p.Key.Reply()
		if back.SrcPort != c.src || back.DstPort != c.dst || back.Src != p.Key.Dst {
			t.Errorf("%s: the answers are %v", c.line, back)
		}
		if c.src+c.dst > 0 && len(p.Data()) > 4 {
			t.Errorf("%s: payload %q", c.line, p.Data())
		}
	}
}

func TestChunks(t *testing.T) {
	p, r := parse(t, "sctp 10.0.0.1:1 > 10.0.0.2:2 tag 4294967295 cookie-echo chunk 193/1=010203 init 77 len 5")
	if r != packet.ReasonNone || p.VerificationTag() != 4294967295 {
		t.Fatal(r, p.VerificationTag())
	}
	type chunk struct {
		typ, flags uint8
		size       int
		tag        uint32
	}
	want := []chunk{{10, 0, 8, 0}, {193, 1, 3, 0}, {1, 0, 16, 77}, {0, 3, 17, 0}}
	for list := p.Data(); len(list) > 0; want = want[1:] {
		var c packet.Chunk
		var ok bool
		if c, list, ok = packet.NextChunk(list); !ok {
			t.Fatal("a chunk that Parse let pass is cut short")
		}
		if got := (chunk{c.Type, c.Flags, len(c.Value), c.InitiateTag()}); got != want[0] {
			t.Errorf("chunk %+v, expected %+v", got, want[0])
		}
	}
	if len(want) > 0 {
		t.Errorf("not read: %+v", want)
	}
}
