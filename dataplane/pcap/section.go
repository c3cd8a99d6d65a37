package pcap

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"time"
)

// Kinds of pcapng blocks that matter here (draft-ietf-opsawg-pcapng).
const (
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6
	blockJournal   = 9 // of systemd: Wireshark counts it as a frame
)

const (
	optionEnd        = 0
	optionResolution = 9
	optionOffset     = 14

	maxInterfaces = 1 << 16
	maxOptions    = 1 << 20 // bytes of an interface's description
)

// nextGeneration is pcapng: sections of blocks, each section with a byte order and
// interfaces of its own.
type nextGeneration struct {
	order      binary.ByteOrder
	interfaces []ngInterface
	last       time.Time
}

// ngInterface is what a section says of an interface.
type ngInterface struct {
	link   Link
	snap   uint32
	ticks  uint64 // a second has
	offset int64  // seconds
}

func (g *nextGeneration) next(r *Reader, f *Frame) error {
	for {
		if err := r.begins(); err != nil {
			return err
		}
		done, err := g.block(r, f)
		if done || err != nil {
			return err
		}
	}
}

// block reads one block, and says whether it is a frame.
func (g *nextGeneration) block(r *Reader, f *Frame) (frame bool, err error) {
	kind, left, err := g.header(r)
	if err != nil {
		return false, err
	}
	total := left + 12
	switch kind {
	case magicSection:
		err = g.section(r, &left)
	case blockInterface:
		err = g.describe(r, &left)
	case blockEnhanced, blockPacket:
		frame, err = true, g.packet(r, f, &left, kind == blockPacket)
	case blockSimple:
		frame, err = true, g.simple(r, f, &left)
	case blockJournal:
		frame, f.Link, f.Time = true, linkNone, g.last
	}
	if err != nil {
		return false, err
	}
	if err := r.skip(int64(left), "a block"); err != nil {
		return false, err
	}
	var tail [4]byte
	if err := r.read(tail[:], "a block's end"); err != nil {
		return false, err
	}
	if n := g.order.Uint32(tail[:]); n != total {
		return false, fmt.Errorf("a block of %d bytes ends as one of %d", total, n)
	}
	return frame, nil
}

// header reads the beginning of a block: its kind, and how long what follows is up
// to its end. Of a section it reads the byte order too.
func (g *nextGeneration) header(r *Reader) (kind, left uint32, err error) {
	var h [8]byte
	if err := r.read(h[:], "a block header"); err != nil {
		return 0, 0, err
	}
	if binary.BigEndian.Uint32(h[:]) == magicSection { // the same in both orders
		magic, err := r.in.Peek(4)
		switch {
		case err != nil:
			return 0, 0, cut(err, "expected a section header")
		case binary.LittleEndian.Uint32(magic) == magicOrder:
			g.order = binary.LittleEndian
		case binary.BigEndian.Uint32(magic) == magicOrder:
			g.order = binary.BigEndian
		default:
			return 0, 0, fmt.Errorf("a section of byte order % x: expected 1a 2b 3c 4d, either way round", magic)
		}
	}
	if g.order == nil { // NewReader has seen the magic number
		return 0, 0, fmt.Errorf("a block before the first section header")
	}
	kind, total := g.order.Uint32(h[:]), g.order.Uint32(h[4:])
	if total < 12 || total%4 != 0 {
		return 0, 0, fmt.Errorf("a block of %d bytes: expected at least 12, and a multiple of 4", total)
	}
	return kind, total - 12, nil
}

// fixed reads the fixed part of a block.
func (g *nextGeneration) fixed(r *Reader, b []byte, left *uint32, what string) error {
	if int(*left) < len(b) {
		return fmt.Errorf("%s of %d bytes: expected at least %d", what, *left, len(b))
	}
	*left -= uint32(len(b))
	return r.read(b, what)
}

// section begins a section: what was said of interfaces no longer holds.
func (g *nextGeneration) section(r *Reader, left *uint32) error {
	var b [16]byte
	if err := g.fixed(r, b[:], left, "a section header"); err != nil {
		return err
	}
	if major := g.order.Uint16(b[4:]); major != 1 {
		return fmt.Errorf("version %d.%d: expected 1.x", major, g.order.Uint16(b[6:]))
	}
	g.interfaces = g.interfaces[:0]
	return nil
}

