package sip

import (
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
)

// via is an element of a Via.
type via struct {
	host   span // with its port
	name   span
	params span
	addr   netip.Addr
	port   uint16
	tls    bool
}

// vias reads a Via: which way a response goes (RFC 3261 section 18.2.2, RFC 3581).
func (r *reader) vias(list span) {
	for e, rest, ok := nextElement(r.data, list); ok; e, rest, ok = nextElement(r.data, rest) {
		if v, ok := r.parseVia(e); ok {
			r.via(&v)
		}
		r.top = false
	}
}

// parseVia reads "SIP/2.0/UDP host:port;params", with white space where the grammar
// has it.
func (r *reader) parseVia(e element) (v via, ok bool) {
	d, s := r.data, e.uri
	var last span
	for n := range 3 {
		s = trim(d, s)
		last = span{s.from, s.from}
		for last.to < s.to && isToken(d[last.to]) {
			last.to++
		}
		if last.empty() {
			return v, false
		}
		if s.from = last.to; n < 2 {
			if s = trim(d, s); s.empty() || d[s.from] != '/' {
				return v, false
			}
			s.from++
		}
	}
	if s.empty() || !blank(d[s.from]) {
		return v, false
	}
	v.tls = last.is(d, "tls")
	s = trim(d, s)
	i := s.from
	for bracket := false; i < s.to; i++ {
		if d[i] == '[' || d[i] == ']' {
			bracket = d[i] == '['
		}
		if blank(d[i]) || d[i] == ':' && !bracket {
			break
		}
	}
	v.name, v.params = span{s.from, i}, e.params
	v.host, v.port = v.name, portSIP
	if v.tls {
		v.port = portTLS
	}
	if tail := trim(d, span{i, s.to}); !tail.empty() {
		if d[tail.from] != ':' {
			return v, false
		}
		digits := trim(d, span{tail.from + 1, tail.to})
		if v.port, ok = port(digits.of(d)); !ok || v.port == 0 {
			return v, false
		}
		v.host.to = digits.to
	}
	v.addr = address(v.name.of(d))
	return v, true
}

// answerable says whether the message's top Via says where its response goes.
func (r *reader) answerable() bool { return r.status == 0 && r.seg.Proto == packet.ProtoUDP }

func (r *reader) via(v *via) {
	received, maddr, rport, asked := r.viaParams(v.params)
	whose := v.addr
	if a := address(received.of(r.data)); a.IsValid() && r.ends(a) {
		r.x.mention(a, 0, received, spellHost)
		whose = a
	}
	if a := address(maddr.of(r.data)); a.IsValid() && r.ends(a) {
		r.x.mention(a, 0, maddr, spellHost)
	}
	if n, ok := port(rport.of(r.data)); ok && whose.IsValid() && r.ends(whose) {
		r.x.mention(whose, n, rport, spellPort)
	}
	if !v.addr.IsValid() || !r.ends(v.addr) {
		return
	}
	end := r.seg.Src
	if v.addr == r.dst {
		end = r.seg.Dst
	}
	switch {
	case v.port == end.Port():
		r.x.mention(v.addr, v.port, v.host, both(v.tls))
	case r.top && r.answerable() && !asked && v.addr == r.src:
		// The response comes to this port and to no other.
		r.x.announce(helpers.Expect{
			Proto: packet.ProtoUDP, Endpoint: netip.AddrPortFrom(r.seg.Src.Addr(), v.port), Many: true, Helped: true,
			Lifetime: transactionWait,
		}, v.host, both(v.tls))
	default:
		r.x.mention(v.addr, 0, v.name, spellHost)
	}
}

// viaParams are the parameters of a Via that matter: the first of each. asked says that
// there is rport, perhaps without a value.
func (r *reader) viaParams(params span) (received, maddr, rport span, asked bool) {
	for seen := [2]bool{}; !params.empty(); {
		var name, value span
		switch name, value, params = nextParam(r.data, params); {
		case !seen[0] && name.is(r.data, "received"):
			received, seen[0] = value, true
		case !seen[1] && name.is(r.data, "maddr"):
			maddr, seen[1] = value, true
		case !asked && name.is(r.data, "rport"):
			rport, asked = value, true
		}
	}
	return received, maddr, rport, asked
}
