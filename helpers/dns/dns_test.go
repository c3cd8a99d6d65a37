package dns

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// message writes a message of one question: flags and counts as they come.
func message(id, flags uint16, counts [4]uint16, rest string) string {
	b := []byte{byte(id >> 8), byte(id), byte(flags >> 8), byte(flags)}
	for _, n := range counts {
		b = append(b, byte(n>>8), byte(n))
	}
	return string(b) + rest
}

// question writes a name with dots, a type and the class IN.
func question(name string, typ byte) string {
	text := ""
	for _, l := range strings.Split(name, ".") {
		text += string([]byte{byte(len(l))}) + l
	}
	return text + "\x00\x00" + string([]byte{typ}) + "\x00\x01"
}

func query(id uint16, name string, typ byte) string {
	return message(id, 0x0100, [4]uint16{1}, question(name, typ))
}

const aRecord = "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"

func answer(id uint16, name string, typ byte) string {
	return message(id, 0x8180, [4]uint16{1, 1}, question(name, typ)+aRecord)
}

var (
	here  = netip.MustParseAddrPort("192.0.2.10:40000")
	there = netip.MustParseAddrPort("198.51.100.20:53")
)

// overAt is the turns of d after which its session may end soon.
func overAt(d helpertest.Dialogue) string {
	var st helpers.State
	over := ""
	for i, turn := range d.Turns {
		src, dst := here, there
		if turn.Dir == packet.Reply {
			src, dst = there, here
		}
		var f helpers.Findings
		seg := helpers.Segment{Dir: turn.Dir, Proto: packet.ProtoUDP, Data: []byte(turn.Text), Ends: &helpers.Ends{Src: src, Dst: dst}, Final: true, State: &st}
		if UDP.Inspect(&seg, &f) == helpers.Foreign {
			break
		}
		if f.Over {
			over += fmt.Sprint(i, " ")
		}
		if !UDP.Knows(&st) {
			over += "unsound "
		}
	}
	return strings.TrimSpace(over)
}

type testCase struct {
	name  string
	turns []helpertest.Turn
	over  string // the turns after which nothing is waited for
	why   string
}

func (c testCase) dialogue() helpertest.Dialogue {
	return helpertest.Dialogue{Name: c.name, Proto: packet.ProtoUDP, Turns: c.turns, Why: c.why}
}

var (
	client, server = helpertest.Client, helpertest.Server
)

func cases() []testCase {
	many := func(n int) (all []helpertest.Turn) {
		for i := range n {
			all = append(all, client(query(uint16(i), "a.example", typeA)))
		}
		for i := range n {
			all = append(all, server(answer(uint16(i), "a.example", typeA)))
		}
		return all
	}
	all := []testCase{
		{name: "asked and answered", over: "1", turns: []helpertest.Turn{
			client(query(7, "www.example", typeA)), server(answer(7, "www.example", typeA))}},
		{name: "both families", over: "3", turns: []helpertest.Turn{
			client(query(7, "www.example", typeA)), client(query(8, "www.example", typeAAAA)),
			server(answer(8, "www.example", typeAAAA)), server(answer(7, "www.example", typeA))}},
		{name: "both families with one identifier", over: "3", turns: []helpertest.Turn{
			client(query(7, "www.example", typeA)), client(query(7, "www.example", typeAAAA)),
			server(answer(7, "www.example", typeA)), server(answer(7, "www.example", typeAAAA))}},
		{name: "repeated", over: "2 3", turns: []helpertest.Turn{
			client(query(7, "www.example", typeA)), client(query(7, "www.example", typeA)),
			server(answer(7, "www.example", typeA)), server(answer(7, "www.example", typeA))}},
		{name: "asked again later", over: "1 3", turns: []helpertest.Turn{
			client(query(7, "a.example", typeA)), server(answer(7, "a.example", typeA)),
			client(query(8, "b.example", typeA)), server(answer(8, "b.example", typeA))}},
		{name: "another question answered", turns: []helpertest.Turn{
			client(query(7, "www.example", typeA)), server(answer(7, "bad.example", typeA)), server(answer(8, "www.example", typeA))}},
		{name: "letters of the other case", over: "1", turns: []helpertest.Turn{
			client(query(7, "wWw.eXample", typeA)), server(answer(7, "www.example", typeA))}},
		{name: "refused without the question", over: "1", turns: []helpertest.Turn{
			client(query(7, "www.example", typeA)), server(message(7, 0x8185, [4]uint16{}, ""))}},
		{name: "truncated", over: "1", turns: []helpertest.Turn{
			client(query(7, "www.example", typeA)), server(message(7, 0x8380, [4]uint16{1, 9}, question("www.example", typeA)))}},
		{name: "notify and update", over: "1 3", turns: []helpertest.Turn{
			client(message(7, 4<<11, [4]uint16{1}, question("example", 6))), server(message(7, 0x8000|4<<11, [4]uint16{1}, question("example", 6))),
			client(message(8, 5<<11, [4]uint16{1}, question("example", 6))), server(message(8, 0x8000|5<<11, [4]uint16{}, ""))}},
		{name: "both ends ask", over: "3", turns: []helpertest.Turn{
			client(query(7, "a.example", typeA)), server(query(7, "a.example", typeA)),
			server(answer(7, "a.example", typeA)), client(answer(7, "a.example", typeA))}},
		{name: "the asker's own answer", turns: []helpertest.Turn{
			client(query(7, "a.example", typeA)), client(answer(7, "a.example", typeA))}},
		{name: "a cookie alone", over: "1", turns: []helpertest.Turn{
			client(message(7, 0, [4]uint16{0, 0, 0, 1}, "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x0c\x00\x0a\x00\x08abcdefgh")),
			server(message(7, 0x8000, [4]uint16{}, ""))}},
		{name: "as many as there is room for", turns: many(maxPending), over: fmt.Sprint(2*maxPending - 1)},
		{name: "too many", turns: many(maxPending + 1)},
		{name: "the root", over: "1", turns: []helpertest.Turn{
			client(message(7, 0, [4]uint16{1}, "\x00\x00\x02\x00\x01")), server(message(7, 0x8000, [4]uint16{1}, "\x00\x00\x02\x00\x01"))}},
	}
	for name, text := range map[string]string{
		"empty": "", "short": "\x00\x07\x01\x00\x00\x01", "text": "who is there?",
		"two questions":       message(7, 0, [4]uint16{2}, question("a.example", 1)+question("b.example", 1)),
		"many questions":      message(7, 0, [4]uint16{256}, question("a.example", 1)),
		"too many records":    message(7, 0, [4]uint16{1, 0, 0, 3}, question("a.example", 1)+aRecord),
		"no such operation":   message(7, 3<<11, [4]uint16{1}, question("a.example", 1)),
		"a stateful one":      message(7, 6<<11, [4]uint16{}, ""),
		"a pointer":           message(7, 0, [4]uint16{1}, "\xc0\x0c\x00\x01\x00\x01"),
		"a label too long":    message(7, 0, [4]uint16{1}, "\x40"+strings.Repeat("a", 64)+"\x00\x00\x01\x00\x01"),
		"a name too long":     message(7, 0, [4]uint16{1}, strings.Repeat("\x3f"+strings.Repeat("a", 63), 4)+"\x00\x00\x01\x00\x01"),
		"a name without end":  message(7, 0, [4]uint16{1}, "\x07example"),
		"a label without end": message(7, 0, [4]uint16{1}, "\x3fexample"),
		"no type":             message(7, 0, [4]uint16{1}, "\x01a\x00\x00\x01"),
		"tftp":                "\x00\x01boot.img\x00octet\x00",
	} {
		all = append(all, testCase{name: name, why: whyNoMessage, turns: []helpertest.Turn{client(text)}})
	}
	return append(all, testCase{name: "garbage after an answer", over: "1", why: whyNoMessage, turns: []helpertest.Turn{
		client(query(7, "www.example", typeA)), server(answer(7, "www.example", typeA)), server("garbage")}})
}

