package ftp

import "portcullis/helpers"

// state is the helper's memory: bytes at fixed places, and a queue.
//
// The queue holds the commands that no reply has come for, because clients send
// several at once. Only those that matter have an entry: how many others were sent
// before it (two bytes), and its kind. So a client may have many commands
// outstanding, of which 16 matter; a further one is not honoured.
type state helpers.State

// Places in state.
const (
	greeted     = iota // the server has sent 220
	skipCommand        // inside a line of the client that is not read
	skipReply          // inside a line of the server that is not read
	spoken             // the client's first command was known
	epsvAll            // EPSV ALL was accepted
	multiCode          // two bytes: the code of an unfinished multi-line reply
	tail        = multiCode + 2
	queued      = tail + 2   // number of entries
	heard       = queued + 1 // the server has said anything
	queue       = heard + 1

	entrySize  = 3
	maxEntries = 16
)

var _ [len(helpers.State{}) - queue - maxEntries*entrySize]struct{} // it fits

// sound says whether the queue fits its place.
func sound(s *helpers.State) bool { return s[queued] <= maxEntries }

// kind is a command that matters.
type kind uint8

const (
	kindOther kind = iota
	kindPort       // PORT or EPRT that was announced
	kindPasv
	kindEpsv
	kindEpsvAll
	kindAuth // of a mechanism that is not TLS
	kindAuthTLS
)

func (s *state) word(at int) uint16       { return uint16(s[at])<<8 | uint16(s[at+1]) }
func (s *state) setWord(at int, v uint16) { s[at], s[at+1] = byte(v>>8), byte(v) }

// push notes that a command was sent. It reports whether its reply will be known.
func (s *state) push(k kind) bool {
	n := int(s[queued])
	if k == kindOther || n == maxEntries {
		if v := s.word(tail); v < 0xffff {
			s.setWord(tail, v+1)
		}
		return k == kindOther
	}
	at := queue + n*entrySize
	s.setWord(at, s.word(tail))
	s[at+2] = byte(k)
	s.setWord(tail, 0)
	s[queued]++
	return true
}

// pop takes the command out that was sent first of those outstanding.
func (s *state) pop() kind {
	at := queue
	if s[queued] == 0 {
		at = tail
	}
	if v := s.word(at); v > 0 {
		s.setWord(at, v-1)
		return kindOther
	}
	if s[queued] == 0 {
		return kindOther // a reply that nobody asked for
	}
	k := kind(s[queue+2])
	s.shift(1)
	return k
}

// popTo takes everything out up to the first command of kind k. It reports false,
// and does nothing, where none is outstanding.
func (s *state) popTo(k kind) bool {
	for i := range int(s[queued]) {
		switch kind(s[queue+i*entrySize+2]) {
		case k:
			s.shift(i + 1)
			return true
		case kindEpsvAll:
			s[epsvAll] = 1 // its reply was missed; the client's promise was not
		}
	}
	return false
}

// awaits says whether a command of kind k is outstanding.
func (s *state) awaits(k kind) bool {
	for i := range int(s[queued]) {
		if kind(s[queue+i*entrySize+2]) == k {
			return true
		}
	}
	return false
}

// shift drops the first n entries.
func (s *state) shift(n int) {
	end := queue + int(s[queued])*entrySize
	copy(s[queue:end], s[queue+n*entrySize:end])
	s[queued] -= byte(n)
	clear(s[queue+int(s[queued])*entrySize : end])
}

// onlyEpsv says whether the client has promised to use nothing but EPSV (RFC 2428
// section 4).
func (s *state) onlyEpsv() bool { return s[epsvAll] != 0 || s.awaits(kindEpsvAll) }
