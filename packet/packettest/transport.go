package packettest

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"

	"portcullis/packet"
)

// sumAt is where a transport header has its checksum, 0 for nowhere.
func sumAt(proto uint8) int {
	switch proto {
	case protoTCP:
		return 16
	case protoUDP:
		return 6
	case packet.ProtoICMP, packet.ProtoICMPv6:
		return 2
	}
	return 0
}

// headerSize is the length of the transport header.
func (l *line) headerSize() int {
	switch l.proto {
	case protoTCP:
		return 20 + len(l.tcp.opts)
	case protoUDP, packet.ProtoICMP, packet.ProtoICMPv6, packet.ProtoESP, packet.ProtoAH:
		return 8
	case protoSCTP:
		return 12
	case packet.ProtoGRE:
		return l.greSize()
	}
	return 0
}

// transport is the transport header and payload; of a later fragment the payload
// alone.
func (l *line) transport() []byte {
	if l.frag > 0 || l.raw {
		return l.data
	}
	h := make([]byte, l.headerSize())
	data := l.data
	be := binary.BigEndian
	if l.hasPorts() {
		be.PutUint16(h, l.sport)
		be.PutUint16(h[2:], l.dport)
	}
	switch l.proto {
	case protoTCP:
		be.PutUint32(h[4:], l.tcp.seq)
		be.PutUint32(h[8:], l.tcp.ack)
		h[12], h[13] = uint8(len(h)/4)<<4, l.tcp.flags
		be.PutUint16(h[14:], l.tcp.win)
		be.PutUint16(h[18:], l.tcp.urg)
		copy(h[20:], l.tcp.opts)
	case protoUDP:
		n := len(h) + len(data)
		if l.udpLn != 0 {
			n = l.udpLn
		}
		be.PutUint16(h[4:], uint16(n))
	case packet.ProtoICMP, packet.ProtoICMPv6:
		h[0], h[1] = l.icmp.typ, l.icmp.code
		be.PutUint32(h[4:], l.icmp.rest)
		if l.icmp.about != nil {
			data = l.icmp.about.quote()
		}
	case protoSCTP:
		be.PutUint32(h[4:], l.sctp.tag)
		data = l.chunkList()
	case packet.ProtoGRE:
		h = l.greHeader(data)
	}
	h = append(h, data...)
	l.sum(h)
	return h
}

// quote is the line as an ICMP error carries it.
func (l *line) quote() []byte {
	ip, _ := l.ip()
	return ip[:max(0, len(ip)-l.cut)]
}

// sum writes the checksum of the transport packet h.
func (l *line) sum(h []byte) {
	if l.proto == protoSCTP {
		s := uint32(0)
		if !l.partial {
			s = sctpSum(h)
		}
		if l.badsum {
			s ^= 0x55
		}
		binary.LittleEndian.PutUint32(h[8:], s)
		return
	}
	at := sumAt(l.proto)
	if at == 0 || l.proto == protoUDP && l.nosum {
		return
	}
	n := len(h)
	if l.proto == protoUDP && l.udpLn != 0 {
		n = min(n, l.udpLn)
	}
	be := binary.BigEndian
	s := l.pseudo(n)
	if l.partial {
		if l.badsum {
			s ^= 0x55
		}
		be.PutUint16(h[at:], s)
		return
	}
	s = ^checksum.Checksum(h[:n], s)
	if s == 0 && l.proto == protoUDP {
		s = 0xffff
	}
	if l.badsum {
		s ^= 0x55
	}
	be.PutUint16(h[at:], s)
}

// pseudo is the sum of the pseudo-header (RFC 9293 section 3.1, RFC 8200 section
// 8.1).
func (l *line) pseudo(n int) uint16 {
	if l.proto == packet.ProtoICMP {
		return 0
	}
	b := append(l.src.AsSlice(), l.dst.AsSlice()...)
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	b = append(b, 0, 0, 0, l.proto)
	return checksum.Checksum(b, 0)
}
