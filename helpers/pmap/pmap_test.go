package pmap

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// xdr writes words and strings in XDR.
func xdr(fields ...any) string {
	var b []byte
	for _, f := range fields {
		switch v := f.(type) {
		case int:
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		case string:
			b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
			b = append(b, v...)
			b = append(b, make([]byte, padded(len(v))-len(v))...)
		}
	}
	return string(b)
}

const mountd, nfs = 100005, 100003

func ask(xid, version, proc int, args ...any) string {
	return xdr(append([]any{xid, msgCall, rpcVersion, program, version, proc, 1, strings.Repeat("u", 22), 0, ""}, args...)...)
}

func getPort(xid, proto int) string { return ask(xid, 2, procGetPort, mountd, 3, proto, 0) }
func getAddr(xid int, netid string) string {
	return ask(xid, 3, procGetAddr, mountd, 3, netid, "192.0.2.10.0.111", "superuser")
}
func reply(xid int, result ...any) string {
	return xdr(append([]any{xid, msgReply, 0, 0, "", 0}, result...)...)
}

// marked puts a message in a record, cut in fragments at those places.
func marked(msg string, at ...int) string {
	out, from := "", 0
	for _, to := range append(at, len(msg)) {
		mark := uint32(to - from)
		if to == len(msg) {
			mark |= lastFragment
		}
		out += string(binary.BigEndian.AppendUint32(nil, mark)) + msg[from:to]
		from = to
	}
	return out
}

// testCase is a dialogue of messages: client and server in turn, "" is silence.
type testCase struct {
	name  string
	turns []string
	want  string // what the server announces: "t2049", "u635"
	why   string
	six   bool
}

