package telemetry

import (
	"io"
	"os"
)

// Output is where lines go.
type Output interface {
	io.WriteCloser
	// Reopen lets go of a file that was moved away and opens its path anew.
	Reopen() error
}

// File is an Output that appends to a file.
type File struct {
	path string
	f    *os.File
}

// OpenFile opens path for appending, creating it if need be.
func OpenFile(path string) (*File, error) {
	f := &File{path: path}
	return f, f.Reopen()
}

// Write appends p.
func (f *File) Write(p []byte) (int, error) { return f.f.Write(p) }

// Reopen opens the path anew. Where that fails, the old file stays in use.
func (f *File) Reopen() error {
	next, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	old := f.f
	f.f = next
	if old != nil {
		return old.Close()
	}
	return nil
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }

// Stdout is the Output to standard output. It is never closed.
type Stdout struct{}

// Write writes p to standard output.
func (Stdout) Write(p []byte) (int, error) { return os.Stdout.Write(p) }

// Reopen does nothing.
func (Stdout) Reopen() error { return nil }

// Close does nothing.
func (Stdout) Close() error { return nil }
