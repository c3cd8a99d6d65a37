package packet_test

import (
	"math/bits"
	"testing"
	"testing/quick"

	"portcullis/packet"
)

func TestReplyIsItsOwnInverse(t *testing.T) {
	f := func(a, b packet.Addr, sp, dp, zone uint16, proto uint8) bool {
		k := packet.Key{Src: a, Dst: b, SrcPort: sp, DstPort: dp, Zone: zone, Proto: proto}
		return k.Reply().Reply() == k && k.Reply().Zone == zone && k.Reply().Src == b
	}
	if err := quick.Check(f, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
	for proto := range uint8(255) {
		for typ := range uint16(256) {
			k := packet.Key{SrcPort: 7, DstPort: typ, Proto: proto}
			if k.Reply().Reply() != k {
				t.Errorf("protocol %d, port %d", proto, typ)
			}
		}
	}
	echo := packet.Key{SrcPort: 7, DstPort: packet.ICMPEcho, Proto: packet.ProtoICMP}
	if r := echo.Reply(); r.SrcPort != 7 || r.DstPort != packet.ICMPEchoReply {
		t.Errorf("%v is answered by %v", echo, r)
	}
}

// TestHashSpreads: each bit of a key changes about half of the hash, and keys
// that lie close together do not fall into the same places.
func TestHashSpreads(t *testing.T) {
	base := packet.Key{Src: packet.MustAddr("10.1.0.2"), Dst: packet.MustAddr("10.2.0.2"), SrcPort: 40000, DstPort: 80, Proto: packet.ProtoTCP}
	for bit := range 312 {
		sum := 0
		for seed := range uint64(64) {
			k := base
			flip(&k, bit)
			sum += bits.OnesCount64(base.Hash(seed) ^ k.Hash(seed))
		}
		if mean := float64(sum) / 64; mean < 24 || mean > 40 {
			t.Errorf("bit %d changes %.1f of 64 bits", bit, mean)
		}
	}
	const n = 1 << 16
	var used [n]uint8
	most := uint8(0)
	for i := range n {
		k := base
		k.SrcPort, k.Src.Lo = uint16(i), k.Src.Lo+uint64(i>>12)
		at := k.Hash(1) % n
		used[at]++
		most = max(most, used[at])
	}
	if most > 12 {
		t.Errorf("%d keys in one of %d places", most, n)
	}
}

func flip(k *packet.Key, bit int) {
	words := []*uint64{&k.Src.Hi, &k.Src.Lo, &k.Dst.Hi, &k.Dst.Lo}
	if bit < 256 {
		*words[bit/64] ^= 1 << (bit % 64)
		return
	}
	switch bit -= 256; {
	case bit < 16:
		k.SrcPort ^= 1 << bit
	case bit < 32:
		k.DstPort ^= 1 << (bit - 16)
	case bit < 48:
		k.Zone ^= 1 << (bit - 32)
	default:
		k.Proto ^= 1 << (bit - 48)
	}
}

func TestKeyText(t *testing.T) {
	for want, k := range map[string]packet.Key{
		"tcp 10.0.0.1:1 > 10.0.0.2:2":          {Src: packet.MustAddr("10.0.0.1"), Dst: packet.MustAddr("10.0.0.2"), SrcPort: 1, DstPort: 2, Proto: packet.ProtoTCP},
		"udp [fd00::1]:1 > [fd00::2]:2":        {Src: packet.MustAddr("fd00::1"), Dst: packet.MustAddr("fd00::2"), SrcPort: 1, DstPort: 2, Proto: packet.ProtoUDP},
		"icmp 10.0.0.1 > 10.0.0.2 type 8 id 7": {Src: packet.MustAddr("10.0.0.1"), Dst: packet.MustAddr("10.0.0.2"), SrcPort: 7, DstPort: 8, Proto: packet.ProtoICMP},
		"ip-99 10.0.0.1 > 10.0.0.2":            {Src: packet.MustAddr("10.0.0.1"), Dst: packet.MustAddr("10.0.0.2"), Proto: 99},
	} {
		if k.String() != want {
			t.Errorf("%s, expected %s", k, want)
		}
	}
}

func TestReasons(t *testing.T) {
	names, texts := map[string]bool{}, map[string]bool{}
	for why := range packet.NumReasons {
		if why.String() == "" || why.Text() == "" || names[why.String()] || texts[why.Text()] {
			t.Errorf("reason %d: %q, %q: empty or not unique", why, why, why.Text())
		}
		names[why.String()], texts[why.Text()] = true, true
	}
	if s := packet.NumReasons.String() + packet.NumReasons.Text(); s == "" {
		t.Error("a reason beyond the list has no name")
	}
}

func TestAddr(t *testing.T) {
	for s, want := range map[string]string{
		"10.0.0.1": "4", "0.0.0.0": "4 unspecified", "255.255.255.255": "4 broadcast", "127.3.2.1": "4 loopback",
		"224.0.0.1": "4 multicast", "239.255.255.255": "4 multicast", "240.0.0.1": "4", "169.254.1.1": "4 link-local",
		"169.253.1.1": "4", "::": "unspecified", "::1": "loopback", "ff02::1": "multicast", "fe80::1": "link-local", "febf::1": "link-local",
		"fec0::1": "", "fd00::1": "", "::2": "",
	} {
		a := packet.MustAddr(s)
		got := ""
		for _, is := range []struct {
			word string
			yes  bool
		}{
			{"4", a.Is4()}, {"unspecified", a.IsUnspecified()}, {"broadcast", a.IsBroadcast()}, {"loopback", a.IsLoopback()},
			{"multicast", a.IsMulticast()}, {"link-local", a.IsLinkLocal()},
		} {
			if is.yes && got != "" {
				got += " "
			}
			if is.yes {
				got += is.word
			}
		}
		if got != want {
			t.Errorf("%s is %q, expected %q", s, got, want)
		}
		b := a.As16()
		if s != "::" && (a.String() != s || packet.AddrFrom16(b[:]) != a) {
			t.Errorf("%s is printed as %s", s, a)
		}
	}
	if !packet.MustAddr("10.0.0.1").Less(packet.MustAddr("10.0.0.2")) || packet.MustAddr("fd00::1").Less(packet.MustAddr("10.0.0.2")) {
		t.Error("order")
	}
}

func TestOffloadCodec(t *testing.T) {
	f := func(o packet.Offload) bool {
		var b [packet.OffloadSize]byte
		o.Encode(b[:])
		return packet.DecodeOffload(b[:]) == o
	}
	if err := quick.Check(f, nil); err != nil {
		t.Error(err)
	}
}