func cases() []testCase {
	long := xdr(1, msgCall, rpcVersion, program, 2, procGetPort, 1, strings.Repeat("u", 401), 0, "", mountd, 3, 6, 0)
	return []testCase{
		{name: "getport tcp", turns: []string{getPort(7, 6), reply(7, 20048)}, want: "t20048"},
		{name: "getport udp", turns: []string{getPort(7, 17), reply(7, 20048)}, want: "u20048"},
		{name: "below 1024", turns: []string{getPort(7, 17), reply(7, 635)}, want: "u635"},
		{name: "of the port mapper itself", turns: []string{getAddr(7, "tcp"), reply(7, "198.51.100.20.0.111")}, want: "t111"},
		{name: "two", turns: []string{getPort(7, 17), reply(7, 635), getPort(8, 6), reply(8, 2049)}, want: "u635 t2049"},
		{name: "of another protocol", turns: []string{getPort(7, 132), reply(7, 635)}},
		{name: "not registered", turns: []string{getPort(7, 6), reply(7, 0)}},
		{name: "2^16+2049", turns: []string{getPort(7, 6), reply(7, 0x10801)}},
		{name: "negative", turns: []string{getPort(7, 6), reply(7, -1)}},
		{name: "of nobody's call", turns: []string{getPort(7, 6), reply(8, 2049)}},
		{name: "of a call in another order", turns: []string{getPort(7, 6), "", getPort(8, 6), reply(8, 2049), "", reply(7, 2050)}, want: "t2049 t2050"},
		{name: "too much", turns: []string{getPort(7, 6), reply(7, 2049, 1)}},
		{name: "too little", turns: []string{getPort(7, 6), reply(7)}},
		{name: "denied", turns: []string{getPort(7, 6), xdr(7, msgReply, 1, 0, 2, 2)}},
		{name: "no such program", turns: []string{getPort(7, 6), xdr(7, msgReply, 0, 0, "", 1, 2049)}},
		{name: "with a verifier", turns: []string{getPort(7, 6), xdr(7, msgReply, 0, 2, "short", 0, 2049)}, want: "t2049"},
		{name: "with a long verifier", turns: []string{getPort(7, 6), xdr(7, msgReply, 0, 2, strings.Repeat("v", 200), 0, 2049)}},
		{name: "getport of version 1", turns: []string{ask(7, 1, procGetPort, mountd, 3, 6, 0), reply(7, 2049)}},
		{name: "getport with more arguments", turns: []string{ask(7, 2, procGetPort, mountd, 3, 6, 0, 0), reply(7, 2049)}},
		{name: "getport with fewer arguments", turns: []string{ask(7, 2, procGetPort, mountd, 3, 6), reply(7, 2049)}},
		{name: "getaddr", turns: []string{getAddr(7, "tcp"), reply(7, "198.51.100.20.8.1")}, want: "t2049"},
		{name: "getaddr udp", turns: []string{getAddr(7, "udp"), reply(7, "198.51.100.20.78.80")}, want: "u20048"},
		{name: "getaddr of version 4", turns: []string{ask(7, 4, procGetAddr, mountd, 3, "udp", "", ""), reply(7, "198.51.100.20.8.1")}, want: "u2049"},
		{name: "getversaddr", turns: []string{ask(7, 4, procGetVersAddr, mountd, 3, "tcp", "", ""), reply(7, "198.51.100.20.8.1")}, want: "t2049"},
		{name: "getversaddr of version 3", turns: []string{ask(7, 3, procGetVersAddr, mountd, 3, "tcp", "", ""), reply(7, "198.51.100.20.8.1")}},
		{name: "any address", turns: []string{getAddr(7, "tcp"), reply(7, "0.0.0.0.8.1")}, want: "t2049"},
		{name: "another address", turns: []string{getAddr(7, "tcp"), reply(7, "203.0.113.99.8.1")}, want: "t2049"},
		{name: "IPv6", six: true, turns: []string{getAddr(7, "tcp6"), reply(7, "2001:db8::20.8.1")}, want: "t2049"},
		{name: "IPv6, any", six: true, turns: []string{getAddr(7, "udp6"), reply(7, "::.2.123")}, want: "u635"},
		{name: "IPv6, getport", six: true, turns: []string{getPort(7, 6), reply(7, 2049)}, want: "t2049"},
		{name: "the other family asked for", turns: []string{getAddr(7, "tcp6"), reply(7, "2001:db8::20.8.1")}},
		{name: "the other family answered", turns: []string{getAddr(7, "tcp"), reply(7, "2001:db8::20.8.1")}},
		{name: "IPv4 over IPv6", six: true, turns: []string{getAddr(7, "tcp"), reply(7, "198.51.100.20.8.1")}},
		{name: "mapped", six: true, turns: []string{getAddr(7, "tcp6"), reply(7, "::ffff:198.51.100.20.8.1")}},
		{name: "unknown netid", turns: []string{getAddr(7, "ticlts"), reply(7, "198.51.100.20.8.1")}},
		{name: "no address", turns: []string{getAddr(7, "tcp"), reply(7, "")}},
		{name: "port 0", turns: []string{getAddr(7, "tcp"), reply(7, "198.51.100.20.0.0")}},
		{name: "256", turns: []string{getAddr(7, "tcp"), reply(7, "198.51.100.20.256.1")}},
		{name: "leading zero", turns: []string{getAddr(7, "tcp"), reply(7, "198.51.100.20.08.1")}},
		{name: "sign", turns: []string{getAddr(7, "tcp"), reply(7, "198.51.100.20.+8.1")}},
		{name: "2^32+8", turns: []string{getAddr(7, "tcp"), reply(7, "198.51.100.20.4294967304.1")}},
		{name: "five numbers", turns: []string{getAddr(7, "tcp"), reply(7, "198.51.100.8.1")}},
		{name: "no points", turns: []string{getAddr(7, "tcp"), reply(7, "2049")}},
		{name: "zone", six: true, turns: []string{getAddr(7, "tcp6"), reply(7, "fe80::1%eth0.8.1")}},
		{name: "long address", turns: []string{getAddr(7, "tcp"), reply(7, strings.Repeat("1", 48)+".8.1")}},
		{name: "a length of 2^32-1", turns: []string{getAddr(7, "tcp"), reply(7, -1)}},
		{name: "set, unset, dump, callit", turns: []string{
			ask(1, 2, 1, mountd, 3, 6, 2049), reply(1, 1), ask(2, 2, 2, mountd, 3, 6, 2049), reply(2, 1),
			ask(3, 2, 4), reply(3, 1, mountd, 3, 6, 2049, 0), ask(4, 2, 5, mountd, 3, 0, "args"), reply(4, 2049, "result"),
			ask(5, 4, 10, mountd, 3, 0, "args"), reply(5, "198.51.100.20.8.1", "result"), ask(6, 4, 11, mountd, 3, "tcp", "", ""), reply(6, "198.51.100.20.8.1"),
			ask(7, 2, 0), reply(7, 2049)}},
		{name: "nothing but a call", turns: []string{getPort(7, 6)}},
		{name: "another program", why: whyNoCall, turns: []string{xdr(7, msgCall, rpcVersion, nfs, 2, procGetPort, 0, "", 0, "", mountd, 3, 6, 0), reply(7, 2049)}},
		{name: "another version of RPC", why: whyNoCall, turns: []string{xdr(7, msgCall, 3, program, 2, procGetPort, 0, "", 0, "", mountd, 3, 6, 0), reply(7, 2049)}},
		{name: "a long credential", why: whyNoCall, turns: []string{long, reply(1, 2049)}},
		{name: "half a call", why: whyNoCall, turns: []string{getPort(7, 6)[:30]}},
		{name: "the client replies", why: whyNoCall, turns: []string{reply(7, 2049)}},
		{name: "the server calls", why: whyNoReply, turns: []string{getPort(7, 6), getPort(7, 6), "", reply(7, 2049)}},
		{name: "the server speaks first", why: whyServerFirst, turns: []string{"", reply(7, 2049), getPort(7, 6), reply(7, 2049)}},
		{name: "http", why: whyNoCall, turns: []string{"GET / HTTP/1.1\r\nHost: server\r\nAccept: text/html\r\n\r\n"}},
		{name: "dns", why: whyNoCall, turns: []string{"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01"}},
	}
}

