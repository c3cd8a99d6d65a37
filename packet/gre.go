package packet

import "encoding/binary"

// The first two bytes of a GRE header (RFC 2784, RFC 2890, RFC 2637).
const (
	greChecksum = 0x8000
	greRouting  = 0x4000 // RFC 1701
	greKey      = 0x2000
	greSequence = 0x1000
	greRefused  = 0x4c00 // bits 1, 4 and 5: who sees one drops the packet (RFC 2784 section 2.3)
	greAck      = 0x0080 // of version 1
	greZero1    = 0x0f78 // of version 1: strict source route, recursion, flags
	greVersion  = 0x0007

	greMinSize = 4
	grePPP     = 0x880b // what version 1 carries
)

// parseGRE reads a GRE header into p.Key and returns its length, or false where it
// is cut short or not as its version wants it.
func (p *Packet) parseGRE(h []byte) (size int, ok bool) {
	if len(h) < greMinSize {
		return 0, false
	}
	if size = greSize(h); size > len(h) {
		return 0, false
	}
	switch flags := binary.BigEndian.Uint16(h); flags & greVersion {
	case 0:
		ok = flags&greRefused == 0
	case 1:
		ok = enhancedOK(flags, h, len(h)-size)
	}
	if ok {
		p.Key.tunnel(h)
	}
	return size, ok
}

// enhancedOK says whether h is a header as PPTP has it (RFC 2637 section 4.1), with
// room bytes behind it: with a key, a sequence number where it carries anything,
// and no bit that must be 0.
func enhancedOK(flags uint16, h []byte, room int) bool {
	n := int(binary.BigEndian.Uint16(h[4:])) // greSize counts the key
	return flags&(greChecksum|greRouting|greKey|greZero1) == greKey && binary.BigEndian.Uint16(h[2:]) == grePPP &&
		n <= room && (n == 0 || flags&greSequence != 0)
}

// greSize is the length of the GRE header whose first two bytes h has.
func greSize(h []byte) int {
	flags := binary.BigEndian.Uint16(h)
	n := greMinSize
	for _, field := range [...]uint16{greChecksum, greKey, greSequence} {
		if flags&field != 0 {
			n += 4
		}
	}
	if flags&greVersion == 1 {
		if flags&greKey == 0 { // there it is no option
			n += 4
		}
		if flags&greAck != 0 {
			n += 4
		}
	}
	return n
}

// tunnel sets the ports of k to what tells GRE tunnels between two addresses apart:
// the halves of the key, or of PPTP the call id alone. It reports false where h
// ends before that.
func (k *Key) tunnel(h []byte) bool {
	flags := binary.BigEndian.Uint16(h)
	at := greMinSize
	if flags&greChecksum != 0 {
		at += 4
	}
	switch {
	case flags&greKey == 0:
		return true
	case len(h) < at+4:
		return false
	case flags&greVersion == 0:
		k.SrcPort = binary.BigEndian.Uint16(h[at:])
	}
	k.DstPort = binary.BigEndian.Uint16(h[at+2:])
	return true
}

// Ends are the numbers that people read behind the addresses of k: the ports, of
// ICMP the identifier and the type, of GRE its key at both ends.
func (k *Key) Ends() (src, dst uint32) {
	if k.Proto == ProtoGRE {
		return k.GREKey(), k.GREKey()
	}
	return uint32(k.SrcPort), uint32(k.DstPort)
}

// GREKey is the key of a GRE tunnel, or the call id of PPTP; 0 where there is none.
func (k *Key) GREKey() uint32 { return uint32(k.SrcPort)<<16 | uint32(k.DstPort) }

// putCall writes the call id of a GRE header of version 1, which has at least 8
// bytes.
func putCall(h []byte, id uint16) { binary.BigEndian.PutUint16(h[6:], id) }

// CarriesPPTP says whether p is GRE of version 1: each direction of such a call has
// the call id of its receiver. Not for fragments.
func (p *Packet) CarriesPPTP() bool {
	return p.Key.Proto == ProtoGRE && p.Frame[p.L4+1]&greVersion == 1
}
