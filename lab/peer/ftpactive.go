package peer

import (
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"strings"
	"time"
)

// fetchActive fetches a file to which the server opens the data connection.
func fetchActive(t *Transfer, server string, mode FTPMode, file string, timeout time.Duration) error {
	conn, err := net.DialTimeout("tcp", server, timeout)
	if err != nil {
		return err
	}
	t.Control = conn.LocalAddr().(*net.TCPAddr).AddrPort()
	c := &control{textproto.NewConn(&scribe{Conn: conn, lines: &t.Transcript, idle: timeout})}
	defer c.Close()
	t.Stage = "login"
	if err := c.login(); err != nil {
		return err
	}
	t.Stage = "transfer"
	listener, err := net.Listen("tcp", netip.AddrPortFrom(t.Control.Addr().Unmap(), 0).String())
	if err != nil {
		return err
	}
	defer listener.Close()
	t.Data = listener.Addr().(*net.TCPAddr).AddrPort()
	t.Announced = announce(mode, t.Data)
	if err := c.do(2, t.Announced); err != nil {
		return err
	}
	if err := c.do(1, "RETR "+file); err != nil {
		return err
	}
	if err := listener.(*net.TCPListener).SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	data, err := listener.Accept()
	if err != nil {
		return err
	}
	if err := t.receive(data, data.SetDeadline, timeout); err != nil {
		return err
	}
	if err := c.reply(2); err != nil {
		return err
	}
	t.Stage = "done"
	return c.do(0, "QUIT") // what it answers, if anything, does not matter
}

// announce writes where the client listens.
func announce(mode FTPMode, a netip.AddrPort) string {
	if mode == EPRT {
		family := 1
		if a.Addr().Is6() {
			family = 2
		}
		return fmt.Sprintf("EPRT |%d|%s|%d|", family, a.Addr(), a.Port())
	}
	return fmt.Sprintf("PORT %s,%d,%d", strings.ReplaceAll(a.Addr().String(), ".", ","), a.Port()>>8, a.Port()&0xff)
}

// control is the client's side of a control connection.
type control struct{ *textproto.Conn }

func (c *control) login() error {
	if err := c.reply(2); err != nil {
		return err
	}
	if err := c.do(3, "USER "+User); err != nil {
		return err
	}
	if err := c.do(2, "PASS "+Password); err != nil {
		return err
	}
	return c.do(2, "TYPE I")
}

// do sends a command and reads a reply of the class wanted; 0 is any, or none.
func (c *control) do(class int, line string) error {
	if err := c.PrintfLine("%s", line); err != nil {
		return err
	}
	if err := c.reply(class); err != nil && class != 0 {
		return fmt.Errorf("%s: %w", strings.Fields(line)[0], err)
	}
	return nil
}

func (c *control) reply(class int) error {
	_, _, err := c.ReadResponse(class)
	return err
}
