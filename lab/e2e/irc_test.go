package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// ircPolicies let clients reach IRC servers, and no other way.
func ircPolicies(lines ...string) string {
	return officePorts + officeVIPs +
		table("system.session-helper", "id = 30", `name = "irc"`, "protocol = 6", "port = 6667") +
		accept(1, "port1", "port3", append(lines, `service = ["IRC"]`)...) +
		accept(2, "port1", "port2", append(lines, `service = ["IRC"]`, `nat = "enable"`)...) +
		accept(3, "port2", "port3", append(lines, allVIPs, `service = ["IRC"]`)...)
}

// ircWays are a server, who offers a file there and who takes it: beside the server.
var ircWays = []struct {
	name, offers, server string
	from, at, to         string // the offering client's address, the server's, and as the client calls it
	as                   string // the offering client's address, as others see it
	policy               string
}{
	{"plain", "client", "dmz", "10.1.0.2", "10.3.0.2", "10.3.0.2", "10.1.0.2", "policyid=1"},
	{"source NAT", "client", "peer", "10.1.0.2", "198.51.100.2", "198.51.100.2", "198.51.100.1", "policyid=2"},
	{"virtual IP", "peer", "dmz", "198.51.100.2", "10.3.0.2", "198.51.100.11", "198.51.100.2", "policyid=3"},
}

// Files offered through a real server: at once, and by who was asked to wait.
func TestDCC(t *testing.T) {
	t.Parallel()
	for _, way := range ircWays {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := buildStar(t, ircPolicies(), officeHosts())
			ircServer(t, s.Host(way.server), way.at)
			joe := ircLogin(t, s.Host(way.offers), way.from, way.to, "joe")
			ann := ircLogin(t, s.Host(way.server), way.at, way.at, "ann")
			text := []byte("a file of joe's")

			at := joe.serve(t, s.Host(way.offers), way.from, text)
			joe.say(t, fmt.Sprintf("PRIVMSG ann :\x01DCC SEND file %d %d %d\x01", number32(at.Addr()), at.Port(), len(text)))
			offered, rest := ann.offer(t)
			if want := netip.MustParseAddr(way.as); offered.Addr() != want {
				t.Errorf("offered at %s, want %s", offered, want)
			}
			if rest != fmt.Sprint(len(text)) {
				t.Errorf("behind the port: %q", rest)
			}
			take(t, s.Host(way.server), way.at, offered, text)
			s.logged(t, 0, "proto=6", fmt.Sprintf("dstport=%d", offered.Port()), "action=close", way.policy)

			// Passive: ann cannot be reached, and joe waits.
			ann.say(t, fmt.Sprintf("PRIVMSG joe :\x01DCC SEND file %d 0 5 77\x01", number32(netip.MustParseAddr(way.at))))
			joe.text(t)
			at = joe.serve(t, s.Host(way.offers), way.from, text)
			joe.say(t, fmt.Sprintf("PRIVMSG ann :\x01DCC SEND file %d %d 5 77\x01", number32(at.Addr()), at.Port()))
			offered, _ = ann.offer(t)
			take(t, s.Host(way.server), way.at, offered, text)

			// Forged: the address of somebody else, who would be reached.
			joe.say(t, fmt.Sprintf("PRIVMSG ann :\x01DCC SEND file %d %d 5\x01", number32(netip.MustParseAddr("10.1.0.3")), at.Port()))
			if offered, _ = ann.offer(t); offered.Addr() != netip.MustParseAddr("10.1.0.3") {
				t.Errorf("a forged offer became %s", offered)
			}
			refused(t, s.Host(way.server), "tcp", way.at, offered.String())
		})
	}
}

