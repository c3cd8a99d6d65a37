package tns

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// pack makes a packet of TNS.
func pack(kind byte, body string) string {
	b := binary.BigEndian.AppendUint16(nil, uint16(headerSize+len(body)))
	return string(append(b, 0, 0, kind, 0, 0, 0)) + body
}

func word(n int) string { return string([]byte{byte(n >> 8), byte(n)}) }

// hello is a CONNECT packet of version 312 without connect data.
var hello = pack(typeConnect, word(312)+word(300)+"\x08\x00\x7f\xff\x86\x0e\x00\x00\x01\x00"+word(0)+word(58)+strings.Repeat("\x00", 30))

// The three forms of a redirection.
func inPacket(text string) string { return pack(typeRedirect, word(len(text))+text) }
func inData(text string) string   { return pack(typeRedirect, word(0)) + pack(typeData, word(0)+text) }
func countedData(text string) string {
	return pack(typeRedirect, word(len(text))) + pack(typeData, word(0)+text)
}

func at(host, port string) string {
	return "(ADDRESS=(PROTOCOL=tcp)(HOST=" + host + ")(PORT=" + port + "))"
}

func talk(name, want, why string, turns ...string) helpertest.Dialogue {
	d := helpertest.Dialogue{Name: name, Why: why}
	d.Client, d.Server = netip.MustParseAddrPort("192.0.2.10:40000"), netip.MustParseAddrPort("198.51.100.20:1521")
	for i, t := range turns {
		if t != "" {
			d.Turns = append(d.Turns, helpertest.Turn{Dir: packet.Dir(i & 1), Text: t})
		}
	}
	for _, w := range strings.Fields(want) {
		d.Want = append(d.Want, helpertest.Announced{Dir: packet.Reply, Endpoint: w})
	}
	return d
}

