package tool

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"portcullis/lab"
)

// FTPServer says what a real FTP server is to be like. It serves a directory to
// anonymous users.
type FTPServer struct {
	Dir         string     // readable by everybody, with a directory above it that is, too
	Addr        netip.Addr // where it listens
	Port        uint16
	Certificate string     // a PEM file; "": no TLS
	Implicit    bool       // TLS from the first byte on
	Low, High   uint16     // passive ports; 0: any
	Announce    netip.Addr // in 227 instead of its own; invalid: its own
	// Promiscuous has it try any address that a client announces, not only the
	// one that the client comes from.
	Promiscuous bool
}

// FTPDaemon starts an FTP server in a namespace, with its files in a new
// directory, and waits until it answers.
type FTPDaemon func(ctx context.Context, ns *lab.Namespace, dir string, s FTPServer) (*lab.Process, error)

// start starts the daemon with a configuration file and waits for it.
func (s FTPServer) start(ctx context.Context, ns *lab.Namespace, c lab.Command) (*lab.Process, error) {
	c.Contain = true
	p, err := ns.Start(c)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := ns.Do(func() error {
			conn, err := net.DialTimeout("tcp", netip.AddrPortFrom(s.Addr, s.Port).String(), time.Second)
			if err == nil {
				conn.Close()
			}
			return err
		})
		switch {
		case err == nil:
			return p, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case p.Ended() || time.Now().After(deadline):
			return nil, fmt.Errorf("%s: port %d: %w: %s", c.Path, s.Port, err, lab.Tail(p.Stdout()+p.Stderr(), 5))
		}
	}
}

// writeFile writes a file of a daemon's own.
func writeFile(dir, name, text string) (string, error) {
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", err
	}
	return file, nil
}
