package e2e

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

func dnsPolicies(lines ...string) string {
	return officePorts + officeVIPs +
		accept(1, "port1", "port3", append(lines, `service = ["DNS"]`)...) +
		accept(2, "port1", "port2", append(lines, `service = ["DNS"]`, `nat = "enable"`)...) +
		accept(3, "port2", "port3", append(lines, allVIPs, `service = ["DNS"]`)...)
}

// dnsWays are clients, and name servers as they call them.
var dnsWays = []struct {
	name, client, server string
	from, at, to, policy string
}{
	{"plain", "client", "dmz", "10.1.0.2", "10.3.0.2", "10.3.0.2", "policyid=1"},
	{"source NAT", "client", "peer", "10.1.0.2", "198.51.100.2", "198.51.100.2", "policyid=2"},
	{"virtual IP", "peer", "dmz", "198.51.100.2", "10.3.0.2", "198.51.100.11", "policyid=3"},
}

const (
	askedFor = "www.example"
	address  = "192.0.2.80"
	address6 = "2001:db8::80"
)

// A session ends soon after the answer; both families asked for from one port are
// answered. Over TCP it is a connection like any other, read or not.
func TestDNS(t *testing.T) {
	t.Parallel()
	for _, way := range dnsWays {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := buildStar(t, dnsPolicies()+table("system.session-helper", "id = 30", `name = "dns-tcp"`, "protocol = 6", "port = 53"), officeHosts())
			nameServer(t, s.Host(way.server), way.at)
			client, to := s.Host(way.client), netip.MustParseAddr(way.to)

			resolve(t, client, to, address, "-b", way.from+"#30000", askedFor, "A")
			r := s.logged(t, 0, "proto=17", "srcport=30000", "action=accept", "helper=dns-udp", way.policy)
			if n := number(t, r, "duration"); n > 4 {
				t.Errorf("the session lasted %d s", n)
			}
			both := resolve(t, client, to, address, "-b", way.from+"#30001", askedFor, "A", askedFor, "AAAA")
			if !strings.Contains(both, address6) {
				t.Errorf("answered %q, without %s", both, address6)
			}
			r = s.logged(t, 0, "proto=17", "srcport=30001", "action=accept", "helper=dns-udp", way.policy)
			if sent, got := number(t, r, "sentpkt"), number(t, r, "rcvdpkt"); sent < 2 || sent != got {
				t.Errorf("%d queries and %d answers in the session", sent, got)
			}
			resolve(t, client, to, address, "+tcp", "-b", way.from+"#30002", askedFor, "A")
			s.logged(t, 0, "proto=6", "srcport=30002", "helper=dns-tcp", way.policy)
			s.counted(t, 0, "action=deny")
		})
	}
}

// Without the helper the session waits for more.
func TestDNSUnread(t *testing.T) {
	t.Parallel()
	s := buildStar(t, dnsPolicies(`session-helper = ["disable"]`), officeHosts())
	way := dnsWays[0]
	nameServer(t, s.Host(way.server), way.at)
	resolve(t, s.Host(way.client), netip.MustParseAddr(way.to), address, "-b", way.from+"#30000", askedFor, "A")
	time.Sleep(3 * time.Second)
	s.counted(t, 0, "proto=17", "srcport=30000")
}

// A policy of a domain name lets a client through once it has asked for the name, by
// UDP or by TCP.
func TestFQDN(t *testing.T) {
	t.Parallel()
	const web = "198.51.100.2:80"
	for _, way := range []struct{ name, option string }{{"UDP", "+notcp"}, {"TCP", "+tcp"}} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := buildStar(t, officePorts+
				table("system.session-helper", "id = 30", `name = "dns-tcp"`, "protocol = 6", "port = 53")+
				table("firewall.address", `name = "www"`, `type = "fqdn"`, `fqdn = "`+askedFor+`"`)+
				accept(1, "port1", "port3", `service = ["DNS"]`)+
				accept(2, "port1", "port2", `service = ["HTTP"]`, `dstaddr = ["www"]`, `nat = "enable"`), officeHosts())
			nameServer(t, s.Host("dmz"), "10.3.0.2", "198.51.100.2")
			var l net.Listener
			if err := s.Host("peer").Do(func() (err error) {
				l, err = net.Listen("tcp", web)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			client := s.Host("client")
			refused(t, client, "tcp", "10.1.0.2", web)
			resolve(t, client, netip.MustParseAddr("10.3.0.2"), "198.51.100.2", way.option, askedFor, "A")
			c, err := dial(client, "10.1.0.2", web)
			if err != nil {
				t.Fatal(err)
			}
			c.Close()
			refused(t, client, "tcp", "10.1.0.2", "198.51.100.3:80")
		})
	}
}

// nameServer starts a name server and waits until it answers.
func nameServer(t *testing.T, ns *lab.Namespace, at string, answers ...string) {
	t.Helper()
	if len(answers) == 0 {
		answers = []string{address, address6}
	}
	var addrs []netip.Addr
	for _, a := range answers {
		addrs = append(addrs, netip.MustParseAddr(a))
	}
	addr := netip.MustParseAddr(at)
	p, err := tool.DNSServer(ns, addr, askedFor, addrs...)
	found(t, err)
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := dial(ns, at, netip.AddrPortFrom(addr, tool.DNSPort).String())
		if err == nil {
			c.Close()
			return
		}
		if p.Ended() || time.Now().After(deadline) {
			t.Fatalf("dnsmasq: %v %s", err, lab.Tail(p.Stdout()+p.Stderr(), 5))
		}
	}
}

// resolve asks and expects an answer.
func resolve(t *testing.T, ns *lab.Namespace, server netip.Addr, want string, options ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got, err := tool.DNSQuery(ctx, ns, server, options...)
	found(t, err)
	if !strings.Contains(got, want) {
		t.Fatalf("%q: answered %q, want %s", options, got, want)
	}
	return got
}
