package packettest

import "net/netip"

// line is one packet as its line spells it.
type line struct {
	arp      string // "request" or "reply"; empty: an IP packet
	proto    uint8
	raw      bool // whatever the protocol, only a payload is written
	src, dst netip.Addr

	sport, dport uint16

	ttl, tos uint8
	ipid     uint32
	df       bool
	frag     int // offset in units of 8 bytes
	more     bool
	isFrag   bool
	part     *part
	ipopt    []byte
	ext      []extension
	vlans    []uint16

	tcp   tcpWords
	icmp  icmpWords
	sctp  sctpWords
	gre   greWords
	nosum bool
	udpLn int // 0: what it is

	data []byte

	partial, checked bool
	gso              uint16

	badsum, badipsum bool
	cut, pad         int
	ether            uint16
	pokes            []poke
}

// extension is one IPv6 extension header.
type extension struct {
	number uint8
	body   []byte // what follows the next header and length bytes
}

// tcpWords are the words of a TCP header.
type tcpWords struct {
	flags    uint8
	seq, ack uint32
	win, urg uint16
	opts     []byte // as on the wire, a multiple of 4 bytes
}

// part is which bytes behind the IP header a fragment carries of its packet.
type part struct {
	from, to int // to is -1 for the end
}

// icmpWords are the words of an ICMP header.
type icmpWords struct {
	typ, code uint8
	rest      uint32
	about     *line
}

// poke writes bytes over the finished frame.
type poke struct {
	base string // "", "ip" or "l4"
	off  int
	b    []byte
}

func (l *line) six() bool { return l.src.Is6() }

// hasPorts says whether the line's endpoints are written with ports.
func (l *line) hasPorts() bool {
	return !l.raw && (l.proto == protoTCP || l.proto == protoUDP || l.proto == protoSCTP) && l.frag == 0
}

// pattern is the byte of the payload pattern at i.
func pattern(i int) byte { return 'a' + byte(i%26) }