// describe reads what is said of the next interface.
func (g *nextGeneration) describe(r *Reader, left *uint32) error {
	var b [8]byte
	if err := g.fixed(r, b[:], left, "an interface"); err != nil {
		return err
	}
	if len(g.interfaces) == maxInterfaces || *left > maxOptions {
		return fmt.Errorf("interface %d, described in %d bytes: expected at most %d interfaces, and %d bytes", len(g.interfaces), *left, maxInterfaces, maxOptions)
	}
	i := ngInterface{link: Link(g.order.Uint16(b[:])), snap: g.order.Uint32(b[4:]), ticks: 1e6}
	options := make([]byte, *left)
	*left = 0
	if err := r.read(options, "an interface's options"); err != nil {
		return err
	}
	if err := g.options(&i, options); err != nil {
		return err
	}
	g.interfaces = append(g.interfaces, i)
	return nil
}

// options reads what an interface's options say of its clock.
func (g *nextGeneration) options(i *ngInterface, b []byte) error {
	for len(b) >= 4 {
		code, n := g.order.Uint16(b), int(g.order.Uint16(b[2:]))
		if b = b[4:]; code == optionEnd {
			return nil
		}
		if n > len(b) {
			return fmt.Errorf("option %d of %d bytes: expected at most %d", code, n, len(b))
		}
		switch value := b[:n]; {
		case code == optionResolution && n == 1:
			if i.ticks = resolution(value[0]); i.ticks == 0 {
				return fmt.Errorf("if_tsresol 0x%02x: expected a clock of at most 2^63 ticks a second", value[0])
			}
		case code == optionOffset && n == 8:
			i.offset = int64(g.order.Uint64(value))
		}
		b = b[min(len(b), (n+3)&^3):]
	}
	return nil
}

// resolution is how many ticks of a clock make a second; 0 where they can not be
// counted.
func resolution(b uint8) uint64 {
	if n := b & 0x7f; b&0x80 != 0 {
		if n > 63 {
			return 0
		}
		return 1 << n
	}
	if b > 19 {
		return 0
	}
	ticks := uint64(1)
	for range b {
		ticks *= 10
	}
	return ticks
}

// at is the moment of so many ticks.
func (i *ngInterface) at(ticks uint64) time.Time {
	hi, lo := bits.Mul64(ticks%i.ticks, 1e9)
	nano, _ := bits.Div64(hi, lo, i.ticks)
	return time.Unix(int64(min(ticks/i.ticks, math.MaxInt64/2))+i.offset, int64(nano))
}

// of is an interface of the section.
func (g *nextGeneration) of(n uint32) (*ngInterface, error) {
	if int64(n) >= int64(len(g.interfaces)) {
		return nil, fmt.Errorf("interface %d: the section has %d", n, len(g.interfaces))
	}
	return &g.interfaces[n], nil
}

// packet reads an enhanced packet block, or the obsolete one.
func (g *nextGeneration) packet(r *Reader, f *Frame, left *uint32, old bool) error {
	var b [20]byte
	if err := g.fixed(r, b[:], left, "a packet"); err != nil {
		return err
	}
	n := g.order.Uint32(b[:])
	if old {
		n = uint32(g.order.Uint16(b[:]))
	}
	i, err := g.of(n)
	if err != nil {
		return err
	}
	g.last = i.at(uint64(g.order.Uint32(b[4:]))<<32 | uint64(g.order.Uint32(b[8:])))
	return g.data(r, f, left, i, g.order.Uint32(b[12:]), g.order.Uint32(b[16:]))
}

// simple reads a packet of the first interface without a time.
func (g *nextGeneration) simple(r *Reader, f *Frame, left *uint32) error {
	var b [4]byte
	if err := g.fixed(r, b[:], left, "a packet"); err != nil {
		return err
	}
	i, err := g.of(0)
	if err != nil {
		return err
	}
	length := g.order.Uint32(b[:])
	captured := min(length, *left)
	if i.snap != 0 {
		captured = min(captured, i.snap)
	}
	return g.data(r, f, left, i, captured, length)
}

// data reads a frame.
func (g *nextGeneration) data(r *Reader, f *Frame, left *uint32, i *ngInterface, captured, length uint32) error {
	if captured > *left {
		return fmt.Errorf("a frame of %d bytes in a block with room for %d", captured, *left)
	}
	if err := r.body(captured); err != nil {
		return err
	}
	*left -= captured
	f.Time, f.Link, f.Data, f.Length = g.last, i.link, r.data, int(max(length, captured))
	return nil
}