// over makes a dialogue over a protocol; frame is what becomes of a message.
func (c testCase) over(proto uint8, frame func(string) string) helpertest.Dialogue {
	d := helpertest.Dialogue{Name: c.name, Proto: proto, Why: c.why}
	d.Client, d.Server = netip.MustParseAddrPort("192.0.2.10:40000"), netip.MustParseAddrPort("198.51.100.20:111")
	if c.six {
		d.Client, d.Server = netip.MustParseAddrPort("[2001:db8::10]:40000"), netip.MustParseAddrPort("[2001:db8::20]:111")
	}
	for i, t := range c.turns {
		if t != "" {
			d.Turns = append(d.Turns, helpertest.Turn{Dir: packet.Dir(i & 1), Text: frame(t)})
		}
	}
	for _, w := range strings.Fields(c.want) {
		host, how := strings.TrimSuffix(d.Server.String(), "111"), "many"
		if udp := w[0] == 'u'; udp != (proto == packet.ProtoUDP) {
			how = map[bool]string{true: "udp many", false: "tcp many"}[udp]
		}
		d.Want = append(d.Want, helpertest.Announced{Dir: packet.Reply, Endpoint: host + w[1:], How: how})
	}
	return d
}

func datagrams() (all []helpertest.Dialogue) {
	for _, c := range cases() {
		all = append(all, c.over(packet.ProtoUDP, func(s string) string { return s }))
	}
	twice := testCase{name: "asked and answered twice", want: "t2049 t2049",
		turns: []string{getPort(7, 6), "", getPort(7, 6), reply(7, 2049), "", reply(7, 2049)}}
	return append(all, twice.over(packet.ProtoUDP, func(s string) string { return s }),
		helpertest.Dialogue{Name: "empty", Proto: packet.ProtoUDP, Why: whyNoCall, Turns: []helpertest.Turn{helpertest.Client("")}})
}

// streams are the dialogues over TCP: each message in one fragment, and in several.
func streams() (all []helpertest.Dialogue) {
	for _, c := range cases() {
		all = append(all, c.over(packet.ProtoTCP, func(s string) string { return marked(s) }))
	}
	one := testCase{name: "in fragments", turns: []string{getAddr(7, "tcp"), reply(7, "198.51.100.20.8.1"), getPort(8, 17), reply(8, 635)}, want: "t2049 u635"}
	all = append(all, one.over(packet.ProtoTCP, func(s string) string { return marked(s, 3, 3, 9, 24, 26) }))
	raw := func(name, want, why string, turns ...string) {
		c := testCase{name: name, turns: turns, want: want, why: why}
		all = append(all, c.over(packet.ProtoTCP, func(s string) string { return s }))
	}
	dump := reply(3, strings.Repeat("list", 900))
	raw("asked twice, answered twice", "t2049", "", marked(getPort(7, 6))+marked(getPort(7, 6)), marked(reply(7, 2049))+marked(reply(7, 2050)))
	raw("many in one", "t2049 t2050 u635", "", marked(getPort(1, 6))+marked(getPort(2, 6))+marked(ask(3, 2, 4))+marked(getPort(4, 17)),
		marked(reply(2, 2049))+marked(reply(1, 2050))+marked(dump, 100, 104, 104, 3000)+marked(reply(4, 635)))
	raw("a long list", "t2049", "", marked(ask(3, 2, 4)), marked(dump), marked(getPort(1, 6)), marked(reply(1, 2049)))
	raw("a long indirect call", "t2049", "", marked(ask(3, 2, 4)), marked(reply(3, 0)),
		marked(ask(4, 2, 5, mountd, 3, 0, strings.Repeat("args", 800)))+marked(getPort(1, 6)), marked(reply(1, 2049)))
	raw("a long answer", "", "", marked(getPort(1, 6)), marked(reply(1, 2049, strings.Repeat("more", 800))))
	raw("too many fragments", "t2049", "", marked(getPort(1, 6)), marked(reply(1, 2049), slices.Repeat([]int{4}, 20)...), marked(getPort(2, 6)), marked(reply(2, 2049)))
	raw("too many fragments of the first call", "", whyNoCall, marked(getPort(1, 6), slices.Repeat([]int{4}, 20)...))
	raw("a fragment of 2^31-1", "", whyNoCall, "\xff\xff\xff\xff"+getPort(1, 6))
	raw("an empty record", "", whyNoCall, "\x80\x00\x00\x00")
	raw("without a mark", "", whyNoCall, getPort(0x12345678, 6))
	return all
}

