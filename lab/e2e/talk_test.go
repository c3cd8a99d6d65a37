package e2e

import (
	"net/netip"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// TestTalk: one calls another, who calls back, and both hear each other.
func TestTalk(t *testing.T) {
	if lab.Unprivileged() {
		t.Skip("a terminal of the user namespace of an ordinary user can not be written to")
	}
	entry := table("system.session-helper", "id = 30", `name = "ntalk"`, "protocol = 17", "port = 518")
	modes(t, []string{"udp 518"}, entry, "", "", func(t *testing.T, c crossing) {
		host := func(name, at string) *tool.TalkHost {
			h, err := tool.NewTalkHost(t.Context(), c.Host(name), publicDir(t), netip.MustParseAddr(at))
			found(t, err)
			return h
		}
		caller, called := host("client", "10.1.0.2"), host("server", "10.2.0.2")
		back := "10.1.0.2" // who has called, as who is called knows it
		if c.name == "source NAT" {
			back = "10.2.0.1"
		}
		a, err := caller.Talk(c.to)
		found(t, err)
		t.Cleanup(a.Close)
		if !soon(func() bool { return called.Rung() }, 8*time.Second) {
			t.Fatalf("nobody is called: %q", a.Stdout())
		}
		b, err := called.Talk(back)
		found(t, err)
		t.Cleanup(b.Close)
		together := soon(func() bool { return a.Hears("established") && b.Hears("established") }, 6*time.Second)
		switch {
		case c.denied && together:
			t.Error("they talk")
		case c.denied:
			c.logged(t, 0, "action=deny", "srcip=10.2.0.2", "dstip=10.1.0.2")
		case !together:
			t.Fatalf("caller: %q\ncalled: %q", a.Stdout(), b.Stdout())
		default:
			for from, to := range map[*tool.Talk]*tool.Talk{a: b, b: a} {
				if err := from.Say("well well"); err != nil {
					t.Fatal(err)
				}
				if !soon(func() bool { return to.Hears("well well") }, 4*time.Second) {
					t.Errorf("not heard: %q", to.Stdout())
				}
			}
		}
	})
}

// soon waits until something is so.
func soon(so func() bool, patience time.Duration) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if so() {
			return true
		}
	}
	return so()
}
