package rtsp

import (
	"encoding/binary"

	"portcullis/helpers"
	"portcullis/packet"
)

// state is the helper's memory: bytes at fixed places, and the SETUPs that announced
// something, the oldest first.
type state helpers.State

// Places in state.
const (
	spoken   = iota    // the client's first message was a request
	lastTag            // the tag that was given last
	skipping           // for each direction, how many bytes are to pass unread
	setups   = 2 + 2*4 // each has a tag, 0 where there is none, flags, the CSeq and the session

	setupSize = 6
	maxSetups = 8
)

var _ [len(helpers.State{}) - setups - maxSetups*setupSize]struct{} // it fits

// Flags of a SETUP.
const (
	flagPending = 1 << iota // it was not answered yet
	flagRecord              // the client is to send media, or may
)

// setup is one SETUP in state.
type setup []byte

func (u setup) tag() uint32                    { return uint32(u[0]) }
func (u setup) is(flag byte) bool              { return u[1]&flag != 0 }
func (u setup) cseq() uint16                   { return binary.BigEndian.Uint16(u[2:]) }
func (u setup) session() uint16                { return binary.BigEndian.Uint16(u[4:]) }
func (u setup) answered(id uint16)             { u[1] &^= flagPending; binary.BigEndian.PutUint16(u[4:], id) }
func (s *state) setup(i int) setup             { return s[setups+i*setupSize:][:setupSize] }
func (s *state) counter(dir packet.Dir) []byte { return s[skipping+4*int(dir):][:4] }

// skip has n more bytes of a direction pass unread.
func (s *state) skip(dir packet.Dir, n int) {
	binary.BigEndian.PutUint32(s.counter(dir), binary.BigEndian.Uint32(s.counter(dir))+uint32(n))
}

// pass says how many of the next n bytes of a direction pass unread.
func (s *state) pass(dir packet.Dir, n int) int {
	left := binary.BigEndian.Uint32(s.counter(dir))
	n = int(min(left, uint32(n)))
	binary.BigEndian.PutUint32(s.counter(dir), left-uint32(n))
	return n
}

// newTag is a tag that no SETUP has.
func (s *state) newTag() byte {
	for {
		if s[lastTag]++; s[lastTag] != 0 && !s.tagged(s[lastTag]) {
			return s[lastTag]
		}
	}
}

func (s *state) tagged(tag byte) bool {
	for i := range maxSetups {
		if s.setup(i)[0] == tag {
			return true
		}
	}
	return false
}

// remember notes a SETUP. Where there is no room the oldest is forgotten: what it
// announced waits until its time is over.
func (s *state) remember(tag, flags byte, cseq, session uint16) {
	n := 0
	for n < maxSetups && s.setup(n)[0] != 0 {
		n++
	}
	if n == maxSetups {
		s.forget(0)
		n--
	}
	u := s.setup(n)
	u[0], u[1] = tag, flags|flagPending
	binary.BigEndian.PutUint16(u[2:], cseq)
	binary.BigEndian.PutUint16(u[4:], session)
}

// forget takes out SETUP i.
func (s *state) forget(i int) {
	copy(s[setups+i*setupSize:], s[setups+(i+1)*setupSize:setups+maxSetups*setupSize])
	clear(s.setup(maxSetups - 1))
}

// asked finds the oldest SETUP of that number that was not answered yet, -1 where
// there is none.
func (s *state) asked(cseq uint16) int {
	for i := range maxSetups {
		if u := s.setup(i); u[0] != 0 && u.is(flagPending) && u.cseq() == cseq {
			return i
		}
	}
	return -1
}
