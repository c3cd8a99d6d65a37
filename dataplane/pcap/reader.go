package pcap

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Frame is one captured frame.
type Frame struct {
	Number int       // 1 is the first of the file, as Wireshark counts
	Time   time.Time // when it was captured; zero where the file does not say
	Link   Link      // what Data begins with
	Data   []byte    // what was captured of it; valid until the next call of Next
	Length int       // of the whole frame; more than len(Data) where it was cut
}

// maxFrame bounds a captured frame, in bytes; libpcap writes none that is longer.
const maxFrame = 256 << 10

// Reader reads the frames of one file.
type Reader struct {
	name   string
	in     *bufio.Reader
	at     int64 // bytes read so far
	start  int64 // of the record that is being read
	number int   // of the last frame
	format format
	data   []byte
	fault  error // what the file ended with
}

// format is one of the two kinds of files.
type format interface {
	// next reads up to the next frame. io.EOF is the end, between two records.
	next(r *Reader, f *Frame) error
}

// Magic numbers, as a reader of the file's own byte order sees them.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetsov's, with longer record headers
	magicSection  = 0x0a0d0d0a // pcapng
	magicOrder    = 0x1a2b3c4d
)

// NewReader reads the beginning of in, the file of that name.
func NewReader(name string, in io.Reader) (*Reader, error) {
	r := &Reader{name: name, in: bufio.NewReaderSize(in, 64<<10)}
	if b, err := r.in.Peek(2); err == nil && b[0] == 0x1f && b[1] == 0x8b {
		z, err := gzip.NewReader(r.in)
		if err != nil {
			return nil, r.wrong(err)
		}
		r.in = bufio.NewReaderSize(z, 64<<10)
	}
	b, err := r.in.Peek(4)
	if err != nil {
		return nil, r.wrong(cut(err, "expected a capture (pcap or pcapng)"))
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(b) {
		case magicMicro, magicNano, magicModified:
			r.format, err = newClassic(r, order)
		case magicSection:
			r.format = &nextGeneration{}
		}
		if r.format != nil || err != nil {
			break
		}
	}
	switch {
	case err != nil:
		return nil, r.wrong(err)
	case r.format == nil:
		return nil, r.wrong(fmt.Errorf("expected a capture (pcap or pcapng), found %s", kindOf(b)))
	}
	return r, nil
}

// others are kinds of files that are taken for captures, or are compressed ones.
var others = []struct{ magic, what string }{
	{"\x28\xb5\x2f\xfd", "a file compressed with zstd: decompress it first (gzip alone is read)"},
	{"\x04\x22\x4d\x18", "a file compressed with lz4: decompress it first (gzip alone is read)"},
	{"\xfd7zX", "a file compressed with xz: decompress it first (gzip alone is read)"},
	{"BZh", "a file compressed with bzip2: decompress it first (gzip alone is read)"},
	{"PK\x03\x04", "a zip archive: unpack it first"},
	{"snoo", "a capture of snoop: editcap makes it pcapng"},
	{"GMBU", "a capture of Network Monitor: editcap makes it pcapng"},
}

// kindOf says what a file is that begins with b and is none that is read.
func kindOf(b []byte) string {
	for _, k := range others {
		if bytes.HasPrefix(b, []byte(k.magic)) {
			return k.what
		}
	}
	return fmt.Sprintf("the bytes % x", b)
}

// Next reads the next frame into f. It returns io.EOF behind the last one. Any
// other error is what is wrong with the file, with the place; there is nothing
// more to read then.
func (r *Reader) Next(f *Frame) error {
	if r.fault != nil {
		return r.fault
	}
	*f = Frame{}
	switch err := r.format.next(r, f); {
	case err == nil:
		r.number++
		f.Number = r.number
		return nil
	case err == io.EOF:
		r.fault = io.EOF
	default:
		r.fault = r.wrong(err)
	}
	return r.fault
}

// Error is what is wrong with a file, and where.
type Error struct {
	File  string
	Frame int   // the one that could not be read; 1 is the first
	At    int64 // where its record begins, in bytes; of a compressed file, uncompressed ones
	Err   error
}

// Error spells it for the operator.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: frame %d, at byte %d: %v", e.File, e.Frame, e.At, e.Err)
}

// Unwrap is what is wrong, without the place.
func (e *Error) Unwrap() error { return e.Err }

func (r *Reader) wrong(err error) error {
	return &Error{File: r.name, Frame: r.number + 1, At: r.start, Err: err}
}

// cut says what was expected where a file ends.
func cut(err error, expected string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the file ends here: %s", expected)
	}
	return err
}

// read fills b.
func (r *Reader) read(b []byte, what string) error {
	n, err := io.ReadFull(r.in, b)
	r.at += int64(n)
	if err != nil {
		return cut(err, fmt.Sprintf("expected %d bytes of %s, found %d", len(b), what, n))
	}
	return nil
}

// begins notes that a record begins here. It returns io.EOF where the file ends.
func (r *Reader) begins() error {
	r.start = r.at
	if _, err := r.in.Peek(1); err != nil {
		return err
	}
	return nil
}

// body reads n bytes of a frame.
func (r *Reader) body(n uint32) error {
	if n > maxFrame {
		return fmt.Errorf("a frame of %d bytes: expected at most %d", n, maxFrame)
	}
	if cap(r.data) < int(n) {
		r.data = make([]byte, n, max(2048, 2*n))
	}
	r.data = r.data[:n]
	return r.read(r.data, "a frame")
}

// skip reads over n bytes.
func (r *Reader) skip(n int64, what string) error {
	k, err := io.CopyN(io.Discard, r.in, n)
	r.at += k
	if err != nil {
		return cut(err, fmt.Sprintf("expected %d bytes of %s, found %d", n, what, k))
	}
	return nil
}
