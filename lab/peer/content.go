package peer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strconv"
	"strings"
)

// FileName is the name under which the lab's servers serve a file of n random
// bytes. No such file lies anywhere: its content follows from its name.
func FileName(n int64) string { return strconv.FormatInt(n, 10) + ".bin" }

// Content is the content of the file of n bytes.
func Content(n int64) io.Reader {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(n))
	return io.LimitReader(rand.NewChaCha8(seed), n)
}

// Sum is the SHA-256 of the file of n bytes, in hexadecimal.
func Sum(n int64) string {
	h := sha256.New()
	_, _ = io.Copy(h, Content(n)) // neither side can fail
	return hex.EncodeToString(h.Sum(nil))
}

// fileSize reads a file name; anything else than FileName's form does not exist.
func fileSize(name string) (int64, error) {
	digits, ok := strings.CutSuffix(strings.TrimPrefix(name, "/"), ".bin")
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n < 0 {
		return 0, fmt.Errorf("file %q: %w", name, fs.ErrNotExist)
	}
	return n, nil
}

// digest counts and hashes what is written to it.
type digest struct {
	bytes int64
	hash  interface {
		io.Writer
		Sum([]byte) []byte
	}
}

func newDigest() *digest { return &digest{hash: sha256.New()} }

// Write implements io.Writer.
func (d *digest) Write(p []byte) (int, error) {
	d.bytes += int64(len(p))
	return d.hash.Write(p)
}

func (d *digest) sum() string { return hex.EncodeToString(d.hash.Sum(nil)) }
