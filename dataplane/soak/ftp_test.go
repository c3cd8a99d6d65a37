package soak

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// ftp is a small FTP server: it lends patterns, "RETR seed-size", by connections
// of either mode (RFC 959, RFC 2428).
func (s *server) ftp(c net.Conn) error {
	in := bufio.NewReader(c)
	self := c.LocalAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
	var data func() (net.Conn, error)
	say := func(format string, args ...any) error {
		_, err := fmt.Fprintf(c, format+"\r\n", args...)
		return err
	}
	err := say("220-soak\r\n227 nothing (1,2,3,4,5,6)\r\n220 ready")
	for err == nil {
		var line string
		if line, err = in.ReadString('\n'); err != nil {
			break
		}
		verb, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb {
		case "USER":
			err = say("331 password, please")
		case "PASS":
			err = say("230 in")
		case "PASV", "EPSV":
			err = s.passive(self, verb, say, &data)
		case "PORT", "EPRT":
			err = s.active(self, arg, say, &data)
		case "RETR":
			err = s.lend(arg, say, &data)
		case "QUIT":
			return say("221 bye")
		default:
			return fmt.Errorf("%w: command %q", errContent, line)
		}
	}
	return err
}

// passive waits for the data connection.
func (s *server) passive(self netip.Addr, verb string, say func(string, ...any) error, data *func() (net.Conn, error)) error {
	l, err := s.host.listen(netip.AddrPortFrom(self, 0))
	if err != nil {
		return err
	}
	at := l.Addr().(*net.TCPAddr)
	*data = func() (net.Conn, error) {
		defer l.Close()
		ctx, cancel := context.WithTimeout(s.ctx, patience)
		defer cancel()
		defer context.AfterFunc(ctx, func() { l.Close() })()
		return l.Accept()
	}
	if verb == "EPSV" {
		return say("229 extended (|||%d|)", at.Port)
	}
	return say("227 passive (%s)", numbers(netip.AddrPortFrom(self, uint16(at.Port))))
}

// active connects to where the client says.
func (s *server) active(self netip.Addr, arg string, say func(string, ...any) error, data *func() (net.Conn, error)) error {
	to, err := endpoint(arg)
	if err != nil {
		return err
	}
	*data = func() (net.Conn, error) {
		ctx, cancel := context.WithTimeout(s.ctx, patience)
		defer cancel()
		return s.host.dial(ctx, netip.AddrPortFrom(self, 0), to)
	}
	return say("200 there")
}

// lend sends a file by the data connection that was agreed upon.
func (s *server) lend(arg string, say func(string, ...any) error, data *func() (net.Conn, error)) error {
	var seed uint64
	var size int
	if _, err := fmt.Sscanf(arg, "%d-%d", &seed, &size); err != nil || *data == nil {
		return fmt.Errorf("%w: RETR %q", errContent, arg)
	}
	if err := say("150 here it comes"); err != nil {
		return err
	}
	c, err := (*data)()
	*data = nil
	if err != nil {
		return errors.Join(err, say("425 no connection"))
	}
	s.note(c, true)
	err = send(c, seed, size)
	_ = c.Close()
	s.note(c, false)
	if err != nil {
		return errors.Join(err, say("426 broken"))
	}
	return say("226 done")
}

// numbers is an endpoint as PORT and 227 write it.
func numbers(a netip.AddrPort) string {
	b := a.Addr().As4()
	return fmt.Sprintf("%d,%d,%d,%d,%d,%d", b[0], b[1], b[2], b[3], a.Port()>>8, a.Port()&0xff)
}

// endpoint reads what PORT or EPRT say.
func endpoint(arg string) (netip.AddrPort, error) {
	if strings.HasPrefix(arg, "|") {
		f := strings.Split(arg, "|")
		if len(f) != 5 {
			return netip.AddrPort{}, fmt.Errorf("%w: EPRT %q", errContent, arg)
		}
		return netip.ParseAddrPort(net.JoinHostPort(f[2], f[3]))
	}
	var b [4]byte
	var hi, lo uint16
	if _, err := fmt.Sscanf(arg, "%d,%d,%d,%d,%d,%d", &b[0], &b[1], &b[2], &b[3], &hi, &lo); err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: PORT %q", errContent, arg)
	}
	return netip.AddrPortFrom(netip.AddrFrom4(b), hi<<8|lo), nil
}

// control is the client's side of a control connection.
type control struct {
	*conn
	in *bufio.Reader
}

