package packettest

import (
	"encoding/binary"
	"fmt"

	"portcullis/packet"
)

// options prints TCP options as words where their bytes are those the words
// write, else in hex.
func (w *writer) options(o []byte) {
	for len(o) > 0 {
		text, n := optionWord(o)
		if n == 0 {
			w.word("opt %x", o)
			return
		}
		w.WriteString(text)
		o = o[n:]
	}
}

// optionWord prints the option that o begins with and returns its length with
// its padding, 0 where there is no word for it.
func optionWord(o []byte) (string, int) {
	be := binary.BigEndian
	switch {
	case len(o) >= 4 && o[0] == optMSS && o[1] == 4:
		return fmt.Sprintf(" mss %d", be.Uint16(o[2:])), 4
	case len(o) >= 4 && o[0] == optNop && o[1] == optScale && o[2] == 3:
		return fmt.Sprintf(" ws %d", o[3]), 4
	case len(o) < 4 || o[0] != optNop || o[1] != optNop:
		return "", 0
	case o[2] == optSACKO && o[3] == 2:
		return " sackok", 4
	case o[2] == optTS && o[3] == 10 && len(o) >= 12:
		return fmt.Sprintf(" ts %d/%d", be.Uint32(o[4:]), be.Uint32(o[8:])), 12
	case o[2] == optSACK && o[3] >= 10 && (o[3]-2)%8 == 0 && len(o) >= int(o[3])+2:
		text, sep := " sack ", ""
		n := int(o[3]) + 2
		for i := 4; i < n; i += 8 {
			text += fmt.Sprintf("%s%d-%d", sep, be.Uint32(o[i:]), be.Uint32(o[i+4:]))
			sep = ","
		}
		return text, n
	}
	return "", 0
}

// about prints the packet that an ICMP error quotes. What its lengths count but
// the quote lacks is "cut"; of a header that is cut the missing bytes read as
// zeros.
func (w *writer) about(q []byte) {
	if len(q) == 0 {
		return
	}
	if line, ok := quoteText(q); ok {
		w.word("about {%s}", line)
		return
	}
	w.data(q)
}

func quoteText(q []byte) (string, bool) {
	total, ether := 0, uint16(0x0800)
	switch {
	case len(q) >= 20 && q[0]>>4 == 4:
		total = int(binary.BigEndian.Uint16(q[2:]))
	case len(q) >= 40 && q[0]>>4 == 6:
		total, ether = 40+int(binary.BigEndian.Uint16(q[4:])), 0x86dd
	default:
		return "", false
	}
	frame := binary.BigEndian.AppendUint16(append([]byte(nil), stations[:]...), ether)
	frame = append(frame, q...)
	cut := max(0, total-len(q))
	frame = append(frame, make([]byte, cut)...)
	mendCut(frame[14:], len(q))
	var p packet.Packet
	if p.Parse(frame, packet.Offload{}) != packet.ReasonNone || len(p.Frame) != len(frame) {
		return "", false
	}
	in := writer{p: &p, cut: cut}
	in.packet()
	return in.String(), true
}

// mendCut makes a TCP header that ends before its length field parse, and an SCTP
// packet that ends before its first chunk: as if it had a single one, of data where
// there is room for it.
func mendCut(ip []byte, have int) {
	l4, proto := 40, uint8(0)
	if ip[0]>>4 == 4 {
		l4, proto = int(ip[0]&15)*4, ip[9]
	} else {
		proto = ip[6]
	}
	if proto == protoTCP && have <= l4+12 && len(ip) >= l4+20 {
		ip[l4+12] = 0x50
	}
	if proto == protoSCTP && have <= l4+12 && len(ip) >= l4+16 {
		c := ip[l4+12:]
		c[0], c[1] = 0, 3
		if len(c) <= 4+dataHead {
			c[0], c[1] = 255, 0
		}
		binary.BigEndian.PutUint16(c[2:], uint16(len(c)))
	}
}
