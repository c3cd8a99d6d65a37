package neighbour

import (
	"fmt"

	"portcullis/packet"
)

// MAC is an Ethernet address.
type MAC [6]byte

// Broadcast is the address of all stations.
var Broadcast = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// IsZero says whether m is no address at all.
func (m MAC) IsZero() bool { return m == MAC{} }

// IsGroup says whether m is a multicast or the broadcast address.
func (m MAC) IsGroup() bool { return m[0]&1 != 0 }

// String prints m as "02:00:00:00:00:01".
func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// LinkLocal is the link-local address that an interface with address m gives
// itself (RFC 4291 appendix A).
func (m MAC) LinkLocal() packet.Addr {
	return packet.AddrFrom16([]byte{0xfe, 0x80, 0, 0, 0, 0, 0, 0,
		m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]})
}

// GroupMAC is the Ethernet address that a multicast or broadcast address is
// sent to (RFC 1112 section 6.4, RFC 2464 section 7); false for unicast.
func GroupMAC(a packet.Addr) (MAC, bool) {
	switch {
	case a.IsBroadcast():
		return Broadcast, true
	case !a.IsMulticast():
		return MAC{}, false
	case a.Is4():
		return MAC{0x01, 0x00, 0x5e, byte(a.Lo>>16) & 0x7f, byte(a.Lo >> 8), byte(a.Lo)}, true
	}
	return MAC{0x33, 0x33, byte(a.Lo >> 24), byte(a.Lo >> 16), byte(a.Lo >> 8), byte(a.Lo)}, true
}

// solicitedNode is the multicast group that the owner of a listens to (RFC 4291
// section 2.7.1).
func solicitedNode(a packet.Addr) packet.Addr {
	return packet.Addr{Hi: 0xff02 << 48, Lo: 0x0000_0001_ff00_0000 | a.Lo&0xff_ffff}
}

// allNodes is ff02::1.
var allNodes = packet.Addr{Hi: 0xff02 << 48, Lo: 1}
