package amanda

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// head is the first line of a packet of the request with that number.
func head(kind string, n int) string {
	return fmt.Sprintf("Amanda 2.6 %s HANDLE 000-0000000%d SEQ 118036323%d\n", kind, n, n)
}

func request(n int) string {
	return head("REQ", n) + "SECURITY USER amandabackup\nSERVICE sendbackup\nOPTIONS features=ffff;hostname=a;\nGNUTAR / 0 1970:1:1:0:0:0 OPTIONS |;auth=bsd;\n"
}

func reply(n int, line string) string {
	return head("REP", n) + line + "\nOPTIONS features=ffff;\n"
}

const connects = "CONNECT DATA 50000 MESG 50001 INDEX 50002"

type testCase struct {
	name  string
	turns []helpertest.Turn
	want  string // the ports that the backup client announces
	why   string
	v6    bool
}

var client, server = helpertest.Client, helpertest.Server

// answered is a request that is answered by a reply with that line.
func answered(name, line, want string) testCase {
	return testCase{name: name, want: want, turns: []helpertest.Turn{client(request(1)), server(head("ACK", 1)), server(reply(1, line)), client(head("ACK", 1))}}
}

var cases = []testCase{
	answered("a dump", connects, "50000 50001 50002"),
	answered("with state", connects+" STATE 50003", "50000 50001 50002 50003"),
	answered("with commands", connects+" STATE 50003 CMD 50004", "50000 50001 50002 50003 50004"),
	answered("with -1", "KENCRYPT\nCONNECT DATA 50000 MESG 50001 INDEX -1 STATE -1", "50000 50001"),
	answered("with -12", "CONNECT DATA 50000 MESG 50001 INDEX -12", ""),
	answered("a restore", "CONNECT CTL 50000 DATA 50001", "50000 50001"),
	answered("without an index", "CONNECT DATA 50000 MESG 50001 INDEX 0", "50000 50001"),
	answered("another line first", "OPTIONS x\n"+connects, "50000 50001 50002"),
	answered("nothing to connect to", "OPTIONS x", ""),
	answered("too many streams", connects+" STATE 50003 CMD 50004 CTL 50005", ""),
	answered("an unknown stream", "CONNECT DATA 50000 SHELL 50001", ""),
	answered("a port of 2^16+n", "CONNECT DATA 115536 MESG 50001 INDEX 50002", ""),
	answered("a port of 2^32+n", "CONNECT DATA 4295017296 MESG 50001 INDEX 50002", ""),
	answered("a leading zero", "CONNECT DATA 050000", ""),
	answered("a sign", "CONNECT DATA +50000", ""),
	answered("no port", "CONNECT DATA", ""),
	answered("no port but a space", "CONNECT DATA ", ""),
	answered("a space behind", "CONNECT DATA 50000 ", ""),
	answered("two spaces", "CONNECT DATA 50000  MESG 50001", ""),
	answered("a letter behind", "CONNECT DATA 50000x", ""),
	answered("no stream", "CONNECT ", ""),
	answered("not at the start of a line", "x CONNECT DATA 50000", ""),
	{name: "over IPv6", v6: true, want: "50000 50001 50002", turns: []helpertest.Turn{client(request(1)), server(reply(1, connects))}},
	{name: "replied twice", want: "50000 50001 50002 50000 50001 50002", turns: []helpertest.Turn{
		client(request(1)), client(request(1)), server(reply(1, connects)), server(reply(1, connects))}},
	{name: "a partial reply", want: "50000 50001 50002", turns: []helpertest.Turn{client(request(1)), server(strings.Replace(reply(1, connects), "REP", "PREP", 1))}},
	{name: "not asked for", turns: []helpertest.Turn{server(reply(1, connects)), client(request(2)), server(reply(1, connects))}},
	{name: "asked long ago", want: "50000 50001 50002", turns: []helpertest.Turn{
		client(request(0)), client(request(1)), client(request(2)), client(request(3)), client(request(4)), client(request(5)),
		client(request(6)), client(request(7)), client(request(8)), server(reply(0, connects)), server(reply(1, connects))}},
	{name: "a line without an end", turns: []helpertest.Turn{client(request(1)), server(head("REP", 1) + connects)}},
	{name: "refused", turns: []helpertest.Turn{client(request(1)), server(head("NAK", 1) + "ERROR no\n")}},
	{name: "announced by a request", turns: []helpertest.Turn{client(head("REQ", 1) + connects + "\n")}},
	{name: "a reply of the server", why: whyWrongSide, turns: []helpertest.Turn{client(request(1)), client(reply(1, connects))}},
	{name: "a request of the client", why: whyWrongSide, turns: []helpertest.Turn{client(request(1)), server(request(2))}},
	{name: "empty", why: whyNoPacket, turns: []helpertest.Turn{client("")}},
	{name: "text", why: whyNoPacket, turns: []helpertest.Turn{client("hello\n")}},
	{name: "a first line without an end", why: whyNoPacket, turns: []helpertest.Turn{client(strings.TrimSpace(head("REQ", 1)))}},
	{name: "a long first line", why: whyNoPacket, turns: []helpertest.Turn{client("Amanda 2.6 REQ HANDLE " + strings.Repeat("0", 200) + " SEQ 1\n")}},
	{name: "no version", why: whyNoPacket, turns: []helpertest.Turn{client("Amanda x.y REQ HANDLE 0 SEQ 1\n")}},
	{name: "no minor version", why: whyNoPacket, turns: []helpertest.Turn{client("Amanda 2 REQ HANDLE 0 SEQ 1\n")}},
	{name: "unknown kind", why: whyNoPacket, turns: []helpertest.Turn{client("Amanda 2.6 RUN HANDLE 0 SEQ 1\n")}},
	{name: "no handle", why: whyNoPacket, turns: []helpertest.Turn{client("Amanda 2.6 REQ HANDLE  SEQ 1\n")}},
	{name: "no sequence number", why: whyNoPacket, turns: []helpertest.Turn{client("Amanda 2.6 REQ HANDLE 0 SEQ \n")}},
	{name: "garbage later", want: "50000 50001 50002", why: whyNoPacket, turns: []helpertest.Turn{client(request(1)), server(reply(1, connects)), server("garbage\n")}},
}

