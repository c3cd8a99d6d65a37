package e2e

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// tftpClients are other TFTP clients than tftp-hpa.
var tftpClients = []struct {
	name  string
	fetch tool.TFTPClient
}{{"atftp", tool.Atftp}, {"curl", tool.CurlTFTP}}

// TestAtftpd: atftpd with atftp and curl, in small blocks and in blocks that come in
// fragments.
func TestAtftpd(t *testing.T) {
	if lab.Unprivileged() {
		t.Skip("atftpd sets its groups, which the user namespace of an ordinary user does not allow")
	}
	off := table("system.session-helper", `id = 5`, `status = "disable"`)
	modes(t, []string{"udp 69"}, "", "", off, func(t *testing.T, c crossing) {
		d := newData(t, 60_000)
		_, err := tool.Atftpd(t.Context(), c.Host("server"), d.dir, netip.MustParseAddr("10.2.0.2"))
		found(t, err)
		for _, client := range tftpClients {
			for _, block := range []int{512, 1428, 16000} {
				if c.denied && block > 512 {
					continue
				}
				t.Run(fmt.Sprint(client.name, " ", block), func(t *testing.T) {
					to, patience := filepath.Join(t.TempDir(), "got"), 12*time.Second
					if c.denied {
						patience = 3 * time.Second
					}
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					err := client.fetch(ctx, c.Host("client"), c.to, d.name, to, block)
					switch {
					case c.denied && err == nil:
						t.Error("the transfer passed")
					case !c.denied && err != nil:
						found(t, err)
					case !c.denied:
						d.same(t, to)
					}
				})
			}
		}
		if c.denied {
			c.logged(t, 0, "action=deny", "srcip=10.2.0.2", "dstip=10.1.0.2", "proto=17")
		}
	})
}
