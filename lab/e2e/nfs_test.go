package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portcullis/lab/tool"
)

// TestNFS mounts an export of NFS 3 through a firewall that allows rpcbind alone, and
// has a file copied there, listed and read: libnfs asks for the mount protocol, then
// for NFS.
func TestNFS(t *testing.T) {
	off := table("system.session-helper", `id = 11`, `status = "disable"`) + table("system.session-helper", `id = 12`, `status = "disable"`)
	modes(t, []string{"tcp 111", "udp 111"}, "", "", off, func(t *testing.T, c crossing) {
		_, err := tool.NFSServer(t.Context(), c.Host("server"), publicDir(t))
		found(t, err)
		d := newData(t, 100_000)
		export := "nfs://" + c.to + "/mem"
		run := func(client string, args ...string) (out string, err error) {
			patience := 8 * time.Second
			if c.denied {
				patience = 3 * time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			out, errs, err := tool.NFS(ctx, c.Host("client"), client, args...)
			if (err != nil) != c.denied {
				t.Errorf("%s: %v\n%s", client, err, errs)
			}
			return out, err
		}
		_, _ = run("nfs-cp", filepath.Join(d.dir, d.name), export+"/copy") // run has told what is wrong
		if c.denied {
			c.logged(t, 0, "action=deny", "srcip=10.1.0.2", "dstip=10.2.0.2", "dstport=20048")
			return
		}
		if out, err := run("nfs-ls", export); err == nil && !strings.Contains(out, "copy") {
			t.Errorf("nfs-ls: %q", out)
		}
		if out, err := run("nfs-cat", export+"/copy"); err == nil && !d.is([]byte(out)) {
			t.Errorf("nfs-cat: %d bytes, not those that were sent", len(out))
		}
		back := filepath.Join(t.TempDir(), "back")
		if _, err := run("nfs-cp", export+"/copy", back); err == nil {
			d.same(t, back)
		}
		c.counted(t, 0, "action=deny")
	})
}
