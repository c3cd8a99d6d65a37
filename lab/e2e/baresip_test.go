package e2e

import (
	"net/netip"
	"testing"
	"time"

	"portcullis/lab/tool"
)

// TestBaresip has telephones register with Kamailio through a firewall that allows
// signalling alone, call, and be called, and talk both ways.
func TestBaresip(t *testing.T) {
	off := table("system.session-helper", `id = 13`, `status = "disable"`)
	modes(t, []string{"udp 5060"}, "", "", off, func(t *testing.T, c crossing) {
		at := func(addr string, port uint16) netip.AddrPort {
			return netip.AddrPortFrom(netip.MustParseAddr(addr), port)
		}
		proxy := at("10.2.0.2", 5060)
		_, err := tool.Kamailio(t.Context(), c.Host("server"), publicDir(t), proxy)
		found(t, err)
		on := func(p *tool.Phone, host string) {
			t.Helper()
			found(t, p.SwitchOn(c.Host(host), publicDir(t)))
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("%s:\n%s", p.User, p.Text())
				}
			})
			if !soon(p.Registered, 8*time.Second) {
				t.Fatalf("%s is not registered", p.User)
			}
		}
		// talk has two hear each other, in the first's nth call, and then the other hang up.
		talk := func(n int, stays, goes *tool.Phone) {
			t.Helper()
			if !soon(func() bool { return stays.Answered() == n && goes.Answered() == 1 }, 8*time.Second) {
				t.Fatalf("%s and %s do not talk", stays.User, goes.User)
			}
			heard := func() bool { return len(stays.Heard()) == n && len(goes.Heard()) == 1 }
			switch {
			case c.denied:
				c.logged(t, 0, "action=deny", "proto=17", "srcip=10.1.0.2", "dstip=10.2.0.2")
				c.logged(t, 0, "action=deny", "proto=17", "srcip=10.2.0.2", "dstip=10.1.0.2")
				if a, b := stays.Heard(), goes.Heard(); len(a) > 0 || len(b) > 0 {
					t.Errorf("%s hears %s, %s hears %s", stays.User, a, goes.User, b)
				}
			case !soon(heard, 4*time.Second):
				t.Errorf("%s hears %s, %s hears %s: each should hear the other", stays.User, stays.Heard(), goes.User, goes.Heard())
			}
			if err := goes.SwitchOff(); err != nil {
				t.Error(err)
			}
			if !soon(func() bool { return stays.Ended() == n }, 4*time.Second) {
				t.Errorf("%s is not told that %s has hung up", stays.User, goes.User)
			}
		}

		bob := &tool.Phone{User: "bob", At: at("10.2.0.2", 5070), Registrar: proxy, Media: 42000}
		on(bob, "server")
		alice := &tool.Phone{User: "alice", At: at("10.1.0.2", 5060), Registrar: at(c.to, 5060), Media: 40000, Dial: "bob"}
		on(alice, "client")
		talk(1, alice, bob)
		if c.denied {
			return
		}
		carol := &tool.Phone{User: "carol", At: at("10.2.0.2", 5080), Registrar: proxy, Media: 44000, Dial: "alice"}
		on(carol, "server")
		talk(2, alice, carol)
		c.counted(t, 0, "action=deny")
	})
}
