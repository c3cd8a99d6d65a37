package tool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"portcullis/lab"
)

// Atftpd starts a TFTP server that serves a directory, and waits until it answers.
func Atftpd(ctx context.Context, ns *lab.Namespace, dir string, at netip.Addr) (*lab.Process, error) {
	t, err := Find("atftpd")
	if err != nil {
		return nil, err
	}
	c := t.Command("--daemon", "--no-fork", "--user", "root.root", "--bind-address", at.String(), "--logfile", "-", dir)
	return daemon(ctx, ns, c, func() error { return taken(at, 69) })
}

// TFTPClient fetches a file from a server in blocks of a size.
type TFTPClient func(ctx context.Context, ns *lab.Namespace, server, file, to string, block int) error

// Atftp is a TFTPClient.
func Atftp(ctx context.Context, ns *lab.Namespace, server, file, to string, block int) error {
	t, err := Find("atftp")
	if err != nil {
		return err
	}
	_, err = ns.Run(ctx, t.Command("--option", fmt.Sprintf("blksize %d", block), "--option", "timeout 2", "--get", "--remote-file", file, "--local-file", to, server))
	return err
}

// CurlTFTP is a TFTPClient.
func CurlTFTP(ctx context.Context, ns *lab.Namespace, server, file, to string, block int) error {
	t, err := Find("curl")
	if err != nil {
		return err
	}
	_, err = ns.Run(ctx, t.Command("--silent", "--show-error", "--max-time", "10", "--tftp-blksize", fmt.Sprint(block), "--output", to, "tftp://"+server+"/"+file))
	return err
}

// taken says whether a port for datagrams is taken: a server of them can not be
// asked in any other way.
func taken(at netip.Addr, port uint16) error {
	c, err := net.ListenPacket("udp", netip.AddrPortFrom(at, port).String())
	switch {
	case err == nil:
		c.Close()
		return fmt.Errorf("nobody listens at %v port %d", at, port)
	case errors.Is(err, syscall.EADDRINUSE):
		return nil
	}
	return err
}
