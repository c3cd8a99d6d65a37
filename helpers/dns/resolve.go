package dns

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Types and classes of records (RFC 1035 section 3.2, RFC 3596).
const (
	typeA     = 1
	typeCNAME = 5
	typeAAAA  = 28
	classIN   = 1
)

// maxAliases bounds the aliases (CNAME) that are followed, and maxJumps the
// pointers in one name.
const (
	maxAliases = 16
	maxJumps   = 16
)

// resolve calls yield for every address that msg, an answer, has for the name that
// was asked for, aliases followed in whatever order they stand. name is in lower
// case, with dots between its labels; ttl is the least one on the way.
func resolve(msg []byte, yield func(name string, a netip.Addr, ttl time.Duration)) {
	h, ok := readHeader(msg, len(msg))
	if !ok || !h.reply || !h.question || h.op != opQuery || msg[3]&15 != 0 {
		return
	}
	name, at, ok := readName(msg, headerSize)
	if !ok || at+4 > len(msg) || name == "" {
		return
	}
	answers, first := int(binary.BigEndian.Uint16(msg[6:])), at+4
	owner, least := name, uint32(1<<31-1)
	for range maxAliases {
		alias := ""
		eachRecord(msg, first, answers, func(r *record) {
			switch {
			case r.name != owner || r.class != classIN:
			case r.kind == typeCNAME && alias == "":
				if to, _, ok := readName(msg, r.data); ok {
					alias, least = to, min(least, r.ttl)
				}
			case r.kind == typeA && r.size == 4, r.kind == typeAAAA && r.size == 16:
				a, _ := netip.AddrFromSlice(msg[r.data : r.data+r.size])
				yield(name, a.Unmap(), time.Duration(min(least, r.ttl))*time.Second)
			}
		})
		if alias == "" {
			return
		}
		owner = alias
	}
}

// record is a resource record; its data is at data in the message.
type record struct {
	name        string
	kind, class uint16
	ttl         uint32
	data, size  int
}

// eachRecord calls f for n records from at on, as far as they are whole.
func eachRecord(msg []byte, at, n int, f func(*record)) {
	for range n {
		name, next, ok := readName(msg, at)
		if !ok || next+10 > len(msg) {
			return
		}
		b := msg[next:]
		r := record{
			name: name, kind: binary.BigEndian.Uint16(b), class: binary.BigEndian.Uint16(b[2:]), ttl: binary.BigEndian.Uint32(b[4:]),
			data: next + 10, size: int(binary.BigEndian.Uint16(b[8:])),
		}
		if r.ttl > 1<<31-1 { // RFC 2181 section 8
			r.ttl = 0
		}
		if at = r.data + r.size; at > len(msg) {
			return
		}
		f(&r)
	}
}

// readName reads the name at at, following pointers backwards (RFC 1035 section
// 4.1.4), and returns it in lower case and where what follows it begins. It reports
// false where there is none, or a label has a dot in it or a character that does not
// print: such a name is nobody's address.
func readName(msg []byte, at int) (name string, next int, ok bool) {
	var text [255]byte
	n, jumps := 0, 0
	for at < len(msg) {
		size := int(msg[at])
		switch {
		case size == 0:
			if next == 0 {
				next = at + 1
			}
			return string(text[:max(n-1, 0)]), next, true
		case size >= 0xc0:
			if at+1 >= len(msg) || jumps == maxJumps {
				return "", 0, false
			}
			if next == 0 {
				next = at + 2
			}
			to := (size&0x3f)<<8 | int(msg[at+1])
			if to >= at {
				return "", 0, false
			}
			at, jumps = to, jumps+1
			continue
		case size > 63 || at+1+size > len(msg) || n+size+1 > len(text):
			return "", 0, false
		}
		for _, c := range msg[at+1 : at+1+size] {
			if c <= ' ' || c >= 0x7f || c == '.' {
				return "", 0, false
			}
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			text[n] = c
			n++
		}
		text[n] = '.'
		n++
		at += 1 + size
	}
	return "", 0, false
}
