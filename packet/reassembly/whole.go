package reassembly

import (
	"bytes"
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"

	"portcullis/packet"
)

const ipv6Size = 40

// Whole is a datagram of which nothing is missing.
type Whole struct {
	Size    int    // of its frame in bytes; 0: something is missing
	Largest uint16 // bytes of the largest IP packet that carried a part of it
	ID      uint32 // the identification of its fragments
	record  uint32
}

func (t *Table) whole(n uint32, d *datagram) Whole {
	return Whole{
		Size: int(d.headSize) + int(d.end), Largest: d.largest, record: n,
		ID: uint32(d.key.SrcPort)<<16 | uint32(d.key.DstPort),
	}
}

// Take writes the frame of w into mem, whose capacity is at least w.Size, and
// forgets the datagram. Its headers are those of the first fragment, with the
// length of the whole and without what made it a fragment; an IPv4 header keeps
// the identification, and has DF where any fragment had it.
func (t *Table) Take(w Whole, mem []byte) []byte {
	d := t.records.at(w.record)
	frame := append(mem[:0], d.head[:d.headSize]...)
	for i := 0; i*pageSize < int(d.end); i++ {
		frame = append(frame, t.pages.at(d.pages[i])[:min(pageSize, int(d.end)-i*pageSize)]...)
	}
	d.fixHeader(frame[d.l3:])
	t.forget(w.record, d)
	return frame
}

// fixHeader makes h, the header of the first fragment, that of the whole.
func (d *datagram) fixHeader(h []byte) {
	// One congested router is enough (RFC 3168 section 5.3), for a sender that
	// takes part.
	congested := d.ecn&(1<<3) != 0 && ecn(h) != 0
	if family(&d.key) == 1 {
		binary.BigEndian.PutUint16(h[4:], uint16(len(h)-ipv6Size))
		if congested {
			h[1] |= 0x30
		}
		return
	}
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)))
	field := uint16(0)
	if d.df {
		field = 0x4000
	}
	binary.BigEndian.PutUint16(h[6:], field)
	if congested {
		h[1] |= 3
	}
	h[10], h[11] = 0, 0
	binary.BigEndian.PutUint16(h[10:], ^checksum.Checksum(h[:int(h[0]&15)*4], 0))
}

// ecn is the ECN field of the IP header h (RFC 3168 section 5).
func ecn(h []byte) uint8 {
	if h[0]>>4 == 4 {
		return h[1] & 3
	}
	return h[1] >> 4 & 3
}

// store writes the bytes of f into the pages of d, which are there.
func (t *Table) store(d *datagram, f *packet.Piece) {
	for at, b := f.Offset, f.Data; len(b) > 0; {
		n := copy(t.pages.at(d.pages[at/pageSize])[at%pageSize:], b)
		at, b = at+n, b[n:]
	}
}

// holds says whether the bytes of f are those that d has in their place.
func (t *Table) holds(d *datagram, f *packet.Piece) bool {
	for at, b := f.Offset, f.Data; len(b) > 0; {
		n := min(len(b), pageSize-at%pageSize)
		if !bytes.Equal(t.pages.at(d.pages[at/pageSize])[at%pageSize:][:n], b[:n]) {
			return false
		}
		at, b = at+n, b[n:]
	}
	return true
}
