package soak

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
)

// pattern is a stream of bytes that a seed tells, of size bytes.
type pattern struct {
	dice *rand.ChaCha8
	left int
}

func newPattern(seed uint64, size int) *pattern {
	var s [32]byte
	binary.LittleEndian.PutUint64(s[:], seed)
	return &pattern{rand.NewChaCha8(s), size}
}

// Read implements io.Reader.
func (p *pattern) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b), p.left)
	p.left -= n
	return p.dice.Read(b[:n])
}

// send writes the pattern to w.
func send(w io.Writer, seed uint64, size int) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{w}, newPattern(seed, size), make([]byte, 16<<10))
	return err
}

// expect reads the pattern from r and says where it is another.
func expect(r io.Reader, seed uint64, size int) error {
	p := newPattern(seed, size)
	got, want := make([]byte, 16<<10), make([]byte, 16<<10)
	for at := 0; at < size; {
		n, err := r.Read(got[:min(len(got), size-at)])
		_, _ = io.ReadFull(p, want[:n])
		if !bytes.Equal(got[:n], want[:n]) {
			return fmt.Errorf("%w: between bytes %d and %d of %d", errContent, at, at+n, size)
		}
		if at += n; err != nil && at < size {
			return fmt.Errorf("after %d bytes of %d: %w", at, size, err)
		}
	}
	return nil
}

// expectEnd reads the end of r.
func expectEnd(r io.Reader) error {
	switch n, err := r.Read(make([]byte, 1)); {
	case n != 0:
		return fmt.Errorf("%w: more than there are", errContent)
	case err != io.EOF:
		return fmt.Errorf("instead of the end: %w", err)
	}
	return nil
}
