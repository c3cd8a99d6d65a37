package packet_test

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"portcullis/packet"
	"portcullis/packet/packettest"
)

// TestSCTPChecksum: it is a CRC wherever one is judged, computed or completed.
func TestSCTPChecksum(t *testing.T) {
	for _, line := range []string{
		"sctp 10.0.0.1:5 > 10.0.0.2:6 tag 9 data \"hello\"", "sctp [fd00::1]:5 > [fd00::2]:6 init 9", "sctp 10.0.0.1:5 > 10.0.0.2:6 tag 9 len 1300 ipopt 01010101",
	} {
		p := packettest.Packet(line)
		if !p.ChecksumOK() {
			t.Fatalf("%s: a right one is refused", line)
		}
		h := p.Frame[p.L4:]
		sum := binary.LittleEndian.Uint32(h[8:])
		p.Frame[len(p.Frame)-1] ^= 1
		if p.ChecksumOK() {
			t.Errorf("%s: a wrong one is not found out", line)
		}
		if p.Offload.Flags = packet.OffloadDataValid; !p.ChecksumOK() {
			t.Errorf("%s: the device has checked it", line)
		}
		p.Offload.Flags = 0
		p.Frame[len(p.Frame)-1] ^= 1
		clear(h[8:12])
		if p.FixChecksum(); binary.LittleEndian.Uint32(h[8:]) != sum {
			t.Errorf("%s: computed anew it is another", line)
		}
		partial := packettest.Packet(line + " partial")
		h = partial.Frame[partial.L4:]
		if got := binary.LittleEndian.Uint32(h[8:]); got != 0 || partial.Offload.CsumOffset != 8 {
			t.Fatalf("%s: left to the device, and %x at %d", line, got, partial.Offload.CsumOffset)
		}
		to := partial.Key
		to.SrcPort, to.DstPort = 7, 8
		r := packet.NewRewrite(partial.Key, to)
		r.Apply(partial, &to)
		partial.CompleteChecksum()
		sum = binary.LittleEndian.Uint32(h[8:])
		clear(h[8:12])
		if want := crc32.Checksum(h, crc32.MakeTable(crc32.Castagnoli)); partial.Offload.Partial() || sum != want {
			t.Errorf("%s: completed to %x, expected %x", line, sum, want)
		}
	}
}
