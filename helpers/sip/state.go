package sip

import (
	"encoding/binary"

	"portcullis/helpers"
	"portcullis/packet"
)

// state is the helper's memory. It holds which sides have been heard, how much of a
// body each has still to send that is not read, and the last few transactions that
// may end a call or a registration. A transaction that it has forgotten is taken for
// what it says.
//
//	0       bits: 1<<direction, a message was read
//	1       the entry that is overwritten next
//	4, 8    bytes to skip, by direction
//	12, 14  bytes that a message takes which is cut short, by direction; 0: not known
//	16      entries: hash of the call, CSeq, dialog
type state helpers.State

const (
	entryBase = 16
	entrySize = 8
	entries   = (len(state{}) - entryBase) / entrySize
)

// entry is one transaction: of an INVITE, or of a REGISTER. dialog is 0 as long as
// nobody has accepted.
type entry struct {
	call   uint32
	cseq   uint16
	dialog uint16
}

func sound(s *helpers.State) bool {
	return s[0] <= 3 && int(s[1]) < entries && s[2]|s[3] == 0 && max(binary.BigEndian.Uint16(s[12:]), binary.BigEndian.Uint16(s[14:])) <= maxMessage
}

func (s *state) hear(dir packet.Dir)       { s[0] |= 1 << dir }
func (s *state) heard(dir packet.Dir) bool { return s[0]>>dir&1 != 0 }

// want notes how many bytes a message takes, 0 for none that is cut short.
func (s *state) want(dir packet.Dir, n int) { binary.BigEndian.PutUint16(s[12+2*int(dir):], uint16(n)) }

// wanted is how many bytes the message takes that is cut short.
func (s *state) wanted(dir packet.Dir) int { return int(binary.BigEndian.Uint16(s[12+2*int(dir):])) }

// pass has n bytes skipped.
func (s *state) pass(dir packet.Dir, n uint32) { binary.BigEndian.PutUint32(s[4+4*int(dir):], n) }

// skip skips what is to be skipped of n bytes, and says how many those are.
func (s *state) skip(dir packet.Dir, n int) int {
	left := binary.BigEndian.Uint32(s[4+4*int(dir):])
	n = int(min(uint32(n), left))
	s.pass(dir, left-uint32(n))
	return n
}

func (s *state) entry(i int) entry {
	b := s[entryBase+i*entrySize:]
	return entry{binary.BigEndian.Uint32(b), binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])}
}

func (s *state) put(i int, e entry) {
	b := s[entryBase+i*entrySize:]
	binary.BigEndian.PutUint32(b, e.call)
	binary.BigEndian.PutUint16(b[4:], e.cseq)
	binary.BigEndian.PutUint16(b[6:], e.dialog)
}

// find is the first entry of a call.
func (s *state) find(call uint32) (int, entry, bool) {
	for i := range entries {
		if e := s.entry(i); e.call == call {
			return i, e, true
		}
	}
	return 0, entry{}, false
}

// begin remembers a transaction that begins.
func (s *state) begin(call, cseq uint32) {
	i, e, ok := s.find(call)
	if !ok {
		i = int(s[1])
		s[1] = uint8((i + 1) % entries)
		e = entry{call: call}
	}
	e.cseq = uint16(cseq)
	s.put(i, e)
}

// confirm remembers that a dialog of a call was accepted.
func (s *state) confirm(call uint32, dialog uint16) {
	free := -1
	for i := range entries {
		e := s.entry(i)
		switch {
		case e.call != call:
		case e.dialog == dialog:
			return
		case e.dialog == 0:
			free = i
		}
	}
	e := entry{call: call}
	if free < 0 {
		free = int(s[1])
		s[1] = uint8((free + 1) % entries)
	} else {
		e = s.entry(free)
	}
	e.dialog = dialog
	s.put(free, e)
}

// hangUp forgets a dialog of a call, and says whether it knows no other.
func (s *state) hangUp(call uint32, dialog uint16) (last bool) {
	last = true
	for i := range entries {
		switch e := s.entry(i); {
		case e.call != call:
		case e.dialog == dialog || e.dialog == 0:
			s.put(i, entry{})
		default:
			last = false
		}
	}
	return last
}

// forget forgets a call.
func (s *state) forget(call uint32) {
	for i := range entries {
		if s.entry(i).call == call {
			s.put(i, entry{})
		}
	}
}
