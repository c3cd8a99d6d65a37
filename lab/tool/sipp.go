package tool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"portcullis/lab"
)

// SIPAnswerer starts SIPp as a user agent that answers every call, and sends back
// whatever media comes.
func SIPAnswerer(ctx context.Context, ns *lab.Namespace, dir string, at netip.AddrPort, media uint16, transport string) (*lab.Process, error) {
	t, err := Find("sipp")
	if err != nil {
		return nil, err
	}
	c := t.Command("-sn", "uas", "-rtp_echo", "-i", at.Addr().String(), "-p", strconv.Itoa(int(at.Port())),
		"-mi", at.Addr().String(), "-mp", strconv.Itoa(int(media)), "-t", transport, "-nostdin")
	c.Dir, c.Contain = dir, true
	p, err := ns.Start(c)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		// Its ports are taken once it listens.
		taken := ns.Do(func() error {
			u, err := net.ListenPacket("udp", netip.AddrPortFrom(at.Addr(), media).String())
			if err == nil {
				u.Close()
			}
			return err
		})
		switch {
		case taken != nil && !errors.Is(taken, context.Canceled):
			return p, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case p.Ended() || time.Now().After(deadline):
			return nil, fmt.Errorf("sipp: it does not listen: %s", lab.Tail(p.Stdout()+p.Stderr(), 8))
		}
	}
}

// SIPCall is one call of SIPp's, with a second of media.
type SIPCall struct {
	From, To  netip.AddrPort
	Media     uint16
	Transport string // u1: UDP, t1: TCP
}

// Call makes a call, and says what became of its signalling.
func (c SIPCall) Call(ctx context.Context, ns *lab.Namespace, dir string) error {
	t, err := Find("sipp")
	if err != nil {
		return err
	}
	scenario, err := writeFile(dir, "call.xml", fmt.Sprintf(sipCall, t.file("usr/share/sip-tester/dtmf_2833_1.pcap")))
	if err != nil {
		return err
	}
	x := t.Command("-sf", scenario, "-m", "1", "-i", c.From.Addr().String(), "-p", strconv.Itoa(int(c.From.Port())),
		"-mi", c.From.Addr().String(), "-mp", strconv.Itoa(int(c.Media)), "-t", c.Transport, "-nostdin",
		"-timeout", "15s", "-timeout_error", c.To.String())
	x.Dir, x.Contain = dir, true
	p, err := ns.Run(ctx, x)
	if err != nil && p != nil {
		return fmt.Errorf("%w: %s", err, lab.Tail(p.Stdout()+p.Stderr(), 12))
	}
	return err
}

// sipCall is the scenario of a call. In-dialog requests go where the other side's
// Contact says.
const sipCall = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="a call with media">
<send retrans="500"><![CDATA[

INVITE sip:bob@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
From: alice <sip:alice@[local_ip]:[local_port]>;tag=[pid]a[call_number]
To: bob <sip:bob@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:alice@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=alice 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[local_ip_type] [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000

]]></send>
<recv response="100" optional="true"></recv>
<recv response="180" optional="true"></recv>
<recv response="200" rrs="true"></recv>
<send><![CDATA[

ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
From: alice <sip:alice@[local_ip]:[local_port]>;tag=[pid]a[call_number]
To: bob <sip:bob@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
[routes]
Max-Forwards: 70
Content-Length: 0

]]></send>
<nop><action><exec play_pcap_audio="%s"/></action></nop>
<pause milliseconds="1000"/>
<send retrans="500"><![CDATA[

BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
From: alice <sip:alice@[local_ip]:[local_port]>;tag=[pid]a[call_number]
To: bob <sip:bob@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
[routes]
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"></recv>
</scenario>
`
