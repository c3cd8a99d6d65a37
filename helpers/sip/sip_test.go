package sip

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// testCase is a dialogue, what it announces ("C=" by the client, "S=" by the server,
// behind a slash how, as in helpertest.Announced, with "#1" for a tag) and why the
// helper gives up.
type testCase struct {
	name, text, want, why string
	v6                    bool
	streamOnly, udpOnly   bool
}

// talk makes turns of messages: each begins with a line "C:" or "S:". A "?" as
// Content-Length is the length of the body, lines end with CRLF, and "\" at the
// end of a line keeps it from ending.
func talk(text string) (turns []helpertest.Turn) {
	for _, part := range strings.Split("\n"+strings.TrimSpace(text), "\n==") {
		if part == "" {
			continue
		}
		who, message, _ := strings.Cut(part, "\n")
		dir := packet.Original
		if strings.TrimSpace(who) == "S" {
			dir = packet.Reply
		}
		turns = append(turns, helpertest.Turn{Dir: dir, Text: wire(message)})
	}
	return turns
}

// wire is a message as it is sent.
func wire(message string) string {
	var lines []string
	for _, l := range strings.Split(message, "\n") {
		lines = append(lines, strings.TrimPrefix(l, "\t"))
	}
	message = strings.ReplaceAll(strings.ReplaceAll(strings.Join(lines, "\r\n"), "\\\r\n", ""), "~", "")
	head, body, _ := strings.Cut(message, "\r\n\r\n")
	if body != "" {
		body = strings.TrimRight(body, "\r\n") + "\r\n"
	}
	head = strings.Replace(strings.TrimRight(head, "\r\n"), "Length: ?", "Length: "+strconv.Itoa(len(body)), 1)
	head = strings.Replace(head, "\r\nl: ?", "\r\nl: "+strconv.Itoa(len(body)), 1)
	return head + "\r\n\r\n" + body
}

func (c testCase) dialogue(proto uint8) helpertest.Dialogue {
	d := helpertest.Dialogue{Name: c.name, Proto: proto, Turns: talk(c.text), Why: c.why, Tagged: true}
	d.Client, d.Server = netip.MustParseAddrPort("192.0.2.10:5060"), netip.MustParseAddrPort("198.51.100.20:5060")
	if c.v6 {
		d.Client, d.Server = netip.MustParseAddrPort("[2001:db8::10]:5060"), netip.MustParseAddrPort("[2001:db8::20]:5060")
	}
	for _, w := range strings.Fields(c.want) {
		dir := packet.Original
		if w[0] == 'S' {
			dir = packet.Reply
		}
		at, words, _ := strings.Cut(w[2:], "/")
		words = strings.TrimPrefix(strings.ReplaceAll(words, ",", " "), packet.ProtoName(proto)+" ")
		d.Want = append(d.Want, helpertest.Announced{Dir: dir, Endpoint: at, How: strings.ReplaceAll(words, "#", "tag ")})
	}
	return d
}

const (
	offerHead = `==C
	INVITE sip:bob@example.com SIP/2.0
	Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK1;rport
	From: <sip:alice@192.0.2.10>;tag=a
	To: <sip:bob@example.com>
	Call-ID: 1@192.0.2.10
	CSeq: 1 INVITE
	Contact: <sip:alice@192.0.2.10:5060>
	Max-Forwards: 70
`
	offer = offerHead + `	Content-Type: application/sdp
	Content-Length: ?

	v=0
	o=alice 1 1 IN IP4 192.0.2.10
	s=-
	c=IN IP4 192.0.2.10
	t=0 0
	m=audio 40000 RTP/AVP 0
`
	answerHead = `==S
	SIP/2.0 200 OK
	Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK1;rport=5060;received=192.0.2.10
	From: <sip:alice@192.0.2.10>;tag=a
	To: <sip:bob@example.com>;tag=b
	Call-ID: 1@192.0.2.10
	CSeq: 1 INVITE
	Contact: "Bob, the <b>" <sip:bob@198.51.100.20>
`
	answer = answerHead + `	Content-Type: application/sdp
	Content-Length: ?

	v=0
	o=bob 1 1 IN IP4 198.51.100.20
	s=-
	c=IN IP4 198.51.100.20
	t=0 0
	m=audio 50000 RTP/AVP 0
`
)