// ask sends a command, or nothing, and returns the last line of the reply, which
// must begin with code.
func (k *control) ask(code, format string, args ...any) (string, error) {
	if format != "" {
		if _, err := fmt.Fprintf(k, format+"\r\n", args...); err != nil {
			return "", err
		}
	}
	for {
		line, err := k.in.ReadString('\n')
		switch {
		case err != nil:
			return "", fmt.Errorf("reply to %q: %w", format, err)
		case strings.HasPrefix(line, code+" "):
			return strings.TrimSpace(line), nil
		case !strings.HasPrefix(line, code+"-") && (len(line) < 4 || line[:4] != "227 " || code != "220"):
			return "", fmt.Errorf("reply to %q: %q, want %s", format, line, code)
		}
	}
}

// ftp logs in and fetches a few files, each by a data connection that no policy
// allows.
func (c *client) ftp(ctx context.Context, src netip.Addr, to netip.Addr) error {
	t, err := c.host.dial(ctx, netip.AddrPortFrom(src, 0), netip.AddrPortFrom(to, ftpPort))
	if err != nil {
		return err
	}
	defer t.Close()
	_ = t.SetDeadline(deadline(ctx))
	k := &control{t, bufio.NewReader(t)}
	for _, step := range [][2]string{{"220", ""}, {"331", "USER soak"}, {"230", "PASS soak"}} {
		if _, err := k.ask(step[0], step[1]); err != nil {
			return err
		}
	}
	for range 1 + c.dice.IntN(3) {
		if err := c.fetch(ctx, k, src, to); err != nil {
			return err
		}
	}
	_, err = k.ask("221", "QUIT")
	return err
}

// fetch fetches one file.
func (c *client) fetch(ctx context.Context, k *control, src, to netip.Addr) error {
	get := c.passive
	if c.dice.IntN(3) == 0 {
		get = c.active
	}
	data, err := get(ctx, k, src, to)
	if err != nil {
		return err
	}
	seed, size := c.dice.Uint64(), c.size()
	if _, err := k.ask("150", "RETR %d-%d", seed, size); err != nil {
		return err
	}
	d, err := data()
	if err != nil {
		return fmt.Errorf("data connection: %w", err)
	}
	defer d.Close()
	_ = d.SetDeadline(deadline(ctx))
	if err := errors.Join(expect(d, seed, size), expectEnd(d)); err != nil {
		return fmt.Errorf("data connection: %w", err)
	}
	c.files.Add(1)
	c.bytes.Add(uint64(size))
	_, err = k.ask("226", "")
	return err
}

// passive asks where to connect to.
func (c *client) passive(ctx context.Context, k *control, src, to netip.Addr) (func() (net.Conn, error), error) {
	at := netip.AddrPort{}
	if to.Is4() && c.dice.IntN(2) == 0 {
		line, err := k.ask("227", "PASV")
		if err != nil {
			return nil, err
		}
		if at, err = endpoint(strings.Trim(line[strings.LastIndex(line, " "):], " ()")); err != nil {
			return nil, err
		}
	} else {
		line, err := k.ask("229", "EPSV")
		if err != nil {
			return nil, err
		}
		port := uint16(0)
		if _, err := fmt.Sscanf(line, "229 extended (|||%d|)", &port); err != nil {
			return nil, fmt.Errorf("%w: %q", errContent, line)
		}
		at = netip.AddrPortFrom(to, port)
	}
	d, err := c.host.dial(ctx, netip.AddrPortFrom(src, 0), at) // the server accepts it when it needs it
	return func() (net.Conn, error) { return d, err }, err
}

// active says where to connect to.
func (c *client) active(ctx context.Context, k *control, src, to netip.Addr) (func() (net.Conn, error), error) {
	l, err := c.host.listen(netip.AddrPortFrom(src, 0))
	if err != nil {
		return nil, err
	}
	hurry := context.AfterFunc(ctx, func() { l.Close() })
	accept := func() (net.Conn, error) {
		defer hurry()
		defer l.Close()
		return l.Accept()
	}
	at := netip.AddrPortFrom(src, uint16(l.Addr().(*net.TCPAddr).Port))
	if to.Is4() && c.dice.IntN(2) == 0 {
		_, err = k.ask("200", "PORT %s", numbers(at))
	} else {
		kind := 1
		if to.Is6() {
			kind = 2
		}
		_, err = k.ask("200", "EPRT |%d|%v|%d|", kind, at.Addr(), at.Port())
	}
	if err != nil {
		l.Close()
	}
	return accept, err
}