func TestUDP(t *testing.T) {
	for _, c := range cases() {
		helpertest.Laws(t, &UDP, c.dialogue())
		if got := overAt(c.dialogue()); got != c.over {
			t.Errorf("%s: over after %q, want %q", c.name, got, c.over)
		}
	}
}

// framed puts the length before each message.
func framed(all ...string) (text string) {
	for _, m := range all {
		text += string([]byte{byte(len(m) >> 8), byte(len(m))}) + m
	}
	return text
}

func streams() []helpertest.Dialogue {
	q, a := query(7, "www.example", typeA), answer(7, "www.example", typeA)
	one := func(name, why string, turns ...helpertest.Turn) helpertest.Dialogue {
		return helpertest.Dialogue{Name: name, Why: why, Turns: turns, Server: there}
	}
	return []helpertest.Dialogue{
		one("asked and answered", "", client(framed(q)), server(framed(a)), client(framed(q, q)), server(framed(a, a, a))),
		one("stateful", "", client(framed(message(7, 6<<11, [4]uint16{}, "\x00\x01\x00\x08abcdefgh"))), server(framed(message(7, 0x8000|6<<11, [4]uint16{}, "")))),
		one("a long answer", "", client(framed(q)), server(framed(a+strings.Repeat("x", 4000), a))),
		one("a length of 0", whyNoMessage, client(framed(q, "")+strings.Repeat("\x00", 16))),
		one("a length too short", whyNoMessage, client(framed(q[:11])+q)),
		one("text", whyNoMessage, client("GET / HTTP/1.0\r\n\r\n")),
		one("TLS", whyNoMessage, client("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00\x00")),
		one("no length", whyNoMessage, client(q+q)),
		one("the server asks first", whyNoMessage, server(framed(q))),
		one("the client answers first", whyNoMessage, client(framed(a))),
		one("garbage later", whyNoMessage, client(framed(q)), server(framed(a)+"garbage that is longer than a header")),
	}
}

func TestTCP(t *testing.T) {
	for _, d := range streams() {
		helpertest.Laws(t, &TCP, d)
	}
}

// TestSound holds what a file may claim against what is left behind.
func TestSound(t *testing.T) {
	for _, c := range []struct {
		is    bool
		h     *helpers.Helper
		state helpers.State
	}{
		{true, &UDP, helpers.State{}},
		{true, &UDP, helpers.State{1, 0, 7, 1, 2}},
		{true, &UDP, helpers.State{overflow}},
		{false, &UDP, helpers.State{overflow, 1}},
		{false, &UDP, helpers.State{0, 0, 7, 1, 2}},
		{false, &UDP, helpers.State{maxPending + 1}},
		{true, &TCP, helpers.State{lead - 1}},
		{false, &TCP, helpers.State{lead}},
		{false, &TCP, helpers.State{framingSize: lead + 3}},
	} {
		if got := c.h.Knows(&c.state); got != c.is {
			t.Errorf("%s knows %v: %v, want %v", c.h.Name, c.state, got, c.is)
		}
	}
}

func FuzzUDP(f *testing.F) {
	var seeds []helpertest.Dialogue
	for _, c := range cases() {
		seeds = append(seeds, c.dialogue())
	}
	helpertest.Fuzz(f, &UDP, seeds...)
}

func FuzzTCP(f *testing.F) { helpertest.Fuzz(f, &TCP, streams()...) }
