package ftp

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

// telnet writes Telnet's bytes: IAC, data mark, interrupt process.
var telnet = strings.NewReplacer(`\xff`, "\xff", `\xf2`, "\xf2", `\xf4`, "\xf4", "hello", hello)

// hello is the beginning of a TLS ClientHello.
const hello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

// talk makes a dialogue out of lines: "C: ..." and "S: ..." with "\r\n" added.
// Lines of one side that follow one another are one turn.
func talk(name, lines string) helpertest.Dialogue {
	d := helpertest.Dialogue{Name: name}
	for _, l := range strings.Split(strings.TrimSpace(lines), "\n") {
		l = strings.TrimLeft(l, "\t ")
		dir := packet.Original
		if strings.HasPrefix(l, "S: ") {
			dir = packet.Reply
		}
		text := telnet.Replace(l[3:]) + "\r\n"
		if n := len(d.Turns); n > 0 && d.Turns[n-1].Dir == dir {
			d.Turns[n-1].Text += text
			continue
		}
		d.Turns = append(d.Turns, helpertest.Turn{Dir: dir, Text: text})
	}
	return d
}

func (c testCase) dialogue() helpertest.Dialogue {
	d := talk(c.name, c.lines)
	d.Why, d.Encrypted = c.why, c.tls
	if c.v6 {
		d.Client = netip.MustParseAddrPort("[2001:db8::10]:40000")
		d.Server = netip.MustParseAddrPort("[2001:db8::20]:21")
	}
	for _, w := range strings.Fields(c.want) {
		dir := packet.Original
		if w[0] == 'S' {
			dir = packet.Reply
		}
		d.Want = append(d.Want, helpertest.Announced{Dir: dir, Endpoint: w[2:]})
	}
	return d
}

// testCase is a dialogue, what it announces ("C=" by the client, "S=" by the
// server) and why the helper gives up.
type testCase struct {
	name, lines, want, why string
	v6                     bool
	tls                    bool // it gives up because of TLS
}

const login = `S: 220 ready
	C: USER a
	S: 331 password
	C: PASS b
	S: 230 in
	`

