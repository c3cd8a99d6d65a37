package e2e

import (
	"net/netip"
	"testing"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// TestPureFTPd: pure-ftpd, which answers EPSV and PASV in words of its own, and
// connects from port 20, in every mode.
func TestPureFTPd(t *testing.T) {
	if lab.Unprivileged() {
		t.Skip("pure-ftpd becomes the user ftp, whom the user namespace of an ordinary user does not have")
	}
	off := table("system.session-helper", `id = 9`, `status = "disable"`)
	modes(t, []string{"tcp 21"}, "", "", off, func(t *testing.T, c crossing) {
		d := newData(t, 300_000)
		_, err := tool.PureFTPd(t.Context(), c.Host("server"), publicDir(t), tool.FTPServer{Dir: d.dir, Addr: netip.MustParseAddr("10.2.0.2"), Port: 21})
		found(t, err)
		for _, client := range clients {
			if client.server != "10.2.0.2" || c.denied && client.program != "curl" {
				continue
			}
			t.Run(client.name, func(t *testing.T) {
				client.server = c.to
				if c.denied {
					client.args = impatient(client.args)
				}
				to, err := client.fetch(t, c.Host("client"), "21", d.name)
				switch {
				case c.denied && err == nil:
					t.Error("the transfer passed")
				case !c.denied && err != nil:
					t.Error(err)
				case !c.denied:
					d.same(t, to)
				}
			})
		}
	})
}