func TestLaws(t *testing.T) {
	t.Run("udp", func(t *testing.T) {
		for _, d := range datagrams() {
			helpertest.Laws(t, &Helper, d)
		}
	})
	t.Run("tcp", func(t *testing.T) {
		for _, d := range streams() {
			helpertest.Laws(t, &Helper, d)
		}
	})
}

// TestManyCalls has more calls unanswered than are remembered.
func TestManyCalls(t *testing.T) {
	c := testCase{name: "many", want: "t2049"}
	for xid := range 184 {
		c.turns = append(c.turns, getPort(xid, 6), "")
	}
	c.turns = append(c.turns[:len(c.turns)-1], reply(183, 2049), "", reply(100, 2050))
	helpertest.Laws(t, &Helper, c.over(packet.ProtoUDP, func(s string) string { return s }))
	helpertest.Laws(t, &Helper, c.over(packet.ProtoTCP, func(s string) string { return marked(s) }))
}

// TestItself: what is asked at the port mapper's own port, which it tells like any other,
// is to be read; what goes to another port is not.
func TestItself(t *testing.T) {
	own := netip.MustParseAddrPort("198.51.100.20:111")
	for _, c := range []struct {
		kind   kind
		msg    string
		helped []bool
	}{
		{isCall | universal, reply(7, "0.0.0.0.0.111"), []bool{true}},
		{isCall | overUDP, reply(7, 111), []bool{true}},
		{isCall | universal, reply(7, "0.0.0.0.8.1"), []bool{false}},
		{isCall | isList, lines(7, line("tcp", "0.0.0.0.0.111"), line("udp", "0.0.0.0.8.1")), []bool{true, false}},
	} {
		var f helpers.Findings
		s := state{}
		s.set(spoken)
		s.remember(7, c.kind)
		message(&helpers.Segment{Dir: packet.Reply, Proto: packet.ProtoUDP, Data: []byte(c.msg), Ends: &helpers.Ends{Src: own}}, &s, &f, []byte(c.msg), 0, 0)
		var got []bool
		for e := range f.Expects {
			got = append(got, e.Helped)
		}
		if !slices.Equal(got, c.helped) {
			t.Errorf("%q: read %v, want %v", c.msg, got, c.helped)
		}
	}
}

func TestSpell(t *testing.T) {
	v4, v6 := netip.MustParseAddrPort("203.0.113.7:2049"), netip.MustParseAddrPort("[2001:db8::7]:2049")
	whole := marked(reply(7, "0.0.0.0.8.1"), 4, 20)
	for _, c := range []struct {
		kind uint8
		orig string
		to   netip.AddrPort
		want string
	}{
		{uint8(isCall), xdr(1), v4, xdr(2049)},
		{uint8(isCall | universal), xdr("0.0.0.0.8.1"), v4, xdr("203.0.113.7.8.1")},
		{uint8(isCall | universal), xdr("::.8.1"), v6, xdr("2001:db8::7.8.1")},
		{uint8(isCall | universal | inRecord), whole, v4, marked(reply(7, "203.0.113.7.8.1"))},
		{uint8(isCall | inRecord), marked(reply(7, 1), 1), v6, marked(reply(7, 2049))},
	} {
		if got := string(spell(nil, []byte(c.orig), helpers.Edit{Kind: c.kind}, c.to)); got != c.want {
			t.Errorf("%q to %v: %q, want %q", c.orig, c.to, got, c.want)
		}
	}
}

func FuzzHelper(f *testing.F) { helpertest.Fuzz(f, &Helper, datagrams()...) }

func FuzzStream(f *testing.F) {
	stream := Helper
	stream.Protocols = []uint8{packet.ProtoTCP}
	helpertest.Fuzz(f, &stream, streams()...)
}
