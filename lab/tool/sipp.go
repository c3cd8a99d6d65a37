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
	scenario, err := writeFile(dir, "answer.xml", sipAnswer)
	if err != nil {
		return nil, err
	}
	c := t.Command("-sf", scenario, "-rtp_echo", "-i", at.Addr().String(), "-p", strconv.Itoa(int(at.Port())),
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

// SIPRegister registers a user with a registrar, to be called at an endpoint.
func SIPRegister(ctx context.Context, ns *lab.Namespace, dir, user string, at, registrar netip.AddrPort) error {
	t, err := Find("sipp")
	if err != nil {
		return err
	}
	scenario, err := writeFile(dir, "register.xml", sipRegister)
	if err != nil {
		return err
	}
	x := t.Command("-sf", scenario, "-m", "1", "-s", user, "-i", at.Addr().String(), "-p", strconv.Itoa(int(at.Port())),
		"-t", "u1", "-nostdin", "-timeout", "10s", "-timeout_error", registrar.String())
	x.Dir, x.Contain = dir, true
	p, err := ns.Run(ctx, x)
	if err != nil && p != nil {
		return fmt.Errorf("%w: %s", err, lab.Tail(p.Stdout()+p.Stderr(), 12))
	}
	return err
}

const sipRegister = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="a registration">
<send retrans="500"><![CDATA[

REGISTER sip:[remote_ip] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
From: <sip:[service]@[remote_ip]>;tag=[pid]r[call_number]
To: <sip:[service]@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 REGISTER
Contact: <sip:[service]@[local_ip]:[local_port]>
Expires: 300
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"></recv>
</scenario>
`

// sipAnswer is the scenario of who is called.
const sipAnswer = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="a call, answered">
<recv request="INVITE" rrs="true"></recv>
<send><![CDATA[

SIP/2.0 180 Ringing
[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:];tag=[pid]b[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:bob@[local_ip]:[local_port];transport=[transport]>
Content-Length: 0

]]></send>
<send retrans="500"><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:];tag=[pid]b[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:bob@[local_ip]:[local_port];transport=[transport]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=bob 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[local_ip_type] [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000

]]></send>
<recv request="ACK"></recv>
<recv request="BYE"></recv>
<send><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
`

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
