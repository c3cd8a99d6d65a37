package packet

import (
	"fmt"
	"math/bits"
	"unsafe"
)

// Dir is a direction of a session: the packets of whoever opened it are
// Original, those that answer are Reply.
type Dir uint8

// The two directions of a session.
const (
	Original Dir = 0
	Reply    Dir = 1
)

// Other is the opposite direction.
func (d Dir) Other() Dir { return d ^ 1 }

// String is the word used in logs and traces.
func (d Dir) String() string {
	if d == Original {
		return "original"
	}
	return "reply"
}

// IP protocol numbers with a meaning here.
const (
	ProtoICMP   = 1
	ProtoTCP    = 6
	ProtoUDP    = 17
	ProtoGRE    = 47
	ProtoESP    = 50
	ProtoAH     = 51
	ProtoICMPv6 = 58
	ProtoSCTP   = 132
)

// Key names one direction of one flow: fixed size, comparable, without
// pointers. What the ports hold depends on Proto:
//
//   - TCP, UDP, SCTP: the source and destination port.
//   - ICMP and ICMPv6 queries: SrcPort is the identifier in both directions,
//     DstPort the message type (as FortiOS prints them).
//   - GRE with a key (RFC 2890): its high half is SrcPort, its low half DstPort,
//     in both directions. GRE of version 1 (PPTP): the call id is DstPort.
//   - everything else: 0.
type Key struct {
	Src, Dst         Addr
	SrcPort, DstPort uint16
	Zone             uint16 // separates equal addresses of different routing domains; 0 today
	Proto            uint8  // IP protocol number
	_                uint8
}

// Reply is the key of the packets that answer those of k. It is its own
// inverse.
func (k Key) Reply() Key {
	r := Key{Src: k.Dst, Dst: k.Src, SrcPort: k.DstPort, DstPort: k.SrcPort, Zone: k.Zone, Proto: k.Proto}
	switch k.Proto {
	case ProtoICMP, ProtoICMPv6:
		r.SrcPort, r.DstPort = k.SrcPort, counterpart(k.Proto, k.DstPort)
	case ProtoGRE:
		r.SrcPort, r.DstPort = k.SrcPort, k.DstPort
	}
	return r
}

// Hash mixes all fields of k with seed. Two keys that differ in any bit hash
// independently for a seed that the sender does not know.
func (k *Key) Hash(seed uint64) uint64 {
	const m1, m2, m3 = 0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3
	tail := uint64(k.SrcPort) | uint64(k.DstPort)<<16 | uint64(k.Zone)<<32 | uint64(k.Proto)<<48
	h1, l1 := bits.Mul64(k.Src.Hi^k.Src.Lo^m1^seed, bits.RotateLeft64(k.Src.Lo, 31)^tail^m2)
	h2, l2 := bits.Mul64(k.Dst.Hi^k.Dst.Lo^m3^seed, bits.RotateLeft64(k.Dst.Lo, 29)^bits.RotateLeft64(k.Dst.Hi, 7)^k.Src.Hi^seed^m1)
	h, l := bits.Mul64(h1^l1^m2, h2^l2^tail^seed)
	return h ^ l
}

// String prints k as "tcp 10.0.0.1:1024 > 10.0.0.2:21".
func (k Key) String() string {
	switch k.Proto {
	case ProtoTCP, ProtoUDP, ProtoSCTP:
		return fmt.Sprintf("%s %s > %s", ProtoName(k.Proto), hostPort(k.Src, k.SrcPort), hostPort(k.Dst, k.DstPort))
	case ProtoICMP, ProtoICMPv6:
		return fmt.Sprintf("%s %v > %v type %d id %d", ProtoName(k.Proto), k.Src, k.Dst, k.DstPort, k.SrcPort)
	case ProtoGRE:
		if key := k.GREKey(); key != 0 {
			return fmt.Sprintf("%s %v > %v key %d", ProtoName(k.Proto), k.Src, k.Dst, key)
		}
	}
	return fmt.Sprintf("%s %v > %v", ProtoName(k.Proto), k.Src, k.Dst)
}

// anyHost is how the source of a flow is written that may come from any host.
const anyHost = "any"

func hostPort(a Addr, port uint16) string {
	if a == (Addr{}) {
		return fmt.Sprintf("%s:%d", anyHost, port)
	}
	if a.Is4() {
		return fmt.Sprintf("%v:%d", a, port)
	}
	return fmt.Sprintf("[%v]:%d", a, port)
}

// ProtoName is the lower-case name of an IP protocol, or "ip-N".
func ProtoName(p uint8) string {
	switch p {
	case ProtoTCP:
		return "tcp"
	case ProtoUDP:
		return "udp"
	case ProtoICMP:
		return "icmp"
	case ProtoICMPv6:
		return "icmp6"
	case ProtoSCTP:
		return "sctp"
	case ProtoGRE:
		return "gre"
	case ProtoESP:
		return "esp"
	case ProtoAH:
		return "ah"
	}
	return fmt.Sprintf("ip-%d", p)
}

// The session table keeps two keys a session and compares them as words.
const _ = -uint(unsafe.Sizeof(Key{}) ^ 40)