func sdp(lines string) string {
	return offerHead + "	Content-Type: application/sdp\n	Content-Length: ?\n\n	" + strings.ReplaceAll(strings.TrimSpace(lines), "\n", "\n	") + "\n"
}

// request is one of a method, with some headers.
func request(method string, cseq int, headers string) string {
	return fmt.Sprintf("==C\n\t%s sip:example.com SIP/2.0\n\tVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK%d;rport\n\tFrom: <sip:alice@example.com>;tag=a\n\tTo: <sip:alice@example.com>\n\tCall-ID: r\n\tCSeq: %d %s\n%s\tContent-Length: 0\n\n",
		method, cseq, cseq, method, headers)
}

func response(status int, method string, cseq int, headers string) string {
	return fmt.Sprintf("==S\n\tSIP/2.0 %d x\n\tVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK%d;rport=5060\n\tFrom: <sip:alice@example.com>;tag=a\n\tTo: <sip:alice@example.com>;tag=b\n\tCall-ID: r\n\tCSeq: %d %s\n%s\tContent-Length: 0\n\n",
		status, cseq, cseq, method, headers)
}

const session = "v=0\no=- 1 1 IN IP4 192.0.2.10\ns=-\nc=IN IP4 192.0.2.10\nt=0 0\n"

var cases = []testCase{
	{name: "a call", want: "C=192.0.2.10:40000/udp,pair,many,#1 S=198.51.100.20:50000/udp,pair,many,#1", text: offer + answer + `==C
	ACK sip:bob@198.51.100.20 SIP/2.0
	Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK2;rport
	From: <sip:alice@192.0.2.10>;tag=a
	To: <sip:bob@example.com>;tag=b
	Call-ID: 1@192.0.2.10
	CSeq: 1 ACK
	Route: <sip:198.51.100.20;lr>,<sip:10.9.9.9;lr>
	Content-Length: 0

==S
	BYE sip:alice@192.0.2.10:5060 SIP/2.0
	Via: SIP/2.0/UDP 198.51.100.20;branch=z9hG4bK3
	From: <sip:bob@example.com>;tag=b
	To: <sip:alice@192.0.2.10>;tag=a
	Call-ID: 1@192.0.2.10
	CSeq: 1 BYE
	Content-Length: 0

`},
	{name: "early media", want: "C=192.0.2.10:40000/udp,pair,many,#1 S=198.51.100.20:50000/udp,pair,many,#1", text: offer + strings.Replace(answer, "200 OK", "183 Session Progress", 1)},
	{name: "ringing", want: "C=192.0.2.10:40000/udp,pair,many,#1", text: offer + strings.Replace(answerHead, "200 OK", "180 Ringing", 1) + "\tContent-Length: 0\n\n"},
	{name: "trying", want: "C=192.0.2.10:40000/udp,pair,many,#1", text: offer + strings.Replace(answer, "200 OK", "100 Trying", 1)},
	{name: "not acceptable, with a description", want: "C=192.0.2.10:40000/udp,pair,many,#1", text: offer + strings.Replace(answer, "200 OK", "488 Not Acceptable Here", 1)},
	{name: "asked twice", want: "C=192.0.2.10:40000/udp,pair,many,#1 C=192.0.2.10:40000/udp,pair,many,#1", text: offer + offer},
	{name: "on hold", text: sdp("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nc=IN IP4 0.0.0.0\nt=0 0\nm=audio 40000 RTP/AVP 0")},
	{name: "on hold, by the media", text: sdp(session + "m=audio 40000 RTP/AVP 0\nc=IN IP4 0.0.0.0")},
	{name: "on hold, by a name", text: sdp(session + "m=audio 40000 RTP/AVP 0\nc=IN IP4 nowhere.invalid")},
	{name: "on hold, by direction", want: "C=192.0.2.10:40002/udp,pair,many,#1", text: sdp(session + "m=audio 40000 RTP/AVP 0\na=sendonly\nm=video 40002 RTP/AVP 34\na=recvonly")},
	{name: "on hold, of the session", text: sdp(session + "a=inactive\nm=audio 40000 RTP/AVP 0")},
	{name: "port 0", want: "C=192.0.2.10:40002/udp,pair,many,#1", text: sdp(session + "m=audio 0 RTP/AVP 0\nm=video 40002 RTP/AVP 34")},
	{name: "no m-line", text: sdp(session)},
	{name: "no address", text: sdp("v=0\no=- 1 1 IN IP4 192.0.2.10\ns=-\nt=0 0\nm=audio 40000 RTP/AVP 0")},
	{name: "addresses of their own", want: "C=192.0.2.10:40000/udp,pair,many,#1 C=192.0.2.10:40010/udp,pair,many,#1",
		text: sdp("v=0\no=- 1 1 IN IP4 192.0.2.10\ns=-\nt=0 0\nm=audio 40000 RTP/AVP 0\nc=IN IP4 192.0.2.10\nm=video 40010 RTP/AVP 34\nc=IN IP4 192.0.2.10")},
	{name: "a group", text: sdp("v=0\no=- 1 1 IN IP4 192.0.2.10\ns=-\nc=IN IP4 224.2.1.1/127\nt=0 0\nm=audio 40000 RTP/AVP 0")},
	{name: "rtcp apart", want: "C=192.0.2.10:40000/udp,many,#1 C=192.0.2.10:40011/udp,many,#1", text: sdp(session + "m=audio 40000 RTP/AVP 0\na=rtcp:40011")},
	{name: "rtcp apart, with an address", want: "C=192.0.2.10:40000/udp,many,#1 C=192.0.2.10:40011/udp,many,#1", text: sdp(session + "m=audio 40000 RTP/AVP 0\na=rtcp:40011 IN IP4 192.0.2.10")},
	{name: "rtcp at a low port", want: "C=192.0.2.10:40000/udp,many,#1 C=192.0.2.10:999/udp,many,#1", text: sdp(session + "m=audio 40000 RTP/AVP 0\na=rtcp:999")},
	{name: "rtcp beside", want: "C=192.0.2.10:40000/udp,pair,many,#1 C=192.0.2.10:40001/udp,many,#1", text: sdp(session + "m=audio 40000 RTP/AVP 0\na=rtcp:40001")},
	{name: "rtcp-mux", want: "C=192.0.2.10:40000/udp,many,#1", text: sdp(session + "m=audio 40000 UDP/TLS/RTP/SAVPF 0\na=rtcp-mux")},
	{name: "several ports", want: "C=192.0.2.10:40000/udp,pair,many,#1 C=192.0.2.10:40002/udp,pair,many,#1", text: sdp(session + "m=audio 40000/2 RTP/AVP 0")},
	{name: "too many ports", text: sdp(session + "m=audio 40000/4294967297 RTP/AVP 0")},
	{name: "fax", want: "C=192.0.2.10:40000/udp,many,#1", text: sdp(session + "m=image 40000 udptl t38\na=T38FaxVersion:0")},
	{name: "over TCP, who accepts", want: "C=192.0.2.10:40000/tcp,many,#1 C=192.0.2.10:2855/tcp,many,#1", text: sdp(session + "m=image 40000 TCP t38\na=setup:passive\nm=image 9 TCP t38\na=setup:active\nm=message 2855 TCP/MSRP *")},
	{name: "2^32+n", text: sdp(session + "m=audio 4295007296 RTP/AVP 0\nm=audio +40000 RTP/AVP 0\nm=audio 65536 RTP/AVP 0\nm=audio 040000x RTP/AVP 0")},
	{name: "many m-lines", want: "C=192.0.2.10:40000/udp,pair,many,#1 C=192.0.2.10:40002/udp,pair,many,#1 C=192.0.2.10:40004/udp,pair,many,#1 C=192.0.2.10:40006/udp,pair,many,#1 C=192.0.2.10:40008/udp,pair,many,#1 C=192.0.2.10:40010/udp,pair,many,#1 C=192.0.2.10:40012/udp,pair,many,#1 C=192.0.2.10:40014/udp,pair,many,#1",
		text: sdp(session + manyMedia(40))},
	{name: "not a description", text: sdp("hello, c=IN IP4 192.0.2.10\nm=audio 40000 RTP/AVP 0")},
	{name: "multipart", want: "C=192.0.2.10:40000/udp,pair,many,#1", text: offerHead + `	Content-Type: multipart/mixed; boundary="x y"
	Content-Length: ?

	preamble
	--x y
	Content-Type: application/resource-lists+xml

	m=audio 1111 RTP/AVP 0
	--x y
	Content-Type: application/sdp

	v=0
	o=- 1 1 IN IP4 192.0.2.10
	s=-
	c=IN IP4 192.0.2.10
	t=0 0
	m=audio 40000 RTP/AVP 0
	--x y--
`},
	{name: "compact, folded, in lists", want: "C=192.0.2.10:40000/udp,pair,many,#1", text: `==C
	INVITE sip:bob@example.com SIP/2.0
	v: SIP / 2.0
	 / UDP 192.0.2.10 : 5060 ; branch=z9hG4bK1 ;rport, SIP/2.0/UDP 10.1.1.1;branch=z9hG4bK0
	f : "a \"quoted, <sip:x@192.0.2.10>\" name"
	  <sip:alice@192.0.2.10;user=phone>;tag=a
	t: sip:bob@example.com
	i: 1
	CSeq: 0001
	  INVITE
	m: <sip:alice@192.0.2.10>;expires=3, <sip:alice@10.2.2.2>
	c: application/sdp;charset=utf-8
	l: ?

	v=0
	o=- 1 1 IN IP4 192.0.2.10
	s=-
	c=IN IP4 192.0.2.10
	t=0 0
	m=audio 40000 RTP/AVP 0
`},
	{name: "register", want: "C=192.0.2.10:5060/many,#1", text: request("REGISTER", 1, "\tContact: <sip:alice@192.0.2.10>;expires=3600\n") +
		response(200, "REGISTER", 1, "\tContact: <sip:alice@192.0.2.10:5060>;expires=600\n")},
	{name: "register elsewhere", want: "C=192.0.2.10:5062/many,#1 C=192.0.2.10:5064/tcp,many,#1", text: request("REGISTER", 1, "\tContact: <sip:alice@192.0.2.10:5062>, <sip:alice@192.0.2.10:5064;transport=tcp>\n\tExpires: 60\n")},
	{name: "unregister", text: request("REGISTER", 1, "\tContact: <sip:alice@192.0.2.10>;expires=0\n") +
		request("REGISTER", 2, "\tContact: *\n\tExpires: 0\n") + response(200, "REGISTER", 2, "")},
	{name: "register another host, a name, a secure one", text: request("REGISTER", 1, "\tContact: <sip:alice@192.0.2.99>, <sip:alice@phone.example.com>, <sips:alice@192.0.2.10>, <tel:+1>, <sip:a@192.0.2.10;transport=ws>\n")},
	{name: "options", text: request("OPTIONS", 1, "\tContact: <sip:alice@192.0.2.10>\n\tAccept: application/sdp\n")},
	{name: "subscribe", text: request("SUBSCRIBE", 1, "\tContact: <sip:alice@192.0.2.10>\n\tEvent: presence\n")},
	{name: "a response to another port", udpOnly: true, want: "C=192.0.2.10:5070/many", text: strings.Replace(request("OPTIONS", 1, ""), "192.0.2.10:5060;branch=z9hG4bK1;rport", "192.0.2.10:5070;branch=z9hG4bK1", 1)},
	{name: "IPv6", v6: true, want: "C=[2001:db8::10]:40000/udp,pair,many,#1", text: `==C
	INVITE sip:bob@[2001:db8::20] SIP/2.0
	Via: SIP/2.0/UDP [2001:db8::10]:5060;branch=z9hG4bK1;received=2001:db8::10
	From: <sip:alice@[2001:db8::10]>;tag=a
	To: <sip:bob@[2001:db8::20]:5060>
	Call-ID: 1
	CSeq: 1 INVITE
	Contact: <sip:alice@[2001:db8::10]:5060;maddr=[2001:db8::10]>
	Content-Type: application/sdp
	Content-Length: ?

	v=0
	o=alice 1 1 IN IP6 2001:db8::10
	s=-
	c=IN IP6 2001:db8::10
	t=0 0
	m=audio 40000 RTP/AVP 0
`},
	{name: "http", why: whyNotSIP, text: "==C\n	POST / HTTP/1.1\n	Host: x\n	Content-Length: 0\n\n" + offer},
	{name: "a request within http", why: whyNotSIP, text: "==C\n	POST / HTTP/1.1\n	Host: x\n	Content-Length: ?\n\n	REGISTER sip:x SIP/2.0\n" + offer},
	{name: "no Via", why: whyNotSIP, text: "==C\n	OPTIONS sip:x SIP/2.0\n	From: <sip:a@x>;tag=1\n	To: <sip:b@x>\n	Call-ID: 1\n	CSeq: 1 OPTIONS\n	Content-Length: 0\n\n"},
	{name: "another method in CSeq", why: whyNotSIP, text: strings.Replace(request("OPTIONS", 1, ""), "1 OPTIONS", "1 INVITE", 1)},
	{name: "two Call-IDs", why: whyNotSIP, text: request("OPTIONS", 1, "\tCall-ID: 2\n")},
	{name: "CSeq of 2^32+1", why: whyNotSIP, text: strings.Replace(request("OPTIONS", 1, ""), "CSeq: 1", "CSeq: 4294967297", 1)},
	{name: "another version", why: whyNotSIP, text: strings.Replace(request("OPTIONS", 1, ""), "SIP/2.0\n", "SIP/7.0\n", 1)},
	{name: "no scheme", why: whyNotSIP, text: strings.Replace(request("OPTIONS", 1, ""), "sip:example.com", "<example.com>", 1)},
	{name: "Content-Length of 2^32+1", why: whyNoLength, streamOnly: true, text: strings.Replace(offer, "?", "4294967297", 1) + offer},
	{name: "Content-Length of letters", why: whyNoLength, streamOnly: true, text: strings.Replace(offer, "?", "12x", 1)},
	{name: "no Content-Length in a stream", why: whyNoLength, streamOnly: true, text: strings.Replace(offer, "	Content-Length: ?\n", "", 1)},
	{name: "no Content-Length in a datagram", udpOnly: true, want: "C=192.0.2.10:40000/udp,pair,many,#1", text: strings.Replace(offer, "	Content-Length: ?\n", "", 1)},
	{name: "two lengths", why: whyNotSIP, text: strings.Replace(offer, "	Content-Length: ?\n", "	Content-Length: ?\n	l: 5\n", 1)},
	{name: "a length beyond the datagram", udpOnly: true, why: whyNotSIP, text: strings.Replace(offer, "Length: ?", "Length: 9999", 1)},
	{name: "a length before its end", udpOnly: true, text: strings.Replace(offer, "Length: ?", "Length: 30", 1)},
	{name: "a foreign datagram later", udpOnly: true, text: strings.Replace(offer, "Length: ?", "Length: 0", 1) + "==C\n	hello\n" + strings.Replace(offer, "Length: ?", "Length: 0", 1)},
	{name: "encoded", text: strings.Replace(offer, "	Content-Type", "	Content-Encoding: gzip\n	Content-Type", 1)},
	{name: "notify with a description", text: strings.Replace(request("INFO", 1, "\tContent-Type: application/sdp\n"), "Length: 0", "Length: ?", 1) + "	v=0\n	o=- 1 1 IN IP4 192.0.2.10\n	c=IN IP4 192.0.2.10\n	m=audio 40000 RTP/AVP 0\n"},
	// RFC 4475 section 3.1.1.1, in its spirit.
	{name: "tortuous", text: `==C
	INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
	TO :
	 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
	from   : "J Rosenberg \\\""       <sip:jdrosen@example.com>
	  ;
	  tag = 98asjd8
	MaX-fOrWaRdS: 0068
	Call-ID: wsinv.ndaksdj@192.0.2.1
	Content-Length   : 150
	cseq: 0009
	  INVITE
	Via  : SIP  /   2.0
	 /UDP
	    192.0.2.2;branch=390skdjuw
	s :
	NewFangledHeader:   newfangled value
	 continued newfangled value
	UnknownHeaderWithUnusualValue: ;;,,;;,;
	Content-Type: application/sdp
	Route:
	 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
	v:  SIP  / 2.0  / TCP     spindle.example.com   ;
	  branch  =   z9hG4bK9ikj8  ,
	 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
	 z9hG4bK30239
	m:"Quoted string \"\"" <sip:jdrosen@example.com> ; newparam =
	      newvalue ;
	  secondparam ; q = 0.33

	v=0
	o=mhandley 2973 7272939 IN IP4 192.0.2.10
	s=-
	c=IN IP4 192.0.2.10
	t=0 0
	m=audio 4921~7 RTP/AVP 0 12
	m=video 3227 RTP/AVP 31
	a=rtpmap:31 LPC
`, udpOnly: true, want: "C=192.0.2.10:49217/udp,pair,many,#1 C=192.0.2.10:3227/udp,pair,many,#1"},
}