var cases = []testCase{
	{name: "port", want: "C=192.0.2.10:40000", lines: login + `C: PORT 192,0,2,10,156,64
		S: 200 fine
		C: LIST
		S: 150 here it comes
		S: 226 done`},
	{name: "pasv", want: "S=198.51.100.20:2048 S=198.51.100.20:50000", lines: login + `C: PASV
		S: 227 Entering Passive Mode (198,51,100,20,8,0).
		C: RETR x
		S: 150 opening
		S: 226 done
		C: pasv
		S: 227 Entering Passive Mode (198,51,100,20,195,80)
		C: QUIT
		S: 221 bye`},
	{name: "a verb of later servers", want: "S=198.51.100.20:2049", lines: login +
		"C: XSHA256 big\nS: 250 00ff\nC: PASV\nS: 227 (198,51,100,20,8,1)"},
	{name: "227 without brackets", want: "S=198.51.100.20:2049", lines: login + "C: PASV\nS: 227 198,51,100,20,8,1"},
	{name: "227 with an equals sign", want: "S=198.51.100.20:2049", lines: login + "C: PASV\nS: 227 Passive =198,51,100,20,8,1"},
	{name: "227 with digits before", want: "S=198.51.100.20:2049", lines: login +
		"C: PASV\nS: 227 Server 2, of 1,2,3: mode 7 (198,51,100,20,8,1)."},
	{name: "227 with seven numbers", lines: login + "C: PASV\nS: 227 (198,51,100,20,8,1,1)"},
	{name: "227 with 2^32+80", lines: login + "C: PASV\nS: 227 (198,51,100,20,8,4294967376)"},
	{name: "227 with 256", lines: login + "C: PASV\nS: 227 (198,51,100,256,8,1)"},
	{name: "227 with a sign", lines: login + "C: PASV\nS: 227 (-198,51,100,20,8,1)"},
	{name: "227 with an empty number", lines: login + "C: PASV\nS: 227 (198,51,100,20,,1)"},
	{name: "227 with port 0", lines: login + "C: PASV\nS: 227 (198,51,100,20,0,0)"},
	{name: "227 that nobody asked for", lines: login + "C: NOOP\nS: 227 (198,51,100,20,8,1)\nC: NOOP\nS: 200 ok"},
	{name: "227 of an earlier PASV", lines: login + "C: PASV\nS: 500 no\nC: STAT\nS: 227 (198,51,100,20,8,1)"},
	{name: "227 without a space", why: whyNoReply, lines: login + "C: PASV\nS: 227Entering (198,51,100,20,8,1)"},
	{name: "227 inside a multi-line reply", want: "S=198.51.100.20:2050", lines: login + `C: PASV
		S: 211-status
		S: 227 (198,51,100,20,8,1)
		S: 211-more
		S:  227 (198,51,100,20,8,1)
		S: 211 end
		C: PASV
		S: 227-passive
		S: 227 (198,51,100,20,8,2)`},
	{name: "eprt", want: "C=192.0.2.10:6275", lines: login + "C: EPRT |1|192.0.2.10|6275|\nS: 200 fine"},
	{name: "eprt with another delimiter", want: "C=192.0.2.10:6275", lines: login + "C: EPRT !1!192.0.2.10!6275!\nS: 200 fine"},
	{name: "eprt over IPv6", v6: true, want: "C=[2001:db8::10]:6275", lines: login +
		"C: EPRT |2|2001:db8::10|6275|\nS: 200 fine"},
	{name: "eprt of the wrong family", lines: login + `C: EPRT |2|192.0.2.10|6275|
		C: EPRT |1|2001:db8::10|6275|
		C: EPRT |3|192.0.2.10|6275|
		C: EPRT |2|::ffff:192.0.2.10|6275|
		C: EPRT |2|fe80::1%eth0|6275|
		S: 522 no
		S: 522 no`},
	{name: "eprt with bad ports", lines: login + `C: EPRT |1|192.0.2.10|0|
		C: EPRT |1|192.0.2.10|65536|
		C: EPRT |1|192.0.2.10|4294967376|
		C: EPRT |1|192.0.2.10|+80|
		C: EPRT |1|192.0.2.10| 80|
		C: EPRT |1|192.0.2.10||
		C: EPRT |1|192.0.2.10|6275
		C: EPRT |1|192.0.2.10|6275|x
		C: EPRT 1111111111`},
	{name: "epsv", want: "S=198.51.100.20:6446", lines: login + "C: EPSV\nS: 229 Extended (|||6446|)"},
	{name: "epsv over IPv6", v6: true, want: "S=[2001:db8::20]:6446", lines: login + "C: EPSV 2\nS: 229 Extended (!!!6446!)."},
	{name: "229 in bad manners", lines: login + `C: EPSV
		C: EPSV
		C: EPSV
		C: EPSV
		C: EPSV
		C: EPSV
		S: 229 Extended (|1|198.51.100.20|6446|)
		S: 229 Extended (|||65536|)
		S: 229 Extended (|||4294967376|)
		S: 229 Extended (|||0|)
		S: 229 Extended |||6446|
		S: 229 Extended (|||6446`},
	{name: "229 that nobody asked for", lines: login + "C: PASV\nS: 229 (|||6446|)"},
	{name: "epsv all", want: "S=198.51.100.20:6446", lines: login + `C: EPSV ALL
		S: 200 only that
		C: PORT 192,0,2,10,156,64
		S: 501 you promised
		C: EPRT |1|192.0.2.10|6275|
		S: 501 you promised
		C: PASV
		S: 227 (198,51,100,20,8,1)
		C: EPSV
		S: 229 Extended (|||6446|)`},
	{name: "epsv all refused", want: "C=192.0.2.10:40000", lines: login + `C: EPSV ALL
		S: 502 what
		C: PORT 192,0,2,10,156,64
		S: 200 fine`},
	{name: "epsv all with no reply yet", lines: login + "C: EPSV ALL\nC: PORT 192,0,2,10,156,64\nS: 200 fine\nS: 501 no"},
	{name: "port refused", want: "C=192.0.2.10:40000", lines: login + "C: PORT 192,0,2,10,156,64\nS: 500 no"},
	{name: "several in one segment", want: "C=192.0.2.10:40000 C=192.0.2.10:40001 C=192.0.2.10:40002 S=198.51.100.20:2050", lines: login + `C: PORT 192,0,2,10,156,64
		C: NOOP
		C: PORT 192,0,2,10,156,65
		C: EPRT |1|192.0.2.10|40002|
		C: PASV
		S: 200 fine
		S: 200 fine
		S: 500 no
		S: 200 fine
		S: 227 (198,51,100,20,8,2)
		C: QUIT`},
	{name: "port in bad manners", lines: login + `C: PORT 192,0,2,10,156
		C: PORT 192,0,2,10,156,64,1
		C: PORT 192,0,2,10,156,256
		C: PORT 192,0,2,10,0,0
		C: PORT 192,0,2,10,+156,64
		C: PORT 192,0,2,010,156,64
		C: PORT 192,0,2,10,156, 64
		C: PORT 192.0.2.10,156,64
		C: PORT x192,0,2,10,156,64
		C: PORT
		C: PORT 192,0,2,10,156,4294967376`},
	{name: "port with spaces around", want: "C=192.0.2.10:40000", lines: login + "C: port   192,0,2,10,156,64  \nS: 200 fine"},
	{name: "auth tls", why: whyEncrypted, tls: true, lines: `S: 220 ready
		C: AUTH TLS
		S: 234 go
		C: PORT 192,0,2,10,156,64`},
	{name: "auth ssl", why: whyEncrypted, tls: true, lines: "S: 220 ready\nC: FEAT\nS: 211-\nS:  AUTH TLS\nS: 211 end\nC: auth  ssl \nS: 234 go\nC: hello"},
	{name: "auth of another mechanism", why: whyEncrypted, lines: "S: 220 ready\nC: AUTH KERBEROS_V4\nS: 234 go\nC: hello"},
	{name: "auth tls that asks on", why: whyEncrypted, lines: "S: 220 ready\nC: AUTH TLS\nS: 334 go\nC: hello"},
	{name: "a second auth", why: whyEncrypted, tls: true, lines: "S: 220 ready\nC: AUTH GSSAPI\nS: 504 no\nC: AUTH TLS-C\nS: 234 go"},
	{name: "234 of nothing", want: "C=192.0.2.10:40000", lines: login + "C: NOOP\nS: 234 go\nC: PORT 192,0,2,10,156,64\nS: 200 fine"},
	{name: "implicit tls", why: whyEncrypted, tls: true, lines: "C: hello\nS: \x16\x03\x03"},
	{name: "implicit tls behind half a greeting", why: whySpokeFirst, lines: "S: 120 soon\nC: hello"},
	{name: "implicit tls behind a greeting", why: whyNoCommand, lines: "S: 220 ready\nC: hello"},
	{name: "almost tls", why: whySpokeFirst, lines: "C: \x16\x03\x01\x02\x00\x02"},
	{name: "a closing alert first", why: whySpokeFirst, lines: "C: \x15\x03\x01\x00\x02\x01"},
	{name: "auth gssapi", why: whyEncrypted, lines: "S: 220 ready\nC: AUTH GSSAPI\nS: 334 go\nC: PORT 192,0,2,10,156,64"},
	{name: "auth refused", want: "C=192.0.2.10:40000", lines: "S: 220 ready\nC: AUTH TLS\nS: 502 no\nC: USER a\nS: 331 p\nC: PORT 192,0,2,10,156,64"},
	{name: "slow greeting", want: "C=192.0.2.10:40000", lines: "S: 120 soon\nS: 220-hello\nS: there\nS: 220 ready\nC: USER a\nC: PORT 192,0,2,10,156,64"},
	{name: "bare line ends", want: "C=192.0.2.10:40000", lines: "S: 220\nC: USER a\nS: 331\nC: PORT 192,0,2,10,156,64"},
	{name: "no greeting", why: whyNoGreeting, lines: "S: SSH-2.0-x"},
	{name: "another greeting", why: whyNoGreeting, lines: "S: 230 in"},
	{name: "turned away", lines: "S: 421 busy"},
	{name: "client first", why: whySpokeFirst, lines: "C: PORT 192,0,2,10,156,64\nS: 220 ready"},
	{name: "http", why: whyNoCommand, lines: "S: 220 ready\nC: POST / HTTP/1.1\nC: PORT 192,0,2,10,156,64"},
	{name: "http later", why: whyNoCommand, lines: login + "C: GET / HTTP/1.1\nC: Host: x\nC: PORT 192,0,2,10,156,64"},
	{name: "garbage of the server", why: whyNoReply, lines: login + "S: zzz\nC: PASV\nS: 227 (198,51,100,20,8,1)"},
	{name: "code out of range", why: whyNoReply, lines: login + "S: 999 what"},
	{name: "half a code", why: whyNoReply, lines: login + "S: 22"},
	{name: "abort with telnet bytes", want: "C=192.0.2.10:40000", lines: login +
		"C: \\xff\\xf4\\xff\\xf2ABOR\nS: 226 stopped\nC: PORT 192,0,2,10,156,64"},
	{name: "a long line", want: "C=192.0.2.10:40000", lines: login +
		"C: SITE " + strings.Repeat("x", 3000) + "\nC: PORT 192,0,2,10,156,64\nS: 200 " + strings.Repeat("y", 3000) + "\nS: 200 fine"},
	{name: "a long port", lines: login + "C: PORT " + strings.Repeat(" ", 511) + "192,0,2,10,156,64\nS: 501 no"},
	{name: "a long 227", want: "S=198.51.100.20:2050", lines: login + "C: PASV\nS: 227 " + strings.Repeat("y", 500) +
		"(198,51,100,20,8,1)\nC: PASV\nS: 227 (198,51,100,20,8,2)"},
}

