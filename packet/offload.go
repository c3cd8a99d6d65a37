package packet

import "encoding/binary"

// Offload is what the virtio-net header of a frame says about work that was
// left undone: segments not yet cut, a checksum not yet completed. Offsets
// count from the first byte of the frame. See linux/virtio_net.h.
type Offload struct {
	Flags      uint8  // OffloadNeedsCsum, OffloadDataValid
	GSO        uint8  // GSONone, GSOTCPv4, ...; GSOECN may be added
	HdrLen     uint16 // bytes of headers; a hint
	GSOSize    uint16 // payload bytes of each segment
	CsumStart  uint16 // where checksumming begins
	CsumOffset uint16 // where, from CsumStart, the checksum is stored
}

// OffloadSize is the length of the virtio-net header on the wire.
const OffloadSize = 10

// Values of Offload.Flags and Offload.GSO.
const (
	OffloadNeedsCsum = 1
	OffloadDataValid = 2

	GSONone  = 0
	GSOTCPv4 = 1
	GSOUDP   = 3
	GSOTCPv6 = 4
	GSOUDPL4 = 5
	GSOECN   = 0x80
)

// DecodeOffload reads the header from b, which holds at least OffloadSize
// bytes.
func DecodeOffload(b []byte) Offload {
	_ = b[OffloadSize-1]
	le := binary.LittleEndian
	return Offload{
		Flags: b[0], GSO: b[1], HdrLen: le.Uint16(b[2:]), GSOSize: le.Uint16(b[4:]),
		CsumStart: le.Uint16(b[6:]), CsumOffset: le.Uint16(b[8:]),
	}
}

// Encode writes the header to b, which holds at least OffloadSize bytes.
func (o Offload) Encode(b []byte) {
	_ = b[OffloadSize-1]
	le := binary.LittleEndian
	b[0], b[1] = o.Flags, o.GSO
	le.PutUint16(b[2:], o.HdrLen)
	le.PutUint16(b[4:], o.GSOSize)
	le.PutUint16(b[6:], o.CsumStart)
	le.PutUint16(b[8:], o.CsumOffset)
}

// Partial says whether the transport checksum is still only the pseudo-header
// sum, to be completed by the device.
func (o *Offload) Partial() bool { return o.Flags&OffloadNeedsCsum != 0 }

// IsGSO says whether the frame is a super-packet that a device will cut.
func (o *Offload) IsGSO() bool { return o.GSO&^GSOECN != GSONone }
