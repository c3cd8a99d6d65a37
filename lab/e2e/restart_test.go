package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/peer"
)

// bulkService is TCP 5001, which no helper knows.
const bulkService = `
[[firewall.service.custom]]
name = "bulk"
tcp-portrange = "5001"
`

// Connections that are hidden by NAT outlast a restart: one that is sending as
// fast as it goes, and FTP's control connection, whose commands were rewritten
// before. Each is logged once, when it ends.
func TestRestart(t *testing.T) {
	t.Parallel()
	config := strings.Replace(example(t, "ftp-nat.toml"), `service = ["FTP"]`, `service = ["FTP", "bulk"]`, 1) + bulkService
	s := build(t, config, lab.TriangleOptions{Hide: true})
	s.serveFTP(t)
	if _, err := peer.Serve(s.Server, "tcp-sink", "-ports", "5001"); err != nil {
		t.Fatal(err)
	}
	c := s.control(t)
	c.say(t, "USER "+peer.User, "331")
	c.say(t, "PASS "+peer.Password, "230")
	c.say(t, "TYPE I", "200")
	s.fetch(t, c, s.port(t, c)) // the PORT command grows or shrinks: numbers move

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var bulk peer.Bulk
	sent := make(chan error, 1)
	go func() {
		sent <- peer.Do(ctx, s.Client, &bulk, "tcp-bulk", "-to", netip.AddrPortFrom(lab.Server4, 5001).String(), "-duration", "6s")
	}()
	time.Sleep(time.Second)

	mark := s.fw.Mark()
	s.restart(t, "sessions written")
	if !strings.Contains(s.fw.Stderr(), "sessions taken up") {
		t.Errorf("the second start says %s", s.fw.Stderr())
	}
	if _, err := os.Stat(s.sessionsFile()); !os.IsNotExist(err) {
		t.Errorf("the file of sessions is still there: %v", err)
	}
	for _, r := range s.fw.Records(mark) {
		if r.Match("dstport=5001") || r.Match("dstport=21") {
			t.Errorf("logged at the restart: %s", r.Line)
		}
	}

	s.fetch(t, c, s.pasv(t, c))
	s.fetch(t, c, s.port(t, c))
	s.restart(t, "sessions written")
	s.fetch(t, c, s.pasv(t, c))
	c.say(t, "QUIT", "221")
	c.Close()
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	ended := s.logged(t, 0, "dstport=5001", "action=close", "trandisp=snat")
	if duration, bytes := number(t, ended, "duration"), number(t, ended, "sentbyte"); duration < 5 || bytes < bulk.Bytes || bulk.Bytes == 0 {
		t.Errorf("%d bytes arrived in %.1f s; logged: %s", bulk.Bytes, bulk.Seconds, ended.Line)
	}
	s.counted(t, 1, "dstport=5001")
	control := s.logged(t, 0, "type=traffic", "dstport=21", "helper=ftp")
	s.counted(t, 1, "dstport=21")
	s.counted(t, 4, "mastersession="+control.Get("sessionid"))
	s.counted(t, 0, "action=deny")
}

// A killed run leaves nothing to be taken up.
func TestRestartAfterKill(t *testing.T) {
	t.Parallel()
	s := ftpSite(t)
	c := s.control(t)
	c.say(t, "USER "+peer.User, "331")
	s.restart(t, "sessions written") // once in order: the file was there, and is gone
	c.say(t, "PASS "+peer.Password, "230")
	s.fw.Kill()
	if err := s.fw.Start(); err != nil {
		t.Fatal(err)
	}
	if said := s.fw.Stderr(); strings.Contains(said, "sessions taken up") || strings.Contains(said, "not taken up") {
		t.Errorf("after a kill: %s", said)
	}
	fmt.Fprintf(c, "NOOP\r\n")
	if err := c.SetReadDeadline(time.Now().Add(1500 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if line, err := c.in.ReadString('\n'); err == nil {
		t.Errorf("a session that nobody knows goes on: %q", line)
	}
	s.ftpPasses(t)
}

// restart ends the firewall, which must say so, and starts it again.
func (s *site) restart(t *testing.T, says string) {
	t.Helper()
	if err := s.fw.Stop(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	if said := s.fw.Stderr(); !strings.Contains(said, says) {
		t.Errorf("the end says %s", said)
	}
	if err := s.fw.Start(); err != nil {
		t.Fatal(err)
	}
}

func (s *site) sessionsFile() string { return filepath.Join(filepath.Dir(s.fw.Control()), "sessions") }

// port asks for an active transfer and returns how to get its connection.
func (s *site) port(t *testing.T, c controlConn) func() (net.Conn, error) {
	t.Helper()
	var l net.Listener
	if err := s.Client.Do(func() (err error) {
		l, err = net.Listen("tcp4", netip.AddrPortFrom(lab.Client4, 0).String())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	c.say(t, fmt.Sprintf("PORT 10,1,0,2,%d,%d", port>>8, port&255), "200")
	return func() (net.Conn, error) {
		defer l.Close()
		if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			return nil, err
		}
		return l.Accept()
	}
}

// pasv asks for a passive transfer and returns how to get its connection.
func (s *site) pasv(t *testing.T, c controlConn) func() (net.Conn, error) {
	t.Helper()
	fmt.Fprintf(c, "PASV\r\n")
	line, err := c.in.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(line, "(")
	var h [4]byte
	var p [2]int
	if _, err := fmt.Sscanf(rest, "%d,%d,%d,%d,%d,%d", &h[0], &h[1], &h[2], &h[3], &p[0], &p[1]); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	at := netip.AddrPortFrom(netip.AddrFrom4(h), uint16(p[0]<<8|p[1]))
	return func() (conn net.Conn, err error) {
		err = s.Client.Do(func() (err error) {
			conn, err = net.DialTimeout("tcp", at.String(), 5*time.Second)
			return err
		})
		return conn, err
	}
}

// fetch fetches a file over a data connection that was asked for.
func (s *site) fetch(t *testing.T, c controlConn, dial func() (net.Conn, error)) {
	t.Helper()
	const size = 100_000
	fmt.Fprintf(c, "RETR %s\r\n", peer.FileName(size))
	data, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	c.line(t, "150")
	if err := data.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	if n, err := io.Copy(sum, data); err != nil || n != size || hex.EncodeToString(sum.Sum(nil)) != peer.Sum(size) {
		t.Errorf("got %d bytes, %v", n, err)
	}
	c.line(t, "226")
}

// number is a number in a log line.
func number(t *testing.T, r lab.Record, field string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(r.Get(field), 10, 64)
	if err != nil {
		t.Errorf("%s: %v", r.Line, err)
	}
	return n
}
