package sip

import (
	"bytes"
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
)

// Bounds of what is read of a body.
const (
	maxMedia = 8 // m-lines that open anything
	maxParts = 8 // of a multipart body
	maxRange = 4 // ports of one m-line
)

var textBoundary = textOf("boundary")

// content finds session descriptions in a body: it is one, or has some among its
// parts (RFC 5621).
func (r *reader) content(body span) {
	if textSDP.starts(r.data, r.kind) {
		r.describe(body)
		return
	}
	mark, ok := paramOf(r.data, afterType(r.data, r.kind), &textBoundary)
	boundary := mark.of(r.data)
	if n := len(boundary); n >= 2 && boundary[0] == '"' && boundary[n-1] == '"' {
		boundary = boundary[1 : n-1]
	}
	if !ok || len(boundary) == 0 || len(boundary) > 70 {
		return
	}
	begun, start := 0, 0
	for at := body.from; at >= 0 && at < body.to && begun <= maxParts; at = lineEnd(r.data[:body.to], at) {
		if !delimits(r.data[at:body.to], boundary) {
			continue
		}
		if begun > 0 {
			r.part(span{start, at})
		}
		begun++
		if start = lineEnd(r.data[:body.to], at); start < 0 {
			return
		}
	}
}

// afterType is the parameters of a Content-Type.
func afterType(d []byte, s span) span {
	for s.from < s.to && d[s.from] != ';' {
		s.from++
	}
	return s
}

// delimits says whether the line that begins b is a delimiter (RFC 2046 section 5.1).
func delimits(b, boundary []byte) bool {
	return len(b) >= 2+len(boundary) && b[0] == '-' && b[1] == '-' && string(b[2:2+len(boundary)]) == string(boundary)
}

// part reads a part of a multipart body, its headers first.
func (r *reader) part(s span) {
	described, plain := false, true
	for at := s.from; at < s.to; {
		if end := blankLine(r.data[:s.to], at); end > 0 {
			if described && plain {
				r.describe(span{end, s.to})
			}
			return
		}
		next := headerEnd(r.data[:s.to], at)
		if next < 0 {
			return
		}
		var h header
		switch name, v := h.slowly(r.data, span{at, next}), h.value.of(r.data); {
		case fold(name, "content-type"):
			described = begins(v, "application/sdp")
		case fold(name, "content-encoding"), fold(name, "content-transfer-encoding"):
			plain = plain && (fold(v, "identity") || fold(v, "binary") || fold(v, "8bit") || fold(v, "7bit"))
		}
		at = next
	}
}

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

// connection is an address that a description spells.
type connection struct {
	addr  netip.Addr
	whose whose
	text  span
	given bool
	told  bool // it is the sender's own, and was mentioned
}

// description is a session description that is read line by line.
type description struct {
	origin  connection
	host    connection
	quiet   bool
	n       int    // m-lines so far
	media   media  // the last of them, valid iff n > 0
	first   uint16 // the port of the first that has no address of its own
	ignored bool   // the lines are of an m-line that is not read
}

// describe reads a session description and announces its media.
func (r *reader) describe(s span) {
	b := r.data[:s.to]
	if s.to-s.from < 2 || b[s.from] != 'v' || b[s.from+1] != '=' {
		return
	}
	var d description
	for at := s.from; at < s.to; {
		end := s.to
		if n := bytes.IndexByte(b[at:], '\n'); n >= 0 {
			end = at + n + 1
		}
		line := span{at, end}
		if at = end; b[line.from] == 'a' && line.to-line.from > 4 && !attributes[b[line.from+2]] {
			continue // as most are
		}
		if line = trim(b, line); line.to-line.from > 2 && b[line.from+1] == '=' {
			r.line(&d, b[line.from], span{line.from + 2, line.to})
		}
	}
	r.announce(&d)
	r.place(&d.origin, d.first)
	r.place(&d.host, d.first)
}

// line reads a line of a description.
func (r *reader) line(d *description, kind byte, s span) {
	switch kind {
	case 'a':
		r.attribute(d, s)
	case 'm':
		r.announce(d)
		if d.ignored = d.n == maxMedia; !d.ignored {
			d.media = media{quiet: d.quiet}
			d.media.read(r.data, s)
			d.n++
		}
	case 'c':
		switch {
		case d.ignored:
		case d.n > 0:
			r.connection(&d.media.host, s)
		default:
			r.connection(&d.host, s)
		}
	case 'o': // o=user id version IN IP4 address
		for range 3 {
			_, s = field(r.data, s)
		}
		r.connection(&d.origin, s)
	}
}

// attributes are what those begin with that are read.
var attributes = [256]bool{'s': true, 'S': true, 'r': true, 'R': true, 'i': true, 'I': true}

