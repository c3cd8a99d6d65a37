package tns

import (
	"encoding/binary"

	"portcullis/helpers"
)

// A packet of TNS has a header of eight bytes: its length and checksum, two bytes
// each, its type, flags, and the header's checksum. From version 315 on the length
// may have the four bytes of both. No packet that is read is so long that this could
// be taken for the other.
const (
	headerSize = 8
	lengthSize = 2    // of the text of REDIRECT; DATA has flags there
	maxPacket  = 4096 // of the server's, before it has accepted

	minConnect = 10 // header and version: what is read of CONNECT
)

// Types of packets.
const (
	typeConnect  = 1
	typeAccept   = 2
	typeAck      = 3
	typeRefuse   = 4
	typeRedirect = 5
	typeData     = 6
	typeNull     = 7
	typeAbort    = 9
	typeResend   = 11
	typeMarker   = 12
	typeControl  = 14
)

// passes says whether packets of that type may come before the answer that
// matters.
func passes(kind byte) bool {
	switch kind {
	case typeAck, typeData, typeNull, typeResend, typeMarker, typeControl:
		return true
	}
	return false
}

// length is where the header that begins b has the packet's length, in two bytes, and
// what it says.
func length(b []byte) (at, n int) {
	if b[0]|b[1] == 0 {
		at = lengthSize
	}
	return at, int(binary.BigEndian.Uint16(b[at:]))
}

// beginsConnect says whether a CONNECT packet may begin with b, which is at most
// minConnect bytes: its checksums are zero, and its version is one of 256 to 511
// (all are, from 300 on).
func beginsConnect(b []byte) bool {
	if len(b) >= 2*lengthSize {
		at, n := length(b)
		if n < minLength || n > maxPacket || at == 0 && b[2]|b[3] != 0 {
			return false
		}
	}
	for i := 4; i < len(b); i++ {
		switch {
		case i == 4 && b[i] != typeConnect, i == 8 && b[i] != 1, (i == 6 || i == 7) && b[i] != 0:
			return false
		}
	}
	return len(b) == 0 || b[0] <= maxPacket>>8
}

// minLength is that of the shortest CONNECT packet: its fixed part.
const minLength = 26

// span is where the parts of a redirection are: the packet that has the text, the
// length that speaks of the text (0: none), the text, its end, and the packet's.
type span struct{ packet, size, text, till, end int }

// redirected announces what the text of a redirection tells, and notes the lengths
// that change with it. A packet with checksums is not touched: nobody sends them.
func redirected(seg *helpers.Segment, f *helpers.Findings, at span) {
	h := seg.Data[at.packet:]
	size, _ := length(h)
	if size == 0 && h[2]|h[3] != 0 || h[6]|h[7] != 0 {
		return
	}
	all, n := addresses(seg.Data[at.text:at.till], seg.Src.Addr())
	if n == 0 {
		return
	}
	whole := helpers.Length{From: at.packet, To: at.end, Edit: helpers.Edit{Off: at.packet + size, Len: lengthSize}}
	text := helpers.Length{From: at.text, To: at.till, Edit: helpers.Edit{Off: at.size, Len: lengthSize}}
	switch {
	case at.size == 0:
		f.Measure(whole)
	case at.size < at.packet:
		f.Measure(text)
		f.Measure(whole)
	default:
		f.Measure(whole)
		f.Measure(text)
	}
	for _, e := range all[:n] {
		e.Edit.Off += at.text
		f.Announce(e)
	}
}
