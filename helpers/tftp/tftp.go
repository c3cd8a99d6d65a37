package tftp

import (
	"bytes"
	"encoding/binary"

	"portcullis/helpers"
	"portcullis/packet"
)

// Operation codes (RFC 1350 section 5, RFC 2347).
const (
	opRead  = 1
	opWrite = 2
	opOack  = 6
)

// Bounds of a request, in bytes. RFC 2347 bounds the whole to 512.
const (
	maxRequest = 512
	maxName    = 255
)

// Helper is the session helper "tftp". It rewrites nothing: the endpoint that a
// request announces is the port that it was sent from.
var Helper = helpers.Helper{
	Name:       "tftp",
	Protocols:  []uint8{packet.ProtoUDP},
	MaxExpects: 1,
	LowPorts:   true, // a client may ask from any port
	Inspect:    inspect,
}

func init() { helpers.Register(&Helper) }

// whyNoRequest is the only reason to give a session up.
const whyNoRequest = "not a TFTP packet"

func inspect(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	op := uint16(0)
	if len(seg.Data) >= 4 {
		op = binary.BigEndian.Uint16(seg.Data)
	}
	switch {
	case op == 0 || op > opOack:
		f.Why = whyNoRequest
		return helpers.Foreign
	case op > opWrite:
		return helpers.Read // a server that answers from the same port
	case seg.Dir != packet.Original || !request(seg.Data[2:]):
		f.Why = whyNoRequest
		return helpers.Foreign
	}
	f.Announce(helpers.Expect{Proto: packet.ProtoUDP, Endpoint: seg.Src})
	return helpers.Read
}

// request reads "name 0 mode 0" and the options behind it, "name 0 value 0" each.
func request(b []byte) bool {
	if len(b)+2 > maxRequest {
		return false
	}
	name, b, ok := bytes.Cut(b, []byte{0})
	if !ok || len(name) == 0 || len(name) > maxName {
		return false
	}
	mode, b, ok := bytes.Cut(b, []byte{0})
	if !ok || !transferMode(mode) {
		return false
	}
	for len(b) > 0 {
		var option []byte
		option, b, ok = bytes.Cut(b, []byte{0})
		if !ok || len(option) == 0 {
			return false
		}
		if _, b, ok = bytes.Cut(b, []byte{0}); !ok {
			return false
		}
	}
	return true
}

func transferMode(b []byte) bool {
	return bytes.EqualFold(b, []byte("octet")) || bytes.EqualFold(b, []byte("netascii")) || bytes.EqualFold(b, []byte("mail"))
}
