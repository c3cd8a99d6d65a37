package rtsp

import (
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// Bounds of a message, in bytes. A longer head is no RTSP; a longer body passes
// unread.
const (
	maxHead = 8192
	maxHold = helpers.MaxHoldLimit
)

// Helper is the session helper "rtsp". The client is who opened the session.
var Helper = helpers.Helper{
	Name:       "rtsp",
	Protocols:  []uint8{packet.ProtoTCP},
	MaxExpects: 16,               // RTP and RTCP of a few streams, and RTCP the other way
	Lifetime:   60 * time.Second, // a server forgets who is silent for that long (RFC 2326 section 12.37)
	MaxHold:    maxHold,
	Mentions:   true,

	Inspect:     inspect,
	Spell:       spell,
	SpellLength: spellLength,
}

func init() { helpers.Register(&Helper) }

// Reasons to give a session up.
const (
	whyServerFirst = "the server spoke first"
	whyNoMessage   = "not an RTSP message"
	whyNoCSeq      = "a request without a number"
	whyHead        = "a malformed head"
	whyLong        = "the head of a message is too long"
	whyLength      = "the length of a message is not clear"
)

// step is what reading one message, or its beginning, came to.
type step uint8

const (
	stepOn      step = iota // go on behind it
	stepFound               // something was found: let it be carried out first
	stepCut                 // more bytes are needed
	stepForeign             // give up
)

func inspect(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	s := (*state)(seg.State)
	for at := 0; at < len(seg.Data); {
		if n := s.pass(seg.Dir, len(seg.Data)-at); n > 0 {
			at += n
			continue
		}
		n, what := next(seg, s, f, at)
		at += n
		switch what {
		case stepForeign:
			return helpers.Foreign
		case stepFound:
			f.Consumed = at
			return helpers.More
		case stepCut:
			if seg.Final {
				return helpers.Read // half a message is none
			}
			f.Consumed = at
			return helpers.Partial
		}
	}
	return helpers.Read
}

// next reads what begins at seg.Data[at:]: an interleaved frame (RFC 2326 section
// 10.12), an empty line, or a message. It returns how many bytes were read.
func next(seg *helpers.Segment, s *state, f *helpers.Findings, at int) (int, step) {
	data := seg.Data[at:]
	switch {
	case s[spoken] == 0 && seg.Dir == packet.Reply:
		f.Why = whyServerFirst
		return 0, stepForeign
	case s[spoken] == 0:
	case data[0] == '\r' || data[0] == '\n':
		return 1, stepOn
	case data[0] == '$':
		if len(data) < 4 {
			return 0, stepCut
		}
		s.skip(seg.Dir, 4+int(data[2])<<8+int(data[3]))
		return 0, stepOn
	}
	var m message
	if what := m.read(data, s[spoken] != 0, f); what != stepOn {
		return 0, what
	}
	body := 0 // how much of it is read
	if m.sdp && m.size+m.length <= maxHold {
		if body = m.length; len(data) < m.size+body {
			return 0, stepCut
		}
	}
	s[spoken] = 1
	d := finder{seg: seg, s: s, f: f, m: &m, at: at}
	d.message(body)
	s.skip(seg.Dir, m.length-body)
	if d.found > 0 {
		return m.size + body, stepFound
	}
	return m.size + body, stepOn
}
