package rtsp

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

// The two ends of every dialogue here; the server's is its well-known port.
const (
	client4, server4 = "192.0.2.10:40000", "198.51.100.20:554"
	client6, server6 = "[2001:db8::10]:40000", "[2001:db8::20]:554"
)

// testCase is a dialogue, and what is found in it, in order: "C=" by the client,
// "S=" by the server.
type testCase struct {
	name string
	// turns are messages: "C " or "S ", and lines; "|" ends a line, an empty one and
	// the body may follow. A turn that begins with "C+" or "S+" goes on with the one
	// before. "\n" alone is dropped.
	turns     []string
	want      []string // endpoint and helpertest.Announced.How: "C=192.0.2.10:4000 udp pair tag 1"
	mentioned []string
	why       string
	v6        bool
}

func found(all []string) []helpertest.Announced {
	list := []helpertest.Announced{}
	for _, w := range all {
		dir := packet.Original
		if w[0] == 'S' {
			dir = packet.Reply
		}
		at, how, _ := strings.Cut(w[2:], " ")
		list = append(list, helpertest.Announced{Dir: dir, Endpoint: at, How: how})
	}
	return list
}

func (c testCase) dialogue() helpertest.Dialogue {
	d := helpertest.Dialogue{Name: c.name, Why: c.why, Client: netip.MustParseAddrPort(client4), Server: netip.MustParseAddrPort(server4)}
	if c.v6 {
		d.Client, d.Server = netip.MustParseAddrPort(client6), netip.MustParseAddrPort(server6)
	}
	if len(c.want) > 0 {
		d.Want = found(c.want)
	}
	d.Mentioned = found(c.mentioned)
	for _, t := range c.turns {
		text := strings.ReplaceAll(t[2:], "|", "\r\n")
		if t[1] == '+' {
			d.Turns[len(d.Turns)-1].Text += text
			continue
		}
		dir := packet.Original
		if t[0] == 'S' {
			dir = packet.Reply
		}
		d.Turns = append(d.Turns, helpertest.Turn{Dir: dir, Text: text})
	}
	return d
}

// sdp is an answer with a description, of the right length.
func sdp(head, body string) string {
	n := len(strings.ReplaceAll(body, "|", "\r\n"))
	return fmt.Sprintf("S RTSP/1.0 200 OK|CSeq: 1|Content-Type: application/sdp|%sContent-Length: %d||%s", head, n, body)
}

const (
	options = "C OPTIONS * RTSP/1.0|CSeq: 1||"
	fine    = "S RTSP/1.0 200 OK|CSeq: 1||"
)

func ask(cseq int, transport string) string {
	return fmt.Sprintf("C SETUP rtsp://cam.example/a RTSP/1.0|CSeq: %d|Transport: %s||", cseq, transport)
}

func answer(cseq int, rest string) string {
	return fmt.Sprintf("S RTSP/1.0 200 OK|CSeq: %d|Session: abc;timeout=60|%s||", cseq, rest)
}

