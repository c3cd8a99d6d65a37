package e2e

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
)

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// tftp fetches a file with tftp-hpa.
func tftp(t *testing.T, ns *lab.Namespace, server, file string) (to string, err error) {
	t.Helper()
	to = filepath.Join(t.TempDir(), "got")
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	_, err = ns.Run(ctx, lab.Command{Path: need(t, "tftp"), Args: []string{server, "-m", "binary", "-c", "get", file, to}})
	return to, err
}

func TestTFTP(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		config string
		hide   bool
	}{{"tftp.toml", false}, {"tftp-nat.toml", true}} {
		t.Run(strings.TrimSuffix(test.config, ".toml"), func(t *testing.T) {
			t.Parallel()
			need(t, "in.tftpd")
			d := newData(t, 100_000)
			s := build(t, example(t, test.config), lab.TriangleOptions{Hide: test.hide}, lab.SessionsEnd...)
			tftpd(t, s.Server, d.dir)
			for _, server := range []string{"10.2.0.2", "fd02::2"} {
				to, err := tftp(t, s.Client, server, d.name)
				if err != nil {
					t.Errorf("%s: %v", server, err)
					continue
				}
				d.same(t, to)
			}
			if err := s.fw.Stop(5 * time.Second); err != nil {
				t.Fatal(err)
			}
			s.logged(t, 0, "proto=17", "policyid=4", "dstip=10.2.0.2", "dstport=69")
			s.logged(t, 0, "proto=17", "policyid=4", "srcip=10.2.0.2", "srcintf=port2")
		})
	}
}

func TestTFTPDenied(t *testing.T) {
	t.Parallel()
	need(t, "in.tftpd")
	d := newData(t, 1000)
	s := build(t, example(t, "tftp.toml")+"\n[[system.session-helper]]\nid = 5\nstatus = \"disable\"\n", lab.TriangleOptions{})
	tftpd(t, s.Server, d.dir)
	if _, err := tftp(t, s.Client, "10.2.0.2", d.name); err == nil {
		t.Error("the transfer passed")
	}
	s.logged(t, 0, "proto=17", "policyid=0", "action=deny", "srcip=10.2.0.2")
}
