package sip

import (
	"net/netip"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// How long signalling is waited for.
const (
	transactionWait = 32 * time.Second // 64*T1 (RFC 3261 section 17.1.1.2): for what a final response confirms
	dialogWait      = time.Hour        // for requests within a dialog: nobody says how long a call takes
	longestWait     = 24 * time.Hour   // for calls to who has registered
)

// reader reads one message.
type reader struct {
	message
	seg  *helpers.Segment
	src  netip.Addr // the sender's own address
	dst  netip.Addr // its peer's, as it knows that
	ends hosts      // both as messages spell them
	f    *helpers.Findings
	x    finds
	s    *state
	top  bool // no Via was read yet
}

// begin makes r, which is empty, the reader of a message that begins at base.
func (r *reader) begin(seg *helpers.Segment, f *helpers.Findings, base int) {
	r.seg, r.f, r.s, r.top = seg, f, (*state)(seg.State), true
	r.src, r.dst = seg.Src.Addr().Unmap(), seg.Dst.Addr().Unmap()
	r.ends[0].set(r.src, &seg.SrcText)
	r.ends[1].set(r.dst, &seg.DstText)
	r.x.f, r.x.base = f, base
}

// read reads the message whose head was read.
func (r *reader) read() {
	r.follow()
	for s := range r.eachContact {
		for {
			var e element
			if !e.read(r.data, &s, &r.ends) {
				break
			}
			if e.ok {
				r.contact(&e)
			}
		}
	}
	if body := (span{r.body, r.end}); !body.empty() && r.describes() {
		if !r.seg.Plain() {
			r.x.measure(body, r.length)
		}
		r.content(body)
	}
	r.x.give()
}

// callTag is the tag of what belongs to a call.
func (r *reader) callTag() uint32 { return r.call }

// registration is the tag of what a registration opens. The user is the same on
// either side of a translation, the host need not be.
func (r *reader) registration() uint32 {
	return hash(registrations, userPart(r.data, r.who).of(r.data))
}

// registrations sets their tags apart from those of calls.
const registrations = 0x7265_6769

// dialog is a name of the dialog within its call, whichever side speaks.
func (r *reader) dialog() uint16 {
	n := r.message.from ^ r.message.to
	return uint16(n>>16) ^ uint16(n) | 1
}

// follow follows calls and registrations: what ends has its flows end.
func (r *reader) follow() {
	tag := r.callTag()
	switch {
	case r.status == 0 && r.method == methodInvite && r.message.to == 0:
		r.s.begin(tag, r.cseq)
	case r.status == 0 && r.method == methodRegister:
		r.s.begin(r.registration(), r.cseq)
	case r.status == 0 && r.method == methodBye:
		if r.s.hangUp(tag, r.dialog()) {
			r.f.EndTag = tag
		}
	case r.status == 0 && r.method == methodCancel:
		if _, e, ok := r.s.find(tag); !ok || e.dialog == 0 {
			r.f.EndTag = tag
		}
	case r.status < 200:
	case r.method == methodInvite && r.status < 300:
		r.s.confirm(tag, r.dialog())
		r.f.Keep = dialogWait
	case r.method == methodSubscribe && r.status < 300:
		r.f.Keep = dialogWait
	case r.method == methodInvite:
		r.failed(tag)
	case r.method == methodRegister:
		r.registered()
	}
}

// failed is an INVITE that was not accepted. One within a call changes nothing: what
// it announced lapses.
func (r *reader) failed(tag uint32) {
	switch _, e, ok := r.s.find(tag); {
	case !ok:
		r.f.CancelTag = tag
	case e.dialog == 0 && e.cseq == uint16(r.cseq):
		r.f.EndTag = tag
		r.s.forget(tag)
	}
}

// registered is the answer to a REGISTER. One that asks for credentials leaves what
// there is (RFC 3261 section 10.3), and so does one that wants a longer time.
func (r *reader) registered() {
	tag := r.registration()
	if _, e, ok := r.s.find(tag); ok && e.cseq != uint16(r.cseq) {
		return
	}
	switch {
	case r.status == 401 || r.status == 407 || r.status == 423:
		return
	case r.status >= 300:
		r.f.CancelTag = tag
	default:
		d := r.granted()
		if d <= 0 {
			r.f.CancelTag = tag
			break
		}
		r.f.RenewTag, r.f.RenewFor = tag, min(d, longestWait)
	}
	r.s.forget(tag)
}

// defaultExpires is what holds where nobody says anything (RFC 3261 section
// 10.2.1.1), in seconds.
const defaultExpires = 3600

// granted is how long the registrar keeps what was registered: the most that the
// response says of contacts of its receiver's, since there may be old ones among them
// that are about to end, and no more than its Expires. It is 0 where it has none of them.
func (r *reader) granted() time.Duration {
	most, contacts, own := r.expires, false, false
	for s := range r.eachContact {
		for e := (element{}); e.read(r.data, &s, &r.ends); e = (element{}) {
			contacts = true
			if !e.ok || e.uri.whose != peers {
				continue
			}
			n := r.expiresOf(&e)
			if n < 0 {
				n = defaultExpires
			}
			if r.expires >= 0 {
				n = min(n, r.expires)
			}
			if !own || n > most {
				most = n
			}
			own = true
		}
	}
	if contacts && !own || most < 0 {
		return 0
	}
	return time.Duration(most) * time.Second
}

// expiresOf is the expires parameter of a contact, -1 where it has none.
func (r *reader) expiresOf(e *element) int64 {
	if n, ok := number(e.expires.of(r.data), 1<<32-1); ok {
		return int64(n)
	}
	return -1
}

// mention notes an endpoint of one end, or with port 0 an address alone, where the
// receiver knows that by another one.
func (r *reader) mention(whose whose, port uint16, s span, kind uint8) {
	switch {
	case whose == senders && !r.seg.SrcPlain:
		r.x.mention(r.src, port, s, kind)
	case whose == peers && !r.seg.DstPlain:
		r.x.mention(r.dst, port, s, kind)
	}
}

// address mentions a URI that messages are sent to.
func (r *reader) address(u *uri) {
	r.mention(u.whose, u.port, u.place, both(u.host, u.place, u.tls))
	r.lone(u.maddr)
}

// lone mentions an address that stands alone.
func (r *reader) lone(s span) {
	if !s.empty() {
		of, _ := r.ends.all(r.data, s)
		r.mention(of, 0, s, spellHost)
	}
}

// contact reads a Contact: who may be called there.
func (r *reader) contact(e *element) {
	u := &e.uri
	wait, tag := r.reached(e)
	if wait == 0 || u.whose != senders || u.tls || u.ws {
		r.address(u)
		return
	}
	proto := r.seg.Proto
	switch {
	case u.tcp:
		proto = packet.ProtoTCP
	case u.udp:
		proto = packet.ProtoUDP
	}
	var x helpers.Expect
	x.Proto, x.Endpoint = proto, netip.AddrPortFrom(r.seg.Src.Addr(), u.port)
	x.Many, x.Helped, x.Lifetime, x.Tag = true, true, wait, tag
	switch own := u.port == r.seg.Src.Port() && proto == r.seg.Proto; {
	case !own:
		r.x.announce(&x, u.place, both(u.host, u.place, u.tls))
	case proto == packet.ProtoUDP && r.method == methodRegister: // the control session's own port, as translated
		r.x.announce(&x, span{u.place.from, u.place.from}, 0)
		fallthrough
	default:
		r.address(u)
	}
}

// reached says how long a contact may be called, and under which tag that goes; 0:
// not at all.
func (r *reader) reached(e *element) (time.Duration, uint32) {
	switch r.method {
	case methodRegister:
		n := r.expiresOf(e)
		if n < 0 {
			n = r.expires
		}
		if r.status != 0 || n == 0 {
			return 0, 0
		}
		return transactionWait, r.registration()
	case methodInvite, methodUpdate, methodSubscribe, methodNotify, methodRefer:
		switch {
		case r.status < 200 && r.status != 100: // it rings: nobody has accepted anything
			return mediaWait, 0
		case r.status >= 200 && r.status < 300:
			return dialogWait, 0
		}
	}
	return 0, 0
}
