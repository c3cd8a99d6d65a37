package corpus

import (
	"portcullis/packet"
)

const (
	sipDialog = `From: "Alice" <sip:alice@{[me]}>;tag=a
To: <sip:bob@example.com>{tag}
Call-ID: call1
`
	sipAnswerDialog = `From: "Alice" <sip:alice@{[you]}>;tag=a
To: <sip:bob@example.com>{tag}
Call-ID: call1
`
)

// sipRequest is one of the client.
func sipRequest(method, uri, cseq, tag, more string) string {
	return method + " " + uri + " SIP/2.0\nVia: SIP/2.0/{over} {me:};branch=z9hG4bK" + cseq + ";rport\nMax-Forwards: 70\n" +
		replaced(sipDialog, "{tag}", tag) + "CSeq: " + cseq + " " + method + "\n" + more
}

// sipResponse is one of the server.
func sipResponse(status, method, cseq, tag, more string) string {
	return "SIP/2.0 " + status + "\nVia: SIP/2.0/{over} {you:};branch=z9hG4bK" + cseq + ";rport={you port};received={you}\n" +
		replaced(sipAnswerDialog, "{tag}", tag) + "CSeq: " + cseq + " " + method + "\n" + more
}

// description is one of a call with a line of media.
func description(media string) string {
	return "Content-Type: application/sdp\nContent-Length: {size}\n\n" +
		"v=0\no=- 1 1 IN IP{family} {me}\ns=-\nc=IN IP{family} {me}\nt=0 0\n" + media
}

const bare = "Content-Length: 0\n\n"

func sip() []*Story {
	var all []*Story
	for _, over := range []string{"udp", "tcp"} {
		proto, word := uint8(packet.ProtoUDP), "UDP"
		if over == "tcp" {
			proto, word = packet.ProtoTCP, "TCP"
		}
		line := func(text string) func(*View) string { return say(replaced(text, "{over}", word)) }
		call := &Story{Helper: "sip", Name: "call", Proto: proto, Client: 5060, Server: 5060, Turns: []Turn{
			client(line(sipRequest("INVITE", "sip:bob@{[you]}", "1", "", "Contact: <sip:alice@{me:}>\n"+
				description("m=audio {mine 50000} RTP/AVP 0 8 101\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\na=sendrecv\n"))),
				udp(50000), udp(50001)),
			server(line(sipResponse("100 Trying", "INVITE", "1", "", bare))),
			server(line(sipResponse("180 Ringing", "INVITE", "1", ";tag=b", "Contact: <sip:bob@{me:}>\n"+bare))),
			server(line(sipResponse("200 OK", "INVITE", "1", ";tag=b", "Contact: <sip:bob@{me:}>\n"+
				description("m=audio {mine 50010} RTP/AVP 0\na=rtpmap:0 PCMU/8000\n"))), udp(50010), udp(50011)),
			client(line(sipRequest("ACK", "sip:bob@{you:}", "1", ";tag=b", bare))),
			client(line(sipRequest("BYE", "sip:bob@{you:}", "2", ";tag=b", bare))),
			server(line(sipResponse("200 OK", "BYE", "2", ";tag=b", bare))),
		}}
		call.Turns[5].Ends = true
		all = append(all, call)
	}
	register := &Story{Helper: "sip", Name: "register", Proto: packet.ProtoUDP, Client: 5060, Server: 5060, Turns: []Turn{
		client(say(replaced(sipRequest("REGISTER", "sip:{[you]}", "1", "", "Contact: <sip:alice@{me:}>;expires=3600\n"+bare), "{over}", "UDP")), udp(5060)),
		server(say(replaced(sipResponse("200 OK", "REGISTER", "1", ";tag=b", "Contact: <sip:alice@{you:}>;expires=600\n"+bare), "{over}", "UDP"))),
	}}
	return append(all, register)
}
