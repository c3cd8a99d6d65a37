// Package pcaptest writes captures, for tests.
package pcaptest

import (
	"encoding/binary"
	"time"
)

// Begin is when the first frame of a capture of Classic and Sections is captured.
var Begin = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// Frame is a frame to write.
type Frame struct {
	At     time.Duration // since Begin
	Data   []byte
	Length int // of the frame on the wire; 0: as Data
}

func (f *Frame) length() uint32 { return uint32(max(f.Length, len(f.Data))) }

// Classic is a file of libpcap's format.
func Classic(order binary.AppendByteOrder, nano bool, link uint32, frames ...Frame) []byte {
	magic, unit := uint32(0xa1b2c3d4), time.Microsecond
	if nano {
		magic, unit = 0xa1b23c4d, time.Nanosecond
	}
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(order.AppendUint16(b, 2), 4)
	b = order.AppendUint32(append(b, make([]byte, 8)...), 262144)
	b = order.AppendUint32(b, link)
	for _, f := range frames {
		at := Begin.Add(f.At)
		b = order.AppendUint32(b, uint32(at.Unix()))
		b = order.AppendUint32(b, uint32(at.Nanosecond()/int(unit)))
		b = order.AppendUint32(b, uint32(len(f.Data)))
		b = order.AppendUint32(b, f.length())
		b = append(b, f.Data...)
	}
	return b
}

// Block is a pcapng block.
func Block(order binary.AppendByteOrder, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	size := uint32(len(body) + 12)
	b := order.AppendUint32(order.AppendUint32(nil, kind), size)
	return order.AppendUint32(append(b, body...), size)
}

// Section is the block that begins a section of a pcapng file.
func Section(order binary.AppendByteOrder) []byte {
	b := order.AppendUint16(order.AppendUint16(order.AppendUint32(nil, 0x1a2b3c4d), 1), 0)
	return Block(order, 0x0a0d0d0a, order.AppendUint64(b, ^uint64(0)))
}

// Interface describes an interface; resolution is what if_tsresol says, 0 leaves
// it out.
func Interface(order binary.AppendByteOrder, link uint16, snap uint32, resolution uint8) []byte {
	b := order.AppendUint32(order.AppendUint16(order.AppendUint16(nil, link), 0), snap)
	if resolution != 0 {
		b = append(order.AppendUint16(order.AppendUint16(b, 9), 1), resolution, 0, 0, 0)
		b = order.AppendUint32(b, 0)
	}
	return Block(order, 1, b)
}

// Packet is an enhanced packet block; ticks is the time since 1970 in the units of
// its interface.
func Packet(order binary.AppendByteOrder, iface uint32, ticks uint64, f Frame) []byte {
	b := order.AppendUint32(nil, iface)
	b = order.AppendUint32(order.AppendUint32(b, uint32(ticks>>32)), uint32(ticks))
	b = order.AppendUint32(order.AppendUint32(b, uint32(len(f.Data))), f.length())
	return Block(order, 6, append(b, f.Data...))
}

// Sections is a pcapng file of one section and one interface, with microseconds.
func Sections(order binary.AppendByteOrder, link uint16, frames ...Frame) []byte {
	b := append(Section(order), Interface(order, link, 0, 0)...)
	for _, f := range frames {
		b = append(b, Packet(order, 0, uint64(Begin.Add(f.At).UnixMicro()), f)...)
	}
	return b
}
