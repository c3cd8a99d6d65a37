package packet

import (
	"encoding/binary"
	"net/netip"
)

// Addr is an IPv4 or IPv6 address as two big-endian words. IPv4 is kept in its
// IPv4-mapped form (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2), so that one type
// is compared, hashed and copied for both families without a pointer. The zero
// value is "no address".
type Addr struct {
	Hi, Lo uint64
}

const mapped4 = 0x0000_ffff_0000_0000

// AddrFrom4 returns the mapped form of four network-order bytes. b must hold at
// least 4 bytes.
func AddrFrom4(b []byte) Addr {
	return Addr{Lo: mapped4 | uint64(binary.BigEndian.Uint32(b))}
}

// AddrFrom16 returns the address in 16 network-order bytes. b must hold at
// least 16 bytes.
func AddrFrom16(b []byte) Addr {
	return Addr{Hi: binary.BigEndian.Uint64(b), Lo: binary.BigEndian.Uint64(b[8:])}
}

// AddrFrom converts from the standard library's form. The zone is dropped; an
// invalid address becomes the zero Addr.
func AddrFrom(a netip.Addr) Addr {
	if !a.IsValid() {
		return Addr{}
	}
	b := a.As16()
	return AddrFrom16(b[:])
}

// MustAddr parses s and panics where it is no address: for tables and tests.
func MustAddr(s string) Addr { return AddrFrom(netip.MustParseAddr(s)) }

// Netip converts to the standard library's form: IPv4 unmapped, the zero Addr
// invalid.
func (a Addr) Netip() netip.Addr {
	if a.Is4() {
		var b [4]byte
		a.Put4(b[:])
		return netip.AddrFrom4(b)
	}
	if a.IsZero() {
		return netip.Addr{}
	}
	b := a.As16()
	return netip.AddrFrom16(b)
}

// As16 returns the address as 16 network-order bytes.
func (a Addr) As16() (b [16]byte) {
	binary.BigEndian.PutUint64(b[:8], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	return b
}

// Put4 writes the last four bytes to b, the address of an IPv4 header.
func (a Addr) Put4(b []byte) { binary.BigEndian.PutUint32(b, uint32(a.Lo)) }

// Put16 writes all sixteen bytes to b, the address of an IPv6 header.
func (a Addr) Put16(b []byte) {
	_ = b[15]
	binary.BigEndian.PutUint64(b, a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
}

// Is4 says whether a is an IPv4 address.
func (a Addr) Is4() bool { return a.Hi == 0 && a.Lo>>32 == 0xffff }

// IsZero says whether a is no address at all.
func (a Addr) IsZero() bool { return a == Addr{} }

// IsUnspecified says whether a is 0.0.0.0, :: or no address.
func (a Addr) IsUnspecified() bool { return a.Hi == 0 && (a.Lo == 0 || a.Lo == mapped4) }

// IsMulticast says whether a is in 224.0.0.0/4 or ff00::/8.
func (a Addr) IsMulticast() bool {
	if a.Is4() {
		return a.Lo&0xf000_0000 == 0xe000_0000
	}
	return a.Hi>>56 == 0xff
}

// IsBroadcast says whether a is 255.255.255.255.
func (a Addr) IsBroadcast() bool { return a.Hi == 0 && a.Lo == mapped4|0xffff_ffff }

// IsLoopback says whether a is in 127.0.0.0/8 or ::1.
func (a Addr) IsLoopback() bool {
	return a.Hi == 0 && (a.Lo == 1 || a.Lo>>24 == mapped4>>24|127)
}

// IsLinkLocal says whether a is unicast link-local: 169.254.0.0/16 or
// fe80::/10.
func (a Addr) IsLinkLocal() bool {
	if a.Is4() {
		return a.Lo>>16 == mapped4>>16|0xa9fe
	}
	return a.Hi>>54 == 0xfe80>>6
}

// Less orders addresses by value, IPv4 within ::ffff:0:0/96.
func (a Addr) Less(b Addr) bool { return a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo }

// String prints the address as netip does.
func (a Addr) String() string { return a.Netip().String() }
