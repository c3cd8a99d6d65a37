package helpertest

import (
	"encoding/binary"
	"net/netip"
	"os"

	"portcullis/packet"
)

// take is told of a packet of TCP or UDP: its number, and what is behind its IP header.
type take func(number int, proto uint8, b []byte, src, dst netip.AddrPort)

// packets calls f for those of a capture: a classic little-endian pcap of Ethernet, or
// of IP alone.
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
