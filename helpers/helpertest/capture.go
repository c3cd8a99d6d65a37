package helpertest

import (
	"encoding/binary"
	"net/netip"
	"os"

	"portcullis/helpers"
	"portcullis/packet"
)

// Heard is what a helper made of one session of a capture.
type Heard struct {
	Client, Server netip.AddrPort
	Announced      []Announced
	Why            string // it gave the session up
	Frames         []int  // of the announcements, counted from 1
}

// Capture shows h the sessions of a capture that are to a port, over every protocol
// of h: a classic little-endian pcap of Ethernet, or of IP alone. Nothing is
// translated.
func Capture(h *helpers.Helper, file string, port uint16) ([]*Heard, error) {
	c := capture{h: h, port: port, sessions: map[[2]netip.AddrPort]*captured{}}
	err := packets(file, func(number int, proto uint8, b []byte, src, dst netip.AddrPort) {
		c.number = number
		c.segment(proto, b, src, dst)
	})
	return c.heard, err
}

// take is told of a packet of TCP or UDP: its number, and what is behind its IP header.
type take func(number int, proto uint8, b []byte, src, dst netip.AddrPort)

// packets calls f for those of a capture.
func packets(file string, f take) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if len(b) < 24 || binary.LittleEndian.Uint32(b) != 0xa1b2c3d4 {
		return nil
	}
	ethernet := binary.LittleEndian.Uint32(b[20:]) == 1
	number := 0
	for b = b[24:]; len(b) >= 16; {
		n := min(int(binary.LittleEndian.Uint32(b[8:])), len(b)-16)
		frame := b[16 : 16+n]
		b = b[16+n:]
		number++
		if ethernet {
			frame = frame[min(14, n):]
		}
		f.ip(number, frame)
	}
	return nil
}

type capture struct {
	h        *helpers.Helper
	port     uint16
	number   int // of the frame
	sessions map[[2]netip.AddrPort]*captured
	heard    []*Heard
	out      helpers.Output
}

// captured is a session, and the announcer of its helper.
type captured struct {
	Translator
	heard *Heard
	ctl   helpers.Control
	state helpers.State
}

func (f take) ip(number int, b []byte) {
	var src, dst netip.Addr
	var proto uint8
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		src, dst, proto = netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:])), b[9]
		end := min(len(b), int(binary.BigEndian.Uint16(b[2:])))
		b = b[min(int(b[0]&15)*4, end):end]
	case len(b) >= 40 && b[0]>>4 == 6:
		src, dst, proto = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:])), b[6]
		b = b[40:min(len(b), 40+int(binary.BigEndian.Uint16(b[4:])))]
	default:
		return
	}
	if len(b) < 8 || proto != packet.ProtoUDP && (proto != packet.ProtoTCP || len(b) < 20) {
		return
	}
	f(number, proto, b, netip.AddrPortFrom(src, binary.BigEndian.Uint16(b)), netip.AddrPortFrom(dst, binary.BigEndian.Uint16(b[2:])))
}

// segment shows the helper a segment or datagram of a session.
func (c *capture) segment(proto uint8, b []byte, src, dst netip.AddrPort) {
	dir, key := packet.Original, [2]netip.AddrPort{src, dst}
	if c.sessions[key] == nil && c.sessions[[2]netip.AddrPort{dst, src}] != nil {
		dir, key = packet.Reply, [2]netip.AddrPort{dst, src}
	}
	s := c.sessions[key]
	if s == nil {
		if dst.Port() != c.port {
			return
		}
		s = &captured{heard: &Heard{Client: src, Server: dst}, Translator: Translator{Off: true}}
		s.ctl.Reset(c.h)
		c.sessions[key] = s
		c.heard = append(c.heard, s.heard)
	}
	if s.heard.Why != "" {
		return
	}
	if proto == packet.ProtoUDP {
		helpers.ReadDatagram(c.h, &s.state, &helpers.Datagram{Dir: dir, Src: src, Dst: dst, Payload: b[8:]}, s, &c.out)
	} else {
		s.ctl.Segment(&helpers.TCPSegment{
			Dir: dir, Src: src, Dst: dst, Seq: binary.BigEndian.Uint32(b[4:]), Ack: binary.BigEndian.Uint32(b[8:]),
			Flags: b[13], Payload: b[min(len(b), int(b[12]>>4)*4):],
		}, s, &c.out)
	}
	if c.out.Detached {
		s.heard.Why = c.out.Why
	}
	for len(s.heard.Frames) < len(s.Seen) {
		s.heard.Frames = append(s.heard.Frames, c.number)
	}
	s.heard.Announced = s.Seen
}
