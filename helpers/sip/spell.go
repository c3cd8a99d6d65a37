package sip

import (
	"bytes"
	"net/netip"
	"strconv"

	"portcullis/helpers"
)

// How bytes spell an endpoint.
const (
	spellHost    uint8 = iota // the address alone, with the brackets that it has
	spellPort                 // the port alone
	spellBoth                 // the address, and the port where it is not 5060 or was given
	spellBothTLS              // likewise, 5061
)

func spell(dst, orig []byte, e helpers.Edit, to netip.AddrPort) []byte {
	if len(orig) == 0 {
		return dst
	}
	switch e.Kind {
	case spellPort:
		return helpers.AppendPort(dst, to.Port())
	case spellHost:
		return spellAddress(dst, to.Addr(), orig[0] == '[')
	}
	given := orig[0] != '[' && bytes.IndexByte(orig, ':') > 0 || orig[0] == '[' && orig[len(orig)-1] != ']'
	dst = spellAddress(dst, to.Addr(), to.Addr().Is6())
	standard := uint16(portSIP)
	if e.Kind == spellBothTLS {
		standard = portTLS
	}
	if given || to.Port() != standard {
		dst = helpers.AppendPort(append(dst, ':'), to.Port())
	}
	return dst
}

func spellAddress(dst []byte, a netip.Addr, brackets bool) []byte {
	if !brackets {
		return helpers.AppendAddr(dst, a)
	}
	return append(helpers.AppendAddr(append(dst, '['), a), ']')
}

// spellLength spells a Content-Length.
func spellLength(dst, _ []byte, _ helpers.Edit, n int) []byte {
	return strconv.AppendInt(dst, int64(n), 10)
}