func TestLaws(t *testing.T) {
	for _, c := range cases {
		helpertest.Laws(t, &Helper, c.dialogue())
	}
}

// TestPipelining sends more commands at once than the queue remembers.
func TestPipelining(t *testing.T) {
	lines := login
	for range 40 {
		lines += "C: NOOP\nC: PASV\n"
	}
	want := ""
	for i := range 40 {
		lines += fmt.Sprintf("S: 200 ok\nS: 227 (198,51,100,20,8,%d)\n", i)
		if i < maxEntries {
			want += fmt.Sprintf("S=198.51.100.20:%d ", 2048+i)
		}
	}
	helpertest.Laws(t, &Helper, testCase{name: "many", lines: lines, want: want}.dialogue())
}

// TestThirdHost holds the helper together with an announcer that believes no
// payload.
func TestThirdHost(t *testing.T) {
	d := testCase{lines: login + `C: PORT 192,0,2,99,156,64
		S: 200 fine
		C: EPRT |1|192.0.2.99|40000|
		S: 200 fine
		C: PORT 192,0,2,10,0,80
		S: 200 fine
		C: PASV
		S: 227 (198,51,100,99,8,2)
		C: PASV
		S: 227 (198,51,100,20,0,22)
		C: PORT 192,0,2,10,156,64
		S: 200 fine`}.dialogue()
	ann := &helpertest.Strict{Client: netip.MustParseAddr("192.0.2.10"), Server: netip.MustParseAddr("198.51.100.20")}
	if err := helpertest.Deliver(&Helper, d, ann); err != nil {
		t.Fatal(err)
	}
	if want := []helpertest.Announced{{Dir: packet.Original, Endpoint: "192.0.2.10:40000"}}; !slices.Equal(ann.Opened, want) {
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
		{spellNumbers, "10,0,0,1,4,0", v4, "203,0,113,7,156,64"},
		{spellNumbers, "10,0,0,1,4,0", v6, ""},
		{spellExtended, "|1|10.0.0.1|1024|", v4, "|1|203.0.113.7|40000|"},
		{spellExtended, "!1!10.0.0.1!1024!", v6, "!2!2001:db8::7!80!"},
		{spellExtended, ":1:10.0.0.1:1024:", v6, "|2|2001:db8::7|80|"},
		{spellPort, "1024", v6, "80"},
	} {
		if got := string(spell(nil, []byte(c.orig), helpers.Edit{Kind: c.kind}, c.to)); got != c.want {
			t.Errorf("%s to %v: %q, want %q", c.orig, c.to, got, c.want)
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
