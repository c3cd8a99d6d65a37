package e2e

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// sipPolicies let signalling through, and no media.
func sipPolicies(lines ...string) string {
	return officePorts + officeVIPs +
		table("system.session-helper", "id = 30", `name = "sip"`, "protocol = 6", "port = 5060") +
		accept(1, "port1", "port3", append(lines, `service = ["SIP"]`)...) +
		accept(2, "port1", "port2", append(lines, `service = ["SIP"]`, `nat = "enable"`)...) +
		accept(3, "port2", "port3", append(lines, allVIPs, `service = ["SIP"]`)...)
}

// sipWays are calls: without translation, behind one of the source, to a server
// behind one of the destination.
var sipWays = []struct {
	name, from, to   string
	caller, answerer string
	peer             string // whom the caller calls
	policy           string
}{
	{"plain", "client", "dmz", "10.1.0.2", "10.3.0.2", "10.3.0.2", "policyid=1"},
	{"source NAT", "client", "peer", "10.1.0.2", "198.51.100.2", "198.51.100.2", "policyid=2"},
	{"virtual IP", "peer", "dmz", "198.51.100.2", "10.3.0.2", "198.51.100.11", "policyid=3"},
}

// Calls with media, between real user agents.
func TestSIP(t *testing.T) {
	t.Parallel()
	for _, transport := range []struct{ name, flag string }{{"UDP", "u1"}, {"TCP", "t1"}} {
		for _, way := range sipWays {
			t.Run(transport.name+", "+way.name, func(t *testing.T) {
				t.Parallel()
				s := buildStar(t, sipPolicies(), officeHosts())
				if err := sipCall(t, s, way.from, way.to, way.caller, way.answerer, way.peer, transport.flag); err != nil {
					t.Fatal(err)
				}
				media := s.logged(t, 0, "proto=17", "srcport=40000", "action=accept", way.policy)
				if n := media.Get("rcvdpkt"); n == "" || n == "0" {
					t.Errorf("no media came back: %s", media.Line)
				}
				s.counted(t, 0, "action=deny", "proto=17")
			})
		}
	}
}

// Without the helper signalling passes, and media does not.
func TestSIPDenied(t *testing.T) {
	t.Parallel()
	s := buildStar(t, sipPolicies(`session-helper = ["disable"]`), officeHosts())
	way := sipWays[0]
	if err := sipCall(t, s, way.from, way.to, way.caller, way.answerer, way.peer, "u1"); err != nil {
		t.Fatal(err)
	}
	s.logged(t, 0, "proto=17", "policyid=0", "action=deny", "srcport=40000", "dstport=50000")
	s.counted(t, 0, "proto=17", "srcport=40000", "action=accept")
}

// sipCall has one host call another.
func sipCall(t *testing.T, s *starSite, from, to, caller, answerer, peer, transport string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
	defer cancel()
	_, err := tool.SIPAnswerer(ctx, s.Host(to), publicDir(t), netip.AddrPortFrom(netip.MustParseAddr(answerer), 5060), 50000, transport)
	found(t, err)
	return tool.SIPCall{
		From: netip.AddrPortFrom(netip.MustParseAddr(caller), 5060), To: netip.AddrPortFrom(netip.MustParseAddr(peer), 5060),
		Media: 40000, Transport: transport,
	}.Call(ctx, s.Host(from), publicDir(t))
}

// Calls through a proxy that knows nothing of translation, which user agents have
// registered with: media goes from one to the other. The proxy is outside, or behind
// a virtual IP; the user agents are on different sides, or both on one.
func TestSIPProxy(t *testing.T) {
	t.Parallel()
	hosts := func() []lab.Host {
		return append(officeHosts(), via(host("other", "port2", "198.51.100.4/24"), "192.0.2.0/24"))
	}
	for _, c := range []struct {
		name, proxy, at, public    string // as user agents know it
		from, caller, to, answerer string
		direct                     bool // media is none of the firewall's affair
	}{
		{name: "out", proxy: "peer", at: "198.51.100.2", public: "198.51.100.2", from: "client", caller: "10.1.0.2", to: "other", answerer: "198.51.100.4"},
		{name: "in", proxy: "peer", at: "198.51.100.2", public: "198.51.100.2", from: "other", caller: "198.51.100.4", to: "client", answerer: "10.1.0.2"},
		{name: "inside, the proxy outside", proxy: "peer", at: "198.51.100.2", public: "198.51.100.2", from: "client", caller: "10.1.0.2", to: "dmz", answerer: "10.3.0.2"},
		{name: "outside, the proxy behind a virtual IP", proxy: "dmz", at: "10.3.0.2", public: "198.51.100.11", from: "other", caller: "198.51.100.4", to: "peer", answerer: "198.51.100.2", direct: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := buildStar(t, sipPolicies()+accept(4, "port3", "port2", `service = ["SIP"]`, `nat = "enable"`), hosts())
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
			defer cancel()
			at := func(addr string) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(addr), 5060) }
			_, err := tool.Kamailio(ctx, s.Host(c.proxy), publicDir(t), at(c.at))
			found(t, err)
			found(t, tool.SIPRegister(ctx, s.Host(c.to), publicDir(t), "bob", at(c.answerer), at(c.public)))
			_, err = tool.SIPAnswerer(ctx, s.Host(c.to), publicDir(t), at(c.answerer), 50000, "u1")
			found(t, err)
			call := tool.SIPCall{From: at(c.caller), To: at(c.public), Media: 40000, Transport: "u1"}
			if err := call.Call(ctx, s.Host(c.from), publicDir(t)); err != nil {
				t.Fatal(err)
			}
			if c.direct {
				return
			}
			media := s.logged(t, 0, "proto=17", "srcport=40000", "action=accept")
			if n := media.Get("rcvdpkt"); n == "" || n == "0" {
				t.Errorf("no media came back: %s", media.Line)
			}
			s.counted(t, 0, "action=deny", "proto=17", "srcport=40000")
		})
	}
}
