package irc

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// hello is the beginning of a TLS ClientHello.
const hello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

// talk makes turns out of lines: "C: ..." and "S: ..." with "\r\n" added, a ^ for
// each \x01. Lines of one side that follow one another are one turn.
func talk(lines string) (turns []helpertest.Turn) {
	for _, l := range strings.Split(strings.TrimSpace(lines), "\n") {
		l = strings.TrimLeft(l, "\t ")
		dir := packet.Original
		if strings.HasPrefix(l, "S: ") {
			dir = packet.Reply
		}
		text := strings.NewReplacer("^", "\x01", "HELLO", hello).Replace(l[3:]) + "\r\n"
		if n := len(turns); n > 0 && turns[n-1].Dir == dir {
			turns[n-1].Text += text
			continue
		}
		turns = append(turns, helpertest.Turn{Dir: dir, Text: text})
	}
	return turns
}

// testCase is a dialogue, the ports that the client offers at its own address, what
// is mentioned ("C=" by the client, "S=" by the server), and why the helper gives up.
type testCase struct {
	name, lines, offers, mentions, why string
	v6                                 bool
	tls                                bool
}

func (c testCase) dialogue() helpertest.Dialogue {
	d := helpertest.Dialogue{
		Name: c.name, Turns: talk(c.lines), Why: c.why, Encrypted: c.tls,
		Client: netip.MustParseAddrPort("192.0.2.10:40000"), Server: netip.MustParseAddrPort("198.51.100.20:6667"),
		Mentioned: []helpertest.Announced{},
	}
	if c.v6 {
		d.Client = netip.MustParseAddrPort("[2001:db8::10]:40000")
		d.Server = netip.MustParseAddrPort("[2001:db8::20]:6667")
	}
	for _, w := range strings.Fields(c.offers) {
		if !strings.Contains(w, ":") {
			w = strings.TrimSuffix(d.Client.String(), "40000") + w
		}
		d.Want = append(d.Want, helpertest.Announced{Endpoint: w, How: "anyone"})
	}
	for _, w := range strings.Fields(c.mentions) {
		dir := packet.Original
		if w[0] == 'S' {
			dir = packet.Reply
		}
		d.Mentioned = append(d.Mentioned, helpertest.Announced{Dir: dir, Endpoint: w[2:]})
	}
	return d
}

const login = `C: CAP LS 302
	C: NICK joe
	C: USER joe 0 * :Joe
	S: :irc.example CAP * LS :multi-prefix
	S: NOTICE AUTH :*** Looking up your hostname
	S: :irc.example 001 joe :Welcome
	`

// offer is one line that offers, from the client's own address (3221225994).
func offer(s string) string { return login + "C: PRIVMSG ann :^DCC " + s + "^" }

