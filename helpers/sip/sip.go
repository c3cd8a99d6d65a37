package sip

import (
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// Bounds of a message that is read, in bytes.
const (
	maxHead    = 8192                 // start line and headers
	maxMessage = helpers.MaxHoldLimit // with the body, where that is read
)

// mediaWait is how long media is waited for: a call rings that long.
const mediaWait = 180 * time.Second

// Helper is the session helper "sip". Either side may be a client or a server.
var Helper = helpers.Helper{
	Name:        "sip",
	Protocols:   []uint8{packet.ProtoUDP, packet.ProtoTCP},
	MaxExpects:  512, // many calls go through one control session
	Lifetime:    mediaWait,
	MaxHold:     maxMessage,
	Mentions:    true,
	Keeps:       true,
	Memory:      1, // 0 took other hashes of calls
	Inspect:     inspect,
	Spell:       spell,
	SpellLength: spellLength,
	Sound:       sound,
}

func init() { helpers.Register(&Helper) }

// Reasons to give a session up.
const (
	whyNotSIP   = "not a SIP message"
	whyHead     = "a SIP header that is too long"
	whyNoLength = "no valid Content-Length in a stream"
)

func inspect(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	if seg.Proto == packet.ProtoUDP {
		return datagram(seg, f)
	}
	return stream(seg, f)
}

// datagram reads a message. What is none is of another protocol where it is the
// first of its side, and passes where that is known to speak SIP: user agents send
// all kinds of bytes to keep a translation alive.
func datagram(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	s := (*state)(seg.State)
	if keepsAlive(seg.Data) {
		return helpers.Read
	}
	var r reader
	r.begin(seg, f, 0)
	why := r.head(seg.Data)
	if why == cut {
		why = whyNotSIP
	}
	if r.end = len(seg.Data); why == "" && r.hasLength {
		if r.bodyLength > uint64(r.end-r.body) {
			why = whyNotSIP
		} else {
			r.end = r.body + int(r.bodyLength)
		}
	}
	switch {
	case why == "":
		s.hear(seg.Dir)
		r.read()
	case !s.heard(seg.Dir):
		f.Why = why
		return helpers.Foreign
	default:
		f.Forget()
	}
	return helpers.Read
}

// stream reads one message, and skips the bodies of those that are not read.
func stream(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	s := (*state)(seg.State)
	if len(seg.Data) < s.wanted(seg.Dir) && !seg.Final {
		return helpers.Partial
	}
	s.want(seg.Dir, 0)
	at := s.skip(seg.Dir, len(seg.Data))
	for at < len(seg.Data) && (seg.Data[at] == '\r' || seg.Data[at] == '\n') {
		at++ // RFC 3261 section 7.5, RFC 5626 section 4.4.1
	}
	if at == len(seg.Data) {
		return helpers.Read
	}
	data := seg.Data[at:]
	var r reader
	r.begin(seg, f, at)
	why := r.head(data)
	whole := why == ""
	if !whole {
		f.Forget()
	}
	switch {
	case why == cut && seg.Final:
		return helpers.Read
	case why == cut:
		f.Consumed = at
		return helpers.Partial
	case whole && (!r.hasLength || r.bodyLength > maxBody):
		why = whyNoLength
	}
	if why != "" {
		f.Why = why
		return helpers.Foreign
	}
	s.hear(seg.Dir)
	r.end = r.body
	if total := r.body + int(r.bodyLength); r.describes() && total <= maxMessage {
		switch {
		case total <= len(data):
			r.end = total
		case seg.Final:
			f.Forget()
			return helpers.Read
		default:
			f.Forget()
			s.want(seg.Dir, total)
			f.Consumed = at
			return helpers.Partial
		}
	}
	rest := r.bodyLength - uint64(r.end-r.body)
	r.read()
	f.Consumed = at + r.end
	s.pass(seg.Dir, uint32(rest))
	return helpers.More
}

// maxBody bounds what a Content-Length may say in a stream.
const maxBody = 1 << 30

// shortest is how long the shortest datagram is that could be anything but what keeps
// a translation alive. No message is nearly as short.
const shortest = 16

// keepsAlive says whether a datagram carries nothing: line ends, zeros, letters of the
// user agent's choice ("jaK"), or STUN (RFC 5626 section 4.4, RFC 8489). It may be the first of
// a session that was cleared.
func keepsAlive(b []byte) bool {
	return len(b) < shortest || len(b) >= 20 && b[0]&0xc0 == 0 && string(b[4:8]) == "\x21\x12\xa4\x42"
}