// large are streams that are too long to be sent over every network.
var large = []testCase{
	{name: "a long head", why: whyHead, streamOnly: true, text: request("OPTIONS", 1, "\tX: "+strings.Repeat("x", 9000)+"\n")},
	{name: "a large body that is none of ours", streamOnly: true, want: "C=192.0.2.10:40000/udp,pair,many", text: strings.Replace(request("MESSAGE", 1, "\tContent-Type: text/plain\n"), "Length: 0", "Length: ?", 1) + strings.Repeat("	"+strings.Repeat("INVITE sip:a@b SIP/2.0 ", 20)+"\n", 60) + offer},
	{name: "a large description", streamOnly: true, text: strings.Replace(request("INVITE", 1, "\tContent-Type: application/sdp\n"), "Length: 0", "Length: ?", 1) + "	v=0\n	c=IN IP4 192.0.2.10\n	m=audio 40000 RTP/AVP 0\n" + strings.Repeat("	a="+strings.Repeat("x", 400)+"\n", 60)},
}

func TestLarge(t *testing.T) {
	for _, c := range large {
		t.Run(c.name, func(t *testing.T) {
			d, ann := c.dialogue(packet.ProtoTCP), &helpertest.Translator{Off: true}
			if err := helpertest.Deliver(&Helper, d, ann); err != nil {
				t.Fatal(err)
			}
			for i := range ann.Seen {
				ann.Seen[i].How, _, _ = strings.Cut(ann.Seen[i].How, " tag ")
			}
			if want := signallingApart(d); !slices.Equal(ann.Seen, want) {
				t.Errorf("announced %v, want %v", ann.Seen, want)
			}
		})
	}
}

