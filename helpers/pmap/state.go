package pmap

import (
	"encoding/binary"

	"portcullis/helpers"
	"portcullis/packet"
)

// state is the helper's memory: where both streams stand, and a ring of the calls
// that an answer is awaited of. A call that finds the ring full takes the place of
// the oldest, so that any number of calls may go unanswered.
type state helpers.State

// Places in state.
const (
	flags = 0
	left  = 1          // four bytes for each direction: of the fragment that is skipped
	next  = left + 2*4 // where the next call goes
	ring  = next + 1
	size  = 5 // of an entry: the transaction's number, and its kind
	calls = 8
)

var _ [len(helpers.State{}) - ring - size*calls]struct{}

// Bits of state[flags]. Those of the server's direction are the client's,
// shifted by one.
const (
	spoken   = 1 << 0 // the client's first call was one of the port mapper
	skipping = 1 << 1 // inside a record that is not read
	lastOne  = 1 << 3 // in its last fragment
	allFlags = 1<<5 - 1
)

// sound says whether the ring is one, and has nothing in it but kinds of calls.
func sound(h *helpers.State) bool {
	s := (*state)(h)
	ok := s[flags]&^allFlags == 0 && s[next] < calls
	for i := range calls {
		k := kind(s[ring+i*size+4])
		ok = ok && (k == 0 || k&isCall != 0 && k&^allKinds == 0)
	}
	return ok
}

func (s *state) has(flag uint8) bool { return s[flags]&flag != 0 }
func (s *state) set(flag uint8)      { s[flags] |= flag }
func (s *state) clear(flag uint8)    { s[flags] &^= flag }

// of is the flag of a direction.
func of(dir packet.Dir, flag uint8) uint8 { return flag << dir }

func (s *state) left(dir packet.Dir) uint32 {
	return binary.BigEndian.Uint32(s[left+4*int(dir):])
}

func (s *state) setLeft(dir packet.Dir, n uint32) {
	binary.BigEndian.PutUint32(s[left+4*int(dir):], n)
}

// remember notes a call. One that is sent again has its place already.
func (s *state) remember(xid uint32, k kind) {
	at := s.find(xid)
	if at < 0 {
		at = ring + int(s[next])*size
		s[next] = (s[next] + 1) % calls
	}
	binary.BigEndian.PutUint32(s[at:], xid)
	s[at+4] = uint8(k)
}

// pending is the kind of the call that a reply is to, 0 where there was none that
// matters.
func (s *state) pending(xid uint32) kind {
	if at := s.find(xid); at >= 0 {
		return kind(s[at+4])
	}
	return 0
}

func (s *state) forget(xid uint32) {
	if at := s.find(xid); at >= 0 {
		clear(s[at : at+size])
	}
}

func (s *state) find(xid uint32) int {
	for at := ring; at < ring+calls*size; at += size {
		if s[at+4] != 0 && binary.BigEndian.Uint32(s[at:]) == xid {
			return at
		}
	}
	return -1
}
