package sane

import (
	"encoding/binary"
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
)

// Helper is the session helper "sane". The client is who opened the session.
var Helper = helpers.Helper{
	Name:       "sane",
	Protocols:  []uint8{packet.ProtoTCP},
	MaxExpects: 1,
	MaxHold:    wordSize,
	Inspect:    inspect,
	Spell:      spell,
	Sound:      sound,
}

func init() { helpers.Register(&Helper) }

// wordSize is the size of SANE's words, which are big-endian.
const wordSize = 4

// Reasons to give a session up.
const (
	whyNoInit      = "it does not begin with an INIT request"
	whyServerFirst = "the server spoke before the client"
	whyNoRequest   = "not a request of SANE"
	whyNoReply     = "not a reply of SANE"
	whyNotWaited   = "the client did not wait for a reply"
	whyNotAsked    = "a reply that nobody asked for"
)

// inspect reads the words of requests and replies, and skips what strings and
// arrays have in them. The two sides speak in turn: the beginning of a reply is
// known because the end of the one before is.
func inspect(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	s := (*state)(seg.State)
	for at := 0; at < len(seg.Data); {
		rest := seg.Data[at:]
		switch why := s.outOfTurn(seg.Dir); {
		case s.has(ended):
			return helpers.Read
		case why != "":
			f.Why = why
			return helpers.Foreign
		case s.word(skip) > 0:
			n := min(s.word(skip), uint32(len(rest)))
			s.setWord(skip, s.word(skip)-n)
			s.settle()
			at += int(n)
			continue
		case len(rest) < wordSize && seg.Final:
			return helpers.Read // half a word is none
		case len(rest) < wordSize:
			f.Consumed = at
			return helpers.Partial
		}
		v := binary.BigEndian.Uint32(rest)
		if f.Why = s.take(v); f.Why != "" {
			return helpers.Foreign
		}
		port := uint16(0)
		if s.has(isPort) {
			s.clear(isPort)
			port = uint16(v)
		}
		s.settle()
		at += wordSize
		if port != 0 {
			f.Cancel = true // a scanner is started anew
			f.Announce(helpers.Expect{
				Proto: packet.ProtoTCP, Endpoint: netip.AddrPortFrom(seg.Src.Addr(), port),
				Edit: helpers.Edit{Off: at - wordSize, Len: wordSize},
			})
			f.Consumed = at
			return helpers.More
		}
	}
	return helpers.Read
}

// spell writes a port as a word.
func spell(dst, _ []byte, _ helpers.Edit, to netip.AddrPort) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(to.Port()))
}