var cases = []testCase{
	{name: "send", offers: "50000", lines: offer("SEND file.txt 3221225994 50000 12") + "\nS: PING :1\nC: PONG :1"},
	{name: "send without size", offers: "50000", lines: offer("SEND file.txt 3221225994 50000")},
	{name: "send with a token", offers: "50000", lines: offer("SEND file.txt 3221225994 50000 12 77")},
	{name: "chat", offers: "50000", lines: offer("CHAT chat 3221225994 50000")},
	{name: "others", offers: "50000 50001 50002 50003", lines: login + `C: PRIVMSG ann :^DCC TSEND f 3221225994 50000 1^
		C: PRIVMSG ann :^DCC SSEND f 3221225994 50001 1^
		C: PRIVMSG ann :^DCC SCHAT chat 3221225994 50002^
		C: PRIVMSG ann :^DCC MOVE f 3221225994 50003 1^`},
	{name: "a quoted name", offers: "50000", lines: offer(`SEND "my own file.txt" 3221225994 50000 12`)},
	{name: "a quoted name with numbers", offers: "50000", lines: offer(`SEND "a 1 22 3" 3221225994 50000 12`)},
	{name: "an open quote", lines: offer(`SEND "my file 3221225994 50000 12`)},
	{name: "something behind the quote", lines: offer(`SEND "a"b 3221225994 50000 12`)},
	{name: "no name", lines: offer("SEND  3221225994 50000 12")},
	{name: "letters of either case", offers: "50000", lines: login + "C: privmsg ann :^DCC send f 3221225994 50000 12^"},
	{name: "without the last mark", offers: "50000", lines: login + "C: PRIVMSG ann :^DCC SEND f 3221225994 50000 12"},
	{name: "with tags and a source", offers: "50000", lines: login +
		"C: @+typing=done;label=" + strings.Repeat("x", 700) + " :joe PRIVMSG ann :^DCC SEND f 3221225994 50000 12^"},
	{name: "tags alone", offers: "50000", lines: login + "C: @a=b\nC: :joe\nC: PRIVMSG ann :^DCC SEND f 3221225994 50000 12^"},
	{name: "IPv6", v6: true, offers: "50000", lines: login + "C: PRIVMSG ann :^DCC SEND f 2001:db8::10 50000 12^"},
	{name: "a third host", offers: "192.0.2.11:50000", lines: offer("SEND f 3221225995 50000 12")},
	{name: "many at once", offers: "50000 50001 50002 50003 50004 50005 50006 50007 50008 50009", lines: func() string {
		all := login
		for i := range 10 {
			all += fmt.Sprintf("C: PRIVMSG ann :^DCC SEND f 3221225994 %d 12^\n", 50000+i)
		}
		return all
	}()},

	// Passive: who offers can not be reached, and the other end answers with an offer.
	{name: "passive", mentions: "C=192.0.2.10:0", lines: offer("SEND f 3221225994 0 12 77") + "\nS: :ann!a@h PRIVMSG joe :^DCC SEND f 3405803786 50000 12 77^"},
	{name: "passive chat", mentions: "C=0.0.0.199:0", lines: offer("CHAT chat 199 0 77")},
	{name: "passive IPv6", v6: true, mentions: "C=[2001:db8::10]:0", lines: offer("SEND f 2001:db8::10 0 12 77")},
	{name: "passive, answered", offers: "50000", lines: login + `S: :ann!a@h PRIVMSG joe :^DCC SEND f 3405803786 0 12 77^
		C: PRIVMSG ann :^DCC SEND f 3221225994 50000 12 77^`},
	{name: "port 0 and no token", lines: offer("SEND f 3221225994 0")},

	// Where a file broke off.
	{name: "resumed", offers: "50000", mentions: "S=192.0.2.10:50000 C=192.0.2.10:50000", lines: offer("SEND f 3221225994 50000 12") + `
		S: :ann!a@h PRIVMSG joe :^DCC RESUME f 50000 4^
		C: PRIVMSG ann :^DCC ACCEPT f 50000 4^`},
	{name: "resumed by the client", lines: login + `S: :ann!a@h PRIVMSG joe :^DCC SEND f 3405803786 50000 12^
		C: PRIVMSG ann :^DCC RESUME f 50000 4^
		S: :ann!a@h PRIVMSG joe :^DCC ACCEPT f 50000 4^`},
	{name: "passive resumed", mentions: "C=192.0.2.10:0", lines: offer("SEND f 3221225994 0 12 77") + `
		S: :ann!a@h PRIVMSG joe :^DCC RESUME f 0 4 77^
		C: PRIVMSG ann :^DCC ACCEPT f 0 4 77^`},

	// Offers of the server, whoever wrote them, open nothing.
	{name: "from the server", lines: login + `S: :ann!a@h PRIVMSG joe :^DCC SEND f 3325256724 50000 12^
		S: PRIVMSG joe :^DCC SEND f 3325256724 50000 12^`},

	// Text that only looks like an offer (CVE-2022-2663).
	{name: "in the middle of a text", lines: login + "C: PRIVMSG ann :see ^DCC SEND f 3221225994 50000 12^"},
	{name: "in the topic", lines: login + "C: TOPIC #c :PRIVMSG ann :^DCC SEND f 3221225994 50000 12^"},
	{name: "in a notice", lines: login + "C: NOTICE ann :^DCC SEND f 3221225994 50000 12^"},
	{name: "in two colons", lines: login + "C: PRIVMSG ann ::^DCC SEND f 3221225994 50000 12^"},
	{name: "without a colon", lines: login + "C: PRIVMSG ann ^DCC SEND f 3221225994 50000 12^"},
	{name: "to nobody", lines: login + "C: PRIVMSG  :^DCC SEND f 3221225994 50000 12^"},
	{name: "two marks", lines: login + "C: PRIVMSG ann :^^DCC SEND f 3221225994 50000 12^"},
	{name: "text behind the mark", lines: login + "C: PRIVMSG ann :^DCC SEND f 3221225994 50000 12^ and"},
	{name: "a line end inside", lines: login + "C: PRIVMSG ann :^DCC SEND a\rb 3221225994 50000 12^"},
	{name: "a long line", offers: "50001", lines: login + "C: PRIVMSG ann :^DCC SEND " + strings.Repeat("x", 500) +
		" 3221225994 50000 12^\nC: PRIVMSG ann :^DCC SEND f 3221225994 50001 12^"},
	{name: "a long receiver", offers: "50001", lines: login + "C: PRIVMSG " + strings.Repeat("x", 505) +
		" :^DCC SEND f 3221225994 50000 12^\nC: PRIVMSG ann :^DCC SEND f 3221225994 50001 12^"},
	{name: "half of one, then another", offers: "50001", // CVE-2026-53268
		lines: offer("SEND") + "\nC: PRIVMSG ann :^DCC SEND f^\nC: PRIVMSG ann :^DCC ^\nC: PRIVMSG ann :^DCC SEND f 3221225994 50001 12^"},

	// Numbers.
	{name: "an address of 2^32+n", lines: offer("SEND f 7516193290 50000 12")},
	{name: "a port of 2^16+n", lines: offer("SEND f 3221225994 115536 12")},
	{name: "a port of 2^32+n", lines: offer("SEND f 3221225994 4295017296 12")},
	{name: "a port of letters", lines: offer("SEND f 3221225994 abc 12")},
	{name: "a port and letters", lines: offer("SEND f 3221225994 50000x 12")},
	{name: "a sign", lines: offer("SEND f +3221225994 50000 12")},
	{name: "a leading zero", lines: offer("SEND f 03221225994 50000 12")},
	{name: "no port", lines: offer("SEND f 3221225994")},
	{name: "no port but a space", lines: offer("SEND f 3221225994 ")},
	{name: "an address with too few dots", lines: offer("SEND f 192.0.522 50000 12")},
	{name: "an address with leading zeros", lines: offer("SEND f 192.0.02.10 50000 12")},
	{name: "a mapped address", v6: true, lines: offer("SEND f ::ffff:192.0.2.10 50000 12")},
	{name: "a zone", v6: true, lines: offer("SEND f fe80::1%eth0 50000 12")},
	{name: "another word", lines: offer("FETCH f 3221225994 50000 12")},

	// Who does not begin as a client does is none.
	{name: "an offer first", offers: "50000", lines: "C: PRIVMSG ann :^DCC SEND f 3221225994 50000 12^"},
	{name: "text first", why: whyNoGreeting, lines: "C: PRIVMSG ann :hello\nC: PRIVMSG ann :^DCC SEND f 3221225994 50000 12^"},
	{name: "a web browser with the method of an offer", why: whyNoGreeting, lines: "C: PRIVMSG /x HTTP/1.1\nC: PRIVMSG ann :^DCC SEND f 3221225994 50000 12^"},
	{name: "an offer before the name", lines: "C: NICK joe\nC: PRIVMSG ann :^DCC SEND f 3221225994 50000 12^\nC: USER joe 0 * :Joe"},
	{name: "a web browser", why: whyNoGreeting, lines: "C: POST / HTTP/1.1\nC: Host: irc.example\nC: NICK joe\nC: USER joe 0 * :Joe"},
	{name: "a web browser with a method of its own", why: whyNoMessage, lines: `C: NICK / HTTP/1.1
		C: Host: irc.example
		C: USER joe 0 * :Joe
		C: PRIVMSG ann :^DCC SEND f 3221225994 50000 12^`},
	{name: "an empty line first", why: whyNoGreeting, lines: "C: \nC: NICK joe"},
	{name: "garbage later", why: whyNoMessage, lines: login + "C: \x80\x00"},
	{name: "garbage of the server", why: whyNoMessage, lines: "C: NICK joe\nS: \x80\x00"},
	{name: "another protocol's server", why: whyNoMessage, lines: "S: SSH-2.0-server"},
	{name: "a long command", why: whyNoMessage, lines: login + "C: " + strings.Repeat("A", 40)},

	// TLS.
	{name: "TLS", why: whyEncrypted, tls: true, lines: "C: HELLO"},
	{name: "STARTTLS", why: whyEncrypted, tls: true, lines: "C: STARTTLS\nS: :irc.example 670  :go ahead\nC: HELLO"},
	{name: "STARTTLS refused", offers: "50000", lines: "C: STARTTLS\nS: :irc.example 691 * :no\n" + offer("SEND f 3221225994 50000 1")},
	{name: "670 that nobody asked for", offers: "50000", lines: login + "S: :irc.example 670 :go\nC: PRIVMSG a :^DCC SEND f 3221225994 50000 1^"},
}

