package handover

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Reader reads a stream. After its first error it gives nothing more.
type Reader struct {
	in     *bufio.Reader
	header Header
	sum    uint32
	at     uint64 // bytes read
	counts Counts
	frame  []byte
	fields fields
	err    error
}

// VersionError is a stream in another version of the form than Version.
type VersionError struct {
	Version uint16
	By      string // who wrote it
}

// Error tells what was found and what was expected.
func (e *VersionError) Error() string {
	return fmt.Sprintf("format %d, written by %s: expected format %d", e.Version, e.By, Version)
}

// NewReader reads the beginning of a stream.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{in: bufio.NewReaderSize(in, 256<<10)}
	if err := r.begin(); err != nil {
		return nil, err
	}
	return r, nil
}

// Header is the beginning of the stream.
func (r *Reader) Header() *Header { return &r.header }

func (r *Reader) begin() error {
	b, err := r.read(len(magic))
	if err != nil {
		return err
	}
	if string(b) != magic {
		return fmt.Errorf("not a file of sessions: begins with %q, expected %q", b, magic)
	}
	if b, err = r.read(3); err != nil {
		return err
	}
	version, by := binary.BigEndian.Uint16(b), int(b[2])
	if b, err = r.read(by); err != nil {
		return err
	}
	r.header.By = string(b)
	if version != Version {
		return &VersionError{Version: version, By: r.header.By}
	}
	kind, err := r.next()
	switch {
	case err != nil:
		return err
	case kind != frameHeader:
		return r.damaged("frame %d: expected the header, %d", kind, frameHeader)
	}
	r.header.decode(&r.fields)
	return r.whole("header")
}

// Next reads the next record into rec and reports io.EOF behind the last one,
// when all was as it was written. What rec borrows is valid until the next call.
func (r *Reader) Next(rec *Record) error {
	if r.err == nil {
		r.err = r.record(rec)
	}
	return r.err
}

func (r *Reader) record(rec *Record) error {
	kind, err := r.next()
	switch {
	case err != nil:
		return err
	case kind == frameSession && r.counts.Expectations == 0:
		r.counts.Sessions++
		rec.Kind, rec.Expect = KindSession, noExpectation
		rec.decodeSession(&r.fields, &r.header.Tables)
		return r.whole("session", r.counts.Sessions)
	case kind == frameExpectation:
		r.counts.Expectations++
		rec.Kind, rec.Memory, rec.Session = KindExpectation, nil, noSession
		rec.decodeExpectation(&r.fields, &r.header.Tables)
		return r.whole("expectation", r.counts.Expectations)
	case kind == frameEnd:
		return r.end()
	}
	return r.damaged("frame %d: expected one of session, expectation and end, in that order", kind)
}

// end compares what was read with what was written.
func (r *Reader) end() error {
	counts := Counts{Sessions: r.fields.uint32(), Expectations: r.fields.uint32()}
	if err := r.whole("end"); err != nil {
		return err
	}
	if counts != r.counts {
		return r.damaged("end: %+v, expected %+v", counts, r.counts)
	}
	want := r.sum
	b, err := r.read(4)
	if err != nil {
		return err
	}
	if sum := binary.BigEndian.Uint32(b); sum != want {
		return r.damaged("checksum %08x: expected %08x", want, sum)
	}
	if _, err := r.in.ReadByte(); err != io.EOF {
		return r.damaged("more behind the end")
	}
	return io.EOF
}

// next reads a frame and makes its content the fields.
func (r *Reader) next() (kind uint8, err error) {
	b, err := r.read(1)
	if err != nil {
		return 0, err
	}
	kind = b[0]
	n, shift := uint64(0), 0
	for more := true; more; shift += 7 {
		if b, err = r.read(1); err != nil {
			return 0, err
		}
		if shift > 28 {
			return 0, r.damaged("length of a frame: expected at most %d", maxFrame)
		}
		n |= uint64(b[0]&0x7f) << shift
		more = b[0]&0x80 != 0
	}
	if n > maxFrame {
		return 0, r.damaged("length %d of a frame: expected at most %d", n, maxFrame)
	}
	b, err = r.read(int(n))
	r.fields = fields{b: b}
	return kind, err
}

// read takes n bytes, which are valid until the next call.
func (r *Reader) read(n int) ([]byte, error) {
	r.frame = r.frame[:0]
	for len(r.frame) < n {
		from, part := len(r.frame), min(n-len(r.frame), frameChunk)
		r.frame = append(r.frame, make([]byte, part)...)
		got, err := io.ReadFull(r.in, r.frame[from:])
		r.at += uint64(got)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("cut short: ends at byte %d, expected more", r.at)
		}
		if err != nil {
			return nil, err
		}
	}
	r.sum = crc32.Update(r.sum, castagnoli, r.frame)
	return r.frame, nil
}

// whole says whether the fields of a frame were right, and all there were.
func (r *Reader) whole(noun string, number ...uint32) error {
	err := r.fields.end()
	if err == nil {
		return nil
	}
	for _, n := range number {
		noun = fmt.Sprintf("%s record %d", noun, n)
	}
	return r.damaged("%s: %w", noun, err)
}

func (r *Reader) damaged(format string, args ...any) error {
	return fmt.Errorf("damaged before byte %d: %w", r.at, fmt.Errorf(format, args...))
}

// Check reads a stream to its end, so that whoever reads it again need not stop
// halfway.
func Check(in io.Reader) (*Header, Counts, error) {
	r, err := NewReader(in)
	if err != nil {
		return nil, Counts{}, err
	}
	var rec Record
	for err == nil {
		err = r.Next(&rec)
	}
	if err != io.EOF {
		return nil, Counts{}, err
	}
	return &r.header, r.counts, nil
}
