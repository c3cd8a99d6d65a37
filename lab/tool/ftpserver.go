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
	return daemon(ctx, ns, c, func() error {
		conn, err := net.DialTimeout("tcp", netip.AddrPortFrom(s.Addr, s.Port).String(), time.Second)
		if err != nil {
			return fmt.Errorf("port %d: %w", s.Port, err)
		}
		return conn.Close()
	})
}

// writeFile writes a file of a daemon's own.
func writeFile(dir, name, text string) (string, error) {
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", err
	}
	return file, nil
}
