package e2e

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// TestWeechat: a file that one WeeChat offers another, through ngircd, is fetched
// from the client, which no policy lets anybody reach.
func TestWeechat(t *testing.T) {
	entry := table("system.session-helper", "id = 30", `name = "irc"`, "protocol = 6", "port = 6667")
	modes(t, []string{"tcp 6667"}, entry, "", "", func(t *testing.T, c crossing) {
		ircServer(t, c.Host("server"), "10.2.0.2")
		from, to := publicDir(t), publicDir(t)
		d := newData(t, 40_000)
		start := func(host, dir, server, nick string, commands ...string) *lab.Process {
			p, err := tool.Weechat(c.Host(host), dir, netip.MustParseAddr(server), nick, commands...)
			found(t, err)
			return p
		}
		ann := start("server", to, "10.2.0.2", "ann")
		time.Sleep(time.Second)
		joe := start("client", from, c.to, "joe", "/dcc send ann "+filepath.Join(d.dir, d.name))
		got := filepath.Join(to, d.name)
		whole := func() bool {
			x, err := os.Stat(got)
			return err == nil && x.Size() == 40_000
		}
		patience := 10 * time.Second
		if c.denied {
			patience = 5 * time.Second
		}
		for deadline := time.Now().Add(patience); !whole() && time.Now().Before(deadline); {
			time.Sleep(50 * time.Millisecond)
		}
		switch {
		case c.denied && whole():
			t.Error("the file arrived")
		case c.denied:
			c.logged(t, 0, "action=deny", "srcip=10.2.0.2", "dstip=10.1.0.2")
		case !whole():
			for _, dir := range []string{from, to} {
				logs, _ := filepath.Glob(filepath.Join(dir, "weechat", "logs", "irc.server.*")) // the pattern is well formed
				for _, l := range logs {
					text, _ := os.ReadFile(l) // what there is of it
					t.Logf("%s:\n%s", l, lab.Tail(string(text), 15))
				}
			}
			t.Fatal("no file", joe.Err(), ann.Err())
		default:
			d.same(t, got)
		}
	})
}
