package pptp

import (
	"encoding/binary"

	"portcullis/helpers"
	"portcullis/packet"
)

// role is what an end of the control connection is in its calls (RFC 2637 section
// 1.2).
type role uint8

const (
	nobody role = iota
	pns         // places outgoing calls, and is told of incoming ones
	pac         // has the line

	either // who may send a message that both may; no end has that role
)

// state is the helper's memory: bytes at fixed places.
type state helpers.State

// Places in state.
const (
	begun = iota // by direction: its first message has come
	_
	open    // the connection is established: calls may begin
	roles   // role of who opened it
	skipped // by direction, two bytes each: how much of the present message is left
)

// sound says whether a role is one.
func sound(s *helpers.State) bool { return s[roles] <= uint8(pac) }

func (s *state) started(d packet.Dir) bool { return s[begun+int(d)] != 0 }

// start notes the first message of direction d, or another of its kind; up says that
// it accepts the connection.
func (s *state) start(d packet.Dir, up bool) {
	s[begun+int(d)] = 1
	if d == packet.Reply && s.started(packet.Original) {
		s[open] = 0
		if up {
			s[open] = 1
		}
	}
}

// stop notes that the connection is about to end: no call begins any more.
func (s *state) stop() { s[open] = 0 }

// plays says whether the sender of direction d may send a message that is that role's.
// Who first sends a request that begins a call shows which role it has.
func (s *state) plays(d packet.Dir, of role, what int) bool {
	switch {
	case s[open] == 0 || of == nobody:
		return false
	case of == either:
		return true
	}
	if d == packet.Reply { // as seen from the opener
		of = pns + pac - of
	}
	if s[roles] == uint8(nobody) && (what == outgoingRequest || what == incomingRequest) {
		s[roles] = uint8(of)
	}
	return s[roles] == uint8(of)
}

// unread is how much is left of the present message of direction d.
func (s *state) unread(d packet.Dir) int {
	return int(binary.BigEndian.Uint16(s[skipped+2*int(d):]))
}

func (s *state) skip(d packet.Dir, n int) {
	binary.BigEndian.PutUint16(s[skipped+2*int(d):], uint16(n))
}

func (s *state) read(d packet.Dir, n int) { s.skip(d, s.unread(d)-n) }
