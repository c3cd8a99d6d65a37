package sane

import (
	"encoding/binary"

	"portcullis/helpers"
	"portcullis/packet"
)

// state is the helper's memory: which message is being read, and how far.
type state helpers.State

// Places in state. What is counted has four bytes.
const (
	flags = iota
	op    // the request, or the one that is replied to
	prog  // of programs
	pc    // in it
	asked // valid iff needsUser: the request that is replied to once more behind AUTHORIZE's reply
	kind  // of a value that is read
	skip  // bytes of a string or an array that are still to come
	count = skip + 4
	inner = count + 4 // strings of a list
)

// Bits of state[flags].
const (
	begun     = 1 << iota // the client's INIT was heard
	replying              // it is the server's turn
	good                  // the reply has a good status
	isPort                // the word just taken is a port to announce
	old                   // protocol 1 or 2
	needsUser             // a reply asked for authorization
	ended                 // nothing follows
	allFlags  = 1<<iota - 1
)

// sound says whether the program is one, and the place in it: behind its last
// letter only while that is carried out.
func sound(h *helpers.State) bool {
	s := (*state)(h)
	if s[flags]&^allFlags != 0 || s[op] >= numOps || s[asked] >= numOps || s[kind] > typeGroup || s[prog] >= numProgs {
		return false
	}
	size := len(programs[s[prog]])
	if s.word(skip) > 0 || s.has(ended) {
		size++
	}
	return int(s[pc]) < size && (s[prog] < progDevice || s.word(count) > 0)
}

func (s *state) has(flag uint8) bool { return s[flags]&flag != 0 }
func (s *state) set(flag uint8)      { s[flags] |= flag }
func (s *state) clear(flag uint8)    { s[flags] &^= flag }

func (s *state) word(at int) uint32       { return binary.BigEndian.Uint32(s[at:]) }
func (s *state) setWord(at int, v uint32) { binary.BigEndian.PutUint32(s[at:], v) }

// outOfTurn says why the side of direction dir may not speak now, "" where it may.
func (s *state) outOfTurn(dir packet.Dir) string {
	switch {
	case dir == packet.Reply && !s.has(begun):
		return whyServerFirst
	case dir == packet.Reply && !s.has(replying):
		return whyNotAsked
	case dir == packet.Original && s.has(replying):
		return whyNotWaited
	}
	return ""
}

// run begins a program.
func (s *state) run(p int) { s[prog], s[pc] = uint8(p), 0 }

// over ends the program.
func (s *state) over() { s[pc] = uint8(len(programs[s[prog]])) }

// take reads the next word. It says why the message is none, "" where it may be
// one.
func (s *state) take(v uint32) (why string) {
	letter := programs[s[prog]][s[pc]]
	s[pc]++
	ok := true
	switch letter {
	case 'q':
		return s.request(v)
	case 'v':
		ok = v>>24 == 1 // the major version
		if v&0xffff < 3 {
			s.set(old)
		}
	case '?':
		s.clear(good)
		if v == 0 {
			s.set(good)
		}
	case 'p':
		if s.has(good) && v != 0 && v <= 0xffff {
			s.set(isPort)
		}
	case 'a':
		if v == actionAuto && !s.has(old) {
			s.over()
		}
	case 's', 'r', 'A', 'W', 'l':
		ok = s.array(letter, v)
	case 't':
		ok = v <= typeGroup
		s[kind] = uint8(v)
	default:
		ok = s.element(letter, v)
	}
	switch {
	case ok:
		return ""
	case !s.has(begun):
		return whyNoInit
	case s.has(replying):
		return whyNoReply
	}
	return whyNoRequest
}

// request takes the number of a request.
func (s *state) request(v uint32) (why string) {
	switch {
	case !s.has(begun) && v != opInit:
		return whyNoInit
	case v >= numOps || s.has(begun) && v == opInit:
		return whyNoRequest
	}
	s[op] = uint8(v)
	if v != opAuthorize {
		s.clear(needsUser)
	}
	s.run(progArgs + int(v))
	return ""
}

// array takes the length of what is skipped.
func (s *state) array(letter byte, n uint32) bool {
	limit := uint32(maxCount)
	if !s.has(begun) {
		limit = maxUser
	}
	if n > limit {
		return false
	}
	bytes := n
	switch {
	case letter == 'W', letter == 'A' && s[kind] <= typeFixed:
		bytes = n * wordSize
	case letter == 'A' && s[kind] != typeString:
		bytes = 0
	case letter == 'l':
		if n := s.word(inner) - 1; n > 0 {
			s.setWord(inner, n)
			s[pc]--
		}
	case letter == 'r' && n > 0:
		s.set(needsUser)
		s[asked] = s[op]
	}
	s.setWord(skip, bytes)
	return true
}

// element takes a word of a list of devices or options.
func (s *state) element(letter byte, v uint32) bool {
	switch letter {
	case 'D', 'O':
		s.setWord(count, v)
		if v > 0 && letter == 'D' {
			s.run(progDevice)
		} else if v > 0 {
			s.run(progOption)
		}
		return v <= maxCount
	case 'n', 'N':
		if v != 0 {
			s.over()
		}
		return v <= 1
	case 'c':
		switch v {
		case constraintNone:
			s.over()
		case constraintRange:
			s[pc] = atRange
		case constraintWords:
			s[pc] = atWords
		case constraintStrings:
			s[pc] = atStrings
		}
		return v <= constraintStrings
	case 'L':
		s.setWord(inner, v)
		if v == 0 {
			s.over()
		}
		return v <= maxCount
	}
	return true
}

// settle goes on with what follows where all of a program was read: the next
// element, or the other side's turn.
func (s *state) settle() {
	p := programs[s[prog]]
	if s.word(skip) > 0 || int(s[pc]) < len(p) && p[s[pc]] != '.' {
		return
	}
	if s[prog] >= progDevice {
		n := s.word(count) - 1
		s.setWord(count, n)
		if s[pc] = 0; n > 0 {
			return
		}
	}
	switch {
	case !s.has(replying) && s[op] == opExit:
		s.set(ended)
	case !s.has(replying):
		s.set(begun | replying)
		s.run(progReply + int(s[op]))
	case s[op] == opAuthorize && s.has(needsUser):
		s.clear(needsUser)
		s[op] = s[asked]
		s.run(progReply + int(s[op]))
	default:
		s.clear(replying)
		s.run(progRequest)
	}
}
