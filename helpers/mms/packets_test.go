package mms

import (
	"encoding/binary"
	"strings"
	"testing"

	"portcullis/helpers/helpertest"
)

// together is one packet of the messages of several.
func together(packets ...string) string {
	b := []byte(packets[0][:chunksAt])
	for _, p := range packets {
		b = append(b, p[chunksAt:]...)
	}
	binary.LittleEndian.PutUint32(b[lengthAt:], uint32(len(b)-countAt))
	binary.LittleEndian.PutUint32(b[countAt:], uint32(len(b)-countAt)/chunk)
	return string(b)
}

// counted is a packet that counts its header, too, as [MS-MMSP] section 2.2.3 reads.
func counted(p string) string { return spoilt(p, countAt, uint32(len(p)/chunk)) }

// packets are what players may put their messages in.
var packets = []testCase{
	{name: "two messages in a packet", text: together(hello, funnelOf(good)), want: "192.0.2.10:5004"},
	{name: "a funnel between others", text: hello + together(build(0x0003001b, "12345678"), funnelOf(good), build(0x00030005, "x")), want: "192.0.2.10:5004"},
	{name: "two funnels in a packet", text: hello + together(funnelOf(good), funnelOf(`\\192.0.2.10\UDP\50005`)), want: "192.0.2.10:50005"},
	{name: "no message in a packet", text: hello + empty + funnelOf(good), want: "192.0.2.10:5004"},
	{name: "headers that are counted", text: counted(hello) + counted(together(funnelOf(good), build(0x00030005, "x"))), want: "192.0.2.10:5004"},
	{name: "a protocol in small letters", text: hello + funnelOf(`\\192.0.2.10\udp\5004`), want: "192.0.2.10:5004"},
	{name: "a funnel in a long packet", text: hello + together(build(0x0003001b, strings.Repeat("x", 600)), funnelOf(good))},
	{name: "no message first", why: whyNoMessage, text: empty + hello + funnelOf(good)},
	{name: "a message beyond its packet", why: whyNoMessage, text: hello + spoilt(funnelOf(good), chunksAt, 100)},
	{name: "a message of no length", why: whyNoMessage, text: hello + spoilt(funnelOf(good), chunksAt, 0)},
	{name: "a message of 2^32-1", why: whyNoMessage, text: hello + spoilt(funnelOf(good), chunksAt, 1<<32-1)},
	{name: "a packet that is not filled", why: whyNoMessage, text: hello + together(build(0x0003001b, "12345678"), spoilt(funnelOf(good), chunksAt, 2))},
}

var empty = together(hello[:chunksAt])

func TestPackets(t *testing.T) {
	for _, c := range packets {
		helpertest.Laws(t, &Helper, c.dialogue())
	}
}
