package irc

import (
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// maxLine is the longest line that is read as a whole, its end counted and its tags
// not (RFC 2812 section 2.3). What is longer is skipped.
const maxLine = 512

// Helper is the session helper "irc". Nobody knows from where an offer will be taken
// up: it is bound only where somebody writes an entry.
var Helper = helpers.Helper{
	Name:       "irc",
	Protocols:  []uint8{packet.ProtoTCP},
	MaxExpects: 8,
	Lifetime:   5 * time.Minute, // a person has to accept
	MaxHold:    maxLine,
	Mentions:   true,
	Inspect:    inspect,
	Spell:      spell,
	Sound:      sound,
}

func init() { helpers.Register(&Helper) }

// Reasons to give a session up.
const (
	whyNoGreeting = "the client did not begin as an IRC client does"
	whyNoMessage  = "not an IRC message"
	whyEncrypted  = "the connection is encrypted"
)

// step is what reading a part of a line came to.
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
	for at := 0; at < len(seg.Data); {
		n, what := part(seg, s, f, at)
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

// part reads on at seg.Data[at:], wherever in its line that is. It returns how many
// bytes were read.
func part(seg *helpers.Segment, s *state, f *helpers.Findings, at int) (int, step) {
	data, place := seg.Data[at:], &s[places+int(seg.Dir)]
	switch *place {
	case inTags:
		return s.word(data, place, behindTags), stepOn
	case inSource:
		return s.word(data, place, behindSource), stepOn
	case inRest:
		for i, b := range data {
			if b == '\n' {
				*place = atStart
				return i + 1, stepOn
			}
		}
		return len(data), stepOn
	}
	switch b := data[0]; {
	case s[spoken] == 0 && seg.Dir == packet.Original:
		return first(data, s, f)
	case (b == '\r' || b == '\n') && *place == atStart:
		return 1, stepOn
	case b == ' ' && *place != atStart:
		return 1, stepOn
	case b == '@' && *place == atStart:
		*place = inTags
		return 1, stepOn
	case b == ':' && *place != behindSource:
		*place = inSource
		return 1, stepOn
	}
	return message(seg, s, f, at)
}

// word skips to the space that ends a word, or to the end of the line.
func (s *state) word(data []byte, place *byte, next byte) int {
	for i, b := range data {
		switch b {
		case ' ':
			*place = next
			return i + 1
		case '\n':
			*place = atStart
			return i + 1
		}
	}
	return len(data)
}

// first judges what a client begins with: TLS, a command of registration, or an
// offer, which no other protocol begins with (a proxy may have registered before).
func first(data []byte, s *state, f *helpers.Findings) (int, step) {
	if can, whole := helpers.BeginsHello(data); can {
		if !whole {
			return 0, stepCut
		}
		f.Why, f.Encrypted = whyEncrypted, true
		return 0, stepForeign
	}
	verb, what := leadingVerb(data)
	switch {
	case what == stepCut:
		return 0, stepCut
	case what == stepOn && is(verb, "PRIVMSG") && begins(data) != stepForeign:
		if begins(data) == stepCut {
			return 0, stepCut
		}
		s[registered] = hasNick | hasUser
		s[spoken] = 1
		return 0, stepOn // message reads it
	case what == stepForeign || !opens(verb):
		f.Why = whyNoGreeting
		return 0, stepForeign
	}
	s.noteClient(verb)
	s[spoken] = 1
	s[places+int(packet.Original)] = inRest
	return len(verb), stepOn
}

// message reads a message from its command on.
func message(seg *helpers.Segment, s *state, f *helpers.Findings, at int) (int, step) {
	data := seg.Data[at:]
	place := &s[places+int(seg.Dir)]
	verb, what := leadingVerb(data)
	switch what {
	case stepCut:
		return 0, stepCut
	case stepForeign:
		f.Why = whyNoMessage
		return 0, stepForeign
	}
	if seg.Dir == packet.Original {
		s.noteClient(verb)
	} else if s[askedTLS] != 0 && string(verb) == "670" { // RPL_STARTTLS
		f.Why, f.Encrypted = whyEncrypted, true
		return 0, stepForeign
	}
	if s[registered] == hasNick|hasUser && is(verb, "PRIVMSG") {
		switch begins(data) {
		case stepCut:
			return 0, stepCut
		case stepOn:
			return private(seg, s, f, at)
		}
	}
	*place = inRest
	return len(verb), stepOn
}
