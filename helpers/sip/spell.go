package sip

import (
	"net/netip"
	"strconv"

	"portcullis/helpers"
)

// How bytes spell an endpoint.
const (
	spellHost    uint8 = iota // the address alone, with the brackets that it has
	spellPort                 // the port alone
	spellGiven                // both
	spellBoth                 // the address, and the port where it is not 5060
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
	dst = spellAddress(dst, to.Addr(), to.Addr().Is6())
	if e.Kind == spellBoth && to.Port() == portSIP || e.Kind == spellBothTLS && to.Port() == portTLS {
		return dst
	}
	return helpers.AppendPort(append(dst, ':'), to.Port())
}

// both is how a host and port are spelt at place, which begins with the host.
func both(host, place span, tls bool) uint8 {
	switch {
	case place.to > host.to:
		return spellGiven
	case tls:
		return spellBothTLS
	}
	return spellBoth
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
