package mms

import (
	"bytes"
	"encoding/binary"
)

// Sizes of a packet and places in it, in bytes from its start ([MS-MMSP] section
// 2.2.3, TcpMessageHeader). Behind its header come messages, any number of them, each of
// which begins with its length and its id (section 2.2.4). Numbers are little-endian.
const (
	sessionAt = 4  // always session
	lengthAt  = 8  // bytes from countAt on
	sealAt    = 12 // always seal
	countAt   = 16 // chunks of eight bytes from here on, or of the whole packet
	chunksAt  = 32 // of the first message: its chunks of eight bytes
	idAt      = 36

	messageStart = 40 // what is looked at of every packet
	maxMessage   = 1 << 20
	chunk        = 8
)

const (
	session = "\xce\xfa\x0b\xb0"
	seal    = "MMS "
)

// Messages of a player that matter (section 2.2.4).
const (
	connect       = 0x00030001 // LinkViewerToMacConnect: the first
	connectFunnel = 0x00030002 // LinkViewerToMacConnectFunnel
)

// message is what the beginning of a packet says.
type message struct {
	id    uint32 // of the first message in it; 0 where there is none
	size  int    // of the packet, in bytes
	whole bool   // its count is of the whole packet
}

// outcome is what reading the beginning of a message came to.
type outcome uint8

const (
	whole   outcome = iota // it is there
	cut                    // more bytes are needed
	foreign                // it is none
)

// readMessage reads the beginning of a packet. What can not begin one is known by
// its first bytes.
func readMessage(b []byte) (m message, what outcome) {
	if b[0] != 1 || !couldBe(b, sessionAt, session) || !couldBe(b, sealAt, seal) {
		// The words of another protocol are told apart by four bytes.
		if len(b) < sessionAt && b[0] != 1 && letters(b) {
			return m, cut
		}
		return m, foreign
	}
	if len(b) < chunksAt {
		return m, cut
	}
	m.size = int(binary.LittleEndian.Uint32(b[lengthAt:])) + countAt
	count := int(binary.LittleEndian.Uint32(b[countAt:])) * chunk
	m.whole = count == m.size
	switch {
	case m.size < chunksAt || m.size > maxMessage || !m.whole && count != m.size-countAt:
		return m, foreign
	case m.size == chunksAt:
		return m, whole
	case m.size < messageStart:
		return m, foreign
	case len(b) < messageStart:
		return m, cut
	}
	m.id = binary.LittleEndian.Uint32(b[idAt:])
	return m, whole
}

// lastFunnel walks the messages of a packet that is there whole, and finds the last
// LinkViewerToMacConnectFunnel: where it begins and ends, 0 where there is none. It
// reports false where the messages do not fill the packet.
func lastFunnel(packet []byte) (from, to int, ok bool) {
	for at := chunksAt; at < len(packet); {
		if len(packet)-at < chunk {
			return 0, 0, false
		}
		n := uint64(binary.LittleEndian.Uint32(packet[at:])) * chunk
		if n == 0 || n > uint64(len(packet)-at) {
			return 0, 0, false
		}
		if binary.LittleEndian.Uint32(packet[at+idAt-chunksAt:]) == connectFunnel {
			from, to = at, at+int(n)
		}
		at += int(n)
	}
	return from, to, true
}

// couldBe says whether b, as far as it goes, has word at a place.
func couldBe(b []byte, at int, word string) bool {
	if len(b) <= at {
		return true
	}
	b = b[at:min(len(b), at+len(word))]
	return bytes.Equal(b, []byte(word[:len(b)]))
}

func letters(b []byte) bool {
	for _, c := range b {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}
