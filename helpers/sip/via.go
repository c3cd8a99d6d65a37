package sip

import (
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
)

// via is an element of a Via.
type via struct {
	host     span // with its port
	name     span
	addr     netip.Addr
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
		next, ok := v.read(r.data, list)
		if ok {
			r.via(&v)
			list.from = next
		} else {
			_, list, _ = nextElement(r.data, list)
		}
		r.top = false
	}
}

// read reads the first element of list into v, which is empty: "SIP/2.0/UDP
// host:port;params", with white space where the grammar has it. next is where the
// element behind it begins; that is not known where ok is false.
func (v *via) read(d []byte, list span) (next int, ok bool) {
	s := list
	transport, ok := protocol(d, &s)
	if !ok {
		return list.from, false
	}
	v.port = portSIP
	if v.tls = transport.is(d, "tls"); v.tls {
		v.port = portTLS
	}
	if v.name = (span{s.from, hostEnd(d, s.from, s.to)}); v.name.empty() {
		return list.from, false
	}
	v.host = v.name
	s = skip(d, span{v.name.to, s.to})
	if !s.empty() && d[s.from] == ':' {
		digits := skip(d, span{s.from + 1, s.to})
		s.from = digits.from
		for !s.empty() && d[s.from] >= '0' && d[s.from] <= '9' {
			s.from++
		}
		digits.to = s.from
		if v.port, ok = port(digits.of(d)); !ok || v.port == 0 {
			return list.from, false
		}
		v.host.to = digits.to
		s = skip(d, s)
	}
	v.addr = address(v.name.of(d))
	return v.params(d, s)
}

// protocol takes the protocol off s, with the white space behind it.
func protocol(d []byte, s *span) (transport span, ok bool) {
	first := 0
	if begins(s.of(d), version+"/") { // as nearly everybody writes it
		first = 2
		s.from += len(version + "/")
	}
	for n := first; n < 3; n++ {
		*s = skip(d, *s)
		transport.from = s.from
		s.from += tokenLen(s.of(d))
		if transport.to = s.from; transport.empty() {
			return span{}, false
		}
		if n < 2 {
			if *s = skip(d, *s); s.empty() || d[s.from] != '/' {
				return span{}, false
			}
			s.from++
		}
	}
	if s.empty() || !blank(d[s.from]) {
		return span{}, false
	}
	*s = skip(d, *s)
	return transport, true
}

// params reads the parameters of s, up to a comma.
func (v *via) params(d []byte, s span) (next int, ok bool) {
	received, maddr := false, false
	for !s.empty() && d[s.from] == ';' {
		var name, value span
		name, value, s.from = oneParam(d, span{s.from + 1, s.to}, markList)
		switch {
		case !v.asked && name.is(d, "rport"):
			v.rport, v.asked = value, true
		case !received && name.is(d, "received"):
			v.received, received = value, true
		case !maddr && name.is(d, "maddr"):
			v.maddr, maddr = value, true
		}
	}
	return min(s.from+1, s.to), s.empty() || d[s.from] == ','
}

// answerable says whether the message's top Via says where its response goes.
func (r *reader) answerable() bool { return r.status == 0 && r.seg.Proto == packet.ProtoUDP }

func (r *reader) via(v *via) {
	r.host(v.maddr)
	whose := v.addr
	if !v.received.empty() {
		if a := address(v.received.of(r.data)); r.ends(a) {
			r.x.mention(a, 0, v.received, spellHost)
			whose = a
		}
	}
	if !v.rport.empty() && r.ends(whose) {
		if n, ok := port(v.rport.of(r.data)); ok {
			r.x.mention(whose, n, v.rport, spellPort)
		}
	}
	if !r.ends(v.addr) {
		return
	}
	end := r.seg.Src
	if v.addr == r.dst {
		end = r.seg.Dst
	}
	switch {
	case v.port == end.Port():
		r.x.mention(v.addr, v.port, v.host, both(v.tls))
	case r.top && r.answerable() && !v.asked && v.addr == r.src:
		// The response comes to this port and to no other.
		r.x.announce(helpers.Expect{
			Proto: packet.ProtoUDP, Endpoint: netip.AddrPortFrom(r.seg.Src.Addr(), v.port), Many: true, Helped: true,
			Lifetime: transactionWait,
		}, v.host, both(v.tls))
	default:
		r.x.mention(v.addr, 0, v.name, spellHost)
	}
}
