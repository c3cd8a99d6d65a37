package tool

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
)

func TestMain(m *testing.M) {
	if err := lab.EnterUserNamespace(); err != nil {
		fmt.Fprintln(os.Stderr, "skipped:", err)
		if required() {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// required says that a missing program is a failure, not a reason to skip.
func required() bool { return os.Getenv("PORTCULLIS_REQUIRE_TOOLS") != "" }

// found fails the test, or skips it where a program is missing that may be.
func found(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrMissing) && !required():
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

var daemons = map[string]FTPDaemon{"vsftpd": Vsftpd, "proftpd": Proftpd}

var clients = map[string]FTPClient{"curl": Curl, "lftp": Lftp}

// Every client gets from every server, in every mode that it has, what the
// server serves, with nothing between.
func TestFTP(t *testing.T) {
	const file = "data.bin"
	for daemon, start := range daemons {
		t.Run(daemon, func(t *testing.T) {
			t.Parallel()
			ns := namespace(t)
			content := make([]byte, 100_000)
			rand.Read(content)
			dir := t.TempDir()
			serve := filepath.Join(dir, "files")
			if err := os.Mkdir(serve, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(serve, file), content, 0o644); err != nil {
				t.Fatal(err)
			}
			certificate, err := Certificate(dir)
			if err != nil {
				t.Fatal(err)
			}
			here := netip.MustParseAddr("127.0.0.1")
			for _, s := range []FTPServer{
				{Port: 21, Low: 50000, High: 50099},
				{Port: 990, Low: 50100, High: 50199, Implicit: true},
			} {
				s.Dir, s.Addr, s.Certificate = serve, here, certificate
				own := filepath.Join(dir, fmt.Sprint(s.Port))
				if err := os.Mkdir(own, 0o755); err != nil {
					t.Fatal(err)
				}
				_, err := start(t.Context(), ns, own, s)
				found(t, err)
			}
			for client, fetch := range clients {
				for _, f := range []FTPFetch{
					{Active: true}, {}, {EPSV: true}, {Believe: true},
					{TLS: true, Active: true}, {TLS: true}, {TLS: true, EPSV: true}, {TLS: true, Believe: true},
					{Implicit: true, TLS: true}, {Implicit: true, TLS: true, EPSV: true},
				} {
					if f.TLS && f.Active && client == "curl" {
						continue
					}
					f.File, f.Patience, f.Server = file, 5*time.Second, netip.AddrPortFrom(here, 21)
					if f.Implicit {
						f.Server = netip.AddrPortFrom(here, 990)
					}
					t.Run(client+" "+f.String(), func(t *testing.T) {
						t.Parallel()
						ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
						defer cancel()
						got, err := fetch(ctx, ns, dir, f)
						found(t, err)
						if !got.Got(content) {
							t.Errorf("%d of %d bytes: %v\n%s", len(got.Content), len(content), got.Err, strings.Join(got.Lines, "\n"))
						}
						got.wellSpoken(t, f)
					})
				}
			}
		})
	}
}

// wellSpoken expects that the conversation was the one asked for.
func (f *FTPFetched) wellSpoken(t *testing.T, want FTPFetch) {
	t.Helper()
	if tls := f.Last("> AUTH") != ""; tls != (want.TLS && !want.Implicit) {
		t.Errorf("AUTH %t", tls)
	}
	if private := f.Last("> PROT P") != ""; private != want.TLS {
		t.Errorf("PROT P %t", private)
	}
	command := "> PASV"
	switch {
	case want.Active:
		command = "> PORT"
	case want.EPSV:
		command = "> EPSV"
	}
	if f.Last(command) == "" {
		t.Errorf("no %s in\n%s", command, strings.Join(f.Lines, "\n"))
	}
}

func namespace(t *testing.T) *lab.Namespace {
	t.Helper()
	ns, err := lab.NewNamespace("one")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ns.Close)
	return ns
}
