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
	linkTokenRing  Link = 6
	linkSLIP       Link = 8
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
	linkATMClassic Link = 106
	linkFrameRelay Link = 107
	linkLoop       Link = 108
	linkEnc        Link = 109
	linkSLL        Link = 113
	linkPflog      Link = 117
	linkPrism      Link = 119
	linkFibre      Link = 122
	linkRadiotap   Link = 127
	linkFirewire   Link = 138
	linkAVS        Link = 163
	linkPPPD       Link = 166
	linkPPI        Link = 192
	linkPPPWithDir Link = 204
	linkHDLCDir    Link = 205
	linkFrameDir   Link = 206
	linkMPLS       Link = 219
	linkIPNet      Link = 226
	linkIPv4       Link = 228
	linkIPv6       Link = 229
	linkNFLog      Link = 239
	linkNetAnalyze Link = 240
	linkInfiniBand Link = 242
	linkPktap      Link = 258
	linkSLL2       Link = 276
	linkBroadcom   Link = 281
	linkBroadFront Link = 282
	linkDSA        Link = 284
	linkEDSA       Link = 285

	linkNone Link = 0xffff // what is counted as a frame and is none
)

// EtherTypes.
const (
	etherIPv4  = 0x0800
	etherVLAN  = 0x8100
	etherIPv6  = 0x86dd
	etherMPLS  = 0x8847
	etherMPLSm = 0x8848 // multicast, or labels of the upstream
	etherPPPoE = 0x8864
	etherQinQ  = 0x88a8
	etherOldQ  = 0x9100
	etherOther = 0xffff // nothing that is IP or ARP
)

// links are the links that are known. Their openers report false where a frame is cut
// short before its packet.
var links map[Link]opener

// opener says where the packet in a frame begins, and what it is.
type opener func(b []byte) (ether uint16, packet []byte, ok bool)

func init() { // some of them look into the table
	links = map[Link]opener{
		linkNull:       family,
		linkEthernet:   typedAt(12),
		linkTokenRing:  tokenRing,
		linkSLIP:       behind(16, raw),
		linkPPP:        ppp,
		linkFDDI:       behind(13, llc),
		linkRawBSD:     raw,
		linkRawOpenBSD: raw,
		linkPPPSerial:  ppp,
		linkPPPEther:   func(b []byte) (uint16, []byte, bool) { return etherPPPoE, b, true },
		linkATM:        llc,
		linkRaw:        raw,
		linkCiscoHDLC:  typedAt(2),
		linkWiFi:       wifi,
		linkATMClassic: classical,
		linkFrameRelay: frameRelay,
		linkLoop:       family,
		linkEnc:        func(b []byte) (uint16, []byte, bool) { return familyAt(b, 12) },
		linkSLL:        typedAt(14),
		linkPflog:      pflog,
		linkPrism:      prism,
		linkFibre:      behind(16, llc),
		linkRadiotap:   radiotap,
		linkFirewire:   typedAt(16),
		linkAVS:        avs,
		linkPPPD:       pppd,
		linkPPI:        ppi,
		linkPPPWithDir: pppd,
		linkHDLCDir:    typedAt(3),
		linkFrameDir:   behind(1, frameRelay),
		linkMPLS:       labels,
		linkIPv4:       func(b []byte) (uint16, []byte, bool) { return etherIPv4, b, true },
		linkIPv6:       func(b []byte) (uint16, []byte, bool) { return etherIPv6, b, true },
		linkIPNet:      ipnet,
		linkNFLog:      nflog,
		linkNetAnalyze: typedAt(4 + 12),
		linkInfiniBand: func(b []byte) (uint16, []byte, bool) { return typed(b, 40, 44) },
		linkPktap:      pktap,
		linkSLL2:       func(b []byte) (uint16, []byte, bool) { return typed(b, 0, 20) },
		linkBroadcom:   typedAt(12 + 4),
		linkBroadFront: typedAt(4 + 12),
		linkDSA:        typedAt(12 + 4),
		linkEDSA:       typedAt(12 + 8),
	}
}

// Known says whether frames of a link can carry IP in a way that is known here.
func (l Link) Known() bool { return links[l] != nil }

// String is the number, as nobody knows the names of the others.
func (l Link) String() string { return fmt.Sprintf("link type %d", uint16(l)) }

// stations are the addresses of every frame that Ethernet makes.
var stations = [12]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}

// Ethernet appends f to dst as an untagged Ethernet frame: of another link, or
// with VLAN tags, MPLS labels, a PPPoE or an LLC header, it is what is behind those. What
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
	case etherVLAN, etherQinQ, etherOldQ, etherPPPoE, etherMPLS, etherMPLSm:
		return true
	}
	return ether <= 1500 && ether != 0
}

// unwrap opens what wraps.
func unwrap(ether uint16, b []byte) (uint16, []byte, bool) {
	switch ether {
	case etherVLAN, etherQinQ, etherOldQ:
		return typed(b, 2, 4)
	case etherMPLS, etherMPLSm:
		return labels(b)
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
	case 10, 23, 24, 26, 28, 30: // Linux, Windows, NetBSD, Solaris, FreeBSD, macOS
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

// typedAt is of links whose header ends with an EtherType, there.
func typedAt(at int) opener {
	return func(b []byte) (uint16, []byte, bool) { return typed(b, at, at+2) }
}

// behind is of links that have a header of size in front of another one's.
func behind(size int, open opener) opener {
	return func(b []byte) (uint16, []byte, bool) {
		if len(b) < size {
			return 0, b, false
		}
		return open(b[size:])
	}
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

// classical is IP over ATM (RFC 2225), or what some cards leave of it: the packet.
func classical(b []byte) (uint16, []byte, bool) {
	if len(b) > 0 && b[0] == 0xaa {
		return llc(b)
	}
	return raw(b)
}

// tokenRing has a way through bridges behind its addresses, where the first bit of
// the sender's says so.
func tokenRing(b []byte) (uint16, []byte, bool) {
	size := 14
	if len(b) > size && b[8]&0x80 != 0 {
		size += int(b[14] & 0x1f)
	}
	return behind(size, llc)(b)
}

// labels takes the labels of MPLS off. What is behind the last one only its first
// half byte tells (RFC 4928).
func labels(b []byte) (uint16, []byte, bool) {
	for len(b) >= 4 {
		last := b[2]&1 != 0
		if b = b[4:]; !last {
			continue
		}
		if len(b) > 0 && b[0]>>4 != 4 && b[0]>>4 != 6 {
			return etherOther, b, true
		}
		return raw(b)
	}
	return 0, b, false
}