func TestLaws(t *testing.T) {
	for _, c := range cases {
		helpertest.Laws(t, &Helper, c.dialogue())
	}
}

// TestForged holds the helper together with an announcer that believes no payload.
func TestForged(t *testing.T) {
	d := testCase{lines: login + `C: PRIVMSG ann :^DCC SEND f 3221225995 50000 12^
		C: PRIVMSG ann :^DCC SEND f 3325256724 50000 12^
		C: PRIVMSG ann :^DCC SEND f 0 50000 12^
		C: PRIVMSG ann :^DCC SEND f 3221225994 22 12^
		C: PRIVMSG ann :^DCC SEND f 3221225994 1023 12^
		C: PRIVMSG ann :^DCC SEND f 3221225994 1024 12^`}.dialogue()
	ann := &helpertest.Strict{Client: d.Client.Addr(), Server: d.Server.Addr()}
	if err := helpertest.Deliver(&Helper, d, ann); err != nil {
		t.Fatal(err)
	}
	if want := []helpertest.Announced{{Endpoint: "192.0.2.10:1024"}}; !slices.Equal(ann.Opened, want) {
		t.Errorf("opened %v, want %v", ann.Opened, want)
	}
	if len(ann.Refused) != 5 {
		t.Errorf("refused %v, want 5", ann.Refused)
	}
}

