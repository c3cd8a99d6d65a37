package ftp

import (
	"portcullis/helpers"
	"portcullis/packet"
)

// maxLine is the longest line that is read as a whole, its end not counted. What is
// longer is skipped.
const maxLine = 512

// Helper is the session helper "ftp". The client is who opened the session.
var Helper = helpers.Helper{
	Name:       "ftp",
	Protocols:  []uint8{packet.ProtoTCP},
	MaxExpects: 1, // a new PORT or PASV supersedes the old one (RFC 959 section 3.2)
	MaxHold:    maxLine,
	Inspect:    inspect,
	Spell:      spell,
	Sound:      sound,
	Memory:     1, // 0 did not tell the mechanisms of AUTH apart
}

func init() { helpers.Register(&Helper) }

// Reasons to give a session up.
const (
	whySpokeFirst = "the client spoke before the server greeted"
	whyNoGreeting = "the server did not greet"
	whyNoReply    = "a reply without a code"
	whyNoCommand  = "not an FTP command"
	whyEncrypted  = "the control channel is encrypted"
)

// step is what reading one line, or its beginning, came to.
type step uint8

const (
	stepOn      step = iota // go on behind it
	stepFound               // something was found: let it be carried out first
	stepCut                 // more bytes are needed
	stepForeign             // give up
)

// inspect reads whole lines where they matter and only the beginnings of others,
// so that few bytes are ever held.
func inspect(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	s := (*state)(seg.State)
	read, skip := command, skipCommand
	if seg.Dir == packet.Reply {
		read, skip = reply, skipReply
		s[heard] = 1
	}
	for at := 0; at < len(seg.Data); {
		if s[skip] != 0 {
			at += rest(seg.Data[at:], s, skip)
			continue
		}
		n, what := read(seg, s, f, at)
		at += n
		switch what {
		case stepForeign:
			return helpers.Foreign
		case stepFound:
			f.Consumed = at
			return helpers.More
		case stepCut:
			if seg.Final {
				return helpers.Read // half a line is no message
			}
			f.Consumed = at
			return helpers.Partial
		}
	}
	return helpers.Read
}

// rest skips to the end of a line and says how many bytes that were.
func rest(data []byte, s *state, skip int) int {
	for i, b := range data {
		if b == '\n' {
			s[skip] = 0
			return i + 1
		}
	}
	return len(data)
}

// line returns the whole line that begins data, without its end, and how many
// bytes it takes. The step is stepCut where more bytes are needed, and stepForeign
// where the line is too long to be read.
func line(data []byte) ([]byte, int, step) {
	for i, b := range data[:min(len(data), maxLine)] {
		if b != '\n' {
			continue
		}
		text := data[:i]
		if i > 0 && text[i-1] == '\r' {
			text = text[:i-1]
		}
		return text, i + 1, stepOn
	}
	if len(data) < maxLine {
		return nil, 0, stepCut
	}
	return nil, 0, stepForeign
}
