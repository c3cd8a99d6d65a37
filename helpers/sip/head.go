package sip

import (
	"bytes"
	"math"
)

// cut is the reason of a head that is not yet all there.
const cut = "cut"

// head reads the head of the message that begins data, and notes what it says of
// endpoints: all but Contact, which has to wait until the message is known. It says
// why there is none: cut where it is not all there. What was noted is void then.
func (r *reader) head(data []byte) (why string) {
	window := data[:min(len(data), maxHead)]
	r.data, r.expires = data, -1
	if len(window) > 0 && !isToken(window[0]) {
		return whyNotSIP
	}
	first := lineEnd(window, 0)
	if first < 0 {
		return incomplete(data)
	}
	if !r.startLine(trim(window, span{0, first})) {
		return whyNotSIP
	}
	if r.status == 0 && !r.seg.Plain() {
		r.target()
	}
	for at := first; at < len(window); {
		if window[at] <= '\r' {
			if r.body = blankLine(window, at); r.body > 0 {
				return r.whole()
			}
		}
		next := headerEnd(window, at)
		if next < 0 {
			return incomplete(data)
		}
		var h header
		h.read(window, at, next)
		if !r.header(&h, at) {
			if !ended(window[first-1:]) {
				return incomplete(data) // and malformed; it is said once all of it is there
			}
			return whyNotSIP
		}
		at = next
	}
	return incomplete(data)
}

// whole says why a head is none that is all there.
func (r *reader) whole() (why string) {
	if r.seen != seenAll {
		return whyNotSIP
	}
	return ""
}

// ended says whether an empty line is in b, which begins with the end of a line.
func ended(b []byte) bool {
	return bytes.Contains(b, []byte("\n\r\n")) || bytes.Contains(b, []byte("\n\n"))
}

// incomplete is what a head without an end is.
func incomplete(data []byte) string {
	if len(data) >= maxHead {
		return whyHead
	}
	return cut
}

// header notes what the header at says. It reports false where no message can have it.
func (r *reader) header(h *header, at int) bool {
	s := h.value
	switch h.kind {
	case headVia:
		r.seen |= seenVia
		if !r.seg.Plain() || r.top && r.answerable() {
			r.vias(s)
		}
	case headFrom, headTo:
		r.party(h.kind, s)
	case headIdentity, headRoute:
		if !r.seg.Plain() {
			for e := (element{}); e.read(r.data, &s, &r.ends); e = (element{}) {
				r.mentioned(h.kind, &e)
			}
		}
	case headContact:
		r.keepContact(s, at)
	case headCallID:
		if r.seen&seenCallID != 0 || s.empty() {
			return false
		}
		r.seen |= seenCallID
		r.call = hash(0, s.of(r.data))
	case headCSeq:
		if r.seen&seenCSeq != 0 {
			return false
		}
		r.seen |= seenCSeq
		return r.sequence(s.of(r.data))
	case headLength:
		return r.lengthOf(s)
	case headType:
		r.kind = s
	case headEncoding:
		r.encoded = !s.is(r.data, "identity")
	case headExpires:
		if n, ok := number(s.of(r.data), math.MaxUint32); ok {
			r.expires = int64(n)
		}
	}
	return true
}

// party reads a From or To.
func (r *reader) party(kind head, s span) {
	ends := &r.ends
	if r.seg.Plain() {
		ends = nil
	}
	e := element{}
	ok := e.read(r.data, &s, ends)
	tag := uint32(0)
	if !e.tag.empty() {
		tag = hash(0, e.tag.of(r.data))
	}
	if kind == headFrom {
		r.seen |= seenFrom
		r.message.from = tag
	} else {
		r.seen |= seenTo
		r.message.to, r.who = tag, e.text
	}
	for ok && ends != nil {
		r.mentioned(kind, &e)
		if s.empty() {
			return
		}
		e = element{}
		ok = e.read(r.data, &s, ends)
	}
}

// mentioned notes the endpoint of a header's element.
func (r *reader) mentioned(kind head, e *element) {
	switch {
	case !e.ok:
	case kind == headRoute:
		r.address(&e.uri)
	default:
		r.mention(e.uri.whose, 0, e.uri.host, spellHost)
	}
}

// target notes the endpoint of a request's URI.
func (r *reader) target() {
	var u uri
	if u.parse(r.data, r.uri, &r.ends) {
		r.address(&u)
	}
}