func (c testCase) dialogue() helpertest.Dialogue {
	d := helpertest.Dialogue{
		Name: c.name, Proto: packet.ProtoUDP, Turns: c.turns, Why: c.why,
		Client: netip.MustParseAddrPort("192.0.2.10:840"), Server: netip.MustParseAddrPort("198.51.100.20:10080"),
	}
	if c.v6 {
		d.Client, d.Server = netip.MustParseAddrPort("[2001:db8::10]:840"), netip.MustParseAddrPort("[2001:db8::20]:10080")
	}
	for _, port := range strings.Fields(c.want) {
		d.Want = append(d.Want, helpertest.Announced{
			Dir: packet.Reply, Endpoint: strings.TrimSuffix(d.Server.String(), "10080") + port, How: "tcp",
		})
	}
	return d
}

func TestLaws(t *testing.T) {
	for _, c := range cases {
		helpertest.Laws(t, &Helper, c.dialogue())
	}
}

// TestPatience has a session last where its request was acknowledged by who was asked.
func TestPatience(t *testing.T) {
	for _, c := range []struct {
		name string
		turn helpertest.Turn
		want time.Duration
	}{
		{"acknowledged", server(head("ACK", 1)), patience},
		{"another request", server(head("ACK", 2)), 0},
		{"by who asks", client(head("ACK", 1)), 0},
		{"refused", server(head("NAK", 1)), 0},
		{"replied", server(reply(1, connects)), 0},
	} {
		var st helpers.State
		var f helpers.Findings
		for _, turn := range []helpertest.Turn{client(request(1)), c.turn} {
			f.Reset()
			if got := inspect(&helpers.Segment{Dir: turn.Dir, Ends: &helpers.Ends{}, Data: []byte(turn.Text), State: &st}, &f); got != helpers.Read {
				t.Errorf("%s: %v", c.name, got)
			}
		}
		if f.Keep != c.want {
			t.Errorf("%s: kept for %v, want %v", c.name, f.Keep, c.want)
		}
	}
}

// TestSound holds what a file may claim against what is left behind.
func TestSound(t *testing.T) {
	for _, c := range []struct {
		is    bool
		state helpers.State
	}{
		{true, helpers.State{}},
		{true, helpers.State{1, 2, 3, 4, 31: 1}},
		{false, helpers.State{32: 1}},
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
