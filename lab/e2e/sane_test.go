package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"portcullis/lab/tool"
)

// TestSANE scans through a firewall that allows the control connection alone.
func TestSANE(t *testing.T) {
	entry := table("system.session-helper", `id = 21`, `name = "sane"`, `protocol = 6`, `port = 6566`)
	modes(t, []string{"tcp 6566"}, entry, "", "", func(t *testing.T, c crossing) {
		_, err := tool.Saned(t.Context(), c.Host("server"), publicDir(t))
		found(t, err)
		picture := filepath.Join(publicDir(t), "picture.pnm")
		for range 2 { // the second scan is of another session
			ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
			p, err := tool.Scanimage(ctx, c.Host("client"), publicDir(t), c.to, picture)
			cancel()
			if p == nil {
				found(t, err)
			}
			image, _ := os.ReadFile(picture) // there is none where it was refused
			os.Remove(picture)
			if good := len(image) > 10_000 && bytes.HasPrefix(image, []byte("P5\n")); good == c.denied {
				t.Errorf("%d bytes of a picture, %v: %s", len(image), err, p.Stderr())
			}
			if c.denied {
				break
			}
		}
		if c.denied {
			c.logged(t, 0, "action=deny", "srcip=10.1.0.2", "dstip=10.2.0.2")
		} else {
			c.counted(t, 0, "action=deny")
		}
	})
}
