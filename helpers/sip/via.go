package sip

import (
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
)

// via is an element of a Via.
type via struct {
	whose    whose // host it is
	host     span  // without its port
	place    span  // with it
	port     uint16
	tls      bool
	received span // parameters: the first of each
	maddr    span
	rport    span
	asked    bool // there is rport, perhaps without a value
}

// vias reads a Via: which way a response goes (RFC 3261 section 18.2.2, RFC 3581).
func (r *reader) vias(list span) {
	for !list.empty() {
		var v via
		if next, ok := v.read(r.data, list, &r.ends); ok {
			r.via(&v)
			list.from = next
		} else {
			var e element
			e.read(r.data, &list, nil)
		}
		r.top = false
	}
}

// read reads the first element of list into v, which is empty: "SIP/2.0/UDP
// host:port;params", with white space where the grammar has it. next is where the
// element behind it begins; that is not known where ok is false.
func (v *via) read(d []byte, list span, ends *hosts) (next int, ok bool) {
	s := list
	if v.tls, ok = protocol(d, &s); !ok {
		return 0, false
	}
	v.port = portSIP
	if v.tls {
		v.port = portTLS
	}
	i, of, _ := ends.read(d, s.from, s.to, markHost)
	if v.whose, v.host = of, (span{s.from, i}); v.host.empty() {
		return 0, false
	}
	v.place = v.host
	i = skipBlanks(d, i, s.to)
	if i < s.to && d[i] == ':' {
		if v.port, i = portAt(d, skipBlanks(d, i+1, s.to), s.to); v.port == 0 {
			return 0, false
		}
		v.place.to = i
		i = skipBlanks(d, i, s.to)
	}
	return v.params(d, span{i, s.to})
}

// Transports, with the blank behind them.
const (
	wordUDP word = 'U' | 'D'<<8 | 'P'<<16 | ' '<<24
	wordTCP word = 'T' | 'C'<<8 | 'P'<<16 | ' '<<24
)

var (
	textProtocol = textOf("sip/2.0/")
	textRport    = textOf("rport")
	textReceived = textOf("received")
	textGiven    = textOf("received=")
)

// protocol takes the protocol off s, with the white space behind it, and says whether
// it is that of TLS.
func protocol(d []byte, s *span) (tls, ok bool) {
	first := 0
	if textProtocol.starts(d, *s) { // as nearly everybody writes it
		s.from += textProtocol.n
		if w := wordAt(d, s.from).upTo(4); (w == wordUDP || w == wordTCP) && s.to-s.from > 4 {
			*s = skip(d, span{s.from + 4, s.to})
			return false, true
		}
		first = 2
	}
	transport := span{}
	for n := first; n < 3; n++ {
		*s = skip(d, *s)
		transport.from = s.from
		s.from += tokenLen(s.of(d))
		if transport.to = s.from; transport.empty() {
			return false, false
		}
		if n < 2 {
			if *s = skip(d, *s); s.empty() || d[s.from] != '/' {
				return false, false
			}
			s.from++
		}
	}
	if s.empty() || !blank(d[s.from]) {
		return false, false
	}
	*s = skip(d, *s)
	return textTLS.is(d, transport), true
}

// params reads the parameters of s, up to a comma.
func (v *via) params(d []byte, s span) (next int, ok bool) {
	received, maddr := false, false
	for !s.empty() && d[s.from] == ';' {
		s.from++
		var p param
		switch {
		case unlike(d, s.from, s.to, 'r', 'm'):
			s.from = p.skip(d, s.from, s.to, &endsList)
			continue
		case !received && textGiven.starts(d, s): // as nearly everybody writes it
			received = true
			v.received, s.from = valueAt(d, s.from+textGiven.n, s.to, &endsList)
			continue
		}
		s.from = p.read(d, s.from, s.to, &endsList)
		switch {
		case !v.asked && textRport.is(d, p.name):
			v.rport, v.asked = p.value, true
		case !received && textReceived.is(d, p.name):
			v.received, received = p.value, true
		case !maddr && textMaddr.is(d, p.name):
			v.maddr, maddr = p.value, true
		}
	}
	return min(s.from+1, s.to), s.empty() || d[s.from] == ','
}

// answerable says whether the message's top Via says where its response goes.
func (r *reader) answerable() bool { return r.status == 0 && r.seg.Proto == packet.ProtoUDP }

func (r *reader) via(v *via) {
	from, other := v.whose, nobodys
	if !v.received.empty() {
		if other, _ = r.ends.all(r.data, v.received); other != nobodys {
			from = other
		}
	}
	r.sentBy(v)
	r.lone(v.maddr)
	if v.rport.from < v.received.from {
		r.rport(v, from)
	}
	r.mention(other, 0, v.received, spellHost)
	if v.rport.from >= v.received.from {
		r.rport(v, from)
	}
}

// rport mentions the port that the message came from, and whose it is.
func (r *reader) rport(v *via, whose whose) {
	if !v.rport.empty() && whose != nobodys {
		if n, ok := port(v.rport.of(r.data)); ok {
			r.mention(whose, n, v.rport, spellPort)
		}
	}
}

// sentBy is who says that the response goes there.
func (r *reader) sentBy(v *via) {
	end := r.seg.Src
	switch v.whose {
	case nobodys:
		return
	case peers:
		end = r.seg.Dst
	}
	switch {
	case v.port == end.Port():
		r.mention(v.whose, v.port, v.place, both(v.host, v.place, v.tls))
	case r.top && r.answerable() && !v.asked && v.whose == senders:
		// The response comes to this port and to no other.
		r.x.announce(&helpers.Expect{
			Proto: packet.ProtoUDP, Endpoint: netip.AddrPortFrom(r.seg.Src.Addr(), v.port), Many: true, Helped: true,
			Lifetime: transactionWait,
		}, v.place, both(v.host, v.place, v.tls))
	default:
		r.mention(v.whose, 0, v.host, spellHost)
	}
}
