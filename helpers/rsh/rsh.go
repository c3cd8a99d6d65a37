package rsh

import (
	"net/netip"
	"strconv"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// Helper is the session helper "rsh". The client is who opened the session.
var Helper = helpers.Helper{
	Name:       "rsh",
	Protocols:  []uint8{packet.ProtoTCP},
	MaxExpects: 1,
	Lifetime:   2 * time.Minute, // servers look the client's name up first, and may ask its identd
	MaxHold:    maxDigits,
	LowPorts:   true, // rcmd listens at a reserved port; see mayAnnounce
	Inspect:    inspect,
	Spell:      spell,
	Sound:      func(s *helpers.State) bool { return s[heard] <= 1 },
}

func init() { helpers.Register(&Helper) }

// heard is the place in the helper's memory that says whether the client's port
// was read: nothing else matters.
const heard = 0

const (
	maxDigits     = 5
	firstReserved = 512 // rresvport binds no port below
	lastReserved  = 1023
)

// Reasons to give a session up.
const (
	whyNoPort      = "it does not begin with a port number"
	whyServerFirst = "the server spoke before the client"
)

// inspect reads a decimal number and the zero byte behind it, which come first.
func inspect(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	switch {
	case seg.State[heard] != 0:
		return helpers.Read
	case seg.Dir == packet.Reply:
		f.Why = whyServerFirst
		return helpers.Foreign
	}
	port, n, whole, ok := number(seg.Data)
	switch {
	case !ok || !whole && seg.Final:
		f.Why = whyNoPort
		return helpers.Foreign
	case !whole:
		return helpers.Partial
	}
	seg.State[heard] = 1
	if mayAnnounce(seg.Src.Port(), port) {
		f.Announce(helpers.Expect{
			Proto: packet.ProtoTCP, Endpoint: netip.AddrPortFrom(seg.Src.Addr(), port),
			Edit: helpers.Edit{Len: n},
		})
	}
	return helpers.Read
}

// number reads the digits at the start of b, as far as they are there. None, and a
// single zero, are port 0: no second connection.
func number(b []byte) (port uint16, n int, whole, ok bool) {
	v := 0
	for i, c := range b {
		switch {
		case c == 0:
			return uint16(v), i, true, true
		case c < '0' || c > '9' || i == maxDigits || i > 0 && b[0] == '0':
			return 0, 0, false, false
		}
		if v = v*10 + int(c-'0'); v > 0xffff {
			return 0, 0, false, false
		}
	}
	return 0, 0, false, true
}

// mayAnnounce says whether a client that comes from port from may wait at port.
// Reserved ports are for who comes from one, as rcmd does; nobody waits at the
// ports of well-known services.
func mayAnnounce(from, port uint16) bool {
	if port > lastReserved {
		return true
	}
	return port >= firstReserved && from <= lastReserved
}

// spell writes the digits of a port.
func spell(dst, _ []byte, _ helpers.Edit, to netip.AddrPort) []byte {
	return strconv.AppendUint(dst, uint64(to.Port()), 10)
}
