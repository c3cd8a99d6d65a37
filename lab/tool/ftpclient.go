package tool

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"portcullis/lab"
)

// FTPFetch says what a real FTP client is to fetch, and how.
type FTPFetch struct {
	Server   netip.AddrPort
	File     string
	Active   bool
	EPSV     bool // instead of PASV, where it is passive
	TLS      bool // data, too
	Implicit bool // TLS from the first byte on
	// Believe has a passive client connect to the address that a 227 announces,
	// whatever it is. Otherwise it goes where the control connection goes.
	Believe  bool
	Patience time.Duration // with each step
}

// String is the way of fetching in a few words.
func (f FTPFetch) String() string {
	words := "plain"
	switch {
	case f.Implicit:
		words = "implicit TLS"
	case f.TLS:
		words = "TLS"
	}
	switch {
	case f.Active:
		return words + " active"
	case f.EPSV:
		return words + " EPSV"
	case f.Believe:
		return words + " PASV, believing"
	default:
		return words + " PASV"
	}
}

// FTPFetched is how it went.
type FTPFetched struct {
	Content []byte // nil: nothing came
	Err     error
	// Lines is the conversation on the control connection, in clear: "> " sent,
	// "< " received, "* " what the client says of itself.
	Lines []string
	Took  time.Duration
}

// Got reports whether the content came whole.
func (f *FTPFetched) Got(content []byte) bool {
	return f.Err == nil && bytes.Equal(f.Content, content)
}

// Last is the last line of the conversation that begins with one of the words.
func (f *FTPFetched) Last(words ...string) string {
	for i := len(f.Lines) - 1; i >= 0; i-- {
		for _, word := range words {
			if strings.HasPrefix(f.Lines[i], word) {
				return f.Lines[i]
			}
		}
	}
	return ""
}

// FTPClient fetches a file from the namespace, with its files in a new
// directory of its own below the one given. That the network did not let it is
// in the result; an error is one of the lab.
type FTPClient func(ctx context.Context, ns *lab.Namespace, dir string, f FTPFetch) (*FTPFetched, error)

// fetch runs a client that writes its conversation to its standard error.
func (f FTPFetch) fetch(ctx context.Context, ns *lab.Namespace, dir, name string, args func(to string) []string, line func(string) string) (*FTPFetched, error) {
	t, err := Find(name)
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp(dir, name+"-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(home)
	to := filepath.Join(home, "got")
	c := t.Command(args(to)...)
	c.Env = append(c.Env, "HOME="+home)
	begin, got := time.Now(), new(FTPFetched)
	p, err := ns.Run(ctx, c)
	if p == nil {
		return nil, err
	}
	got.Err, got.Took = err, time.Since(begin)
	for l := range strings.SplitSeq(p.Stderr(), "\n") {
		if l = line(strings.TrimRight(l, "\r")); l != "" {
			got.Lines = append(got.Lines, l)
		}
	}
	if content, err := os.ReadFile(to); err == nil {
		got.Content = content
	}
	return got, nil
}
