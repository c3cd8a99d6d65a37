package tftp

import (
	"net/netip"
	"strings"
	"testing"

	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

func dialogues() []helpertest.Dialogue {
	asked := []helpertest.Announced{{Dir: packet.Original, Endpoint: "192.0.2.10:40000"}}
	one := func(name, text string, want []helpertest.Announced, why string) helpertest.Dialogue {
		return helpertest.Dialogue{Name: name, Proto: packet.ProtoUDP, Want: want, Why: why, Turns: []helpertest.Turn{helpertest.Client(text)}}
	}
	all := []helpertest.Dialogue{
		one("read", "\x00\x01boot.img\x00octet\x00", asked, ""),
		one("write", "\x00\x02boot.img\x00NetASCII\x00", asked, ""),
		one("options", "\x00\x01a\x00octet\x00blksize\x001428\x00tsize\x000\x00", asked, ""),
		one("mail", "\x00\x02root\x00MAIL\x00", asked, ""),
		one("no mode", "\x00\x01boot.img\x00", nil, whyNoRequest),
		one("unknown mode", "\x00\x01boot.img\x00binary\x00", nil, whyNoRequest),
		one("no name", "\x00\x01\x00octet\x00", nil, whyNoRequest),
		one("mode without an end", "\x00\x01a\x00octet", nil, whyNoRequest),
		one("option without a value", "\x00\x01a\x00octet\x00blksize\x00", nil, whyNoRequest),
		one("option without an end", "\x00\x01a\x00octet\x00blksize\x001428", nil, whyNoRequest),
		one("long name", "\x00\x01"+strings.Repeat("a", 256)+"\x00octet\x00", nil, whyNoRequest),
		one("long request", "\x00\x01a\x00octet\x00x\x00"+strings.Repeat("a", 512)+"\x00", nil, whyNoRequest),
		one("empty", "", nil, whyNoRequest),
		one("short", "\x00\x01", nil, whyNoRequest),
		one("unknown operation", "\x00\x07abcd", nil, whyNoRequest),
		one("dns", "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", nil, whyNoRequest),
	}
	twice := one("asked twice, answered from the same port", "\x00\x01a\x00octet\x00", append(asked, asked...), "")
	twice.Turns = append(twice.Turns, twice.Turns[0], helpertest.Server("\x00\x05\x00\x01no such file\x00"))
	wrong := one("asked by the server", "\x00\x01a\x00octet\x00", asked, whyNoRequest)
	wrong.Turns = append(wrong.Turns, helpertest.Server("\x00\x01a\x00octet\x00"), wrong.Turns[0])
	six := one("IPv6", "\x00\x01a\x00octet\x00", []helpertest.Announced{{Dir: packet.Original, Endpoint: "[2001:db8::10]:40000"}}, "")
	six.Client, six.Server = netip.MustParseAddrPort("[2001:db8::10]:40000"), netip.MustParseAddrPort("[2001:db8::20]:69")
	return append(all, twice, wrong, six)
}

func TestLaws(t *testing.T) {
	for _, d := range dialogues() {
		helpertest.Laws(t, &Helper, d)
	}
}

func FuzzHelper(f *testing.F) { helpertest.Fuzz(f, &Helper, dialogues()...) }
