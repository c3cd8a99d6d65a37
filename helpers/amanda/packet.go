package amanda

import (
	"bytes"
	"encoding/binary"

	"portcullis/helpers"
)

// kind is what a packet is.
type kind uint8

const (
	kindRefusal kind = iota // NAK
	kindAck                 // ACK
	kindRequest             // REQ
	kindReply               // REP, or PREP: a part of it
)

// amandaPacket is what the first line of a packet says.
type amandaPacket struct {
	kind kind
	sum  uint32 // stands for its handle and its sequence number
	body int    // where the lines behind the first begin
}

// maxFirst is the longest first line, its end not counted.
const maxFirst = 128

// readPacket reads "Amanda 2.5 REP HANDLE 000-00000008 SEQ 1180363234" and the line's
// end.
func readPacket(b []byte) (p amandaPacket, ok bool) {
	end := bytes.IndexByte(b[:min(len(b), maxFirst+1)], '\n')
	if end < 0 {
		return p, false
	}
	p.body = end + 1
	rest, ok := bytes.CutPrefix(b[:end], []byte("Amanda "))
	if !ok {
		return p, false
	}
	version, rest, _ := bytes.Cut(rest, []byte{' '})
	major, minor, ok := bytes.Cut(version, []byte{'.'})
	if !ok || !all(major, digit) || !all(minor, digit) {
		return p, false
	}
	word, rest, _ := bytes.Cut(rest, []byte{' '})
	switch string(word) {
	case "REQ":
		p.kind = kindRequest
	case "REP", "PREP":
		p.kind = kindReply
	case "ACK":
		p.kind = kindAck
	case "NAK":
	default:
		return p, false
	}
	id := rest
	if rest, ok = bytes.CutPrefix(rest, []byte("HANDLE ")); !ok {
		return p, false
	}
	handle, rest, _ := bytes.Cut(rest, []byte{' '})
	seq, ok := bytes.CutPrefix(rest, []byte("SEQ "))
	if !ok || !all(handle, handleByte) || !all(seq, digit) {
		return p, false
	}
	p.sum = 2166136261 // FNV-1a
	for _, c := range id {
		p.sum = (p.sum ^ uint32(c)) * 16777619
	}
	p.sum |= 1 // so that it is never that of no request
	return p, true
}

// all says whether b is one byte or more, each as is says.
func all(b []byte, is func(byte) bool) bool {
	for _, c := range b {
		if !is(c) {
			return false
		}
	}
	return len(b) > 0
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func handleByte(c byte) bool { return digit(c) || c == '-' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// state is the helper's memory: the requests that were sent last, four bytes each,
// the newest first. A server may repeat a reply, so none is taken out.
type state helpers.State

const (
	sumSize  = 4
	requests = 8
)

// ask notes a request.
func (s *state) ask(sum uint32) {
	if s.asked(sum) {
		return // sent again
	}
	copy(s[sumSize:requests*sumSize], s[:])
	binary.BigEndian.PutUint32(s[:], sum)
}

// asked says whether a request was sent.
func (s *state) asked(sum uint32) bool {
	for i := range requests {
		if binary.BigEndian.Uint32(s[i*sumSize:]) == sum {
			return true
		}
	}
	return false
}

// sound says whether s is what requests leave behind.
func sound(s *helpers.State) bool {
	for _, b := range s[requests*sumSize:] {
		if b != 0 {
			return false
		}
	}
	return true
}
