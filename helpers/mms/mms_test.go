package mms

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// build writes a message: what follows its number is filled to whole chunks.
func build(id uint32, rest string) string {
	b := make([]byte, messageStart, 200)
	b[0] = 1
	copy(b[sessionAt:], session)
	copy(b[sealAt:], seal)
	binary.LittleEndian.PutUint32(b[idAt:], id)
	b = append(b, rest...)
	for len(b)%chunk != 0 {
		b = append(b, 0)
	}
	binary.LittleEndian.PutUint32(b[lengthAt:], uint32(len(b)-countAt))
	binary.LittleEndian.PutUint32(b[countAt:], uint32(len(b)-countAt)/chunk)
	binary.LittleEndian.PutUint32(b[chunksAt:], uint32(len(b)-chunksAt)/chunk)
	return string(b)
}

// wide is s in UTF-16, little-endian, with a zero.
func wide(s string) string {
	text := ""
	for _, c := range []byte(s + "\x00") {
		text += string([]byte{c, 0})
	}
	return text
}

// funnelOf is a message that says where the player waits.
func funnelOf(name string) string {
	return build(connectFunnel, strings.Repeat("\x00", nameAt-chunk)+wide(name))
}

var hello = build(connect, strings.Repeat("\x00", 16)+wide("NSPlayer/9.0"))

// spoilt is a message with four bytes changed.
func spoilt(m string, at int, to uint32) string {
	b := []byte(m)
	binary.LittleEndian.PutUint32(b[at:], to)
	return string(b)
}

type testCase struct {
	name string
	text string // of the player
	want string // endpoints
	why  string
}

const good = `\\192.0.2.10\UDP\5004`

var cases = []testCase{
	{name: "udp", text: hello + funnelOf(good) + build(0x00030005, strings.Repeat("x", 700)), want: "192.0.2.10:5004"},
	{name: "udp twice", text: hello + funnelOf(good) + funnelOf(`\\192.0.2.10\UDP\50005`), want: "192.0.2.10:5004 192.0.2.10:50005"},
	{name: "the longest", text: hello + funnelOf(`\\192.100.200.100\UDP\65535`), want: "192.100.200.100:65535"},
	{name: "tcp", text: hello + funnelOf(`\\192.0.2.10\TCP\5004`)},
	{name: "no port", text: hello + funnelOf(`\\192.0.2.10\UDP\`)},
	{name: "no protocol", text: hello + funnelOf(`\\192.0.2.10`)},
	{name: "one stroke", text: hello + funnelOf(`\192.0.2.10\UDP\5004`)},
	{name: "an IPv6 address", text: hello + funnelOf(`\\2001:db8::1\UDP\5004`)},
	{name: "a name", text: hello + funnelOf(`\\player\UDP\5004`)},
	{name: "a port of 2^16+n", text: hello + funnelOf(`\\192.0.2.10\UDP\70540`)},
	{name: "a port of 2^32+n", text: hello + funnelOf(`\\1.2.3.4\UDP\4294972300`)},
	{name: "a leading zero", text: hello + funnelOf(`\\192.0.2.10\UDP\05004`)},
	{name: "a sign", text: hello + funnelOf(`\\192.0.2.10\UDP\+5004`)},
	{name: "something behind", text: hello + funnelOf(`\\192.0.2.10\UDP\5004\`)},
	{name: "too long a name", text: hello + funnelOf(`\\192.100.200.100\UDP\65535`+"0")},
	{name: "other letters", text: hello + strings.Replace(funnelOf(good), "U\x00", "U\x01", 1)},
	{name: "no end", text: hello + build(connectFunnel, strings.Repeat("\x00", nameAt-chunk)+"\\\x00\\\x00")},
	{name: "no name", text: hello + build(connectFunnel, "12345678")},
	{name: "a long funnel", text: hello + funnelOf(good+strings.Repeat("x", 300)) + funnelOf(good), want: "192.0.2.10:5004"},
	{name: "many messages", text: hello + strings.Repeat(build(0x0003001b, "12345678"), 20) + funnelOf(good), want: "192.0.2.10:5004"},

	{name: "a funnel first", why: whyNoMessage, text: funnelOf(good)},
	{name: "text", why: whyNoMessage, text: "GET / HTTP/1.0\r\n\r\n"},
	{name: "messenger", why: whyMessenger, text: "VER 1 MSNP8 CVR0\r\n"},
	{name: "messenger's switchboard", why: whyMessenger, text: "USR 1 joe@example 1234\r\n"},
	{name: "another word", why: whyNoMessage, text: "VERY 1\r\n"},
	{name: "another session", why: whyNoMessage, text: spoilt(hello, sessionAt, 1)},
	{name: "another seal", why: whyNoMessage, text: spoilt(hello, sealAt, 1)},
	{name: "a length of 2^32-1", why: whyNoMessage, text: spoilt(hello, lengthAt, 1<<32-1)},
	{name: "a length of 0", why: whyNoMessage, text: spoilt(hello, lengthAt, 0)},
	{name: "a count that does not fit", why: whyNoMessage, text: spoilt(hello, countAt, 4)},
	{name: "chunks that do not fit", why: whyNoMessage, text: spoilt(hello, chunksAt, 1<<31)},
	{name: "garbage later", why: whyNoMessage, text: hello + "garbage of more than forty bytes, which is no message"},
}

func (c testCase) dialogue() helpertest.Dialogue {
	d := helpertest.Dialogue{
		Name: c.name, Why: c.why, Server: netip.MustParseAddrPort("198.51.100.20:1755"),
		Turns: []helpertest.Turn{helpertest.Client(c.text), helpertest.Server(funnelOf(`\\198.51.100.20\UDP\5004`))},
	}
	for _, w := range strings.Fields(c.want) {
		d.Want = append(d.Want, helpertest.Announced{Dir: packet.Original, Endpoint: w, How: "udp"})
	}
	return d
}

func TestLaws(t *testing.T) {
	for _, c := range cases {
		helpertest.Laws(t, &Helper, c.dialogue())
	}
}

// TestSound holds what a file may claim against what is left behind.
func TestSound(t *testing.T) {
	for _, c := range []struct {
		is    bool
		state helpers.State
	}{
		{true, helpers.State{}},
		{true, helpers.State{connected: 1, skip: 0, skip + 1: 16}},
		{false, helpers.State{connected: 2}},
		{false, helpers.State{skip: 1}},
		{false, helpers.State{end: 1}},
	} {
		if got := Helper.Knows(&c.state); got != c.is {
			t.Errorf("%v: %v, want %v", c.state, got, c.is)
		}
	}
}

func FuzzHelper(f *testing.F) {
	var seeds []helpertest.Dialogue
	for _, c := range cases {
		seeds = append(seeds, c.dialogue())
	}
	helpertest.Fuzz(f, &Helper, seeds...)
}
