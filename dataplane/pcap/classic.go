package pcap

import (
	"encoding/binary"
	"fmt"
	"time"
)

// classic is libpcap's own format: a header, then frames.
type classic struct {
	order  binary.ByteOrder
	nano   bool
	record int // bytes of a record's header
	link   Link
}

// newClassic reads a file's header.
func newClassic(r *Reader, order binary.ByteOrder) (format, error) {
	var h [24]byte
	if err := r.read(h[:], "a file header"); err != nil {
		return nil, err
	}
	c := &classic{order: order, record: 16, link: Link(order.Uint32(h[20:]) & 0xffff)} // above are flags
	switch order.Uint32(h[:]) {
	case magicNano:
		c.nano = true
	case magicModified:
		c.record = 24
	}
	if major := order.Uint16(h[4:]); major != 2 {
		return nil, fmt.Errorf("version %d.%d: expected 2.x", major, order.Uint16(h[6:]))
	}
	return c, nil
}

func (c *classic) next(r *Reader, f *Frame) error {
	if err := r.begins(); err != nil {
		return err
	}
	var h [24]byte
	if err := r.read(h[:c.record], "a record header"); err != nil {
		return err
	}
	part := int64(c.order.Uint32(h[4:]))
	if !c.nano {
		part *= 1000
	}
	f.Time = time.Unix(int64(c.order.Uint32(h[:])), part)
	f.Link, f.Length = c.link, int(c.order.Uint32(h[12:]))
	if err := r.body(c.order.Uint32(h[8:])); err != nil {
		return err
	}
	f.Data, f.Length = r.data, max(f.Length, len(r.data))
	return nil
}
