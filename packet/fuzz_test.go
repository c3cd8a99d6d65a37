package packet_test

import (
	"math/rand/v2"
	"testing"

	"portcullis/packet"
	"portcullis/packet/packettest"
)

// FuzzParse: after Parse found nothing wrong, nothing that a packet offers can
// panic or reach past its frame.
func FuzzParse(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		frame, off, _ := packettest.Build(packettest.Random(r))
		f.Add(frame, off.Flags, off.GSO)
	}
	for _, line := range []string{
		"icmp 10.9.0.1 > 10.1.0.2 unreach needfrag mtu 1400 about {tcp 10.1.0.2:40000 > 10.2.0.2:80 A seq 5 len 20 ttl 3 df}",
		"icmp6 fd09::1 > fd01::2 too-big mtu 1280 about {udp [fd01::2]:1 > [fd02::2]:2 len 100 cut 20}",
		"udp [fd01::2]:5000 > [fd02::2]:53 len 1 ext 0 ext 43 ext 60", "udp fd01::2 > fd02::2 len 20 frag 185",
		"udp 10.1.0.2:5000 > 10.2.0.2:53 len 1472 ipid 9 frag 0+ ipopt 94040000", "arp 10.1.0.1 > 10.1.0.2 reply",
		"sctp 10.1.0.2:5000 > 10.2.0.2:53 init 5 vlan 5", "sctp 10.1.0.2:5000 > 10.2.0.2:53 tag 5 cookie-echo len 4",
		"gre 10.1.0.2 > 10.2.0.2 len 4", "gre 10.1.0.2 > 10.2.0.2 sum key 5 seq 6 len 4", "gre 10.1.0.2 > 10.2.0.2 call 5 seq 6 ack 7 len 4",
		"icmp 10.9.0.1 > 10.1.0.2 unreach host about {gre 10.1.0.2 > 10.2.0.2 sum key 9 cut 4}", "esp 10.1.0.2 > 10.2.0.2 len 4",
	} {
		f.Add(packettest.Frame(line), uint8(0), uint8(0))
	}
	f.Fuzz(func(t *testing.T, frame []byte, flags, gso uint8) {
		whole := len(frame)
		for step := range 9 {
			p := new(packet.Packet)
			off := packet.Offload{Flags: flags, GSO: gso, GSOSize: 500}
			if p.Parse(append(make([]byte, 0, whole+64), frame...), off) != packet.ReasonNone {
				return
			}
			offsets(t, p, whole)
			use(t, p, step)
			offsets(t, p, whole+64)
		}
	})
}

// offsets fails where an offset of p lies beyond its frame, or out of order.
func offsets(t *testing.T, p *packet.Packet, most int) {
	t.Helper()
	n := uint32(len(p.Frame))
	if int(n) > most || p.L3 < packet.EthernetSize || p.L3 > n {
		t.Fatalf("frame of %d bytes, L3 %d", n, p.L3)
	}
	if p.Kind == packet.KindARP {
		return
	}
	if p.L4 < p.L3 || p.Payload < p.L4 || p.Payload > n {
		t.Fatalf("frame of %d bytes, L3 %d, L4 %d, payload %d", n, p.L3, p.L4, p.Payload)
	}
}

// use does the step-th of the things that can be done to a parsed packet.
func use(t *testing.T, p *packet.Packet, step int) {
	_ = packettest.Text(p)
	if p.Kind == packet.KindARP {
		_ = p.ARP()[27]
		return
	}
	to := p.Key.Reply()
	to.SrcPort ^= 0x1234
	text := p.Key.String()
	switch step {
	case 0:
		read(p)
	case 1:
		r := packet.NewRewrite(p.Key, to)
		if !p.Frag {
			r.Apply(p, &to)
		}
	case 2:
		p.DecrementTTL()
	case 3:
		if !p.Frag {
			p.SetData([]byte("0123456789012345678901234567890123456789"))
			p.SetData(nil)
		}
	case 4:
		if !p.Frag {
			p.ChecksumOK()
			p.FixChecksum()
			if !p.ChecksumOK() {
				t.Fatalf("%s: wrong after FixChecksum", text)
			}
		}
	case 5:
		if e, ok := p.Embedded(); ok && packet.IsICMPError(p.Key.Proto, p.ICMPType) && !p.Frag && (p.Key.Proto == packet.ProtoICMP || p.Key.Proto == packet.ProtoICMPv6) {
			inner := e.Key.Reply().Reply()
			inner.SrcPort++
			if e.Key.Proto == packet.ProtoTCP {
				p.SetQuotedSeq(e, p.QuotedSeq(e)+1)
			}
			p.RewriteError(p.Key.Dst, p.Key.Src, e, inner)
		}
	case 6:
		fragment(p)
	case 7:
		if !p.Frag {
			p.TurnAround(p.Key, 64)
		}
	case 8:
		if !p.Frag {
			p.CompleteChecksum()
		}
	}
}

func read(p *packet.Packet) {
	switch {
	case p.Kind == packet.KindIPv4:
		_ = p.IPv4().Payload()
	case p.Kind == packet.KindIPv6:
		_ = p.IPv6().Payload()
	}
	_, _ = p.Addrs()
	_ = p.Data()
	if p.Frag {
		f := p.Piece()
		_ = f.HeadersWhole()
		_ = f.Head[f.Next]
		return
	}
	switch p.Key.Proto {
	case packet.ProtoTCP:
		_ = p.TCP().Payload()
		_ = p.TCP().Options()
	case packet.ProtoUDP:
		_ = p.UDP().Payload()
	case packet.ProtoSCTP:
		_ = p.VerificationTag()
		for list := p.Data(); len(list) > 0; {
			var c packet.Chunk
			c, list, _ = packet.NextChunk(list)
			_ = c.InitiateTag()
		}
	case packet.ProtoGRE:
		_ = p.CarriesPPTP()
	}
}

func fragment(p *packet.Packet) {
	for _, mtu := range []int{0, 28, 68, 576} {
		if p.Frag && p.Offload.Partial() {
			return
		}
		packet.Fragment(p, mtu, func(frame []byte) {
			var f packet.Packet
			f.Parse(frame, packet.Offload{})
		})
	}
}
