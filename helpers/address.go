package helpers

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
)

// ParseAddr reads the address that b spells, and nothing else: an IPv4 address, or an
// IPv6 address without a zone. It takes what netip.ParseAddr takes, and no memory.
func ParseAddr(b []byte) (netip.Addr, bool) {
	for _, c := range b[:min(len(b), 5)] { // a group has four digits at most
		switch c {
		case '.':
			if a, ok := parse4(b); ok {
				return netip.AddrFrom4(a), true
			}
			return netip.Addr{}, false
		case ':':
			if a, ok := parse6(b); ok {
				return netip.AddrFrom16(a), true
			}
			return netip.Addr{}, false
		}
	}
	return netip.Addr{}, false
}

func parse4(b []byte) (a [4]byte, ok bool) {
	field, digits, n := 0, 0, 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			if digits > 0 && n == 0 {
				return a, false // a leading zero
			}
			n = n*10 + int(c-'0')
			if digits++; n > 255 {
				return a, false
			}
		case c != '.' || digits == 0 || field == 3:
			return a, false
		default:
			a[field] = byte(n)
			field, digits, n = field+1, 0, 0
		}
	}
	a[3] = byte(n)
	return a, field == 3 && digits > 0
}

func parse6(b []byte) (a [16]byte, ok bool) {
	gap, at := -1, 0 // where "::" stands, and what comes next
	if len(b) > 1 && b[0] == ':' && b[1] == ':' {
		gap, b = 0, b[2:]
	}
	for len(b) > 0 && at < len(a) {
		group, n := hex(b)
		switch {
		case n == 0 || n > 4:
			return a, false
		case n < len(b) && b[n] == '.':
			four, ok := parse4(b)
			if !ok || at > 12 || at != 12 && gap < 0 {
				return a, false
			}
			at += copy(a[at:], four[:])
			b = nil
			continue
		}
		a[at], a[at+1] = byte(group>>8), byte(group)
		at += 2
		if b = b[n:]; len(b) == 0 {
			break
		}
		if len(b) == 1 || b[0] != ':' {
			return a, false
		}
		if b = b[1:]; b[0] == ':' {
			if gap >= 0 {
				return a, false
			}
			gap, b = at, b[1:]
		}
	}
	if len(b) > 0 || (at < len(a)) != (gap >= 0) {
		return a, false
	}
	if gap >= 0 {
		moved := copy(a[len(a)-(at-gap):], a[gap:at])
		clear(a[gap : len(a)-moved])
	}
	return a, true
}

// hex is the number that b begins with, and how many digits that has, 5 standing for
// more.
func hex(b []byte) (group, n int) {
	for ; n < len(b) && n < 5; n++ {
		switch c := b[n]; {
		case c >= '0' && c <= '9':
			group = group<<4 | int(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			group = group<<4 | int(c|0x20-'a'+10)
		default:
			return group, n
		}
	}
	return group, n
}

// octet is how a byte of an IPv4 address is spelt, with the dot behind it.
type octet struct {
	text uint64 // its characters, the first lowest
	n    uint64 // how many bits those are
}

var octets = func() (t [256]octet) {
	for i := range t {
		text := [8]byte{}
		b := append(strconv.AppendInt(text[:0], int64(i), 10), '.')
		t[i] = octet{binary.LittleEndian.Uint64(text[:]), 8 * uint64(len(b))}
	}
	return t
}()

// AppendAddr appends what spells a: an IPv4-mapped address as the IPv4 address that it
// is, and none with a zone.
func AppendAddr(dst []byte, a netip.Addr) []byte {
	if a = a.Unmap(); !a.Is4() {
		return a.WithZone("").AppendTo(dst)
	}
	t := TextOf(a)
	n := len(dst)
	dst = slices.Grow(dst, 16)
	text := (*[16]byte)(dst[n : n+16])
	binary.LittleEndian.PutUint64(text[:8], t.First)
	binary.LittleEndian.PutUint64(text[8:], t.Second)
	return dst[:n+t.Len]
}

// Text is the text of an IPv4 address: of its Len characters, at most 15, eight in First
// and the others in Second, the first lowest, and zeros behind them. Len 0 is none.
type Text struct {
	First, Second uint64
	Len           int
}

// TextOf is the text of an IPv4 address.
func TextOf(a netip.Addr) Text {
	b := a.As4()
	o, p, q, r := &octets[b[0]], &octets[b[1]], &octets[b[2]], &octets[b[3]]
	left, right := o.text|p.text<<(o.n&63), q.text|r.text<<(q.n&63)
	at, more := o.n+p.n, q.n+r.n-8 // behind the last there is no dot
	right &= 1<<(more&63) - 1
	return Text{left | right<<(at-1&63)<<1, right >> ((64 - at) & 63), int((at + more) >> 3)} // at is 64 at most
}

// AppendPort appends a port's digits.
func AppendPort(dst []byte, port uint16) []byte {
	if port < 1000 || cap(dst)-len(dst) < 8 {
		return strconv.AppendUint(dst, uint64(port), 10)
	}
	n := len(dst)
	text := uint64(hundred[port/100%100]) | uint64(hundred[port%100])<<16
	size := 4
	if port >= 10000 {
		text, size = text<<8|uint64('0'+port/10000), 5
	}
	binary.LittleEndian.PutUint64(dst[n:n+8], text)
	return dst[:n+size]
}

// hundred are the numbers of two digits, the first lowest.
var hundred = func() (t [100]uint16) {
	for i := range t {
		t[i] = uint16('0'+i/10) | uint16('0'+i%10)<<8
	}
	return t
}()
