package packet

import (
	"encoding/binary"
	"hash/crc32"
)

// SCTP's checksum (RFC 9260 appendix A) is a CRC. The difference of those of two
// packets is the CRC, begun with nothing, of their difference. Of that only the ports are not
// zero, and what a run of zeros does is the same whatever it is done to: so
// a change of ports costs the same however long the packet is.

// crcZeros is what some number of zero bytes does to a CRC: for each four bits of
// it, what becomes of them.
type crcZeros [8][16]uint32

// zeros are those of d * 16^p bytes, as zeros[p][d].
var zeros = newZeros()

func newZeros() (all [4][16]crcZeros) {
	table := crc32.MakeTable(crc32.Castagnoli)
	once := func(c uint32) uint32 { return table[byte(c)] ^ c>>8 }
	for p := range all {
		all[p][0].fill(func(c uint32) uint32 { return c })
		for d := 1; d < 16; d++ {
			all[p][d].fill(func(c uint32) uint32 { return once(all[p][d-1].apply(c)) })
		}
		one, most := &all[p][1], &all[p][15]
		once = func(c uint32) uint32 { return one.apply(most.apply(c)) }
	}
	return all
}

func (z *crcZeros) fill(image func(uint32) uint32) {
	for i := range z {
		for bits := range z[i] {
			z[i][bits] = image(uint32(bits) << (4 * i))
		}
	}
}

func (z *crcZeros) apply(c uint32) uint32 {
	return z[0][c&15] ^ z[1][c>>4&15] ^ z[2][c>>8&15] ^ z[3][c>>12&15] ^
		z[4][c>>16&15] ^ z[5][c>>20&15] ^ z[6][c>>24&15] ^ z[7][c>>28]
}

// setSCTPPorts writes the ports of the whole SCTP packet h and changes its checksum
// by what that changes: a packet that was damaged stays so.
func setSCTPPorts(h []byte, src, dst uint16) {
	change := binary.LittleEndian.Uint32(h)
	putPorts(h, src, dst)
	change ^= binary.LittleEndian.Uint32(h)
	for p, n := 0, len(h); n > 0; p, n = p+1, n>>4 {
		if d := n & 15; d > 0 {
			change = zeros[p][d].apply(change)
		}
	}
	binary.LittleEndian.PutUint32(h[8:], binary.LittleEndian.Uint32(h[8:])^change)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sctpSum is the checksum of the whole SCTP packet h, whatever h says it is.
func sctpSum(h []byte) uint32 {
	var none [4]byte
	sum := crc32.Update(0, castagnoli, h[:8])
	sum = crc32.Update(sum, castagnoli, none[:])
	return crc32.Update(sum, castagnoli, h[sctpSize:])
}

func sctpSumOK(h []byte) bool { return binary.LittleEndian.Uint32(h[8:]) == sctpSum(h) }

// fixSCTP writes the checksum of h, or what stands in its place until it is
// completed.
func fixSCTP(h []byte, partial bool) {
	sum := uint32(0)
	if !partial {
		sum = sctpSum(h)
	}
	binary.LittleEndian.PutUint32(h[8:], sum)
}

func putPorts(h []byte, src, dst uint16) {
	binary.BigEndian.PutUint16(h, src)
	binary.BigEndian.PutUint16(h[2:], dst)
}