var (
	textSendonly = textOf("sendonly")
	textInactive = textOf("inactive")
	textSendrecv = textOf("sendrecv")
	textRecvonly = textOf("recvonly")
	textMux      = textOf("rtcp-mux")
	textRTCP     = textOf("rtcp:")
	textSetup    = textOf("setup:")
)

// attribute reads an a-line.
func (r *reader) attribute(d *description, s span) {
	if d.ignored {
		return
	}
	if s.to-s.from == 8 {
		d.word(wordAt(r.data, s.from).lower())
		return
	}
	switch m := &d.media; {
	case d.n == 0:
	case textRTCP.starts(r.data, s):
		digits, rest := field(r.data, span{s.from + textRTCP.n, s.to})
		if n, ok := port(digits.of(r.data)); ok {
			m.rtcp, m.rtcpText, m.rtcpHost = n, digits, connection{}
			m.rtcpHost.read(r.data, rest, &r.ends)
		}
	case textSetup.starts(r.data, s):
		v := span{s.from + textSetup.n, s.to}
		m.setup, m.listens = true, v.is(r.data, "passive") || v.is(r.data, "actpass")
	}
}

// word reads an attribute of eight letters.
func (d *description) word(w word) {
	switch w {
	case textSendonly.first, textInactive.first:
		d.direction(true)
	case textSendrecv.first, textRecvonly.first:
		d.direction(false)
	case textMux.first:
		d.media.mux = d.n > 0
	}
}

// direction is which way media goes, of the session or of an m-line.
func (d *description) direction(quiet bool) {
	if d.n == 0 {
		d.quiet = quiet
		return
	}
	d.media.quiet = quiet
}

// field takes what is before the next white space off s.
func field(b []byte, s span) (first, rest span) {
	s = skip(b, s)
	at := s.from
	for at < s.to && !blank(b[at]) {
		at += max(wordAt(b, at).beforeBlank(), 1) // which may be another byte up to it
	}
	at = min(at, s.to)
	return span{s.from, at}, span{at, s.to}
}

var (
	textIP4   = textOf("ip4")
	textIP6   = textOf("ip6")
	textIN    = textOf("in")
	textINIP4 = textOf("in ip4 ")
)

// read reads "IN IP4 address" into c. The address is not valid where it is a name, or of
// a group.
func (c *connection) read(b []byte, s span, ends *hosts) {
	*c = connection{given: true}
	ip4 := true
	if s = skip(b, s); textINIP4.starts(b, s) { // as nearly everybody writes it
		s.from += textINIP4.n
	} else {
		var network, kind span
		network, s = field(b, s)
		kind, s = field(b, s)
		if ip4 = textIP4.is(b, kind); !textIN.is(b, network) || !ip4 && !textIP6.is(b, kind) {
			return
		}
	}
	s = skip(b, s)
	if of, a := ends.all(b, s); a.IsValid() && a.Is4() == ip4 {
		c.whose, c.addr, c.text = of, a, s
	}
}

// connection reads where media comes to, of a description or of an m-line, and mentions
// the sender's own address.
func (r *reader) connection(c *connection, s span) {
	c.read(r.data, s, &r.ends)
	if c.told = c.whose == senders; c.told {
		r.mention(senders, 0, c.text, spellHost)
	}
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

// opens says whether the address is one that media can be sent to. On hold it is not
// (RFC 3264 section 8.4).
func (c *connection) opens() bool {
	a := c.addr
	return c.told || a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}

// place mentions an address that was not: with a port, one that the receiver may know
// better, since another's translation leads there.
func (r *reader) place(c *connection, port uint16) {
	switch {
	case c.told || !c.opens():
	case c.whose == senders:
		r.mention(senders, 0, c.text, spellHost)
	case port != 0:
		r.x.mention(c.addr, port, c.text, spellHost)
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
	e := helpers.Expect{Proto: packet.ProtoUDP, Endpoint: netip.AddrPortFrom(at, m.port), Many: true, Third: true, Tag: r.callTag()}
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
	r.x.announce(e, m.digits, spellPort)
	for n := 1; n < m.count && e.Pair; n++ {
		if uint32(m.port)+2*uint32(n) < 65535 {
			more := e
			more.Endpoint = netip.AddrPortFrom(at, m.port+2*uint16(n))
			r.x.announce(more, span{m.digits.to, m.digits.to}, 0)
		}
	}
	if m.rtcp != 0 {
		r.control(m, e, at)
	}
}

// control announces where RTCP comes to that has a port of its own (RFC 3605).
func (r *reader) control(m *media, e helpers.Expect, at netip.Addr) {
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
