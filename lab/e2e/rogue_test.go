package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/peer"
)

// rogue is an FTP server that answers PASV, EPSV and HELP with whatever it likes, in
// pieces with a pause after each, and is polite otherwise.
type rogue struct{ pieces [][]byte }

func (r rogue) serve(c net.Conn) {
	defer c.Close()
	fmt.Fprint(c, "220 rogue\r\n")
	for lines := bufio.NewScanner(c); lines.Scan(); {
		switch verb, _, _ := strings.Cut(lines.Text(), " "); verb {
		case "PASV", "EPSV", "HELP":
			for _, piece := range r.pieces {
				_, _ = c.Write(piece)
				time.Sleep(150 * time.Millisecond)
			}
		case "USER":
			fmt.Fprint(c, "331 password\r\n")
		default:
			fmt.Fprint(c, "200 fine\r\n")
		}
	}
}

// start serves one connection on port 21.
func (r rogue) start(t *testing.T, ns *lab.Namespace) {
	t.Helper()
	var l net.Listener
	err := ns.Do(func() (err error) {
		l, err = net.Listen("tcp", ":21")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.serve(c)
		}
	}()
}

var thirdHost = netip.MustParseAddr("10.2.0.3")

// A server that lies or stammers opens nothing, and does not lose its control
// connection: every byte arrives as it was sent.
func TestRogueServer(t *testing.T) {
	t.Parallel()
	text := func(pieces ...string) (all [][]byte) {
		for _, p := range pieces {
			all = append(all, []byte(p))
		}
		return all
	}
	garbage := bytes.Repeat([]byte{0x00, 0xff, '2', '2', '7', ' ', '(', ','}, 8<<10)
	for _, test := range []struct {
		name   string
		ask    string
		pieces [][]byte
		at     netip.AddrPort // where the answer leads
		opens  bool
	}{
		{"honest", "PASV", text("227 Entering Passive Mode (10,2,0,2,200,10)\r\n"), netip.AddrPortFrom(lab.Server4, 51210), true},
		{"half lines", "PASV", text("227 Enter", "ing Passive Mode (10,2,0,", "2,200,1", "0)\r", "\n"), netip.AddrPortFrom(lab.Server4, 51210), true},
		{"garbage inside", "PASV", text("227 Entering Passive Mode (%$#@!,,,)\r\n"), netip.AddrPortFrom(lab.Server4, 51210), false},
		{"third host", "PASV", text("227 Entering Passive Mode (10,2,0,3,200,10)\r\n"), netip.AddrPortFrom(thirdHost, 51210), false},
		{"the client itself", "PASV", text("227 Entering Passive Mode (10,1,0,2,200,10)\r\n"), netip.AddrPortFrom(lab.Server4, 51210), false},
		{"low port", "PASV", text("227 Entering Passive Mode (10,2,0,2,0,80)\r\n"), netip.AddrPortFrom(lab.Server4, 80), false},
		{"port 2^32+80", "EPSV", text("229 Extended (|||4294967376|)\r\n"), netip.AddrPortFrom(lab.Server4, 80), false},
		{"port 2^32+51210", "EPSV", text("229 Extended (|||4295018506|)\r\n"), netip.AddrPortFrom(lab.Server4, 51210), false},
		{"port 2^16+51210", "EPSV", text("229 Extended (|||116746|)\r\n"), netip.AddrPortFrom(lab.Server4, 51210), false},
		{"byte 256+200", "PASV", text("227 Entering Passive Mode (10,2,0,2,456,10)\r\n"), netip.AddrPortFrom(lab.Server4, 51210), false},
		{"byte 2^32+200", "PASV", text("227 Entering Passive Mode (10,2,0,2,4294967496,10)\r\n"), netip.AddrPortFrom(lab.Server4, 51210), false},
		{"an answer nobody asked for", "HELP", text("227 Entering Passive Mode (10,2,0,2,200,10)\r\n"), netip.AddrPortFrom(lab.Server4, 51210), false},
		{"half a line for ever", "PASV", text("227 Entering Passive Mode (10,2,0,2,200,1"), netip.AddrPortFrom(lab.Server4, 51210), false},
		{"64 KiB of garbage", "PASV", [][]byte{garbage, []byte("\r\n")}, netip.AddrPortFrom(lab.Server4, 51210), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := build(t, example(t, "ftp.toml"), lab.TriangleOptions{})
			if err := s.Server.Addresses("eth0", netip.PrefixFrom(thirdHost, 24)); err != nil {
				t.Fatal(err)
			}
			if _, err := peer.Serve(s.Server, "tcp-echo", "-ports", "80,51210"); err != nil {
				t.Fatal(err)
			}
			rogue{test.pieces}.start(t, s.Server)

			c := s.control(t)
			c.say(t, "USER x", "331")
			c.say(t, "PASS x", "200")
			c.ask(t, test.ask, bytes.Join(test.pieces, nil))
			mark := s.fw.Mark()
			p, err := peer.TCPProbe(t.Context(), s.Client, test.at)
			if err != nil {
				t.Fatal(err)
			}
			if p.Connected != test.opens {
				t.Errorf("connection to %v: %+v", test.at, p)
			}
			if !test.opens {
				s.logged(t, mark, "policyid=0", "action=deny", fmt.Sprintf("dstip=%v", test.at.Addr()), fmt.Sprintf("dstport=%d", test.at.Port()))
			}
			c.say(t, "NOOP", "200")
			if err := s.fw.Stop(5 * time.Second); err != nil {
				t.Error(err)
			}
		})
	}
}

// controlConn is a control connection from the client.
type controlConn struct {
	net.Conn
	in *bufio.Reader
}

func (s *site) control(t *testing.T) controlConn {
	t.Helper()
	var conn net.Conn
	err := s.Client.Do(func() (err error) {
		conn, err = net.DialTimeout("tcp", "10.2.0.2:21", 3*time.Second)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c := controlConn{conn, bufio.NewReader(conn)}
	c.line(t, "220")
	return c
}

// ask sends a command and expects exactly these bytes.
func (c controlConn) ask(t *testing.T, command string, want []byte) {
	t.Helper()
	fmt.Fprintf(c, "%s\r\n", command)
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c.in, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s: %d bytes of %d, equal %v: %v", command, n, len(want), bytes.Equal(got, want), err)
	}
}

// say sends a command and expects a line with the code.
func (c controlConn) say(t *testing.T, command, code string) {
	t.Helper()
	fmt.Fprintf(c, "%s\r\n", command)
	c.line(t, code)
}

func (c controlConn) line(t *testing.T, code string) {
	t.Helper()
	line, err := c.in.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, code) {
		t.Fatalf("%q, %v; want %s", line, err, code)
	}
}
