package handover

import (
	"encoding/binary"
	"hash/crc32"
)

// Signed is b with the checksum that it would have if it was written so.
func Signed(b []byte) []byte {
	if len(b) < 4 {
		return b
	}
	body := b[: len(b)-4 : len(b)-4]
	return binary.BigEndian.AppendUint32(body, crc32.Checksum(body, castagnoli))
}