func dialogues() []helpertest.Dialogue {
	const own, want = "198.51.100.20", "198.51.100.20:1522"
	text := at(own, "1522")
	var all []helpertest.Dialogue
	add := func(name, want, why string, turns ...string) { all = append(all, talk(name, want, why, turns...)) }
	says := func(name, want, text string) {
		add(name, want, "", hello, inPacket(text))
		add(name+", in DATA", want, "", hello, inData(text))
	}
	add("redirect", want, "", hello, inPacket(text))
	add("redirect in DATA", want, "", hello, inData(text))
	add("redirect in DATA that is counted", want, "", hello, countedData(text))
	add("resend first", want, "", hello, pack(typeResend, ""), hello, inPacket(text))
	add("redirect and more", want, "", hello, inPacket(text)+inPacket(at(own, "1523")))
	add("connect data behind", want, "", hello, inPacket(text+"\x00(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.9)(PORT=1)))"))
	add("connect data of the client", want, "", hello+pack(typeData, word(0)+"(DESCRIPTION=)"), inPacket(text))
	add("accepted", "", "", hello, pack(typeAccept, strings.Repeat("\x00", 24)), pack(typeData, "\x00\x00x"), inPacket(text))
	add("refused", "", "", hello, pack(typeRefuse, "\x00\x00")+inPacket(text))
	add("aborted", "", "", hello, pack(typeAbort, "\x00\x00")+inPacket(text))
	add("data without a redirection", "", "", hello, pack(typeData, word(0)+text))
	add("a length that is not the text's", "", "", hello, pack(typeRedirect, word(3)+text))
	add("a length that is not that of DATA", "", "", hello, pack(typeRedirect, word(3))+pack(typeData, word(0)+text))
	add("DATA without flags", "", "", hello, pack(typeRedirect, word(0))+pack(typeData, ""))
	add("a checksum", "", "", hello, strings.Replace(inPacket(text), "\x00\x00\x05", "\x12\x34\x05", 1))
	says("another order", want, "(ADDRESS=(PORT=1522)(HOST="+own+")(PROTOCOL=TCP))")
	says("with spaces", want, " (address = ( Protocol = tcp )\n(Host = "+own+" ) ( Port\t= 1522 ) ) ")
	says("nested", want, "(DESCRIPTION=(ADDRESS_LIST=(ADDRESS=(PROTOCOL=tcp)(HOST="+own+")(X=(Y=z))(PORT=1522)))(CONNECT_DATA=(HOST=a)))")
	says("two", want+" 198.51.100.20:1523", "(ADDRESS_LIST="+text+at(own, "1523")+")")
	says("five", want+" 198.51.100.20:1523 198.51.100.20:1524 198.51.100.20:1525",
		text+at(own, "1523")+at(own, "1524")+at(own, "1525")+at(own, "1526"))
	says("a name", want, at("db-1.example", "1522"))
	says("another host", "203.0.113.9:1522", at("203.0.113.9", "1522"))
	says("IPv6 over IPv4", "", at("2001:db8::9", "1522"))
	says("no host", "", "(ADDRESS=(PROTOCOL=tcp)(PORT=1522))")
	says("no port", "", "(ADDRESS=(PROTOCOL=tcp)(HOST="+own+"))")
	says("no protocol", "", "(ADDRESS=(HOST="+own+")(PORT=1522))")
	says("another protocol", "", "(ADDRESS=(PROTOCOL=ipc)(HOST="+own+")(PORT=1522))")
	says("twice a port", "", "(ADDRESS=(PROTOCOL=tcp)(HOST="+own+")(PORT=1522)(PORT=22))")
	says("port 0", "", at(own, "0"))
	says("2^16+80", "", at(own, "65616"))
	says("2^32+1522", "", at(own, "4294968818"))
	says("a sign", "", at(own, "+1522"))
	says("a leading zero", "", at(own, "01522"))
	says("a bad address", "", at("198.51.100.256", "1522"))
	says("a bad name", "", at("db/1", "1522"))
	says("open brackets", "", text+"(")
	says("closed brackets", "", text+")")
	says("without an end", "", "(ADDRESS=(PROTOCOL=tcp)(HOST="+own+")(PORT=1522")
	says("no words", "", "redirect")
	says("deep", "", strings.Repeat("(A=", 17)+text+strings.Repeat(")", 17))
	says("far apart", "", "(ADDRESS=(PROTOCOL=tcp)(HOST="+own+")(X="+strings.Repeat("y", 200)+")(PORT=1522))")
	says("nothing", "", "")
	add("http", "", whyNoConnect, "GET / HTTP/1.1\r\n\r\n")
	add("one letter", "", whyNoConnect, "G")
	add("tls", "", whyNoConnect, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
	add("DATA first", "", whyNoConnect, pack(typeData, strings.Repeat("\x00", 40)))
	add("another version", "", whyNoConnect, pack(typeConnect, word(3)+strings.Repeat("\x00", 40)))
	add("a short CONNECT", "", whyNoConnect, pack(typeConnect, word(312)))
	add("the server first", "", whyServerFirst, "", inPacket(text), hello, inPacket(text))
	add("a packet that is none", "", whyNoPacket, hello, "\x00\x07\x00\x00\x05\x00\x00\x00"+text)
	add("a long packet", "", whyNoPacket, hello, "\xff\xff\x00\x00\x05\x00\x00\x00"+text)
	add("CONNECT of the server", "", whyNoPacket, hello, hello)
	add("an unknown type", "", whyNoPacket, hello, pack(99, ""))
	add("REDIRECT without a length", "", whyNoPacket, hello, pack(typeRedirect, ""))
	add("no DATA behind", "", whyNoPacket, hello, pack(typeRedirect, word(3))+pack(typeMarker, "abc"))
	six := talk("IPv6", "[2001:db8::20]:1522 [2001:db8::20]:1523", "", hello, inPacket(at("2001:db8::20", "1522")+at("[2001:db8::20]", "1523")))
	six.Client, six.Server = netip.MustParseAddrPort("[2001:db8::10]:40000"), netip.MustParseAddrPort("[2001:db8::20]:1521")
	return append(all, six)
}

func TestLaws(t *testing.T) {
	for _, d := range dialogues() {
		helpertest.Laws(t, &Helper, d)
	}
}

func TestSpell(t *testing.T) {
	v4, v6 := netip.MustParseAddrPort("203.0.113.7:30000"), netip.MustParseAddrPort("[2001:db8::7]:1")
	for _, c := range []struct {
		kind uint8
		orig string
		to   netip.AddrPort
		want string
	}{
		{hostFirst, "10.1.0.2)(PORT=1522", v4, "203.0.113.7)(PORT=30000"},
		{hostFirst, "db ) (X=(Y=z))( Port = 1522", v6, "2001:db8::7 ) (X=(Y=z))( Port = 1"},
		{portFirst, "1522)(HOST=10.1.0.2", v4, "30000)(HOST=203.0.113.7"},
		{portFirst, "1522", v4, ""},
	} {
		if got := string(spell(nil, []byte(c.orig), helpers.Edit{Kind: c.kind}, c.to)); got != c.want {
			t.Errorf("%s to %v: %q, want %q", c.orig, c.to, got, c.want)
		}
	}
}

func FuzzHelper(f *testing.F) { helpertest.Fuzz(f, &Helper, dialogues()...) }
