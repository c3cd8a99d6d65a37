package rtsp

import (
	"bytes"
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
)

// maxAlternatives bounds how many alternatives of a SETUP are honoured. Each may
// announce two flows.
const maxAlternatives = 4

// finder notes what one message announces and mentions, in the order of its bytes.
type finder struct {
	seg   *helpers.Segment
	s     *state
	f     *helpers.Findings
	m     *message
	at    int // of the message, in seg.Data
	found int

	tag      byte // of the SETUP that the message is, or answers; 0: it is none
	record   bool // of that SETUP
	expected int  // alternatives that announced something
}

// message notes all of a message, of which so many bytes of the body are read.
func (d *finder) message(body int) {
	d.begin()
	if d.seg.Plain() {
		body = 0 // there is nothing in it but mentions
	}
	data := d.seg.Data[d.at : d.at+d.m.size]
	if d.m.method != nil && !d.m.digest && !d.seg.Plain() {
		d.urls(d.m.start, d.at)
	}
	c := cursor{data: data, at: bytes.IndexByte(data, '\n') + 1}
	for c.next() {
		switch {
		case c.folded: // only half of it is here
		case same(c.name, "Content-Length"):
			if body > 0 && !d.measure(&c, body) {
				body = 0
			}
		case same(c.name, "Transport"):
			d.transport(c.value, d.at+c.off)
		case d.seg.Plain(): // the rest are mentions
		case same(c.name, "Content-Base"), same(c.name, "ContentBase"), same(c.name, "Content-Location"),
			same(c.name, "Location"), same(c.name, "RTP-Info"):
			d.urls(c.value, d.at+c.off)
		}
	}
	if body > 0 {
		d.description(d.at+d.m.size, body)
	}
	if d.expected > 0 && d.m.method != nil {
		flags := byte(0)
		if d.record {
			flags = flagRecord
		}
		d.s.remember(d.tag, flags, d.m.cseq, d.m.session)
	}
}

// begin notes what the message means for earlier ones.
func (d *finder) begin() {
	client := d.seg.Dir == packet.Original
	switch {
	case client && d.m.is("SETUP"):
		d.tag = d.s.newTag()
	case d.m.is("TEARDOWN"):
		d.teardown()
	case !client && d.m.method == nil && d.m.numbered && d.m.status >= 200:
		d.answer()
	}
}

// teardown voids what was announced for a session.
func (d *finder) teardown() {
	for i := maxSetups - 1; i >= 0 && d.m.session != 0; i-- {
		if u := d.s.setup(i); u[0] != 0 && u.session() == d.m.session {
			d.void(u.tag())
			d.s.forget(i)
		}
	}
}

// answer is the final answer of the server to some request: one that does not agree
// on datagrams voids what the SETUP announced.
func (d *finder) answer() {
	i := d.s.asked(d.m.cseq)
	if i < 0 {
		return
	}
	u := d.s.setup(i)
	if d.m.status >= 300 || !d.agrees() {
		d.void(u.tag())
		d.s.forget(i)
		return
	}
	d.tag, d.record = u[0], u.is(flagRecord)
	u.answered(d.m.session)
}

// agrees says whether the message names a transport in datagrams to one receiver.
func (d *finder) agrees() bool {
	data := d.seg.Data[d.at : d.at+d.m.size]
	c := cursor{data: data, at: bytes.IndexByte(data, '\n') + 1}
	for c.next() {
		t := transport{text: c.value}
		if same(c.name, "Transport") && t.next() {
			return t.udp && !t.multicast
		}
	}
	return false
}

func (d *finder) void(tag uint32) {
	if d.f.Void(tag) {
		d.found++
	}
}

// measure notes the length of the body that is read.
func (d *finder) measure(c *cursor, body int) bool {
	from := d.at + d.m.size
	ok := d.f.Measure(helpers.Length{From: from, To: from + body, Edit: helpers.Edit{Off: d.at + c.off, Len: len(c.value)}})
	if ok {
		d.found++
	}
	return ok
}

func (d *finder) mention(at netip.AddrPort, off, n int, kind uint8) {
	if d.f.Mention(helpers.Mention{Endpoint: at, Edit: helpers.Edit{Off: off, Len: n, Kind: kind}}) {
		d.found++
	}
}

func (d *finder) announce(at netip.AddrPort, off, n int, kind uint8) {
	if d.f.Announce(helpers.Expect{
		Proto: packet.ProtoUDP, Endpoint: at, Edit: helpers.Edit{Off: off, Len: n, Kind: kind},
		Pair: kind == spellPair, Tag: uint32(d.tag),
	}) {
		d.found++
	}
}

// ours says whether a is one of the two ends of the connection.
func (d *finder) ours(a netip.Addr) bool { return a == d.seg.Src.Addr() || a == d.seg.Dst.Addr() }

