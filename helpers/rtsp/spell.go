package rtsp

import (
	"bytes"
	"net/netip"
	"strconv"

	"portcullis/helpers"
)

// Ways in which an endpoint is spelt; Edit.Kind.
const (
	spellPort     = iota // 4000
	spellPair            // 4000-4001 or 4000/4001
	spellTwice           // 4000-4000
	spellHost            // 192.0.2.10, 2001:db8::10, [2001:db8::10]
	spellURL             // 192.0.2.10 or 192.0.2.10:554
	spellEndpoint        // 192.0.2.10:4000
)

// spell writes endpoint to in the manner of orig.
func spell(dst, orig []byte, e helpers.Edit, to netip.AddrPort) []byte {
	switch e.Kind {
	case spellPort:
		return number16(dst, to.Port())
	case spellPair, spellTwice:
		sep := bytes.IndexAny(orig, "-/")
		if sep < 0 || to.Port() == 0xffff {
			return dst
		}
		second := to.Port()
		if e.Kind == spellPair {
			second++
		}
		return number16(append(number16(dst, to.Port()), orig[sep]), second)
	case spellHost:
		return host(dst, to.Addr(), orig[0] == '[')
	case spellURL:
		dst = host(dst, to.Addr(), true)
		i := bytes.LastIndexByte(orig, ':')
		named := i >= 0 && bytes.IndexByte(orig[i:], ']') < 0
		if named || to.Port() != defaultPort {
			dst = number16(append(dst, ':'), to.Port())
		}
		return dst
	}
	return netip.AddrPortFrom(to.Addr().Unmap().WithZone(""), to.Port()).AppendTo(dst)
}

// host writes an address, an IPv6 one in brackets where that is wanted.
func host(dst []byte, a netip.Addr, brackets bool) []byte {
	if a = a.Unmap(); !a.Is6() || !brackets {
		return helpers.AppendAddr(dst, a)
	}
	return append(helpers.AppendAddr(append(dst, '['), a), ']')
}

func number16(dst []byte, n uint16) []byte { return strconv.AppendUint(dst, uint64(n), 10) }

// spellLength writes a Content-Length.
func spellLength(dst, _ []byte, _ helpers.Edit, n int) []byte {
	return strconv.AppendInt(dst, int64(n), 10)
}
