package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"portcullis/lab"
)

// patience is how long an answer is waited for.
const patience = 1500 * time.Millisecond

// mirror answers on a port of an address, TCP and UDP, by telling who asks.
func mirror(t *testing.T, ns *lab.Namespace, at string) {
	t.Helper()
	var l net.Listener
	var u net.PacketConn
	err := ns.Do(func() (err error) {
		if l, err = net.Listen("tcp", at); err != nil {
			return err
		}
		u, err = net.ListenPacket("udp", at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); u.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(c, c.RemoteAddr())
			go linger(c)
		}
	}()
	go func() {
		buf := make([]byte, 64)
		for {
			_, from, err := u.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = u.WriteTo([]byte(from.String()), from)
		}
	}()
}

// linger keeps a connection until the other side ends it.
func linger(c net.Conn) {
	_, _ = c.Read(make([]byte, 1))
	c.Close()
}

// question is asked of a mirror.
type question struct {
	network  string // "tcp" or "udp"
	from, to string // from may be an address, an address and a port, or nothing
}

// ask asks, and returns as whom the mirror saw it, or why there was no answer.
// The connection stays open until the test ends where hold says so.
func (q question) ask(t *testing.T, ns *lab.Namespace, hold bool) (netip.AddrPort, error) {
	t.Helper()
	var c net.Conn
	err := ns.Do(func() (err error) {
		c, err = q.dialer().Dial(q.network, q.to)
		return err
	})
	if err != nil {
		return netip.AddrPort{}, err
	}
	if hold {
		t.Cleanup(func() { c.Close() })
	} else {
		defer c.Close()
	}
	buf := make([]byte, 64)
	for deadline := time.Now().Add(patience); ; {
		wait := deadline
		if q.network == "udp" {
			if _, err := c.Write([]byte("?")); err != nil {
				return netip.AddrPort{}, err
			}
			wait = time.Now().Add(patience / 3)
		}
		if err := c.SetReadDeadline(wait); err != nil {
			return netip.AddrPort{}, err
		}
		n, err := c.Read(buf)
		if err == nil {
			return netip.ParseAddrPort(strings.TrimSpace(string(buf[:n])))
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || !time.Now().Before(deadline) {
			return netip.AddrPort{}, err
		}
	}
}

// dialer dials from where the question comes from.
func (q question) dialer() *net.Dialer {
	d := &net.Dialer{Timeout: patience, Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1) })
	}}
	if q.from == "" {
		return d
	}
	from, err := netip.ParseAddrPort(q.from)
	if err != nil {
		from = netip.AddrPortFrom(netip.MustParseAddr(q.from), 0)
	}
	if q.network == "udp" {
		d.LocalAddr = net.UDPAddrFromAddrPort(from)
	} else {
		d.LocalAddr = net.TCPAddrFromAddrPort(from)
	}
	return d
}

// seen asks and expects an answer: the address as which the mirror sees it.
func seen(t *testing.T, ns *lab.Namespace, network, from, to string) netip.AddrPort {
	t.Helper()
	as, err := question{network, from, to}.ask(t, ns, false)
	if err != nil {
		t.Fatalf("%s from %s to %s: %v", network, from, to, err)
	}
	return as
}

// refused asks and expects no answer.
func refused(t *testing.T, ns *lab.Namespace, network, from, to string) {
	t.Helper()
	if as, err := (question{network, from, to}).ask(t, ns, false); err == nil {
		t.Errorf("%s from %s to %s: answered, as %s", network, from, to, as)
	}
}

// ping sends an ICMP echo request (RFC 792, RFC 4443) and reports whether it is
// answered from where it went.
func ping(ns *lab.Namespace, from, to string) error {
	network, request, reply := "ip4:icmp", byte(8), byte(0)
	if strings.Contains(to, ":") {
		network, request, reply = "ip6:ipv6-icmp", 128, 129
	}
	var c net.PacketConn
	err := ns.Do(func() (err error) {
		c, err = net.ListenPacket(network, from)
		return err
	})
	if err != nil {
		return err
	}
	defer c.Close()
	const id = 4711
	sum := 0xffff - (uint16(request)<<8 + id + 1) // there is no carry; of IPv6 the kernel fills it in
	echo := []byte{request, 0, byte(sum >> 8), byte(sum), id >> 8, id & 0xff, 0, 1}
	if _, err := c.WriteTo(echo, &net.IPAddr{IP: net.ParseIP(to)}); err != nil {
		return err
	}
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	buf := make([]byte, 256)
	for {
		n, by, err := c.ReadFrom(buf)
		if err != nil {
			return err
		}
		if n >= 8 && buf[0] == reply && bytes.Equal(buf[4:8], echo[4:]) && by.String() == to {
			return nil
		}
	}
}
