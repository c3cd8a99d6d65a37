package peer

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/jlaffaye/ftp"

	"portcullis/lab"
)

// Transfer is the report of a client that fetched a file. What went wrong on
// the network is in Stage and Error.
type Transfer struct {
	Stage      string // how far it came: "connect", "login", "transfer" or "done"
	Error      string `json:",omitempty"`
	Bytes      int64
	SHA256     string
	Seconds    float64
	Control    netip.AddrPort // the client's end of the control connection
	Data       netip.AddrPort // where the data connection was to go, as the client knows it
	Announced  string         // the client's PORT or EPRT as it was sent
	Transcript []string       // the control connection, "> " sent and "< " received
}

// OK reports whether the file came whole.
func (t *Transfer) OK(size int64) bool {
	return t.Stage == "done" && t.Bytes == size && t.SHA256 == Sum(size)
}

// FTPMode is how the data connection is made.
type FTPMode string

// Modes of FTP.
const (
	PASV FTPMode = "PASV" // the client connects, RFC 959
	EPSV FTPMode = "EPSV" // the client connects, RFC 2428
	PORT FTPMode = "PORT" // the server connects, RFC 959
	EPRT FTPMode = "EPRT" // the server connects, RFC 2428
)

// FTPGet fetches a file of n bytes from the namespace.
func FTPGet(ctx context.Context, ns *lab.Namespace, server netip.AddrPort, mode FTPMode, n int64) (*Transfer, error) {
	t := new(Transfer)
	err := Do(ctx, ns, t, "ftp-get", "-server", server.String(), "-mode", string(mode), "-file", FileName(n))
	return t, err
}

// ftpGet fetches one file. Passive modes are done by a library, active ones,
// which it does not have, by ftpactive.go.
func ftpGet(args []string) error {
	flags := flag.NewFlagSet("ftp-get", flag.ContinueOnError)
	server := flags.String("server", "", "address and port")
	mode := flags.String("mode", string(EPSV), "PASV, EPSV, PORT or EPRT")
	file := flags.String("file", FileName(1000), "file")
	timeout := flags.Duration("timeout", 3*time.Second, "bound of each step")
	if err := flags.Parse(args); err != nil {
		return err
	}
	t := &Transfer{Stage: "connect"}
	fetch := fetchPassive
	switch FTPMode(*mode) {
	case PASV, EPSV:
	case PORT, EPRT:
		fetch = fetchActive
	default:
		return fmt.Errorf("mode %q: PASV, EPSV, PORT or EPRT expected", *mode)
	}
	if err := fetch(t, *server, FTPMode(*mode), *file, *timeout); err != nil {
		t.Error = err.Error()
	}
	report(t)
	return nil
}

func fetchPassive(t *Transfer, server string, mode FTPMode, file string, timeout time.Duration) error {
	dialer := net.Dialer{Timeout: timeout}
	control := true
	c, err := ftp.Dial(server,
		ftp.DialWithDisabledEPSV(mode == PASV),
		ftp.DialWithTrustPasvIP(true),
		ftp.DialWithDialFunc(func(network, addr string) (net.Conn, error) {
			if !control {
				t.Data, _ = netip.ParseAddrPort(addr)
			}
			conn, err := dialer.Dial(network, addr)
			if err == nil && control {
				control = false
				t.Control = conn.LocalAddr().(*net.TCPAddr).AddrPort()
				conn = &scribe{Conn: conn, lines: &t.Transcript, idle: timeout}
			}
			return conn, err
		}))
	if err != nil {
		return err
	}
	defer c.Quit()
	t.Stage = "login"
	if err := c.Login(User, Password); err != nil {
		return err
	}
	t.Stage = "transfer"
	r, err := c.Retr(file)
	if err != nil {
		return err
	}
	if err := t.receive(r, r.SetDeadline, timeout); err != nil {
		return err
	}
	t.Stage = "done"
	return nil
}

// receive reads the data connection to its end and closes it.
func (t *Transfer) receive(data io.ReadCloser, deadline func(time.Time) error, timeout time.Duration) error {
	begin, sum := time.Now(), newDigest()
	buf := make([]byte, 256<<10)
	for {
		if err := deadline(time.Now().Add(timeout)); err != nil {
			return err
		}
		n, err := data.Read(buf)
		sum.Write(buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			data.Close()
			return err
		}
	}
	t.Bytes, t.SHA256, t.Seconds = sum.bytes, sum.sum(), time.Since(begin).Seconds()
	return data.Close()
}

// scribe is a control connection that writes down what passes, and gives up
// where nothing passes for a while.
type scribe struct {
	net.Conn
	lines   *[]string
	in, out string // unfinished lines
	idle    time.Duration
}

// Read implements net.Conn.
func (s *scribe) Read(p []byte) (int, error) {
	if err := s.SetReadDeadline(time.Now().Add(s.idle)); err != nil {
		return 0, err
	}
	n, err := s.Conn.Read(p)
	s.in = s.note("< ", s.in+string(p[:n]))
	return n, err
}

// Write implements net.Conn.
func (s *scribe) Write(p []byte) (int, error) {
	s.out = s.note("> ", s.out+string(p))
	return s.Conn.Write(p)
}

// Close implements net.Conn. It closes its own side first and hears the other
// out: the library hangs up on the answer to QUIT, which would make the end of
// the session a reset.
func (s *scribe) Close() error {
	if half, ok := s.Conn.(*net.TCPConn); ok && half.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, s)
	}
	return s.Conn.Close()
}

func (s *scribe) note(mark, text string) (rest string) {
	for {
		line, after, ok := strings.Cut(text, "\r\n")
		if !ok {
			return text
		}
		*s.lines = append(*s.lines, mark+line)
		text = after
	}
}
