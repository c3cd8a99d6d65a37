package irc

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"

	"portcullis/helpers"
)

// What bytes spell; Edit.Kind.
const (
	spellBoth    = 1 // 167837698 40000
	spellAddress = 2 // 167837698
	spellPort    = 3 // 40000
)

// spell writes endpoint to in the manner of orig: an address of the other family can
// not be, and nothing is appended then.
func spell(dst, orig []byte, e helpers.Edit, to netip.AddrPort) []byte {
	if e.Kind != spellPort {
		addr := to.Addr().Unmap()
		switch {
		case bytes.IndexByte(orig, ':') >= 0 != addr.Is6():
			return dst
		case addr.Is6(), bytes.IndexByte(orig, '.') >= 0:
			dst = helpers.AppendAddr(dst, addr)
		default:
			a := addr.As4()
			dst = strconv.AppendUint(dst, uint64(binary.BigEndian.Uint32(a[:])), 10)
		}
		if e.Kind == spellAddress {
			return dst
		}
		dst = append(dst, ' ')
	}
	return strconv.AppendUint(dst, uint64(to.Port()), 10)
}
