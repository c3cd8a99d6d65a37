package tns

import (
	"encoding/binary"

	"portcullis/helpers"
	"portcullis/packet"
)

// Helper is the session helper "tns". The client is who opened the session.
var Helper = helpers.Helper{
	Name:        "tns",
	Protocols:   []uint8{packet.ProtoTCP},
	MaxExpects:  maxAddresses,
	MaxHold:     maxPacket + headerSize + lengthSize,
	Lingers:     true,
	Inspect:     inspect,
	Spell:       spell,
	SpellLength: spellLength,
	Sound:       func(h *helpers.State) bool { return h[phase] <= done },
}

func init() { helpers.Register(&Helper) }

// phase is the place in the helper's memory that says how far the session is.
const phase = 0

// Phases.
const (
	silent    = iota // the client is to send CONNECT
	connected        // the server is to answer it
	sentOn           // the server redirects, and the text is in the packet to come
	done             // nothing that matters follows
)

// Reasons to give a session up.
const (
	whyNoConnect   = "it does not begin with a CONNECT packet"
	whyServerFirst = "the server spoke before the client"
	whyNoPacket    = "an answer that is no packet of TNS"
)

// step is what reading one packet came to.
type step uint8

const (
	stepOn step = iota
	stepCut
	stepForeign
)

// inspect reads the client's first packet, and the server's packets up to the one
// that accepts, refuses or redirects.
func inspect(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	s := seg.State
	switch {
	case s[phase] == done:
		return helpers.Read
	case seg.Dir == packet.Original:
		return connect(seg, f)
	case s[phase] == silent:
		f.Why = whyServerFirst
		return helpers.Foreign
	}
	for at := 0; at < len(seg.Data) && s[phase] != done; {
		n, what := answer(seg, f, at)
		switch {
		case what == stepForeign:
			f.Why = whyNoPacket
			return helpers.Foreign
		case what == stepCut && seg.Final:
			return helpers.Read // half a packet is none
		case what == stepCut:
			f.Consumed = at
			return helpers.Partial
		}
		at += n
	}
	return helpers.Read
}

// connect reads the beginning of the client's first packet. What no such packet
// begins with is seen at once.
func connect(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	if seg.State[phase] != silent {
		return helpers.Read
	}
	b := seg.Data[:min(len(seg.Data), minConnect)]
	whole := len(b) == minConnect
	switch {
	case !beginsConnect(b), !whole && seg.Final:
		f.Why = whyNoConnect
		return helpers.Foreign
	case !whole:
		return helpers.Partial
	}
	seg.State[phase] = connected
	return helpers.Read
}

// answer reads the server's packet at seg.Data[at:], and says how many bytes that
// were.
func answer(seg *helpers.Segment, f *helpers.Findings, at int) (int, step) {
	s := seg.State
	b := seg.Data[at:]
	if len(b) < headerSize {
		return 0, stepCut
	}
	_, n := length(b)
	switch {
	case n < headerSize || n > maxPacket:
		return 0, stepForeign
	case b[4] == typeAccept, b[4] == typeRefuse, b[4] == typeAbort:
		s[phase] = done
		return 0, stepOn
	case b[4] != typeRedirect && !passes(b[4]):
		return 0, stepForeign
	case len(b) < n:
		return 0, stepCut
	case s[phase] == sentOn && b[4] == typeData:
		if n >= headerSize+lengthSize {
			redirected(seg, f, span{packet: at, text: at + headerSize + lengthSize, till: at + n, end: at + n})
		}
		s[phase] = done
		return n, stepOn
	case b[4] == typeRedirect:
		return redirect(seg, f, at, n)
	}
	return n, stepOn
}

// redirect reads a REDIRECT packet of n bytes. Its text is behind its length, or in
// the DATA packet that follows, which the length may speak of too.
func redirect(seg *helpers.Segment, f *helpers.Findings, at, n int) (int, step) {
	const head = headerSize + lengthSize
	s := seg.State
	if n < head {
		return 0, stepForeign
	}
	size := int(binary.BigEndian.Uint16(seg.Data[at+headerSize:]))
	switch {
	case n > head:
		if size <= n-head { // what more there is belongs to others
			redirected(seg, f, span{packet: at, size: at + headerSize, text: at + head, till: at + head + size, end: at + n})
		}
		s[phase] = done
		return n, stepOn
	case size == 0:
		s[phase] = sentOn
		return n, stepOn
	}
	b := seg.Data[at+n:]
	if len(b) < headerSize {
		return 0, stepCut
	}
	_, m := length(b)
	switch {
	case m < headerSize || m > maxPacket || b[4] != typeData:
		return 0, stepForeign
	case len(b) < m:
		return 0, stepCut
	case size <= m-head:
		redirected(seg, f, span{packet: at + n, size: at + headerSize, text: at + n + head, till: at + n + head + size, end: at + n + m})
	}
	s[phase] = done
	return n + m, stepOn
}
