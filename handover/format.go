package handover

import (
	"hash/crc32"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
//	magic     "portcullis sessions\n"
//	version   16 bits
//	writer    a byte of length, and the name and version of who wrote it
//	frames    a byte that says what it is, its length as a varint, its content:
//	          one header, sessions, expectations, one end
//	checksum  32 bits: CRC-32C of everything before it
//
// All numbers are big-endian. What comes before the frames stays as it is in all
// versions, so that each can say what it has found. Sessions come before
// expectations, and of the sessions those that a full table would end come last,
// in the order in which they would end; so that order is kept, and a smaller
// table keeps the better part. Expectations come in the order in which they were
// made.

// Version is the version of the form. It is to be raised with every change.
const Version = 2

const magic = "portcullis sessions\n"

// Frames.
const (
	frameHeader = iota + 1
	frameSession
	frameExpectation
	frameEnd
)

// maxFrame bounds the content of a frame, in bytes; frameChunk is how much of it
// is believed at a time.
const (
	maxFrame   = 16 << 20
	frameChunk = 64 << 10
)

// maxAge bounds the moments that are told, so that no sum of two runs over.
const maxAge = session.Tick(100 * 365 * 24 * time.Hour)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Header says when and by whom a stream was written, and what its numbers mean.
type Header struct {
	By      string    // name and version of the program; at most 255 bytes are kept
	Written time.Time // the moment that all others are relative to
	Serial  uint32    // the number that a session was given last
	Tables
}

// Tables are what the numbers in sessions and expectations mean, by number.
type Tables struct {
	Interfaces []string
	Services   []string      // 0 is none
	Helpers    []Helper      // 0 is none
	Gateways   []packet.Addr // 0 is none
	Shapers    []string      // per-IP shapers; 0 is none
	Profiles   []Profile     // 0 is without limits
	Hosts      []Host        // addresses of domain names, which have no numbers; at most MaxHosts
}

// MaxHosts bounds Tables.Hosts.
const MaxHosts = 1 << 16

// Host is an address of a domain name.
type Host struct {
	Name string // of the address object: a domain name or a wildcard
	By   string // the domain name that was asked for
	Addr packet.Addr
	Left time.Duration // how long it counts from the moment of writing on; 0 or less: that is over
}

// Helper names a session helper and how it remembers (helpers.Helper.Memory).
type Helper struct {
	Name   string
	Memory uint8
}

// Profile is what limits a helper's announcements, with the words of system
// session-helper. Zero is none.
type Profile struct {
	DataPorts       []Span
	TLSDataPorts    Span
	MaxExpectations uint32
	Lifetime        uint32 // seconds
	TLSDataLimit    uint32
}

// Span is a range of ports, both ends included.
type Span struct{ Low, High uint16 }

// Counts are how many records of each kind there are.
type Counts struct{ Sessions, Expectations uint32 }

// Record is a session or an expectation.
//
// Of a session all exported fields but Rewrite, Generation, Timers, TTL and
// Control are there, and its timeout. Its index is not, nor that of its master. Created,
// LastSeen and Expires are relative to the moment of writing: the past is
// negative.
type Record struct {
	Kind    Kind
	Session session.Record
	Memory  []byte // of the session's helper: of TCP a helpers.Control, of UDP a helpers.State; nil where there is none
	Expect  session.Expectation
}

// Kind tells what a Record is.
type Kind uint8

// Kinds of records.
const (
	KindSession Kind = iota
	KindExpectation
)

// stateSize is the length of a UDP helper's memory.
const stateSize = len(helpers.State{})
