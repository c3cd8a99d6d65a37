package mms

import (
	"bytes"
	"encoding/binary"
)

// Sizes of a message and places in it, in bytes from its start ([MS-MMSP] section
// 2.2.3: TcpMessageHeader, then the message). Numbers are little-endian.
const (
	sessionAt = 4  // always session
	lengthAt  = 8  // bytes from countAt on
	sealAt    = 12 // always seal
	countAt   = 16 // chunks of eight bytes from here on
	chunksAt  = 32 // chunks of eight bytes from here on
	idAt      = 36

	messageStart = 40 // what is looked at of every message
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

// message is what the beginning of a message says.
type message struct {
	id   uint32
	size int // in bytes
}

// outcome is what reading the beginning of a message came to.
type outcome uint8

const (
	whole   outcome = iota // it is there
	cut                    // more bytes are needed
	foreign                // it is none
)

// readMessage reads the beginning of a message. What can not begin one is known by
// its first bytes.
func readMessage(b []byte) (m message, what outcome) {
	if b[0] != 1 || !couldBe(b, sessionAt, session) || !couldBe(b, sealAt, seal) {
		// The words of another protocol are told apart by four bytes.
		if len(b) < sessionAt && b[0] != 1 && letters(b) {
			return m, cut
		}
		return m, foreign
	}
	if len(b) < messageStart {
		return m, cut
	}
	m.size = int(binary.LittleEndian.Uint32(b[lengthAt:])) + countAt
	count, chunks := int(binary.LittleEndian.Uint32(b[countAt:])), int(binary.LittleEndian.Uint32(b[chunksAt:]))
	if m.size < messageStart || m.size > maxMessage || m.size != countAt+count*chunk || m.size != chunksAt+chunks*chunk {
		return m, foreign
	}
	m.id = binary.LittleEndian.Uint32(b[idAt:])
	return m, whole
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
