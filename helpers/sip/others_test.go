package sip

import (
	"strings"
	"testing"

	"portcullis/packet"
)

// within is a request within the call of offer and answer, by the side that called.
func within(method string, cseq, headers, body string) string {
	return "==C\n\t" + method + " sip:bob@198.51.100.20 SIP/2.0\n\tMax-Forwards: 70\n\tCSeq: " + cseq + " " + method + `
	Call-ID: 1@192.0.2.10
	To: <sip:bob@example.com>;tag=b
	From: <sip:alice@192.0.2.10>;tag=a
	Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bK` + method + cseq + "\n" + headers + described(body)
}

// reply is the response to that.
func reply(status, method, cseq, headers, body string) string {
	return "==S\n\tSIP/2.0 " + status + "\n\tCSeq: " + cseq + " " + method + `
	Call-ID: 1@192.0.2.10
	To: <sip:bob@example.com>;tag=b
	From: <sip:alice@192.0.2.10>;tag=a
	Via: SIP/2.0/UDP 192.0.2.10:5060;received=192.0.2.10;rport=5060;branch=z9hG4bK` + method + cseq + "\n" + headers + described(body)
}

func described(body string) string {
	if body == "" {
		return "\tContent-Length: 0\n\n"
	}
	return "\tContent-Length: ?\n\tContent-Type: application/sdp\n\n\t" + strings.ReplaceAll(strings.TrimSpace(body), "\n", "\n\t") + "\n"
}

const (
	alice = "v=0\no=- 1 2 IN IP4 192.0.2.10\ns=-\nc=IN IP4 192.0.2.10\nt=0 0\n"
	bob   = "v=0\no=- 7 8 IN IP4 198.51.100.20\ns=-\nc=IN IP4 198.51.100.20\nt=0 0\n"
)

