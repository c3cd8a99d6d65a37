package packettest

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"portcullis/packet"
)

// Text is the line that spells p, which has been parsed. Frame(Text(p)) is p's
// frame again, but for the Ethernet addresses and header bits that have no word.
func Text(p *packet.Packet) string {
	switch p.Kind {
	case packet.KindARP:
		return arpText(p)
	case packet.KindNone:
		return fmt.Sprintf("unparsed %x", p.Frame)
	}
	w := writer{p: p}
	w.packet()
	return w.String()
}

// Canonical is the line that spells the same packet as text in the words that
// Text would use.
func Canonical(text string) (string, error) {
	frame, off, err := Build(text)
	if err != nil {
		return "", err
	}
	var p packet.Packet
	if r := p.Parse(frame, off); r != packet.ReasonNone {
		return "", fmt.Errorf("%s: %s", text, r.Text())
	}
	return Text(&p), nil
}

func arpText(p *packet.Packet) string {
	a := p.ARP()
	op := "request"
	if a[7] == 2 {
		op = "reply"
	}
	return fmt.Sprintf("arp %v > %v %s", netip.AddrFrom4([4]byte(a[14:18])), netip.AddrFrom4([4]byte(a[24:28])), op)
}

// writer prints one parsed packet.
type writer struct {
	strings.Builder
	p   *packet.Packet
	cut int // bytes that the IP packet lacks: it is quoted
}

func (w *writer) word(format string, args ...any) {
	w.WriteByte(' ')
	fmt.Fprintf(w, format, args...)
}

// value prints a word and its number where it is not the default.
func (w *writer) value(word string, v, normal uint64) {
	if v != normal {
		w.word("%s %d", word, v)
	}
}

func (w *writer) packet() {
	p := w.p
	src, dst := p.Addrs()
	h := p.Frame[p.L4:]
	w.WriteString(packet.ProtoName(p.Key.Proto))
	if w.ports(p.Key.Proto) {
		be := binary.BigEndian
		w.word("%v > %v", netip.AddrPortFrom(src.Netip(), be.Uint16(h)), netip.AddrPortFrom(dst.Netip(), be.Uint16(h[2:])))
	} else {
		w.word("%v > %v", src.Netip(), dst.Netip())
	}
	if w.later() {
		w.data(h)
		w.network()
		return
	}
	w.transport(h)
	w.network()
	w.checksum()
	w.device()
	w.value("cut", uint64(w.cut), 0)
}

// later says whether p is a fragment without a transport header.
func (w *writer) later() bool { return w.p.Frag && (w.offset() > 0 || !w.headerFits()) }

func (w *writer) ports(proto uint8) bool {
	return (proto == protoTCP || proto == protoUDP || proto == protoSCTP) && !w.later()
}

// headerFits says whether a first fragment holds its transport header.
func (w *writer) headerFits() bool {
	h := w.p.Frame[w.p.L4:]
	n := (&line{proto: w.p.Key.Proto}).headerSize()
	if w.p.Key.Proto == packet.ProtoGRE && len(h) >= n {
		return len(h) >= greLength(h)
	}
	return len(h) >= n && (w.p.Key.Proto != protoTCP || int(h[12]>>4) >= 5 && len(h) >= int(h[12]>>4)*4)
}

// offset is the fragment offset in units of 8 bytes.
func (w *writer) offset() int {
	if w.p.Kind == packet.KindIPv4 {
		return int(binary.BigEndian.Uint16(w.p.Frame[w.p.L3+6:]) & 0x1fff)
	}
	return int(binary.BigEndian.Uint16(w.p.Frame[w.p.L4-6:]) >> 3)
}

func (w *writer) transport(h []byte) {
	be := binary.BigEndian
	proto := w.p.Key.Proto
	size := (&line{proto: proto}).headerSize()
	switch proto {
	case protoTCP:
		size = int(h[12]>>4) * 4
		w.word("%s", flagText(h[13]))
		w.value("seq", uint64(be.Uint32(h[4:])), 0)
		w.value("ack", uint64(be.Uint32(h[8:])), 0)
		w.value("win", uint64(be.Uint16(h[14:])), 65535)
		w.value("urg", uint64(be.Uint16(h[18:])), 0)
		w.options(h[20:size])
	case protoUDP:
		if n := int(be.Uint16(h[4:])); n != len(h) && !w.p.Frag {
			w.word("udplen %d", n)
		}
		if h[6] == 0 && h[7] == 0 && !w.p.Offload.Partial() && w.cut == 0 {
			w.word("nosum")
		}
	case packet.ProtoICMP, packet.ProtoICMPv6:
		w.icmp(h, proto)
		if packet.IsICMPError(proto, h[0]) {
			w.about(h[size:])
			return
		}
	case protoSCTP:
		w.sctp(h)
		return
	case packet.ProtoGRE:
		size = w.gre(h)
	}
	w.cutData(h[size:])
}

// cutData prints a payload of whose end the packet lacks w.cut bytes: they were
// the pattern's where the others are.
func (w *writer) cutData(b []byte) {
	have := b[:len(b)-min(w.cut, len(b))]
	from, ok := 0, len(have) == 0
	if !ok {
		from, ok = patternFrom(have)
	}
	if ok && w.cut > 0 && len(b) > 0 {
		b = make([]byte, len(b))
		for i := range b {
			b[i] = pattern(from + i)
		}
	}
	w.data(b)
}

