package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// TestAmanda backs a machine up with Amanda, through a firewall that allows its
// requests alone: data, messages and index come over connections to ports that
// amandad has named.
func TestAmanda(t *testing.T) {
	if lab.Unprivileged() {
		t.Skip("Amanda becomes the user backup, whom the user namespace of an ordinary user does not have")
	}
	entry := table("system.session-helper", "id = 30", `name = "amanda"`, "protocol = 17", "port = 10080")
	modes(t, []string{"udp 10080"}, entry, `fixedport = "enable"`, "", func(t *testing.T, c crossing) {
		d := newData(t, 200_000)
		a := tool.Amanda{Machine: c.to, Servers: []string{"10.1.0.2", "10.2.0.1"}, Files: d.dir}
		machine := a
		machine.Machine = "10.2.0.2"
		_, err := machine.Amandad(t.Context(), c.Host("server"), publicDir(t))
		found(t, err)
		store := publicDir(t)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if c.denied {
			go func() {
				defer cancel() // it would try for minutes
				c.logged(t, 0, "action=deny", "srcip=10.1.0.2", "dstip=10.2.0.2", "proto=6")
			}()
		}
		p, err := a.Amdump(ctx, c.Host("client"), store)
		if p == nil {
			found(t, err)
		}
		content, err := os.ReadFile(filepath.Join(d.dir, d.name))
		if err != nil {
			t.Fatal(err)
		}
		tape, err := tool.AmandaTape(store)
		switch {
		case c.denied && err == nil:
			t.Errorf("%d bytes are on the tape", len(tape))
		case !c.denied && !bytes.Contains(tape, content):
			t.Errorf("what is on the tape, %d bytes, is not what was to be saved: %v: %s%s\n%s", len(tape), err, p.Stdout(), p.Stderr(), tool.AmandaLog(store))
		case !c.denied:
			c.counted(t, 4, "proto=6", "srcip=10.1.0.2", "policyid=1")
			c.counted(t, 0, "action=deny")
		}
	})
}
