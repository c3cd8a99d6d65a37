package rtsp

import (
	"strings"
	"testing"

	"portcullis/helpers/helpertest"
)

// others are the ways in which clients and servers of many kinds write their messages.
var others = []testCase{
	{name: "back channel", turns: []string{
		"C DESCRIBE rtsp://cam/a RTSP/1.0|CSeq: 1|Require: www.onvif.org/ver20/backchannel||",
		"C SETUP rtsp://cam/a/track3 RTSP/1.0|CSeq: 2|Require: www.onvif.org/ver20/backchannel|Transport: RTP/AVP;unicast;client_port=4004-4005||",
		answer(2, "Transport: RTP/AVP;unicast;client_port=4004-4005;server_port=9004-9005"),
		ask(3, "RTP/AVP;unicast;client_port=4000-4001"), answer(3, "Transport: RTP/AVP;unicast;client_port=4000-4001;server_port=9000-9001"),
	}, want: []string{
		"C=192.0.2.10:4004 udp pair tag 1", "S=198.51.100.20:9004 udp pair tag 1",
		"C=192.0.2.10:4000 udp pair tag 2", "S=198.51.100.20:9001 udp tag 2",
	}, mentioned: []string{"S=192.0.2.10:4004", "S=192.0.2.10:4000"}},
	{name: "another thing that is required", turns: []string{
		"C SETUP rtsp://cam/a RTSP/1.0|CSeq: 2|Require: implicit-play|Transport: RTP/AVP;client_port=4000-4001||",
		answer(2, "Transport: RTP/AVP;server_port=9000-9001"),
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1", "S=198.51.100.20:9001 udp tag 1"}},
	{name: "transport streams without RTP", turns: []string{
		options, ask(2, "RAW/RAW/UDP;unicast;client_port=4000-4001"), answer(2, "Transport: RAW/RAW/UDP;unicast;destination=192.0.2.10;client_port=4000;server_port=9000"),
		ask(3, "MP2T/H2221/UDP;unicast;client_port=4002"), answer(3, "Transport: MP2T/H2221/UDP;unicast;client_port=4002;source=198.51.100.20"),
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1", "S=198.51.100.20:9000 udp tag 1", "C=192.0.2.10:4002 udp tag 2"}, mentioned: []string{
		"S=192.0.2.10:0", "S=192.0.2.10:4000", "S=192.0.2.10:4002", "S=198.51.100.20:0",
	}},
	{name: "SETUP first, a query, two tracks in a session", turns: []string{
		"C SETUP rtsp://198.51.100.20:554/?src=1&freq=11244&pol=h RTSP/1.0|CSeq:1|Transport:RTP/AVP;unicast;client_port=4000-4001||",
		"S RTSP/1.0 200 OK|CSeq:1|Session:0a1b;timeout=60|com.ses.streamID: 1|Transport:RTP/AVP;unicast;client_port=4000-4001;server_port=9000-9001||",
		"C SETUP rtsp://198.51.100.20:554/2 RTSP/1.0|CSeq:2|Session:0a1b|Transport:RTP/AVP;unicast;client_port=4002-4003||",
		"S RTSP/1.0 200 OK|CSeq:2|Session:0a1b;timeout=60|Transport:RTP/AVP;unicast;client_port=4002-4003;server_port=9002-9003||",
	}, want: []string{
		"C=192.0.2.10:4000 udp pair tag 1", "S=198.51.100.20:9001 udp tag 1", "C=192.0.2.10:4002 udp pair tag 2", "S=198.51.100.20:9003 udp tag 2",
	}, mentioned: []string{"C=198.51.100.20:554", "S=192.0.2.10:4000", "C=198.51.100.20:554", "S=192.0.2.10:4002"}},
	{name: "a publisher", turns: []string{
		"C OPTIONS rtsp://198.51.100.20:554/live RTSP/1.0|CSeq: 1|User-Agent: Lavf60.3.100||", "S RTSP/1.0 200 OK|CSeq: 1|Public: ANNOUNCE, SETUP, RECORD|Server: x||",
		"C ANNOUNCE rtsp://198.51.100.20:554/live RTSP/1.0|Content-Type: application/sdp|CSeq: 2|Content-Length: 21||c=IN IP4 192.0.2.10|",
		"S RTSP/1.0 200 OK|CSeq: 2||",
		"C SETUP rtsp://198.51.100.20:554/live/streamid=0 RTSP/1.0|Transport: RTP/AVP/UDP;unicast;client_port=4000-4001;mode=record|CSeq: 3||",
		"S RTSP/1.0 200 OK|CSeq: 3|Session: a|Transport: RTP/AVP/UDP;unicast;client_port=4000-4001;server_port=8000-8001||",
		"C RECORD rtsp://198.51.100.20:554/live RTSP/1.0|Range: npt=0.000-|CSeq: 4|Session: a||", "S RTSP/1.0 200 OK|CSeq: 4||",
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1", "S=198.51.100.20:8000 udp pair tag 1"}, mentioned: []string{
		"C=198.51.100.20:554", "C=198.51.100.20:554", "C=192.0.2.10:0", "C=198.51.100.20:554", "S=192.0.2.10:4000", "C=198.51.100.20:554",
	}},
	{name: "the session is kept alive from either side", turns: []string{
		options, fine, "C GET_PARAMETER rtsp://cam/ RTSP/1.0|CSeq: 2|Session: a||", "S RTSP/1.0 451 Parameter Not Understood|CSeq: 2||",
		"S OPTIONS rtsp://192.0.2.10/ RTSP/1.0|CSeq: 1||", "C RTSP/1.0 200 OK|CSeq: 1||", "C SET_PARAMETER rtsp://cam/ RTSP/1.0|CSeq: 3|Content-length: 4||ping",
		ask(4, "RTP/AVP;client_port=4000-4001"),
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1"}, mentioned: []string{"S=192.0.2.10:0"}},
	{name: "the ports are in the middle, and semicolons at the end", turns: []string{
		options, ask(2, "RTP/AVP/UDP;client_port=4000-4001;unicast;ssrc=AB;;"),
		answer(2, "Transport: RTP/AVP/UDP;server_port=9000-9001;ssrc=1234;client_port=4000-4001;unicast;mode=\"PLAY\";"),
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1", "S=198.51.100.20:9001 udp tag 1"}, mentioned: []string{"S=192.0.2.10:4000"}},
	{name: "names and values in other cases", turns: []string{
		"C SETUP RTSP://CAM/a RTSP/1.0|cseq: 2|TRANSPORT: rtp/avp/udp;UNICAST;Client_Port=4000-4001||",
		"S RTSP/1.0 200 ok|CSEQ: 2|transport: rtp/avp/udp;Server_Port=9000-9001||",
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1", "S=198.51.100.20:9001 udp tag 1"}},
	{name: "no port of the server's, another one of the client's", turns: []string{
		options, ask(2, "RTP/AVP;unicast;client_port=4000-4001"), answer(2, "Transport: RTP/AVP;unicast;client_port=4000"),
		ask(3, "RTP/AVP;unicast;client_port=4002-4003"), answer(3, "Transport: RTP/AVP;unicast;client_port=4100-4101;server_port=9000"),
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1", "C=192.0.2.10:4002 udp pair tag 2", "S=198.51.100.20:9000 udp tag 2"}, mentioned: []string{
		"S=192.0.2.10:4000", "S=192.0.2.10:4100",
	}},
	{name: "asked for credentials", turns: []string{
		options, ask(2, "RTP/AVP;client_port=4000-4001"), "S RTSP/1.0 401 Unauthorized|CSeq: 2|WWW-Authenticate: Digest realm=\"a\", nonce=\"b\"||",
		ask(3, "RTP/AVP;client_port=4000-4001"), answer(3, "Transport: RTP/AVP;server_port=9000-9001"),
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1", "C=192.0.2.10:4000 udp pair tag 2", "S=198.51.100.20:9001 udp tag 2"}},
	{name: "every request has the same number", turns: []string{
		options, fine, ask(1, "RTP/AVP;client_port=4000-4001"), answer(1, "Transport: RTP/AVP;server_port=9000-9001"),
		ask(1, "RTP/AVP;client_port=4002-4003"), answer(1, "Transport: RTP/AVP;server_port=9002-9003"),
	}, want: []string{
		"C=192.0.2.10:4000 udp pair tag 1", "S=198.51.100.20:9001 udp tag 1", "C=192.0.2.10:4002 udp pair tag 2", "S=198.51.100.20:9003 udp tag 2",
	}},
	{name: "bytes above ASCII", turns: []string{
		options, "S RTSP/1.0 200 OK|CSeq: 1|Server: \xe6\x91\x84\xe5\x83\x8f\xff||", ask(2, "RTP/AVP;client_port=4000-4001"),
	}, want: []string{"C=192.0.2.10:4000 udp pair tag 1"}},
}

func TestOthers(t *testing.T) {
	for _, c := range others {
		helpertest.Laws(t, &Helper, c.dialogue())
	}
}

// TestTunnel: what clients begin a tunnel in HTTP with ends the helper's work, whatever
// follows.
func TestTunnel(t *testing.T) {
	for _, head := range []string{"GET /a HTTP/1.0|", "POST /a HTTP/1.1|Content-Length: 32767|"} {
		helpertest.Laws(t, &Helper, testCase{name: head, why: whyNoMessage, turns: []string{
			"C " + head + "x-sessioncookie: 1|Accept: application/x-rtsp-tunnelled||" + strings.Repeat("T1BUSU9OUyAq", 3),
			"S HTTP/1.0 200 OK||RTSP/1.0 200 OK|CSeq: 1||",
		}}.dialogue())
	}
}
