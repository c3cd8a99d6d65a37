package sip

import (
	"bytes"
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
)

// Bounds of what is read of a description.
const (
	maxMedia = 8 // m-lines that open anything
	maxRange = 4 // ports of one m-line
)

// media is an m-line and what belongs to it.
type media struct {
	port     uint16
	count    int
	digits   span
	proto    span
	host     connection // its own; else the session's
	rtcp     uint16
	rtcpText span
	rtcpHost connection
	mux      bool
	quiet    bool // sendonly, inactive: nothing is to come
	listens  bool // over TCP: who accepts connections
	setup    bool // it says who does
}

// read reads "audio 49170/2 RTP/AVP 0" into m, which is empty. The port is 0 where it is
// none.
func (m *media) read(b []byte, s span) {
	_, s = field(b, s)
	m.digits, s = field(b, s)
	m.proto, _ = field(b, s)
	m.count = 1
	if i := bytes.IndexByte(m.digits.of(b), '/'); i >= 0 {
		n, ok := number(b[m.digits.from+i+1:m.digits.to], maxRange)
		if !ok || n == 0 {
			return
		}
		m.digits.to, m.count = m.digits.from+i, int(n)
	}
	if n, ok := port(m.digits.of(b)); ok {
		m.port = n
	}
}

// announce announces the media that was read last.
func (r *reader) announce(d *description) {
	if d.n == 0 || d.ignored {
		return
	}
	m := &d.media
	at := &d.host
	switch {
	case m.host.given:
		at = &m.host
		r.place(at, m.port)
	case d.first == 0:
		d.first = m.port
	}
	if m.port != 0 && at.opens() {
		r.flow(m, at.addr)
	}
}

// Transports of media.
var (
	textRTP   = textOf("rtp/")
	textUDPTL = textOf("udptl")
	textMSRP  = textOf("tcp/msrp")
	textMSRPS = textOf("tcp/tls/msrp")
)

// flow announces where the media of an m-line comes to.
func (r *reader) flow(m *media, at netip.Addr) {
	var e helpers.Expect
	e.Proto, e.Endpoint = packet.ProtoUDP, netip.AddrPortFrom(at, m.port)
	e.Many, e.Third, e.Tag = true, true, r.callTag()
	switch d, proto := r.data, m.proto; {
	case m.quiet:
		r.x.mention(at, m.port, m.digits, spellPort)
		return
	case textTCP.starts(d, proto):
		if e.Proto = packet.ProtoTCP; m.setup && !m.listens || !m.setup && !textMSRP.starts(d, proto) && !textMSRPS.starts(d, proto) {
			return // the other side accepts connections (RFC 4145 section 4)
		}
	case textRTP.starts(d, proto), !textUDPTL.starts(d, proto) && contains(proto.of(d), "rtp/"):
		apart := m.rtcp != 0 && (uint32(m.rtcp) != uint32(m.port)+1 || m.rtcpHost.addr.IsValid() && m.rtcpHost.addr != at)
		e.Pair = !m.mux && !apart
	case !textUDP.starts(d, proto):
		return // not over IP, or not known
	}
	r.x.announce(&e, m.digits, spellPort)
	for n := 1; n < m.count && e.Pair; n++ {
		if uint32(m.port)+2*uint32(n) < 65535 {
			more := e
			more.Endpoint = netip.AddrPortFrom(at, m.port+2*uint16(n))
			r.x.announce(&more, span{m.digits.to, m.digits.to}, 0)
		}
	}
	if m.rtcp != 0 {
		r.control(m, &e, at)
	}
}

// control announces where RTCP comes to that has a port of its own (RFC 3605).
func (r *reader) control(m *media, e *helpers.Expect, at netip.Addr) {
	if m.rtcpHost.addr.IsValid() {
		r.place(&m.rtcpHost, m.rtcp)
		if at = m.rtcpHost.addr; !m.rtcpHost.opens() {
			return
		}
	}
	e.Endpoint, e.Pair = netip.AddrPortFrom(at, m.rtcp), false
	r.x.announce(e, m.rtcpText, spellPort)
}

// contains says whether w, in lower case, is somewhere in b.
func contains(b []byte, w string) bool {
	for i := 0; i+len(w) <= len(b); i++ {
		if fold(b[i:i+len(w)], w) {
			return true
		}
	}
	return false
}