// Without the helper an offer leads nowhere.
func TestDCCDenied(t *testing.T) {
	t.Parallel()
	for _, way := range ircWays {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := buildStar(t, ircPolicies(`session-helper = ["disable"]`), officeHosts())
			ircServer(t, s.Host(way.server), way.at)
			joe := ircLogin(t, s.Host(way.offers), way.from, way.to, "joe")
			ann := ircLogin(t, s.Host(way.server), way.at, way.at, "ann")
			at := joe.serve(t, s.Host(way.offers), way.from, []byte("never sent"))
			joe.say(t, fmt.Sprintf("PRIVMSG ann :\x01DCC SEND file %d %d 5\x01", number32(at.Addr()), at.Port()))
			offered, _ := ann.offer(t)
			if offered != at {
				t.Errorf("offered at %s, want %s", offered, at)
			}
			refused(t, s.Host(way.server), "tcp", way.at, offered.String())
		})
	}
}

// ircServer starts a server and waits until it answers.
func ircServer(t *testing.T, ns *lab.Namespace, at string) {
	t.Helper()
	p, err := tool.IRCServer(ns, publicDir(t), netip.MustParseAddr(at))
	found(t, err)
	to := fmt.Sprintf("%s:%d", at, tool.IRCPort)
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := dial(ns, at, to)
		if err == nil {
			c.Close()
			return
		}
		if p.Ended() || time.Now().After(deadline) {
			t.Fatalf("ngircd: %v %s", err, lab.Tail(p.Stdout()+p.Stderr(), 5))
		}
	}
}

// ircClient is a client that is logged in.
type ircClient struct {
	net.Conn
	lines *bufio.Scanner
}

func ircLogin(t *testing.T, ns *lab.Namespace, from, to, nick string) *ircClient {
	t.Helper()
	conn, err := dial(ns, from, fmt.Sprintf("%s:%d", to, tool.IRCPort))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c := &ircClient{conn, bufio.NewScanner(conn)}
	c.say(t, "NICK "+nick)
	c.say(t, "USER "+nick+" 0 * :"+nick)
	c.await(t, " 001 ")
	return c
}

func (c *ircClient) say(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(c, line+"\r\n"); err != nil {
		t.Fatal(err)
	}
}

// await reads up to a line that has a word, and answers pings.
func (c *ircClient) await(t *testing.T, word string) string {
	t.Helper()
	for c.lines.Scan() {
		line := c.lines.Text()
		if rest, ok := strings.CutPrefix(line, "PING "); ok {
			c.say(t, "PONG "+rest)
		}
		if strings.Contains(line, word) {
			return line
		}
	}
	t.Fatalf("no line with %q: %v", word, c.lines.Err())
	return ""
}

// text is the next private message.
func (c *ircClient) text(t *testing.T) string {
	t.Helper()
	_, text, _ := strings.Cut(c.await(t, " PRIVMSG "), " :")
	return text
}

// offer is the next message, which offers a file, and what is behind the port.
func (c *ircClient) offer(t *testing.T) (at netip.AddrPort, rest string) {
	t.Helper()
	text := c.text(t)
	var addr uint32
	var port uint16
	if _, err := fmt.Sscanf(text, "\x01DCC SEND file %d %d", &addr, &port); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	words := strings.SplitN(strings.Trim(text, "\x01"), " ", 6)
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(addr >> 24), byte(addr >> 16), byte(addr >> 8), byte(addr)}), port), words[5]
}

// serve waits at an address for somebody to fetch text, once.
func (c *ircClient) serve(t *testing.T, ns *lab.Namespace, at string, text []byte) netip.AddrPort {
	t.Helper()
	var l net.Listener
	err := ns.Do(func() (err error) {
		l, err = net.Listen("tcp4", at+":0")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		conn.Write(text)
		conn.Close()
	}()
	return netip.MustParseAddrPort(l.Addr().String())
}

// take fetches what is offered.
func take(t *testing.T, ns *lab.Namespace, from string, at netip.AddrPort, want []byte) {
	t.Helper()
	conn, err := dial(ns, from, at.String())
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	if got, err := io.ReadAll(conn); err != nil || string(got) != string(want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// number32 is an IPv4 address as offers spell it.
func number32(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}
