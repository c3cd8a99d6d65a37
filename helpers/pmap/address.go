package pmap

import (
	"bytes"
	"net/netip"
	"strconv"

	"portcullis/helpers"
)

// maxAddress is the longest universal address, in bytes: 39 of IPv6, and ".255.255".
const maxAddress = 47

// universalPort reads the port of a universal address, "192.0.2.1.8.1" or
// "2001:db8::1.8.1" (RFC 5665 section 5.2.3.3), of the family of own.
func universalPort(text []byte, own netip.Addr) (uint16, bool) {
	host, low, ok := cutNumber(text)
	if !ok {
		return 0, false
	}
	host, high, ok := cutNumber(host)
	if !ok {
		return 0, false
	}
	addr, ok := helpers.ParseAddr(host)
	if !ok || addr.Is4In6() || addr.Is4() != own.Is4() {
		return 0, false
	}
	port := uint16(high)<<8 | uint16(low)
	return port, port != 0
}

// cutNumber takes the last point and the number from 0 to 255 behind it off b.
func cutNumber(b []byte) (rest []byte, n int, ok bool) {
	i := bytes.LastIndexByte(b, '.')
	if i < 0 {
		return nil, 0, false
	}
	digits := b[i+1:]
	if len(digits) == 0 || len(digits) > 3 || len(digits) > 1 && digits[0] == '0' {
		return nil, 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return nil, 0, false
		}
		n = n*10 + int(c-'0')
	}
	return b[:i], n, n <= 255
}

// appendUniversal writes a universal address.
func appendUniversal(dst []byte, to netip.AddrPort) []byte {
	dst = helpers.AppendAddr(dst, to.Addr())
	dst = append(dst, '.')
	dst = strconv.AppendUint(dst, uint64(to.Port()>>8), 10)
	dst = append(dst, '.')
	return strconv.AppendUint(dst, uint64(to.Port()&0xff), 10)
}