var cases = []testCase{
	{name: "a session", turns: []string{
		"C DESCRIBE rtsp://198.51.100.20/film RTSP/1.0|CSeq: 1|Accept: application/sdp||",
		sdp("Content-Base: rtsp://198.51.100.20/film/|", "v=0|o=- 1 1 IN IP4 198.51.100.20|s=film|c=IN IP4 0.0.0.0|t=0 0|m=video 0 RTP/AVP 96|a=control:rtsp://198.51.100.20/film/1|"),
		"C SETUP rtsp://198.51.100.20:554/film/1 RTSP/1.0|CSeq: 2|Transport: RTP/AVP;unicast;client_port=4000-4001||",
		answer(2, "Transport: RTP/AVP;unicast;client_port=4000-4001;server_port=6970-6971;source=198.51.100.20;ssrc=00AB"),
		"C PLAY rtsp://198.51.100.20:554/film/ RTSP/1.0|CSeq: 3|Session: abc||",
		"S RTSP/1.0 200 OK|CSeq: 3|Session: abc|RTP-Info: url=rtsp://198.51.100.20/film/1;seq=1;rtptime=2,url=rtsp://198.51.100.20:554/film/2;seq=9||",
		"C TEARDOWN rtsp://198.51.100.20:554/film/ RTSP/1.0|CSeq: 4|Session: abc||",
		"S RTSP/1.0 200 OK|CSeq: 4||",
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1", "S=198.51.100.20:6971 udp tag 1"}, mentioned: []string{
		"C=198.51.100.20:554", "S=198.51.100.20:554", "S=198.51.100.20:0", "S=198.51.100.20:554", "C=198.51.100.20:554",
		"S=192.0.2.10:4000", "S=198.51.100.20:0", "C=198.51.100.20:554", "S=198.51.100.20:554", "S=198.51.100.20:554",
		"C=198.51.100.20:554",
	}},
	{name: "alternatives", turns: []string{
		options, fine,
		ask(2, "RTP/AVP/TCP;unicast;interleaved=0-1,RTP/AVP/UDP;unicast;client_port=4000-4001, RTP/AVP ; unicast ; client_port = 4002/4003 ,RTP/SAVPF;client_port=4004"),
		answer(2, "Transport: RTP/AVP/UDP;client_port=4002/4003;server_port=9000/9001"),
	}, want: []string{
		"C=192.0.2.10:4000 udp pair tag 1", "C=192.0.2.10:4002 udp pair tag 1", "C=192.0.2.10:4004 udp tag 1", "S=198.51.100.20:9001 udp tag 1",
	}, mentioned: []string{"S=192.0.2.10:4002"}},
	{name: "alternatives in two fields", turns: []string{
		options, "C SETUP * RTSP/1.0|CSeq: 2|Transport: RTP/AVP;client_port=4000|transport:RTP/AVP;client_port=4002||",
	}, want: []string{"C=192.0.2.10:4000 udp tag 1", "C=192.0.2.10:4002 udp tag 1"}},
	{name: "too many alternatives", turns: []string{
		options, ask(2, strings.TrimSuffix(strings.Repeat("RTP/AVP;client_port=4000-4001;client_port=4002-4003,", 20), ",")),
	}, want: []string{
		"C=192.0.2.10:4000 udp pair tag 1", "C=192.0.2.10:4002 udp pair tag 1", "C=192.0.2.10:4000 udp pair tag 1", "C=192.0.2.10:4002 udp pair tag 1",
	}},
	{name: "ports apart", turns: []string{
		options, ask(2, "RTP/AVP;client_port=4000-4003"), answer(2, "Transport: RTP/AVP;client_port=4000-4003;server_port=9000-9005"),
	}, want: []string{"C=192.0.2.10:4000 udp tag 1", "C=192.0.2.10:4003 udp tag 1", "S=198.51.100.20:9005 udp tag 1"}, mentioned: []string{
		"S=192.0.2.10:4000", "S=192.0.2.10:4003",
	}},
	{name: "one port for both", turns: []string{
		options, ask(2, "RTP/AVP;client_port=4000-4000;RTCP-mux"), answer(2, "Transport: RTP/AVP;client_port=4000-4000;server_port=9000-9000"),
	}, want: []string{"C=192.0.2.10:4000 udp tag 1", "S=198.51.100.20:9000 udp tag 1"}, mentioned: []string{"S=192.0.2.10:4000"}},
	{name: "an odd pair", turns: []string{options, ask(2, "RTP/AVP;client_port=4001-4002")}, want: []string{"C=192.0.2.10:4001 udp pair tag 1"}},
	{name: "RDT", turns: []string{
		options, ask(2, "x-real-rdt/udp;client_port=6970;mode=play,x-real-rdt/mcast;client_port=6972,x-pn-tng/tcp;client_port=6974"),
		answer(2, "Transport: x-real-rdt/udp;client_port=6970;server_port=9000"),
	}, want: []string{"C=192.0.2.10:6970 udp tag 1", "S=198.51.100.20:9000 udp tag 1"}, mentioned: []string{"S=192.0.2.10:6970"}},
	{name: "recording", turns: []string{
		options, ask(2, "RTP/AVP;unicast;client_port=4000-4001;mode=\"RECORD\""), answer(2, "Transport: RTP/AVP;unicast;client_port=4000-4001;server_port=9000-9001"),
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1", "S=198.51.100.20:9000 udp pair tag 1"}, mentioned: []string{"S=192.0.2.10:4000"}},
	{name: "interleaved and multicast open nothing", turns: []string{
		options, ask(2, "RTP/AVP/TCP;unicast;client_port=4000-4001;interleaved=0-1"), answer(2, "Transport: RTP/AVP/TCP;interleaved=0-1;server_port=9000-9001"),
		ask(3, "RTP/AVP;multicast;client_port=4000-4001;port=5000-5001"), answer(3, "Transport: RTP/AVP;multicast;destination=239.0.0.1;port=5000-5001"),
		ask(4, "RTP/AVP"), answer(4, "Transport: RTP/AVP;server_port=9000-9001"),
	}},
	{name: "numbers", turns: []string{
		options, ask(2, "RTP/AVP;client_port=0-1,RTP/AVP;client_port=65536,RTP/AVP;client_port=+4000,RTP/AVP;client_port=4000-,RTP/AVP;client_port=,"+
			"RTP/AVP;client_port=4294971296-4294971297,RTP/AVP;client_port=-4000,RTP/AVP;client_port=4000-4001-4002,RTP/AVP;client_port,RTP/AVP;client_port=4 000"),
	}},
	{name: "destination", turns: []string{
		options, ask(2, "RTP/AVP;client_port=4000-4001;destination=192.0.2.10"),
		answer(2, "Transport: RTP/AVP;destination=192.0.2.10;client_port=4000-4001;server_port=9000-9001"),
		ask(3, "RTP/AVP;destination=192.0.2.99;client_port=4002"),
		ask(4, "RTP/AVP;destination=tv.example;client_port=4004"),
		ask(5, "RTP/AVP;destination;client_port=4006"),
	}, want: []string{
		"C=192.0.2.10:4000 udp pair tag 1", "S=198.51.100.20:9001 udp tag 1", "C=192.0.2.99:4002 udp tag 2", "C=192.0.2.10:4006 udp tag 4",
	}, mentioned: []string{"C=192.0.2.10:0", "S=192.0.2.10:0", "S=192.0.2.10:4000", "C=192.0.2.99:0"}},
	{name: "RTSP 2.0", turns: []string{
		"C OPTIONS rtsp://cam.example RTSP/2.0|CSeq: 1||", "S RTSP/2.0 200 OK|CSeq: 1||",
		ask(2, `RTP/AVP/UDP;unicast;dest_addr=":4000"/":4001",RTP/AVP;dest_addr="192.0.2.10:4002"/"192.0.2.10:4003"`),
		answer(2, `Transport: RTP/AVP/UDP;dest_addr="192.0.2.10:4000"/":4001";src_addr="198.51.100.20:9000"/"198.51.100.20:9001";ssrc=1`),
		ask(3, `RTP/AVP;dest_addr=":4000"/,RTP/AVP;dest_addr="cam:4000",RTP/AVP;dest_addr=":4000,RTP/AVP;dest_addr=:4000"`),
		ask(4, `RTP/AVP;dest_addr=":1"/":2"/":3"`),
	}, want: []string{
		"C=192.0.2.10:4000 udp tag 1", "C=192.0.2.10:4001 udp tag 1", "C=192.0.2.10:4002 udp tag 1", "C=192.0.2.10:4003 udp tag 1",
		"S=198.51.100.20:9001 udp tag 1",
	}, mentioned: []string{"S=192.0.2.10:4000", "S=192.0.2.10:4001", "S=198.51.100.20:0"}},
	{name: "IPv6", v6: true, turns: []string{
		"C SETUP rtsp://[2001:db8::20]/a RTSP/2.0|CSeq: 1|Transport: RTP/AVP;dest_addr=\"[2001:db8::10]:4000\"/\":4001\"||",
		"S RTSP/2.0 200 OK|CSeq: 1|Transport: RTP/AVP;dest_addr=\"[2001:db8::10]:4000\"/\":4001\";src_addr=\"[2001:db8::20]:9000\"/\":9001\"||",
		ask(2, "RTP/AVP;destination=2001:db8::10;client_port=4002-4003"),
		answer(2, "Transport: RTP/AVP;source=[2001:db8::20];client_port=4002-4003|Location: rtsp://user:word@[2001:db8::20]:554/b|Content-Base: rtsp://2001:db8::20/"),
		ask(3, "RTP/AVP;dest_addr=\"2001:db8::10:4004\",RTP/AVP;destination=fe80::1%eth0;client_port=4006"),
	}, want: []string{
		"C=[2001:db8::10]:4000 udp tag 1", "C=[2001:db8::10]:4001 udp tag 1", "S=[2001:db8::20]:9001 udp tag 1", "C=[2001:db8::10]:4002 udp pair tag 2",
	}, mentioned: []string{
		"C=[2001:db8::20]:554", "S=[2001:db8::10]:4000", "S=[2001:db8::10]:4001", "S=[2001:db8::20]:0", "C=[2001:db8::10]:0",
		"S=[2001:db8::20]:0", "S=[2001:db8::10]:4002", "S=[2001:db8::20]:554",
	}},
	{name: "pipelined", turns: []string{
		options, "C SETUP rtsp://cam/a RTSP/1.0|CSeq: 2|Transport: RTP/AVP;client_port=4000-4001||",
		"C+SETUP rtsp://cam/v RTSP/1.0|CSeq: 3|Transport: RTP/AVP;client_port=4002-4003||PLAY rtsp://cam/ RTSP/1.0|CSeq: 4||",
		"S RTSP/1.0 200 OK|CSeq: 2|Transport: RTP/AVP;server_port=9000-9001||RTSP/1.0 200 OK|CSeq: 3|Transport: RTP/AVP;server_port=9002-9003||",
		"S+RTSP/1.0 200 OK|CSeq: 4||",
	}, want: []string{
		"C=192.0.2.10:4000 udp pair tag 1", "C=192.0.2.10:4002 udp pair tag 2", "S=198.51.100.20:9001 udp tag 1", "S=198.51.100.20:9003 udp tag 2",
	}},
	{name: "an answer that nobody asked for", turns: []string{
		options, answer(2, "Transport: RTP/AVP;client_port=4000-4001;server_port=9000-9001"),
		ask(3, "RTP/AVP;client_port=4000-4001"), answer(4, "Transport: RTP/AVP;server_port=9000-9001"),
		"S RTSP/1.0 100 Continue|CSeq: 3|Transport: RTP/AVP;server_port=9000-9001||",
		answer(3, "Transport: RTP/AVP;server_port=9002-9003"), answer(3, "Transport: RTP/AVP;server_port=9004-9005"),
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1", "S=198.51.100.20:9003 udp tag 1"}, mentioned: []string{"S=192.0.2.10:4000"}},
	{name: "the server may not ask, the client not answer", turns: []string{
		options, "S SETUP rtsp://cam/a RTSP/1.0|CSeq: 9|Transport: RTP/AVP;client_port=4000-4001||",
		"C RTSP/1.0 200 OK|CSeq: 9|Transport: RTP/AVP;client_port=4000-4001;server_port=9000-9001||",
	}},
	{name: "interleaved frames", turns: []string{
		options, fine, "C $\x00\x00\x04SETU$\x01\x00\x00SETUP rtsp://cam/a RTSP/1.0|CSeq: 2|Transport: RTP/AVP;client_port=4000-4001||$\x01\x00\x02P ",
		"S $\x00\x00\x28" + strings.Repeat("RTSP ", 8) + "RTSP/1.0 200 OK|CSeq: 2|Transport: RTP/AVP;server_port=9000-9001||$\x00\x00\x02ab",
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1", "S=198.51.100.20:9001 udp tag 1"}},
	{name: "bodies pass unread", turns: []string{
		"C SET_PARAMETER * RTSP/1.0|CSeq: 1|Content-Length: 28||SETUP rtsp://a/ RTSP/1.0|||||SETUP * RTSP/1.0|CSeq: 2|Transport: RTP/AVP;client_port=4000||",
		"S RTSP/1.0 200 OK|CSeq: 1|content-length: 5|Content-Type: text/parameters||a: 12RTSP/1.0 200 OK|CSeq: 2|Transport: RTP/AVP;server_port=9000||",
	}, want: []string{"C=192.0.2.10:4000 udp tag 1", "S=198.51.100.20:9000 udp tag 1"}},
	{name: "credentials cover the URL", turns: []string{
		"C DESCRIBE rtsp://198.51.100.20/a RTSP/1.0|CSeq: 1|Authorization: Digest username=\"a\", uri=\"rtsp://198.51.100.20/a\"||",
		"C DESCRIBE rtsp://198.51.100.20/a RTSP/1.0|CSeq: 1|Authorization: Basic YTpi||",
	}, mentioned: []string{"C=198.51.100.20:554"}},
	{name: "URLs", turns: []string{
		"C OPTIONS rtsp://198.51.100.20 RTSP/1.0|CSeq: 1||",
		"S RTSP/1.0 302 Moved|CSeq: 1|Location: rtsp://198.51.100.20:8554/a?b=rtsp://198.51.100.20/|Content-Location: RTSPU://me@198.51.100.20/|" +
			"X-Other: rtsp://198.51.100.20/|RTP-Info: url=\"rtsp://198.51.100.20:554/a\" ssrc=1, url=trackID=1, url=rtsp://198.51.100.2/, url=xrtsp://198.51.100.20/|" +
			"Content-Base: rtsp://198.51.100.20:0554/, rtsp://198.51.100.20:x/, rtsp://, rtsp://[198.51.100.20]/||",
	}, mentioned: []string{
		"C=198.51.100.20:554", "S=198.51.100.20:0", "S=198.51.100.20:554", "S=198.51.100.20:554", "S=198.51.100.20:554", "S=198.51.100.20:554",
	}},
	{name: "descriptions", turns: []string{
		options, sdp("", "v=0|c=IN IP4 198.51.100.20/127|o=- 1 1 IN IP4 192.0.2.10|a=x:rtsp://198.51.100.20/|a=control:*|a=control:rtsp://198.51.100.20:99/1"),
		strings.Replace(sdp("", "c=IN IP4 198.51.100.20|"), "application/sdp", "application/SDP ; charset=x", 1),
		strings.Replace(sdp("", "c=IN IP4 198.51.100.20|"), "application/sdp", "text/plain", 1), // sdp's length is right for any
		fine,
	}, mentioned: []string{"S=198.51.100.20:0", "S=192.0.2.10:0", "S=198.51.100.20:0", "S=198.51.100.20:0"}},
	{name: "a long description passes unread", turns: []string{
		options, sdp("", "c=IN IP4 198.51.100.20|"+strings.Repeat("a=x:y|", 3000)), fine, "C TEARDOWN * RTSP/1.0|CSeq: 2||",
	}},
	{name: "folded", turns: []string{
		options, "C SETUP * RTSP/1.0|CSeq: 2|Transport: RTP/AVP|\t;client_port=4000-4001|X: y| Transport: RTP/AVP;client_port=4002||",
	}},
	{name: "line feeds alone", turns: []string{
		"C SETUP * RTSP/1.0\nCSeq: 1\nTransport: RTP/AVP;client_port=4000-4001\n\n\n\r\nOPTIONS * RTSP/1.0\nCSeq: 2\n\n",
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1"}},
	{name: "a field without a colon, and a space before one", turns: []string{
		options, "C SETUP * RTSP/1.0|junk|CSeq : 2|Transport : RTP/AVP;client_port=4000||",
	}, want: []string{"C=192.0.2.10:4000 udp tag 1"}},
	{name: "an answer without a number", turns: []string{options, "S RTSP/1.0 400 Bad Request||", fine}},
	{name: "a method of later days", turns: []string{options, "C PLAY_NOTIFY rtsp://a b/ RTSP/2.0|CSeq: 2||", "S RTSP/2.0 501|CSeq: 2||"}},

	{name: "HTTP", turns: []string{"C GET /film HTTP/1.0|x-sessioncookie: a||"}, why: whyNoMessage},
	{name: "tunnelled in HTTP", turns: []string{"C POST rtsp://a/ RTSP/1.0|CSeq: 1||"}, why: whyNoMessage},
	{name: "TLS", turns: []string{"C \x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}, why: whyNoMessage},
	{name: "an empty line first", turns: []string{"C |OPTIONS * RTSP/1.0|CSeq: 1||"}, why: whyNoMessage},
	{name: "a frame first", turns: []string{"C $\x00\x00\x04abcd"}, why: whyNoMessage},
	{name: "an answer first", turns: []string{"C RTSP/1.0 200 OK|CSeq: 1||"}, why: whyNoMessage},
	{name: "no URL", turns: []string{"C OPTIONS RTSP/1.0|CSeq: 1||"}, why: whyNoMessage},
	{name: "another URL", turns: []string{"C OPTIONS http://a/ RTSP/1.0|CSeq: 1||"}, why: whyNoMessage},
	{name: "another version", turns: []string{"C OPTIONS * RTSP/3.0|CSeq: 1||"}, why: whyNoMessage},
	{name: "half a method", turns: []string{"C SETUPRTSP"}, why: whyNoMessage},
	{name: "the server first", turns: []string{fine}, why: whyServerFirst},
	{name: "no number", turns: []string{"C OPTIONS * RTSP/1.0|X: y||"}, why: whyNoCSeq},
	{name: "a number that is none", turns: []string{"C OPTIONS * RTSP/1.0|CSeq: 0x1||"}, why: whyHead},
	{name: "two numbers", turns: []string{"C OPTIONS * RTSP/1.0|CSeq: 1|CSeq: 2||"}, why: whyHead},
	{name: "a bare CR", turns: []string{"C OPTIONS * RTSP/1.0|CSeq: 1|X: a\rTransport: b||"}, why: whyHead},
	{name: "a NUL in the first line", turns: []string{"C OPTIONS *\x00 RTSP/1.0|CSeq: 1||"}, why: whyNoMessage},
	{name: "a length of 2^32+28", turns: []string{options, "C PLAY * RTSP/1.0|CSeq: 2|Content-Length: 4294967324||"}, why: whyLength},
	{name: "a signed length", turns: []string{options, "C PLAY * RTSP/1.0|CSeq: 2|Content-Length: +5||"}, why: whyLength},
	{name: "a folded length", turns: []string{options, "C PLAY * RTSP/1.0|CSeq: 2|Content-Length: 1| 0||"}, why: whyLength},
	{name: "two lengths", turns: []string{options, "C PLAY * RTSP/1.0|CSeq: 2|Content-Length: 5|content-length: 6||"}, why: whyLength},
	{name: "a long head", turns: []string{options, "C PLAY * RTSP/1.0|CSeq: 2|X: " + strings.Repeat("x", maxHead) + "||"}, why: whyLong},
	{name: "no message", turns: []string{options, "S RTSP/1.0 20|CSeq: 1||"}, why: whyNoMessage},
	{name: "no message behind one", turns: []string{options, fine, "C SETUP|"}, why: whyNoMessage},
	{name: "what is announced behind garbage", turns: []string{options, "C <>|", ask(2, "RTP/AVP;client_port=4000-4001")}, why: whyNoMessage},
}

func TestLaws(t *testing.T) {
	for _, c := range cases {
		helpertest.Laws(t, &Helper, c.dialogue())
	}
}

// outcomes are the announcements and cancellations of a dialogue, in order.
type outcomes struct {
	helpertest.Translator
	all []string
}

func (o *outcomes) Announce(dir packet.Dir, e helpers.Expect) (netip.AddrPort, bool) {
	o.all = append(o.all, fmt.Sprintf("%d:%d", e.Tag, e.Endpoint.Port()))
	return e.Endpoint, true
}
func (o *outcomes) CancelTag(tag uint32) { o.all = append(o.all, fmt.Sprintf("-%d", tag)) }
func (o *outcomes) Cancel()              { o.all = append(o.all, "-all") }

// TestCancels: what is refused, agreed upon otherwise, or torn down is void, and
// nothing else is.
func TestCancels(t *testing.T) {
	inSession := func(text, id string) string {
		return strings.Replace(text, "||", "|Session: "+id+"||", 1)
	}
	teardown := "C TEARDOWN rtsp://cam/ RTSP/1.0|CSeq: 9|Session: abc||"
	var many, few []string
	for i := range 10 {
		many = append(many, ask(i, fmt.Sprintf("RTP/AVP;client_port=%d", 4000+i)))
		few = append(few, fmt.Sprintf("%d:%d", i+1, 4000+i))
	}
	for _, c := range []struct {
		name  string
		turns []string
		want  []string
	}{
		{"refused", []string{ask(2, "RTP/AVP;client_port=4000"), "S RTSP/1.0 461 No|CSeq: 2||"}, []string{"1:4000", "-1"}},
		{"moved", []string{ask(2, "RTP/AVP;client_port=4000"), "S RTSP/1.0 302 No|CSeq: 2||"}, []string{"1:4000", "-1"}},
		{"not yet", []string{ask(2, "RTP/AVP;client_port=4000"), "S RTSP/1.0 100 Go on|CSeq: 2||"}, []string{"1:4000"}},
		{"another is refused", []string{ask(2, "RTP/AVP;client_port=4000"), "S RTSP/1.0 461 No|CSeq: 3||"}, []string{"1:4000"}},
		{"the second of two is refused", []string{
			ask(2, "RTP/AVP;client_port=4000"), answer(2, "Transport: RTP/AVP;server_port=9000"), inSession(ask(3, "RTP/AVP;client_port=4002"), "abc"),
			"S RTSP/1.0 461 No|CSeq: 3||",
		}, []string{"1:4000", "1:9000", "2:4002", "-2"}},
		{"interleaved is chosen", []string{
			ask(2, "RTP/AVP;client_port=4000,RTP/AVP/TCP;interleaved=0-1"), answer(2, "Transport: RTP/AVP/TCP;interleaved=0-1"),
		}, []string{"1:4000", "-1"}},
		{"multicast is chosen", []string{
			ask(2, "RTP/AVP;client_port=4000,RTP/AVP;multicast"), answer(2, "Transport: RTP/AVP;multicast;destination=239.0.0.1;port=5000"),
		}, []string{"1:4000", "-1"}},
		{"nothing is chosen", []string{ask(2, "RTP/AVP;client_port=4000"), answer(2, "X: y")}, []string{"1:4000", "-1"}},
		{"torn down", []string{
			ask(2, "RTP/AVP;client_port=4000"), answer(2, "Transport: RTP/AVP"), inSession(ask(3, "RTP/AVP;client_port=4002"), "abc"), teardown, teardown,
		}, []string{"1:4000", "2:4002", "-2", "-1"}},
		{"torn down by the server", []string{
			ask(2, "RTP/AVP;client_port=4000"), answer(2, "Transport: RTP/AVP"), "S" + teardown[1:],
		}, []string{"1:4000", "-1"}},
		{"another session is torn down", []string{
			inSession(ask(2, "RTP/AVP;client_port=4000"), "abd"), ask(3, "RTP/AVP;client_port=4002"), answer(3, "Transport: RTP/AVP"), teardown,
			"C TEARDOWN rtsp://cam/ RTSP/1.0|CSeq: 9||",
		}, []string{"1:4000", "2:4002", "-2"}},
		{"many are not answered", append(many, "S RTSP/1.0 461 No|CSeq: 0||", "S RTSP/1.0 461 No|CSeq: 2||"), append(few, "-3")},
	} {
		o := &outcomes{}
		d := testCase{turns: append([]string{options, fine}, c.turns...)}.dialogue()
		if err := helpertest.Deliver(&Helper, d, o); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !slices.Equal(o.all, c.want) {
			t.Errorf("%s: %v, want %v", c.name, o.all, c.want)
		}
	}
}

// TestTags: a tag comes again only when nothing has it any more.
func TestTags(t *testing.T) {
	var s state
	tag := s.newTag()
	s.remember(tag, 0, 1, 0)
	for range 3 * 255 {
		if n := s.newTag(); n == 0 || n == tag {
			t.Fatalf("the tag %d", n)
		}
	}
}

// TestSpell: spelling by itself, where the laws see too little.
func TestSpell(t *testing.T) {
	for _, c := range []struct {
		orig string
		kind uint8
		to   string
		want string
	}{
		{"4000-4001", spellPair, "192.0.2.1:65534", "65534-65535"},
		{"4000/4001", spellPair, "192.0.2.1:5000", "5000/5001"},
		{"4000-4001", spellPair, "192.0.2.1:65535", ""},
		{"192.0.2.2", spellURL, "198.51.100.1:554", "198.51.100.1"},
		{"192.0.2.2", spellURL, "198.51.100.1:8554", "198.51.100.1:8554"},
		{"192.0.2.2:8554", spellURL, "198.51.100.1:554", "198.51.100.1:554"},
		{"[2001:db8::1]", spellURL, "[2001:db8::2]:554", "[2001:db8::2]"},
		{"[2001:db8::1]", spellURL, "[2001:db8::2]:8554", "[2001:db8::2]:8554"},
		{"[2001:db8::1]:99", spellURL, "[2001:db8::2]:554", "[2001:db8::2]:554"},
		{"2001:db8::1", spellHost, "[2001:db8::2]:0", "2001:db8::2"},
		{"[2001:db8::1]", spellHost, "[2001:db8::2]:0", "[2001:db8::2]"},
	} {
		got := string(spell(nil, []byte(c.orig), helpers.Edit{Kind: c.kind}, netip.MustParseAddrPort(c.to)))
		if got != c.want {
			t.Errorf("%s as %s: %q, want %q", c.to, c.orig, got, c.want)
		}
	}
}

// TestAllocations: reading takes no memory.
func TestAllocations(t *testing.T) {
	d := cases[0].dialogue()
	var f helpers.Findings
	var st helpers.State
	var seg helpers.Segment
	ends := helpers.Ends{Src: d.Client, Dst: d.Server}
	n := testing.AllocsPerRun(20, func() {
		st = helpers.State{}
		for _, turn := range d.Turns {
			f.Reset()
			seg = helpers.Segment{Dir: turn.Dir, Proto: packet.ProtoTCP, Ends: &ends, State: &st, Data: texts[turn.Text]}
			Helper.Inspect(&seg, &f)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// texts are the turns of the first case as bytes.
var texts = func() map[string][]byte {
	m := map[string][]byte{}
	for _, t := range cases[0].dialogue().Turns {
		m[t.Text] = []byte(t.Text)
	}
	return m
}()

func FuzzHelper(f *testing.F) {
	var seeds []helpertest.Dialogue
	for _, c := range cases {
		seeds = append(seeds, c.dialogue())
	}
	helpertest.Fuzz(f, &Helper, seeds...)
}