func TestSpell(t *testing.T) {
	v4, v6 := netip.MustParseAddrPort("203.0.113.7:40000"), netip.MustParseAddrPort("[2001:db8::7]:80")
	for _, c := range []struct {
		kind uint8
		orig string
		to   netip.AddrPort
		want string
	}{
		{spellBoth, "167772161 1024", v4, "3405803783 40000"},
		{spellBoth, "10.0.0.1 1024", v4, "203.0.113.7 40000"},
		{spellBoth, "2001:db8::1 1024", v6, "2001:db8::7 80"},
		{spellBoth, "167772161 1024", v6, ""},
		{spellBoth, "2001:db8::1 1024", v4, ""},
		{spellAddress, "167772161", netip.AddrPortFrom(v4.Addr(), 0), "3405803783"},
		{spellPort, "1024", v4, "40000"},
	} {
		if got := string(spell(nil, []byte(c.orig), helpers.Edit{Kind: c.kind}, c.to)); got != c.want {
			t.Errorf("%s to %v: %q, want %q", c.orig, c.to, got, c.want)
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
		{true, helpers.State{inRest, inTags, 1, hasNick | hasUser, 1}},
		{false, helpers.State{inRest + 1}},
		{false, helpers.State{spoken: 2}},
		{false, helpers.State{registered: 4}},
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
