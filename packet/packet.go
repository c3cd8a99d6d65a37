package packet

import "gvisor.dev/gvisor/pkg/tcpip/header"

// Kind is what a frame carries.
type Kind uint8

// Kinds of frames.
const (
	KindNone Kind = iota // not parsed, or malformed
	KindARP
	KindIPv4
	KindIPv6
)

// Packet is one frame and what Parse learnt about it. One Packet is reused for
// many frames. The frame is borrowed: whoever received it owns the memory and
// says until when it may be used; its capacity beyond its length may be used to
// grow it.
type Packet struct {
	Frame []byte // from the Ethernet header to the last byte of the packet

	Key     Key     // valid iff Kind is KindIPv4 or KindIPv6
	Offload Offload // work left to the device; zero for none

	// Offsets into Frame, valid iff Kind is KindIPv4 or KindIPv6.
	L3      uint32 // the IP header; valid for every Kind but KindNone
	L4      uint32 // the transport header
	Payload uint32 // the first byte behind the transport header

	Kind     Kind
	TCPFlags uint8  // valid iff Key.Proto is ProtoTCP; TCPFin, TCPSyn, ...
	ICMPType uint8  // valid iff Key.Proto is ProtoICMP or ProtoICMPv6
	Frag     bool   // a fragment: the transport header may be missing
	VLANs    uint8  // tags between the Ethernet addresses and L3, 0 to 2
	VLAN     uint16 // the outer tag's identifier, valid iff VLANs > 0
	In       uint16 // the interface it came in by, set by whoever received it

	// FragmentID is the identification that Fragment gives the fragments of an IPv6
	// packet, whose header has none. Set by whoever lets the packet be cut.
	FragmentID uint32
}

// TCP flag bits, as in byte 13 of the header.
const (
	TCPFin = 0x01
	TCPSyn = 0x02
	TCPRst = 0x04
	TCPPsh = 0x08
	TCPAck = 0x10
	TCPUrg = 0x20
)

// IPv4 returns the IPv4 header and what follows. Valid iff Kind is KindIPv4.
func (p *Packet) IPv4() header.IPv4 { return header.IPv4(p.Frame[p.L3:]) }

// IPv6 returns the IPv6 header and what follows. Valid iff Kind is KindIPv6.
func (p *Packet) IPv6() header.IPv6 { return header.IPv6(p.Frame[p.L3:]) }

// ARP returns the ARP message. Valid iff Kind is KindARP.
func (p *Packet) ARP() header.ARP { return header.ARP(p.Frame[p.L3:]) }

// TCP returns the TCP header and payload. Valid iff Key.Proto is ProtoTCP and
// not Frag.
func (p *Packet) TCP() header.TCP { return header.TCP(p.Frame[p.L4:]) }

// UDP returns the UDP header and payload. Valid iff Key.Proto is ProtoUDP and
// not Frag.
func (p *Packet) UDP() header.UDP { return header.UDP(p.Frame[p.L4:]) }

// Data is the payload of the transport header; empty for a fragment.
func (p *Packet) Data() []byte { return p.Frame[p.Payload:] }

// EthernetSize is the length of an untagged Ethernet header.
const EthernetSize = 14
