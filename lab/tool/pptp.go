package tool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"portcullis/lab"
	"portcullis/lab/peer"
)

// PPTPPort is where pptpd listens.
const PPTPPort = 1723

// Pptpd starts Debian's PPTP server at an address, with its files in a directory,
// and waits until it listens. In place of pppd it starts a ppp-echo for each call.
func Pptpd(ctx context.Context, ns *lab.Namespace, dir string, addr netip.Addr) (*lab.Process, error) {
	t, err := Find("pptpd")
	if err != nil {
		return nil, err
	}
	echo, err := peer.Command("ppp-echo")
	if err != nil {
		return nil, err
	}
	conf, err := writeFile(dir, "pptpd.conf", "")
	if err != nil {
		return nil, err
	}
	standIn, err := writeFile(dir, "pppd", fmt.Sprintf("#!/bin/sh\nexec '%s' %s\n", echo.Path, strings.Join(echo.Args, " ")))
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(standIn, 0o755); err != nil {
		return nil, err
	}
	return daemon(ctx, ns, t.apart("--fg", "--conf", conf, "--option", conf, "--ppp", standIn, "--delegate",
		"--pidfile", filepath.Join(dir, "pid"), "--listen", addr.String()), func() error {
		c, err := net.DialTimeout("tcp", netip.AddrPortFrom(addr, PPTPPort).String(), time.Second)
		if err == nil {
			c.Close()
		}
		return err
	})
}

// apart is Command in a mount namespace of its own: with the directory of the
// program as /usr/sbin, where it looks for its other half, and a /run that nobody
// else knows. What it has forked gets a moment to end in order when it has ended.
func (t Tool) apart(args ...string) lab.Command {
	c := t.Command()
	c.Path = "unshare"
	c.Args = append([]string{"--mount", "/bin/sh", "-c", `mount -t tmpfs none /run && mount --bind "$0" /usr/sbin && "$@"; sleep 1`,
		filepath.Dir(t.Path), filepath.Join("/usr/sbin", filepath.Base(t.Path))}, args...)
	c.Contain = true
	return c
}

// PPTPCall is a call that pptp-linux has made: a serial line to the other end.
type PPTPCall struct {
	*lab.Process
	line *os.File
	mu   sync.Mutex
	got  []string
}

// Pptp has pptp-linux call a server.
func Pptp(ns *lab.Namespace, server netip.Addr) (*PPTPCall, error) {
	t, err := Find("pptp")
	if err != nil {
		return nil, err
	}
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(ends[0], true); err != nil { // so that Close interrupts who reads
		return nil, err
	}
	theirs := os.NewFile(uintptr(ends[1]), "pptp")
	defer theirs.Close()
	call := &PPTPCall{line: os.NewFile(uintptr(ends[0]), "line")}
	c := t.apart(server.String(), "--nolaunchpppd", "--nohostroute", "--loglevel", "2")
	c.Stdin = theirs
	if call.Process, err = ns.Start(c); err != nil {
		call.line.Close()
		return nil, err
	}
	go call.listen()
	return call, nil
}

// listen reads packets until the line is closed.
func (c *PPTPCall) listen() {
	var d peer.Deframer
	for buf := make([]byte, 4096); ; {
		n, err := c.line.Read(buf)
		if err != nil {
			return
		}
		d.Read(buf[:n], func(p []byte) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.got = append(c.got, string(p))
		})
	}
}

// Send sends a packet.
func (c *PPTPCall) Send(packet string) error {
	_, err := c.line.Write(peer.Frame([]byte(packet)))
	return err
}

// Got are the packets that have come so far.
func (c *PPTPCall) Got() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.got...)
}

// Close ends the call as pptp-linux does when its pppd is gone.
func (c *PPTPCall) Close() error {
	if err := c.line.Close(); err != nil {
		return err
	}
	select {
	case <-c.Done():
		return nil
	case <-time.After(5 * time.Second):
		c.Kill()
		return errors.New("pptp: does not end")
	}
}
