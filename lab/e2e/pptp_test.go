package e2e

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/peer"
	"portcullis/lab/tool"
)

// pptpCall has a client call and waits until packets cross in both directions. The
// server's pppd speaks first.
func pptpCall(t *testing.T, ns *lab.Namespace, server, say string) *tool.PPTPCall {
	t.Helper()
	call, err := tool.Pptp(ns, netip.MustParseAddr(server))
	found(t, err)
	t.Cleanup(func() { call.Kill() })
	if !pptpTalk(t, call, say, 10*time.Second) {
		t.Errorf("%s: only %q came through\n%s", say, call.Got(), call.Stderr())
	}
	return call
}

// pptpTalk sends packets until one comes back. The server does not listen before its
// pppd has spoken.
func pptpTalk(t *testing.T, call *tool.PPTPCall, say string, patience time.Duration) bool {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if got := call.Got(); slices.Contains(got, peer.Echo+say) {
			return slices.Contains(got, peer.Hello)
		}
		if call.Ended() {
			return false
		}
		if err := call.Send(say); err != nil {
			t.Fatal(err)
		}
	}
	return false
}

// TestPPTP has two clients call one server at once, with Debian's programs, in every
// mode. Nothing keeps them from choosing the same call id.
func TestPPTP(t *testing.T) {
	t.Parallel()
	const nat = `nat = "enable"`
	for _, test := range []struct {
		name, to string
		vip      bool
		routes   bool // the server knows the clients' network
		policy   []string
	}{
		{"plain", "10.2.0.2", false, true, nil},
		{"source NAT", "10.2.0.2", false, false, []string{nat}},
		{"destination NAT", "10.1.0.10", true, true, []string{`dstaddr = ["server"]`}},
		{"both", "10.1.0.10", true, false, []string{`dstaddr = ["server"]`, nat}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := host("server", "port2", "10.2.0.2/24")
			if test.routes {
				server = via(server, "10.1.0.0/24")
			}
			config := interfaces("port1 10.1.0.1/24", "port2 10.2.0.1/24")
			if test.vip {
				config += table("firewall.vip", `name = "server"`, `extip = "10.1.0.10"`, `extintf = "port1"`, `mappedip = "10.2.0.2"`)
			}
			s := buildStar(t, config+accept(1, "port1", "port2", append(test.policy, `service = ["PPTP"]`)...), []lab.Host{
				via(host("one", "port1", "10.1.0.2/24"), "10.2.0.0/24"), via(host("two", "port1", "10.1.0.3/24"), "10.2.0.0/24"), server,
			}, lab.SessionsEnd...)
			_, err := tool.Pptpd(t.Context(), s.Host("server"), publicDir(t), netip.MustParseAddr("10.2.0.2"))
			found(t, err)
			first := pptpCall(t, s.Host("one"), test.to, "from one")
			second := pptpCall(t, s.Host("two"), test.to, "from two")
			for i := range 20 {
				for _, call := range []*tool.PPTPCall{first, second} {
					if err := call.Send(fmt.Sprint("again ", i)); err != nil {
						t.Fatal(err)
					}
				}
			}
			for name, call := range map[string]*tool.PPTPCall{"one": first, "two": second} {
				if !pptpTalk(t, call, "at last "+name, 5*time.Second) {
					t.Errorf("%s: %q", name, call.Got())
				}
				other := map[string]string{"one": "two", "two": "one"}[name]
				if strings.Contains(strings.Join(call.Got(), ""), "from "+other) {
					t.Errorf("%s hears what is %s's: %q", name, other, call.Got())
				}
			}
			// The end of a call is that of its data.
			if err := first.Close(); err != nil {
				t.Error(err)
			}
			s.logged(t, 0, "type=traffic", "proto=47", "action=close", "helper=pptp")
			if !pptpTalk(t, second, "still there", 5*time.Second) {
				t.Errorf("two: %q", second.Got())
			}
			s.counted(t, 0, "proto=47", "action=deny")
		})
	}
}

// TestPPTPWithoutHelper holds that no data passes without the helper.
func TestPPTPWithoutHelper(t *testing.T) {
	t.Parallel()
	s := buildStar(t, interfaces("port1 10.1.0.1/24", "port2 10.2.0.1/24")+
		accept(1, "port1", "port2", `service = ["PPTP"]`, `session-helper = ["disable"]`), []lab.Host{
		via(host("one", "port1", "10.1.0.2/24"), "10.2.0.0/24"), via(host("server", "port2", "10.2.0.2/24"), "10.1.0.0/24"),
	})
	_, err := tool.Pptpd(t.Context(), s.Host("server"), publicDir(t), netip.MustParseAddr("10.2.0.2"))
	found(t, err)
	call, err := tool.Pptp(s.Host("one"), netip.MustParseAddr("10.2.0.2"))
	found(t, err)
	t.Cleanup(func() { call.Kill() })
	if pptpTalk(t, call, "anybody?", 3*time.Second) || len(call.Got()) > 0 {
		t.Errorf("%q came through", call.Got())
	}
	s.logged(t, 0, "proto=47", "action=deny")
}
