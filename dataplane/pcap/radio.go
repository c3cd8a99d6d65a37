package pcap

import "encoding/binary"

// prism has 144 bytes of Prism's in front of an 802.11 frame, or a header of AVS.
func prism(b []byte) (uint16, []byte, bool) {
	const version, ofAVS = 0xfffff000, 0x80211000
	if len(b) >= 4 && binary.BigEndian.Uint32(b)&version == ofAVS {
		return avs(b)
	}
	return behind(144, wifi)(b)
}

// avs has what the radio said, of a length of its own.
func avs(b []byte) (uint16, []byte, bool) {
	if len(b) < 8 {
		return 0, b, false
	}
	n := binary.BigEndian.Uint32(b[4:])
	if n < 8 || int64(n) > int64(len(b)) {
		return 0, b, false
	}
	return wifi(b[n:])
}

// radiotap has what the radio said in front of an 802.11 frame.
func radiotap(b []byte) (uint16, []byte, bool) {
	if len(b) < 4 {
		return 0, b, false
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n < 4 || len(b) < n {
		return 0, b, false
	}
	return wifi(b[n:])
}

// wifi reads a data frame of 802.11 that is not encrypted.
func wifi(b []byte) (uint16, []byte, bool) {
	if len(b) < 24 {
		return 0, b, false
	}
	const data, encrypted, order = 2, 0x40, 0x80
	kind, subtype, flags := b[0]>>2&3, b[0]>>4, b[1]
	if kind != data || subtype&0x4 != 0 || flags&encrypted != 0 {
		return etherOther, b, true
	}
	size := 24
	if flags&3 == 3 { // from access point to access point
		size += 6
	}
	if subtype&0x8 != 0 { // quality of service
		size += 2
		if flags&order != 0 {
			size += 4
		}
	}
	return behind(size, llc)(b)
}
