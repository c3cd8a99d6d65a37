package peer

import (
	"fmt"
	"net/netip"
	"strings"
)

// Invite is a call by SIP (RFC 3261) from a user agent at from to one at to, with a
// description of one line of media. It spells from's address five times. Each user agent
// has media ports of its own.
func Invite(from, to netip.AddrPort) []byte {
	body := lines(
		"v=0",
		fmt.Sprintf("o=- 1 1 IN IP4 %v", from.Addr()),
		"s=-",
		fmt.Sprintf("c=IN IP4 %v", from.Addr()),
		"t=0 0",
		fmt.Sprintf("m=audio %d RTP/AVP 0 8 101", 1024+2*(int(from.Port())%32000)),
		"a=rtpmap:0 PCMU/8000",
		"a=rtpmap:8 PCMA/8000",
		"a=rtpmap:101 telephone-event/8000",
	)
	head := lines(
		fmt.Sprintf("INVITE sip:bob@%v SIP/2.0", to),
		fmt.Sprintf("Via: SIP/2.0/UDP %v;branch=z9hG4bK1;rport", from),
		"Max-Forwards: 70",
		fmt.Sprintf(`From: "Alice" <sip:alice@%v>;tag=a`, from.Addr()),
		"To: <sip:bob@example.com>",
		fmt.Sprintf("Call-ID: %v", from),
		"CSeq: 1 INVITE",
		fmt.Sprintf("Contact: <sip:alice@%v>", from),
		"Content-Type: application/sdp",
		fmt.Sprintf("Content-Length: %d", len(body)),
		"",
	)
	return []byte(head + body)
}

// lines are lines as SIP has them.
func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n" }
