package ftp

import (
	"net/netip"
	"strconv"
	"strings"

	"portcullis/helpers"
)

// Ways in which an endpoint is spelt; Edit.Kind.
const (
	spellNumbers  = 1 // 10,1,0,2,156,64
	spellExtended = 2 // |1|10.1.0.2|40000|
	spellPort     = 3 // 40000
)

// spell writes endpoint to in the manner of orig. An IPv6 address cannot be written
// as six numbers: nothing is appended then.
func spell(dst, orig []byte, e helpers.Edit, to netip.AddrPort) []byte {
	addr := to.Addr().Unmap()
	switch {
	case e.Kind == spellNumbers && addr.Is4():
		for _, b := range addr.As4() {
			dst = strconv.AppendUint(dst, uint64(b), 10)
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, uint64(to.Port()>>8), 10)
		dst = append(dst, ',')
		dst = strconv.AppendUint(dst, uint64(to.Port()&0xff), 10)
	case e.Kind == spellExtended:
		d, family := orig[0], byte('1')
		if !addr.Is4() {
			family = '2'
			if strings.IndexByte(":.abcdefABCDEF", d) >= 0 {
				d = '|' // one that no IPv6 address contains
			}
		}
		dst = append(dst, d, family, d)
		dst = helpers.AppendAddr(dst, addr)
		dst = append(dst, d)
		dst = strconv.AppendUint(dst, uint64(to.Port()), 10)
		dst = append(dst, d)
	case e.Kind == spellPort:
		dst = strconv.AppendUint(dst, uint64(to.Port()), 10)
	}
	return dst
}