func (w *writer) icmp(h []byte, proto uint8) {
	typ, code, rest := h[0], h[1], binary.BigEndian.Uint32(h[4:])
	switch n := icmpByType(proto, typ); {
	case n == nil:
		w.word("type %d", typ)
		w.value("code", uint64(code), 0)
	case int(code) < len(n.codes) && n.codes[code] != "":
		w.word("%s %s", n.word, n.codes[code])
	default:
		w.word("%s", n.word)
		w.value("code", uint64(code), 0)
	}
	switch {
	case isQuery(proto, typ):
		w.word("id %d seq %d", rest>>16, rest&0xffff)
	case hasMTU(proto, typ, code):
		w.word("mtu %d", rest)
	case rest != 0:
		w.word("rest %08x", rest)
	}
}

// data prints a payload: as the pattern, as a string, or in hex.
func (w *writer) data(b []byte) {
	if len(b) == 0 {
		return
	}
	if from, ok := patternFrom(b); ok {
		w.word("len %d", len(b))
		w.value("from", uint64(from), 0)
		return
	}
	if words := pptpWords(b); w.p.Key.Proto == packet.ProtoTCP && len(words) > 0 {
		for _, m := range words {
			w.word("pptp %s", m)
		}
		return
	}
	for _, c := range b {
		if c >= 0x7f || c < ' ' && c != '\r' && c != '\n' && c != '\t' && c != 0 {
			w.word("hex %x", b)
			return
		}
	}
	w.word("data %s", strconv.Quote(string(b)))
}

func patternFrom(b []byte) (from int, ok bool) {
	from = int(b[0]) - 'a'
	if from < 0 || from >= 26 {
		return 0, false
	}
	for i, c := range b {
		if c != pattern(from+i) {
			return 0, false
		}
	}
	return from, true
}

// network prints what the IP header says beside the addresses.
func (w *writer) network() {
	h := w.p.Frame[w.p.L3:]
	be := binary.BigEndian
	if w.p.Kind == packet.KindIPv6 {
		w.value("ttl", uint64(h[7]), 64)
		w.value("tos", uint64(be.Uint16(h)>>4&0xff), 0)
		w.extensions(h)
		return
	}
	w.value("ttl", uint64(h[8]), 64)
	w.value("tos", uint64(h[1]), 0)
	w.value("ipid", uint64(be.Uint16(h[4:])), 0)
	field := be.Uint16(h[6:])
	if field&0x4000 != 0 {
		w.word("df")
	}
	w.fragment(w.p.Frag, int(field&0x1fff), field&0x2000 != 0)
	if ihl := int(h[0]&15) * 4; ihl > 20 {
		w.word("ipopt %s", hex.EncodeToString(h[20:ihl]))
	}
}

func (w *writer) fragment(is bool, offset int, more bool) {
	if !is {
		return
	}
	w.word("frag %d", offset)
	if more {
		w.WriteByte('+')
	}
}

// extensions prints the IPv6 extension headers. Parse has checked their lengths.
func (w *writer) extensions(h []byte) {
	next, at := h[6], 40
	for l4 := int(w.p.L4 - w.p.L3); at < l4; {
		if next == 44 {
			field := binary.BigEndian.Uint16(h[at+2:])
			w.fragment(true, int(field>>3), field&1 != 0)
			w.value("ipid", uint64(binary.BigEndian.Uint32(h[at+4:])), 0)
			next, at = h[at], at+8
			continue
		}
		end := at + 8 + int(h[at+1])*8
		w.word("ext %d=%x", next, h[at+2:end])
		next, at = h[at], end
	}
}

func (w *writer) checksum() {
	if h := w.p.Frame[w.p.L4:]; w.p.Key.Proto == protoSCTP && !w.p.Frag && w.cut == 0 {
		want := uint32(0)
		if !w.p.Offload.Partial() {
			want = sctpSum(h)
		}
		if binary.LittleEndian.Uint32(h[8:]) != want {
			w.word("badsum")
		}
	}
	if w.p.Frag || w.cut > 0 || sumAt(w.p.Key.Proto) == 0 {
		return
	}
	p := *w.p
	p.Offload.Flags &^= packet.OffloadDataValid
	if p.Offload.Partial() {
		at := int(p.L4) + sumAt(p.Key.Proto)
		was := binary.BigEndian.Uint16(p.Frame[at:])
		p.Frame = append([]byte(nil), p.Frame...)
		p.FixChecksum()
		// 0 and 0xffff are the same sum.
		if now := binary.BigEndian.Uint16(p.Frame[at:]); now%0xffff != was%0xffff {
			w.word("badsum")
		}
	} else if !p.ChecksumOK() {
		w.word("badsum")
	}
}

// device prints the link and what is left to the device.
func (w *writer) device() {
	p := w.p
	if p.Offload.Partial() {
		w.word("partial")
	}
	if p.Offload.Flags&packet.OffloadDataValid != 0 {
		w.word("checked")
	}
	if p.Offload.IsGSO() {
		w.word("gso %d", p.Offload.GSOSize)
	}
	for i := range int(p.VLANs) {
		w.word("vlan %d", binary.BigEndian.Uint16(p.Frame[14+4*i:])&0xfff)
	}
}