// signallingApart is what d announces over TCP: no one's own port is anyone's to call.
func signallingApart(d helpertest.Dialogue) (want []helpertest.Announced) {
	for _, w := range d.Want {
		if w.Endpoint != d.Client.String() && w.Endpoint != d.Server.String() {
			want = append(want, w)
		}
	}
	return want
}

func manyMedia(n int) (s string) {
	for i := range n {
		s += fmt.Sprintf("m=audio %d RTP/AVP 0\n", 40000+2*i)
	}
	return s
}

func TestLaws(t *testing.T) {
	for _, c := range cases {
		if !c.streamOnly {
			t.Run("UDP", func(t *testing.T) { laws(t, c, packet.ProtoUDP) })
		}
		if !c.udpOnly {
			t.Run("TCP", func(t *testing.T) { laws(t, c, packet.ProtoTCP) })
		}
	}
}

func laws(t *testing.T, c testCase, proto uint8) {
	d := c.dialogue(proto)
	if proto == packet.ProtoTCP {
		d.Want = signallingApart(d)
	}
	helpertest.Laws(t, &Helper, d)
}

func fuzz(f *testing.F, proto uint8) {
	h := Helper
	h.Protocols = []uint8{proto}
	var seeds []helpertest.Dialogue
	for _, c := range cases {
		seeds = append(seeds, c.dialogue(proto))
	}
	helpertest.Fuzz(f, &h, seeds...)
}

