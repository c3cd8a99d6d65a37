package pmap

import (
	"encoding/binary"
	"net/netip"

	"portcullis/helpers"
)

// spell writes the result of a reply that tells to. A record is written anew, as
// one fragment.
func spell(dst, orig []byte, e helpers.Edit, to netip.AddrPort) []byte {
	k := kind(e.Kind &^ inRecord)
	if e.Kind&inRecord == 0 {
		return k.appendResult(dst, to)
	}
	var buf [maxRecord]byte
	r := gather(orig, &buf)
	off, ok := result(r.msg)
	if !r.whole || !ok {
		return dst
	}
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = append(dst, r.msg[:off]...)
	dst = k.appendResult(dst, to)
	binary.BigEndian.PutUint32(dst[at:], lastFragment|uint32(len(dst)-at-markSize))
	return dst
}

// appendResult appends the result of a call of kind k: a number, or a string
// filled up to a multiple of four bytes (RFC 4506 section 4.11).
func (k kind) appendResult(dst []byte, to netip.AddrPort) []byte {
	if k&universal == 0 {
		return binary.BigEndian.AppendUint32(dst, uint32(to.Port()))
	}
	at := len(dst)
	dst = appendUniversal(append(dst, 0, 0, 0, 0), to)
	n := len(dst) - at - 4
	binary.BigEndian.PutUint32(dst[at:], uint32(n))
	for ; n%4 != 0; n++ {
		dst = append(dst, 0)
	}
	return dst
}
