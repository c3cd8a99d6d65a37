package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// remote runs a command on a host as rcmd does, from reserved ports, and returns
// what it printed on standard output and on standard error.
func remote(host, command string) (out, errs string, err error) {
	l, err := net.Listen("tcp", "10.1.0.2:1010")
	if err != nil {
		return "", "", err
	}
	defer l.Close()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(10, 1, 0, 2), Port: 1011}, Timeout: patience}
	c, err := d.Dial("tcp", host+":514")
	if err != nil {
		return "", "", err
	}
	defer c.Close()
	// The digits and the zero byte behind them in two segments.
	for _, part := range []string{"10", "10\x00"} {
		if _, err := c.Write([]byte(part)); err != nil {
			return "", "", err
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(patience)); err != nil {
		return "", "", err
	}
	e, err := l.Accept()
	if err != nil {
		return "", "", err
	}
	defer e.Close()
	if n := e.RemoteAddr().(*net.TCPAddr).Port; n >= 1024 {
		return "", "", fmt.Errorf("standard error comes from port %d: expected one below 1024", n)
	}
	if _, err := fmt.Fprintf(c, "root\x00root\x00%s\x00", command); err != nil {
		return "", "", err
	}
	var text [2]string
	for i, r := range []net.Conn{c, e} {
		if err := r.SetReadDeadline(time.Now().Add(2 * patience)); err != nil {
			return "", "", err
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return "", "", err
		}
		text[i] = string(b)
	}
	return strings.TrimPrefix(text[0], "\x00"), text[1], nil
}

// TestRsh runs commands by rsh through a firewall that allows port 514 alone: a
// server connects back to its client before it reads the command.
func TestRsh(t *testing.T) {
	if lab.Unprivileged() {
		t.Skip("in.rshd sets its groups, which the user namespace of an ordinary user does not allow")
	}
	off := table("system.session-helper", `id = 15`, `status = "disable"`)
	modes(t, []string{"tcp 514"}, "", `fixedport = "enable"`, off, func(t *testing.T, c crossing) {
		_, err := tool.Rshd(t.Context(), c.Host("server"), publicDir(t), "10.1.0.2 client", "10.2.0.1 gateway")
		found(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		out, err := tool.Rsh(ctx, c.Host("client"), c.to, "sleep 0.1; echo heard")
		cancel()
		if (strings.TrimSpace(out) == "heard") == c.denied {
			t.Errorf("rsh: %q, %v", out, err)
		}
		var errs string
		err = c.Host("client").Do(func() (err error) {
			out, errs, err = remote(c.to, "echo heard; echo wrong >&2")
			return err
		})
		if good := out == "heard\n" && errs == "wrong\n"; good == c.denied {
			t.Errorf("rcmd: %q, %q, %v", out, errs, err)
		}
		if c.denied {
			c.logged(t, 0, "action=deny", "srcip=10.2.0.2", "dstip=10.1.0.2", "dstport=1010")
		} else {
			c.counted(t, 0, "action=deny")
		}
	})
}