func FuzzHelper(f *testing.F) { fuzz(f, packet.ProtoUDP) }

func FuzzStream(f *testing.F) { fuzz(f, packet.ProtoTCP) }

// TestGiven: a port that was given stays, also where it is the standard one; where none
// was given none comes to stand.
func TestGiven(t *testing.T) {
	for own, want := range map[string]string{"192.0.2.10:5060": "203.0.113.7:5060", "192.0.2.10": "203.0.113.7"} {
		text := strings.NewReplacer("UDP 192.0.2.10:5060", "UDP "+own, "@192.0.2.10:5060", "@"+own).Replace(
			talk(request("OPTIONS", 1, "\tContact: <sip:alice@192.0.2.10:5060>\n"))[0].Text)
		d := testCase{}.dialogue(packet.ProtoUDP)
		ends := helpers.EndsOf(d.Client, d.Server, netip.MustParseAddrPort("203.0.113.7:5060"), d.Server)
		var st helpers.State
		var out helpers.Output
		helpers.ReadDatagram(&Helper, &st, &helpers.Datagram{Ends: &ends, Payload: []byte(text)}, &helpertest.Strict{}, &out)
		got := string(out.Out()[0].Payload)
		for _, where := range []string{"UDP " + want + ";", "<sip:alice@" + want + ">"} {
			if !strings.Contains(got, where) {
				t.Errorf("%q is not in %q", where, got)
			}
		}
	}
}

func TestSpell(t *testing.T) {
	v4, v6 := netip.MustParseAddrPort("203.0.113.7:40000"), netip.MustParseAddrPort("[2001:db8::7]:5060")
	for _, c := range []struct {
		kind uint8
		orig string
		to   netip.AddrPort
		want string
	}{
		{spellHost, "10.0.0.1", v4, "203.0.113.7"},
		{spellHost, "[::1]", v6, "[2001:db8::7]"},
		{spellHost, "::1", v6, "2001:db8::7"},
		{spellPort, "5060", v4, "40000"},
		{spellBoth, "10.0.0.1", v4, "203.0.113.7:40000"},
		{spellGiven, "10.0.0.1:5060", v4, "203.0.113.7:40000"},
		{spellBoth, "[::1]", v6, "[2001:db8::7]"},
		{spellGiven, "[::1]:9", v6, "[2001:db8::7]:5060"},
		{spellBothTLS, "[::1]", v6, "[2001:db8::7]:5060"},
	} {
		if got := string(spell(nil, []byte(c.orig), helpers.Edit{Kind: c.kind}, c.to)); got != c.want {
			t.Errorf("%s to %v: %q, want %q", c.orig, c.to, got, c.want)
		}
	}
}
