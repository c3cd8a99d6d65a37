package pcap

import (
	"encoding/binary"
	"fmt"
)

// Link is the type of a link, by its number in capture files (LINKTYPE_, not
// DLT_).
type Link uint16

// Links that IP is captured on.
const (
	linkNull       Link = 0
	linkEthernet   Link = 1
	linkPPP        Link = 9
	linkFDDI       Link = 10
	linkRawBSD     Link = 12 // DLT_RAW, as some write it
	linkRawOpenBSD Link = 14
	linkPPPSerial  Link = 50
	linkPPPEther   Link = 51
	linkATM        Link = 100
	linkRaw        Link = 101
	linkCiscoHDLC  Link = 104
	linkWiFi       Link = 105
	linkFrameRelay Link = 107
	linkLoop       Link = 108
	linkEnc        Link = 109
	linkSLL        Link = 113
	linkPflog      Link = 117
	linkRadiotap   Link = 127
	linkFirewire   Link = 138
	linkPPPD       Link = 166
	linkPPPWithDir Link = 204
	linkIPv4       Link = 228
	linkIPv6       Link = 229
	linkSLL2       Link = 276

	linkNone Link = 0xffff // what is counted as a frame and is none
)

// EtherTypes.
const (
	etherIPv4  = 0x0800
	etherVLAN  = 0x8100
	etherIPv6  = 0x86dd
	etherPPPoE = 0x8864
	etherQinQ  = 0x88a8
	etherOldQ  = 0x9100
	etherOther = 0xffff // nothing that is IP or ARP
)

// links say for each link where the packet in a frame begins, and what it is.
// They report false where a frame is cut short before that.
var links = map[Link]func(b []byte) (ether uint16, packet []byte, ok bool){
	linkNull:       family,
	linkEthernet:   func(b []byte) (uint16, []byte, bool) { return typed(b, 12, 14) },
	linkPPP:        ppp,
	linkFDDI:       func(b []byte) (uint16, []byte, bool) { return llcAt(b, 13) },
	linkRawBSD:     raw,
	linkRawOpenBSD: raw,
	linkPPPSerial:  ppp,
	linkPPPEther:   func(b []byte) (uint16, []byte, bool) { return etherPPPoE, b, true },
	linkATM:        func(b []byte) (uint16, []byte, bool) { return llcAt(b, 0) },
	linkRaw:        raw,
	linkCiscoHDLC:  func(b []byte) (uint16, []byte, bool) { return typed(b, 2, 4) },
	linkWiFi:       wifi,
	linkFrameRelay: frameRelay,
	linkLoop:       family,
	linkEnc:        func(b []byte) (uint16, []byte, bool) { return familyAt(b, 12) },
	linkSLL:        func(b []byte) (uint16, []byte, bool) { return typed(b, 14, 16) },
	linkPflog:      pflog,
	linkRadiotap:   radiotap,
	linkFirewire:   func(b []byte) (uint16, []byte, bool) { return typed(b, 16, 18) },
	linkPPPD:       pppd,
	linkPPPWithDir: pppd,
	linkIPv4:       func(b []byte) (uint16, []byte, bool) { return etherIPv4, b, true },
	linkIPv6:       func(b []byte) (uint16, []byte, bool) { return etherIPv6, b, true },
	linkSLL2:       func(b []byte) (uint16, []byte, bool) { return typed(b, 0, 20) },
}

// Known says whether frames of a link can carry IP in a way that is known here.
func (l Link) Known() bool { return links[l] != nil }

// String is the number, as nobody knows the names of the others.
func (l Link) String() string { return fmt.Sprintf("link type %d", uint16(l)) }

// stations are the addresses of every frame that Ethernet makes.
var stations = [12]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}

// Ethernet appends f to dst as an untagged Ethernet frame: of another link, or
// with VLAN tags, a PPPoE or an LLC header, it is what is behind those. What
// carries no IP keeps its EtherType where it has one. It reports false where the
// link is not known.
func Ethernet(dst []byte, f *Frame) ([]byte, bool) {
	open := links[f.Link]
	if open == nil {
		return dst, false
	}
	ether, b, ok := open(f.Data)
	for range 8 { // more headers than any network nests
		if !ok || !wraps(ether) {
			break
		}
		ether, b, ok = unwrap(ether, b)
	}
	if !ok || ether <= 1500 { // cut short, or LLC without a type
		ether = etherOther
	}
	dst = append(dst, stations[:]...)
	dst = binary.BigEndian.AppendUint16(dst, ether)
	return append(dst, b...), true
}

// wraps says whether a packet of a type carries one of another type.
func wraps(ether uint16) bool {
	switch ether {
	case etherVLAN, etherQinQ, etherOldQ, etherPPPoE:
		return true
	}
	return ether <= 1500 && ether != 0
}

// unwrap opens what wraps.
func unwrap(ether uint16, b []byte) (uint16, []byte, bool) {
	switch ether {
	case etherVLAN, etherQinQ, etherOldQ:
		return typed(b, 2, 4)
	case etherPPPoE:
		if len(b) < 6 {
			return 0, b, false
		}
		n := int(binary.BigEndian.Uint16(b[4:]))
		return pppType(b[6:min(len(b), 6+n)])
	}
	return llc(b) // 802.3: a length
}

