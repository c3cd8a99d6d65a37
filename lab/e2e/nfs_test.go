package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"portcullis/lab/tool"
)

// TestNFS mounts an export of NFS 3 through a firewall that allows rpcbind alone, and
// copies a file there and back: libnfs asks for the mount protocol, then for NFS.
func TestNFS(t *testing.T) {
	off := table("system.session-helper", `id = 11`, `status = "disable"`) + table("system.session-helper", `id = 12`, `status = "disable"`)
	modes(t, []string{"tcp 111", "udp 111"}, "", "", off, func(t *testing.T, c crossing) {
		_, err := tool.NFSServer(t.Context(), c.Host("server"), publicDir(t))
		found(t, err)
		d := newData(t, 100_000)
		remote, back := "nfs://"+c.to+"/mem/copy", filepath.Join(t.TempDir(), "back")
		for _, way := range [][2]string{{filepath.Join(d.dir, d.name), remote}, {remote, back}} {
			ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
			out, err := tool.NFSCopy(ctx, c.Host("client"), way[0], way[1])
			cancel()
			if (err != nil) != c.denied {
				t.Errorf("nfs-cp: %v\n%s", err, out)
			}
			if c.denied {
				c.logged(t, 0, "action=deny", "srcip=10.1.0.2", "dstip=10.2.0.2", "dstport=20048")
				return
			}
		}
		content, _ := os.ReadFile(back) // there is none where it failed
		if !d.is(content) {
			t.Errorf("%d bytes came back, not those that were sent", len(content))
		}
		c.counted(t, 0, "action=deny")
	})
}
