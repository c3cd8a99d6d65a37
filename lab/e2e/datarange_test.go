package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// secureFTP is the client's side of an encrypted control connection.
type secureFTP struct {
	*textproto.Conn
	raw net.Conn
}

var anyCertificate = &tls.Config{InsecureSkipVerify: true}

// dial connects from an address of a namespace.
func dial(ns *lab.Namespace, from, to string) (net.Conn, error) {
	var c net.Conn
	err := ns.Do(func() (err error) {
		c, err = question{"tcp", from, to}.dialer().Dial("tcp", to)
		return err
	})
	return c, err
}

// logIn opens a control connection, encrypts it and logs in.
func logIn(t *testing.T, ns *lab.Namespace, from, to string) *secureFTP {
	t.Helper()
	raw, err := dial(ns, from, to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	if err := raw.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	f := &secureFTP{textproto.NewConn(raw), raw}
	f.is(t, 220)
	f.say(t, "AUTH TLS", 234)
	f.Conn = textproto.NewConn(tls.Client(raw, anyCertificate))
	for _, step := range []struct {
		line string
		code int
	}{{"USER anonymous", 230}, {"PBSZ 0", 200}, {"PROT P", 200}, {"TYPE I", 200}} {
		f.say(t, step.line, step.code)
	}
	return f
}

func (f *secureFTP) is(t *testing.T, code int) string {
	t.Helper()
	_, text, err := f.ReadResponse(code)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (f *secureFTP) say(t *testing.T, line string, code int) string {
	t.Helper()
	if err := f.PrintfLine("%s", line); err != nil {
		t.Fatal(err)
	}
	return f.is(t, code)
}

// passive asks for a passive data connection and returns its port.
func (f *secureFTP) passive(t *testing.T) int {
	t.Helper()
	text := f.say(t, "EPSV", 229)
	_, rest, _ := strings.Cut(text, "(|||")
	port, err := strconv.Atoi(strings.TrimSuffix(strings.TrimRight(rest, ")."), "|"))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return port
}

// fetch fetches d through a data connection from an address.
func (f *secureFTP) fetch(t *testing.T, ns *lab.Namespace, from, server string, d data) {
	t.Helper()
	raw, err := dial(ns, from, fmt.Sprintf("%s:%d", server, f.passive(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if err := raw.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := f.PrintfLine("RETR %s", d.name); err != nil {
		t.Fatal(err)
	}
	c := tls.Client(raw, anyCertificate)
	content, err := io.ReadAll(c)
	c.Close() // the server waits for this
	f.is(t, 150)
	if !d.is(content) {
		t.Errorf("%d bytes, not those that were sent: %v", len(content), err)
	}
	f.is(t, 226)
}

// The range that a helper keeps open while it cannot read: for the client alone,
// for TLS alone, for so many at a time and for as long as its control connection
// lives, with a real server.
func TestDataRange(t *testing.T) {
	t.Parallel()
	const server, client, stranger = "198.51.100.11", "198.51.100.2", "198.51.100.3"
	d := newData(t, 100_000)
	s := buildStar(t, officePorts+officeVIPs+
		table("system.session-helper", "id = 21", `name = "ftp"`, "protocol = 6", "port = 2121", `tls-data-ports = "50000-50099"`, "tls-data-limit = 2")+
		table("firewall.service.custom", `name = "FTP-2121"`, `tcp-portrange = ["2121"]`)+
		accept(1, "port2", "port3", allVIPs, `service = ["FTP-2121"]`)+
		accept(2, "port2", "port1", allVIPs, `service = ["FTP-2121"]`), officeHosts())
	certificate, err := tool.Certificate(publicDir(t))
	if err != nil {
		t.Fatal(err)
	}
	ftpDaemon(t, tool.Vsftpd, s.Host("dmz"), d, tool.FTPServer{Addr: netip.MustParseAddr("10.3.0.2"), Port: 2121, Certificate: certificate, Low: 50000, High: 50079})
	peer := s.Host("peer")
	at := func(port int) string { return fmt.Sprintf("%s:%d", server, port) }
	in := func(t *testing.T) *secureFTP { return logIn(t, peer, client, at(2121)) }
	denied := func(t *testing.T, from string, port int) {
		t.Helper()
		mark := s.fw.Mark()
		if c, err := dial(peer, from, at(port)); err == nil {
			c.Close()
			t.Errorf("TCP from %s to port %d: connected", from, port)
		}
		s.logged(t, mark, "action=deny", "policyid=0", "srcip="+from, fmt.Sprintf("dstport=%d", port))
	}

	t.Run("before", func(t *testing.T) { denied(t, client, 50050) })
	t.Run("client", func(t *testing.T) {
		f := in(t)
		f.fetch(t, peer, client, server, d)
		f.fetch(t, peer, client, server, d)
	})
	t.Run("stranger", func(t *testing.T) {
		f := in(t)
		denied(t, stranger, f.passive(t))
		f.fetch(t, peer, client, server, d)
	})
	t.Run("another port", func(t *testing.T) {
		in(t)
		denied(t, client, 49999)
		denied(t, client, 50100)
	})
	t.Run("no TLS", func(t *testing.T) {
		f := in(t)
		c, err := dial(peer, client, at(f.passive(t)))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		mark := s.fw.Mark()
		fmt.Fprint(c, "GET / HTTP/1.0\r\n\r\n")
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if n, err := c.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
			t.Errorf("read %d, %v: the connection was not cut", n, err)
		}
		s.logged(t, mark, "type=traffic", "dstip="+server, "srcip="+client, "policyid=1", "helper=ftp")
		f.fetch(t, peer, client, server, d)
	})
	t.Run("limit", func(t *testing.T) {
		// The FTP server forgets a data connection that it has not used when it is
		// asked for another; this one does not.
		const port = 50090
		var l net.Listener
		err := s.Host("dmz").Do(func() (err error) {
			l, err = net.Listen("tcp", fmt.Sprintf("10.3.0.2:%d", port))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		in(t)
		for range 2 {
			c, err := dial(peer, client, at(port))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
		denied(t, client, port)
		in(t) // another control connection, room for two more
		c, err := dial(peer, client, at(port))
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	})
	t.Run("several control connections", func(t *testing.T) {
		// That some are being closed is no matter of those that live.
		first, second, third := in(t), in(t), in(t)
		first.say(t, "QUIT", 221)
		first.raw.Close()
		third.passive(t)
		if err := third.PrintfLine("RETR %s", d.name); err != nil { // the server waits for a data connection
			t.Fatal(err)
		}
		third.raw.Close()
		time.Sleep(100 * time.Millisecond)
		second.fetch(t, peer, client, server, d)
	})
	t.Run("after", func(t *testing.T) { denied(t, client, 50050) })
	if err := s.fw.Stop(5 * time.Second); err != nil {
		t.Error(err)
	}
}