// host mentions the address text, which stands at off, where it is of one of the two
// ends.
func (d *finder) host(text []byte, off int) {
	if a, ok := address(text); ok && d.ours(a) {
		d.mention(netip.AddrPortFrom(a, 0), off, len(text), spellHost)
	}
}

// transport reads a Transport field. A client's alternatives are announced; of a
// server's answer there is one.
func (d *finder) transport(text []byte, off int) {
	t := transport{text: text, off: off}
	for n := 0; t.next(); n++ {
		if d.seg.Dir == packet.Original && d.tag != 0 {
			d.offer(&t)
		} else if d.seg.Dir == packet.Reply && d.m.method == nil && n == 0 {
			d.chosen(&t)
		}
	}
}

// offer reads an alternative of a client.
func (d *finder) offer(t *transport) {
	to := d.seg.Src.Addr()
	if t.sent {
		to = t.destination
	}
	expects := t.udp && !t.multicast && to.IsValid()
	before := d.found
	for p, ok := t.param(); ok; p, ok = t.param() {
		switch {
		case same(p.name, "destination"):
			if t.destination.IsValid() {
				d.mention(netip.AddrPortFrom(t.destination, 0), p.off, len(p.value), spellHost)
			}
		case !expects || d.expected == maxAlternatives:
		case same(p.name, "client_port"):
			if r, ok := ports(p.value); ok {
				d.ports(r, to, p, d.announce)
				d.expected++
			}
		case same(p.name, "dest_addr"):
			if list, n, ok := quotes(p.value); ok {
				d.quoted(list[:n], p, d.seg.Src.Addr(), d.announce)
				d.expected++
			}
		}
	}
	if d.found > before && (t.record || d.m.back) {
		d.record = true
	}
}

// chosen reads the transport that a server has chosen.
func (d *finder) chosen(t *transport) {
	expects := d.tag != 0 && t.udp && !t.multicast
	d.record = d.record || t.record
	to := d.seg.Dst.Addr()
	if t.destination.IsValid() {
		to = t.destination
	}
	for p, ok := t.param(); ok; p, ok = t.param() {
		switch {
		case same(p.name, "destination"), same(p.name, "source"):
			d.host(p.value, p.off)
		case same(p.name, "client_port"):
			if r, ok := ports(p.value); ok {
				d.ports(r, to, p, d.mention)
			}
		case same(p.name, "dest_addr"):
			if list, n, ok := quotes(p.value); ok {
				d.quoted(list[:n], p, d.seg.Dst.Addr(), d.mention)
			}
		case same(p.name, "server_port"):
			if r, ok := ports(p.value); ok && expects {
				d.servers(r, p)
				expects = false
			}
		case same(p.name, "src_addr"):
			if list, n, ok := quotes(p.value); ok {
				d.sources(list[:n], p, expects)
				expects = false
			}
		}
	}
}

// ports announces or mentions the ports r of a parameter, at address to.
func (d *finder) ports(r portRange, to netip.Addr, p param, note func(netip.AddrPort, int, int, uint8)) {
	a, b := netip.AddrPortFrom(to, r.a), netip.AddrPortFrom(to, r.b)
	switch {
	case r.second == 0:
		note(a, p.off, len(p.value), spellPort)
	case r.b == r.a:
		note(a, p.off, len(p.value), spellTwice)
	case r.b == r.a+1:
		note(a, p.off, len(p.value), spellPair)
	default:
		note(a, p.off, r.second-1, spellPort)
		note(b, p.off+r.second, len(p.value)-r.second, spellPort)
	}
}

// servers announces the ports of the server that the client will send to: RTCP, and
// where it is to record RTP as well.
func (d *finder) servers(r portRange, p param) {
	if d.record || r.second == 0 || r.a == r.b {
		d.ports(r, d.seg.Src.Addr(), p, d.announce)
		return
	}
	d.announce(netip.AddrPortFrom(d.seg.Src.Addr(), r.b), p.off+r.second, len(p.value)-r.second, spellPort)
}

// quoted announces or mentions endpoints in quotation marks; those without an address
// are of own.
func (d *finder) quoted(list []quoted, p param, own netip.Addr, note func(netip.AddrPort, int, int, uint8)) {
	for i := range list {
		q := &list[i]
		if q.addr.IsValid() {
			note(netip.AddrPortFrom(q.addr, q.port), p.off+q.off, q.len, spellEndpoint)
		} else {
			note(netip.AddrPortFrom(own, q.port), p.off+q.off+1, q.len-1, spellPort)
		}
	}
}

// sources is quoted for where a server sends from, and for where it waits for RTCP.
func (d *finder) sources(list []quoted, p param, expects bool) {
	if !expects || len(list) > 1 && !d.record {
		if q := &list[0]; q.host > 0 {
			d.host(p.value[q.off:][:q.host], p.off+q.off)
		}
		list = list[1:]
	}
	if expects {
		d.quoted(list, p, d.seg.Src.Addr(), d.announce)
	}
}