// typed reads an EtherType and what is behind the header.
func typed(b []byte, at, size int) (uint16, []byte, bool) {
	if len(b) < size {
		return 0, b, false
	}
	return binary.BigEndian.Uint16(b[at:]), b[size:], true
}

// raw tells the family from the first half byte.
func raw(b []byte) (uint16, []byte, bool) {
	if len(b) == 0 {
		return 0, b, false
	}
	if b[0]>>4 == 6 {
		return etherIPv6, b, true
	}
	return etherIPv4, b, true
}

func family(b []byte) (uint16, []byte, bool) { return familyAt(b, 4) }

// familyAt reads an address family, in the byte order of whoever captured. BSDs
// number IPv6 differently.
func familyAt(b []byte, size int) (uint16, []byte, bool) {
	if len(b) < size {
		return 0, b, false
	}
	n := binary.BigEndian.Uint32(b)
	if n > 0xffff {
		n = binary.LittleEndian.Uint32(b)
	}
	return familyType(n), b[size:], true
}

func familyType(n uint32) uint16 {
	switch n {
	case 2:
		return etherIPv4
	case 10, 24, 28, 30:
		return etherIPv6
	}
	return etherOther
}

// pflog is OpenBSD's header of what its filter logs.
func pflog(b []byte) (uint16, []byte, bool) {
	if len(b) < 2 {
		return 0, b, false
	}
	size := (int(b[0]) + 3) &^ 3
	if len(b) < size {
		return 0, b, false
	}
	return familyType(uint32(b[1])), b[size:], true
}

// ppp reads PPP as on a serial line, with or without its address and control
// bytes (RFC 1662), or Cisco's HDLC.
func ppp(b []byte) (uint16, []byte, bool) {
	switch {
	case len(b) >= 2 && b[0] == 0xff && b[1] == 0x03:
		return pppType(b[2:])
	case len(b) >= 2 && (b[0] == 0x0f || b[0] == 0x8f) && b[1] == 0:
		return typed(b, 2, 4)
	}
	return pppType(b)
}

// pppd has the direction in front of PPP: pppd writes it over the address byte.
func pppd(b []byte) (uint16, []byte, bool) {
	if len(b) >= 2 && b[0] <= 1 && b[1] == 0x03 {
		return pppType(b[2:])
	}
	if len(b) == 0 {
		return 0, b, false
	}
	return ppp(b[1:])
}

// pppType reads a protocol number, of one byte where that is odd (RFC 1661 section
// 2).
func pppType(b []byte) (uint16, []byte, bool) {
	if len(b) == 0 {
		return 0, b, false
	}
	proto, size := uint16(b[0]), 1
	if b[0]&1 == 0 {
		if size = 2; len(b) < size {
			return 0, b, false
		}
		proto = binary.BigEndian.Uint16(b)
	}
	switch proto {
	case 0x21:
		return etherIPv4, b[size:], true
	case 0x57:
		return etherIPv6, b[size:], true
	}
	return etherOther, b[size:], true
}

func llcAt(b []byte, at int) (uint16, []byte, bool) {
	if len(b) < at {
		return 0, b, false
	}
	return llc(b[at:])
}

// llc reads an LLC header with a SNAP header behind it (RFC 1042).
func llc(b []byte) (uint16, []byte, bool) {
	if len(b) < 3 {
		return 0, b, false
	}
	if b[0] != 0xaa || b[1] != 0xaa || b[2] != 0x03 {
		return etherOther, b, true
	}
	return typed(b, 6, 8)
}

// frameRelay reads RFC 2427, with an address of two bytes.
func frameRelay(b []byte) (uint16, []byte, bool) {
	switch {
	case len(b) < 4:
		return 0, b, false
	case b[2] != 0x03:
		return typed(b, 2, 4) // Cisco's
	case b[3] == 0xcc:
		return etherIPv4, b[4:], true
	case b[3] == 0x8e:
		return etherIPv6, b[4:], true
	case b[3] == 0 && len(b) > 4 && b[4] == 0x80: // padded SNAP
		return typed(b, 8, 10)
	}
	return etherOther, b, true
}

// radiotap has what the radio said in front of an 802.11 frame.
func radiotap(b []byte) (uint16, []byte, bool) {
	if len(b) < 4 {
		return 0, b, false
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n < 4 || len(b) < n {
		return 0, b, false
	}
	return wifi(b[n:])
}

// wifi reads a data frame of 802.11 that is not encrypted.
func wifi(b []byte) (uint16, []byte, bool) {
	if len(b) < 24 {
		return 0, b, false
	}
	const data, encrypted, order = 2, 0x40, 0x80
	kind, subtype, flags := b[0]>>2&3, b[0]>>4, b[1]
	if kind != data || subtype&0x4 != 0 || flags&encrypted != 0 {
		return etherOther, b, true
	}
	size := 24
	if flags&3 == 3 { // from access point to access point
		size += 6
	}
	if subtype&0x8 != 0 { // quality of service
		size += 2
		if flags&order != 0 {
			size += 4
		}
	}
	return llcAt(b, size)
}
