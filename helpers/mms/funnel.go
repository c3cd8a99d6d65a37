package mms

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"

	"portcullis/helpers"
	"portcullis/packet"
)

// nameAt is where a LinkViewerToMacConnectFunnel has its funnelName, `\\address\UDP\port`
// in UTF-16, little-endian, with a zero behind it ([MS-MMSP] section 2.2.4.18). It is
// the last field: what follows fills the last chunk.
const nameAt = 28

// Lengths of a message; Edit.Kind.
const (
	inBytes  = 1
	inChunks = 2
)

// funnel reads the LinkViewerToMacConnectFunnel from from up to to of the packet m at
// seg.Data[at:]. The server sends to the address that the player connects from, whatever
// is spelt: an address that is not the player's is refused by the engine all the same.
func funnel(seg *helpers.Segment, f *helpers.Findings, at int, m *message, from, to int) bool {
	from, to = at+from, at+to
	if to-from <= nameAt {
		return false
	}
	name, ok := readName(seg.Data[from+nameAt : to])
	if !ok {
		return false
	}
	length := func(field, begin, end int, kind uint8) {
		f.Measure(helpers.Length{From: begin, To: end, Edit: helpers.Edit{Off: field, Len: 4, Kind: kind}})
	}
	counted := at + countAt
	if m.whole {
		counted = at
	}
	f.Cancel = true // a player has one funnel
	length(at+lengthAt, at+countAt, at+m.size, inBytes)
	length(at+countAt, counted, at+m.size, inChunks)
	length(from, from, to, inChunks)
	f.Announce(helpers.Expect{
		Proto: packet.ProtoUDP, Endpoint: name, Edit: helpers.Edit{Off: from + nameAt, Len: to - from - nameAt},
	})
	return true
}

// readName reads a funnelName of UDP, and whatever behind its zero.
func readName(b []byte) (netip.AddrPort, bool) {
	const most = len(`\\255.255.255.255\UDP\65535`)
	var text [most]byte
	n := 0
	for {
		if len(b) < 2 || b[1] != 0 {
			return netip.AddrPort{}, false
		}
		if b[0] == 0 {
			break
		}
		if n == most {
			return netip.AddrPort{}, false
		}
		text[n] = b[0]
		n, b = n+1, b[2:]
	}
	return parseName(text[:n])
}

// parseName reads `\\address\UDP\port`.
func parseName(b []byte) (netip.AddrPort, bool) {
	none := netip.AddrPort{}
	if len(b) < 2 || b[0] != '\\' || b[1] != '\\' {
		return none, false
	}
	b = b[2:]
	n := 0
	for n < len(b) && b[n] != '\\' {
		n++
	}
	addr, ok := helpers.ParseAddr(b[:n])
	if !ok || !addr.Is4() {
		return none, false
	}
	b = b[n:]
	const udp = `\UDP\`
	if len(b) <= len(udp) || !bytes.EqualFold(b[:len(udp)], []byte(udp)) {
		return none, false
	}
	port := uint32(0)
	for i, c := range b[len(udp):] {
		port = port*10 + uint32(c-'0')
		if c < '0' || c > '9' || port > 65535 || i == 0 && c == '0' {
			return none, false
		}
	}
	return netip.AddrPortFrom(addr, uint16(port)), true
}

// spell writes a funnelName for to. It is filled to as many bytes as orig, or to
// whole chunks more.
func spell(dst, orig []byte, _ helpers.Edit, to netip.AddrPort) []byte {
	addr := to.Addr().Unmap()
	if !addr.Is4() {
		return dst
	}
	var text [64]byte
	b := append(text[:0], `\\`...)
	b = helpers.AppendAddr(b, addr)
	b = append(b, `\UDP\`...)
	b = strconv.AppendUint(b, uint64(to.Port()), 10)
	n := len(dst)
	for _, c := range append(b, 0) {
		dst = append(dst, c, 0)
	}
	for len(dst)-n < len(orig) || (len(dst)-n-len(orig))%chunk != 0 {
		dst = append(dst, 0)
	}
	return dst
}

// spellLength writes a length of a message.
func spellLength(dst, _ []byte, e helpers.Edit, n int) []byte {
	if e.Kind == inChunks {
		n /= chunk
	}
	return binary.LittleEndian.AppendUint32(dst, uint32(n))
}
