package irc

import "portcullis/helpers"

// state is the helper's memory: bytes at fixed places.
type state helpers.State

// Places in state.
const (
	places     = 0 // for each direction, where in a line its stream is
	spoken     = 2 // the client's first command was known
	registered = 3 // what of its registration the client has sent
	askedTLS   = 4 // the client has sent STARTTLS
	end        = 5
)

// Where in a line a stream is.
const (
	atStart      = iota
	inTags       // in message tags, which begin with @ (IRCv3)
	behindTags   // behind them
	inSource     // in the source, which begins with a colon
	behindSource // before the command
	inRest       // in what is not read
)

// Parts of a registration (RFC 2812 section 3.1).
const (
	hasNick = 1 << 0
	hasUser = 1 << 1
)

// noteClient remembers what of a client's commands matters later.
func (s *state) noteClient(verb []byte) {
	switch {
	case is(verb, "NICK"):
		s[registered] |= hasNick
	case is(verb, "USER"):
		s[registered] |= hasUser
	case is(verb, "STARTTLS"):
		s[askedTLS] = 1
	}
}

// sound says whether s is what messages leave behind.
func sound(s *helpers.State) bool {
	for i, most := range [end]byte{inRest, inRest, 1, hasNick | hasUser, 1} {
		if s[i] > most {
			return false
		}
	}
	for _, b := range s[end:] {
		if b != 0 {
			return false
		}
	}
	return true
}