// others are what user agents and proxies of many kinds write.
var others = []testCase{
	{name: "early media that is acknowledged, and changed before the answer", want: "C=192.0.2.10:40000/udp,pair,many,#1 S=198.51.100.20:50000/udp,pair,many,#1 " +
		"C=192.0.2.10:40010/udp,pair,many,#1 S=198.51.100.20:50010/udp,pair,many,#1", text: offer + strings.Replace(answer, "200 OK", "183 Session Progress", 1) +
		within("PRACK", "2", "\tRAck: 1 1 INVITE\n", "") + reply("200 OK", "PRACK", "2", "", "") +
		within("UPDATE", "3", "", alice+"m=audio 40010 RTP/AVP 8") + reply("200 OK", "UPDATE", "3", "", bob+"m=audio 50010 RTP/AVP 8") +
		reply("200 OK", "INVITE", "1", "", "") + within("ACK", "1", "", "")},
	{name: "an offer in PRACK", want: "C=192.0.2.10:40000/udp,pair,many,#1 C=192.0.2.10:40002/udp,pair,many,#1 S=198.51.100.20:50002/udp,pair,many,#1",
		text: offer + within("PRACK", "2", "\tRAck: 1 1 INVITE\n", alice+"m=audio 40002 RTP/AVP 0") + reply("200 OK", "PRACK", "2", "", bob+"m=audio 50002 RTP/AVP 0")},
	{name: "the offer in the answer", want: "S=198.51.100.20:50000/udp,pair,many,#1 C=192.0.2.10:40000/udp,pair,many,#1",
		text: offerHead + "\tContent-Length: 0\n\n" + answer + within("ACK", "1", "", alice+"m=audio 40000 RTP/AVP 0")},
	{name: "hold and back", want: "C=192.0.2.10:40000/udp,pair,many,#1 S=198.51.100.20:50000/udp,pair,many,#1 S=198.51.100.20:50000/udp,pair,many,#1 " +
		"C=192.0.2.10:40000/udp,pair,many,#1 S=198.51.100.20:50000/udp,pair,many,#1", text: offer + answer +
		within("INVITE", "2", "", alice+"m=audio 40000 RTP/AVP 0\na=sendonly") + reply("200 OK", "INVITE", "2", "", bob+"m=audio 50000 RTP/AVP 0\na=recvonly") + within("ACK", "2", "", "") +
		within("INVITE", "3", "", alice+"m=audio 40000 RTP/AVP 0\na=sendrecv") + reply("200 OK", "INVITE", "3", "", bob+"m=audio 50000 RTP/AVP 0") + within("ACK", "3", "", "")},
	{name: "a direction of the session, and another of the media", want: "C=192.0.2.10:40002/udp,pair,many,#1",
		text: sdp(alice + "a=inactive\nm=audio 40000 RTP/AVP 0\nm=video 40002 RTP/AVP 34\na=sendrecv")},
	{name: "lines that are refused between others", want: "C=192.0.2.10:40000/udp,pair,many,#1 C=192.0.2.10:40004/udp,many,#1",
		text: sdp(alice + "m=audio 40000 RTP/SAVP 0 8 101\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\nm=video 0 RTP/AVP 31\nm=application 40004 UDP/BFCP *\nm=text 1023x RTP/AVP 98")},
	{name: "candidates", want: "C=192.0.2.10:40000/udp,many,#1 C=192.0.2.10:40001/udp,many,#1", text: sdp(alice + "m=audio 40000 RTP/AVP 0\nc=IN IP4 192.0.2.10\na=ice-ufrag:x\n" +
		"a=candidate:1 1 UDP 2130706431 192.0.2.10 41000 typ host\na=candidate:2 2 UDP 2130706430 192.0.2.10 41001 typ host\na=rtcp-mux\na=rtcp:40001")},
	{name: "RTCP at the port behind, of another host", want: "C=192.0.2.99:40000/udp,many,#1 C=192.0.2.10:40001/udp,many,#1",
		text: sdp(strings.Replace(alice, "c=IN IP4 192.0.2.10", "c=IN IP4 192.0.2.99", 1) + "m=audio 40000 RTP/AVP 0\na=rtcp:40001 IN IP4 192.0.2.10")},
	{name: "of a web browser, before it knows where it is", text: sdp("v=0\no=- 1 2 IN IP4 127.0.0.1\ns=-\nt=0 0\nm=audio 9 UDP/TLS/RTP/SAVPF 111\nc=IN IP4 0.0.0.0\na=rtcp:9 IN IP4 0.0.0.0\na=setup:actpass\na=rtcp-mux")},
	{name: "white space", want: "C=192.0.2.10:40000/udp,pair,many,#1", text: sdp("v=0\no=-  1  2  IN IP4  192.0.2.10\ns= \nc=IN  IP4 192.0.2.10  \nt=0 0\nm=audio  40000  RTP/AVP  0 ")},
	{name: "names in other cases", want: "C=192.0.2.10:40000/udp,pair,many,#1", text: strings.NewReplacer("Content-Type: application/sdp", "CONTENT-TYPE:Application/SDP",
		"IN IP4", "in ip4", "RTP/AVP", "rtp/avp", "CSeq", "CSEQ", "Call-ID", "CALL-id").Replace(offer)},
	{name: "the family of the description is another's", text: sdp("v=0\no=- 1 2 IN IP6 192.0.2.10\ns=-\nc=IN IP6 192.0.2.10\nt=0 0\nm=audio 40000 RTP/AVP 0")},
	{name: "a name for an address", text: sdp("v=0\no=- 1 2 IN IP4 phone.example.com\ns=-\nc=IN IP4 phone.example.com\nt=0 0\nm=audio 40000 RTP/AVP 0")},
	{name: "a contact without brackets", want: "C=192.0.2.10:5062/many,#1", text: request("REGISTER", 1, "\tContact: sip:alice@192.0.2.10:5062;expires=60\n\tAllow: INVITE\n")},
	{name: "a contact with all that RFC 5626 has", udpOnly: true, want: "C=192.0.2.10:5062/many,#1", text: request("REGISTER", 1,
		"\tContact: \"A, B\" <sip:alice@192.0.2.10:5062;transport=UDP;ob;line=x>;+sip.instance=\"<urn:uuid:0>\";reg-id=1;q=0.5\n\tSupported: path, outbound\n\tExpires: 300\n")},
	{name: "one contact goes, another comes", want: "C=192.0.2.10:5062/many,#1", text: request("REGISTER", 1,
		"\tContact: <sip:alice@192.0.2.10:5064>;expires=0\n\tContact: <sip:alice@192.0.2.10:5062>;expires=60\n")},
	{name: "asked for credentials, then registered", want: "C=192.0.2.10:5062/many,#1 C=192.0.2.10:5062/many,#1", text: request("REGISTER", 1, "\tContact: <sip:alice@192.0.2.10:5062>\n") +
		response(401, "REGISTER", 1, "\tWWW-Authenticate: Digest realm=\"a,b\", nonce=\"c\"\n") +
		request("REGISTER", 2, "\tContact: <sip:alice@192.0.2.10:5062>\n\tAuthorization: Digest username=\"alice\", realm=\"a,b\", uri=\"sip:example.com\"\n") +
		response(200, "REGISTER", 2, "\tContact: <sip:alice@192.0.2.10:5062>;expires=3600\n")},
	{name: "an emergency, and a number", want: "C=192.0.2.10:40000/udp,pair,many,#1 C=192.0.2.10:40000/udp,pair,many,#1", text: strings.Replace(offer, "INVITE sip:bob@example.com", "INVITE urn:service:sos", 1) +
		strings.Replace(offer, "INVITE sip:bob@example.com", "INVITE tel:+15551234;phone-context=x", 1)},
	{name: "a line that is no header", want: "C=192.0.2.10:40000/udp,pair,many,#1", text: strings.Replace(offer, "\tMax-Forwards: 70\n", "\tMax-Forwards 70\n\tnothing at all\n\t=\n", 1)},
	{name: "parameters without values, and twice", want: "C=192.0.2.10:5062/many,#1", text: request("REGISTER", 1,
		"\tContact: <sip:alice@192.0.2.10:5062>;ob;tag;expires=60;expires=0;\n\tm: sip:alice@192.0.2.10:5064;q=\"a;expires=9,\";expires=0\n")},
	{name: "line ends between messages", streamOnly: true, want: "C=192.0.2.10:40000/udp,pair,many,#1 S=198.51.100.20:50000/udp,pair,many,#1",
		text: offer + "\n\n==S\n\n" + answer[len("==S\n"):]},
	{name: "over a web socket", why: whyNotSIP, text: "==C\n\tGET / HTTP/1.1\n\tHost: x\n\tUpgrade: websocket\n\tSec-WebSocket-Protocol: sip\n\n" + offer},
}

func TestOthers(t *testing.T) {
	for _, c := range others {
		if !c.streamOnly {
			t.Run("UDP", func(t *testing.T) { laws(t, c, packet.ProtoUDP) })
		}
		if !c.udpOnly {
			t.Run("TCP", func(t *testing.T) { laws(t, c, packet.ProtoTCP) })
		}
	}
}
