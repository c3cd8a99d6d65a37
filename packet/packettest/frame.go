package packettest

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"

	"portcullis/packet"
)

// Frame is the frame that a line spells, behind an Ethernet header of the
// packettest stations. It panics where text is no line.
func Frame(text string) []byte {
	frame, _, err := Build(text)
	if err != nil {
		panic("packettest: " + err.Error())
	}
	return frame
}

// Packet is the frame that a line spells, parsed. It panics where text is no line
// or Parse finds a fault in it.
func Packet(text string) *packet.Packet {
	frame, off, err := Build(text)
	if err != nil {
		panic("packettest: " + err.Error())
	}
	p := new(packet.Packet)
	if r := p.Parse(frame, off); r != packet.ReasonNone {
		panic("packettest: " + text + ": " + r.String())
	}
	return p
}

// Build is the frame that a line spells and what its virtio-net header says. The
// frame has room to grow by 256 bytes.
func Build(text string) ([]byte, packet.Offload, error) {
	l, err := parse(text)
	if err != nil {
		return nil, packet.Offload{}, err
	}
	f, off := l.frame()
	return f, off, nil
}

// Stations on either side of every frame that is built here.
var stations = [12]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}

func (l *line) frame() ([]byte, packet.Offload) {
	f := append(make([]byte, 0, 2048), stations[:]...)
	for _, tag := range l.vlans {
		f = binary.BigEndian.AppendUint16(append(f, 0x81, 0x00), tag)
	}
	ether := uint16(0x0800)
	switch {
	case l.ether != 0:
		ether = l.ether
	case l.arp != "":
		ether = 0x0806
	case l.six():
		ether = 0x86dd
	}
	f = binary.BigEndian.AppendUint16(f, ether)
	l3 := len(f)
	if l.arp != "" {
		f = append(f, l.arpMessage()...)
		return l.finish(f, l3, l3), packet.Offload{}
	}
	ip, l4 := l.ip()
	f = append(f, ip...)
	f = l.finish(f, l3, l3+l4)
	return append(make([]byte, 0, len(f)+256), f...), l.offload(l3+l4, l3+l4+l.headerSize())
}

// finish does the damage that a finished frame can take.
func (l *line) finish(f []byte, l3, l4 int) []byte {
	for _, k := range l.pokes {
		at := k.off
		switch k.base {
		case "ip":
			at += l3
		case "l4":
			at += l4
		}
		copy(f[at:], k.b)
	}
	f = f[:max(0, len(f)-l.cut)]
	return append(f, make([]byte, l.pad)...)
}

func (l *line) arpMessage() []byte {
	m := []byte{0, 1, 8, 0, 6, 4, 0, 1}
	if l.arp == "reply" {
		m[7] = 2
	}
	m = append(append(m, stations[6:]...), l.src.AsSlice()...)
	return append(append(m, 0, 0, 0, 0, 0, 0), l.dst.AsSlice()...)
}

// offload is what the virtio-net header says of the line.
func (l *line) offload(l4, payload int) packet.Offload {
	o := packet.Offload{}
	if l.checked {
		o.Flags = packet.OffloadDataValid
	}
	if l.partial {
		o.Flags |= packet.OffloadNeedsCsum
		o.CsumStart, o.CsumOffset = uint16(l4), uint16(sumAt(l.proto))
		if l.proto == protoSCTP {
			o.CsumOffset = 8
		}
	}
	if l.gso != 0 {
		o.GSOSize, o.HdrLen = l.gso, uint16(payload)
		switch {
		case l.proto == protoUDP:
			o.GSO = packet.GSOUDPL4
		case l.six():
			o.GSO = packet.GSOTCPv6
		default:
			o.GSO = packet.GSOTCPv4
		}
	}
	return o
}

// ip is the IP packet and where its transport header begins.
func (l *line) ip() (ip []byte, l4 int) {
	body := l.transport()
	if l.part != nil {
		body = l.cutPart(body)
	}
	if l.six() {
		return l.ip6(body)
	}
	opt := l.ipopt
	for len(opt)%4 != 0 {
		opt = append(opt, 0)
	}
	l4 = 20 + len(opt)
	h := make([]byte, l4, l4+len(body))
	be := binary.BigEndian
	h[0], h[1] = 0x40|uint8(l4/4), l.tos
	be.PutUint16(h[2:], uint16(l4+len(body)))
	be.PutUint16(h[4:], uint16(l.ipid))
	field := uint16(l.frag)
	if l.df {
		field |= 0x4000
	}
	if l.more {
		field |= 0x2000
	}
	be.PutUint16(h[6:], field)
	h[8], h[9] = l.ttl, l.proto
	copy(h[12:], l.src.AsSlice())
	copy(h[16:], l.dst.AsSlice())
	copy(h[20:], opt)
	be.PutUint16(h[10:], ^checksum.Checksum(h, 0))
	if l.badipsum {
		h[11] ^= 0x55
	}
	return append(h, body...), l4
}

// cutPart makes the line that of the fragment that carries its part of body.
func (l *line) cutPart(body []byte) []byte {
	from, to := min(l.part.from, len(body)), l.part.to
	if to < 0 || to > len(body) {
		to = len(body)
	}
	l.isFrag, l.frag, l.more = true, from/8, to < len(body)
	return body[from:max(from, to)]
}

func (l *line) ip6(body []byte) ([]byte, int) {
	be := binary.BigEndian
	h := make([]byte, 40)
	be.PutUint32(h, 6<<28|uint32(l.tos)<<20)
	h[7] = l.ttl
	copy(h[8:], l.src.AsSlice())
	copy(h[24:], l.dst.AsSlice())
	next := 6 // where the number of the next header is written
	for _, e := range l.ext {
		h[next], next = e.number, len(h)
		h = append(append(h, 0, uint8((len(e.body)+2)/8-1)), e.body...)
	}
	if l.isFrag {
		h[next], next = 44, len(h)
		field := uint16(l.frag) << 3
		if l.more {
			field |= 1
		}
		h = be.AppendUint32(be.AppendUint16(append(h, 0, 0), field), l.ipid)
	}
	h[next] = l.proto
	be.PutUint16(h[4:], uint16(len(h)-40+len(body)))
	return append(h, body...), len(h)
}
