package e2e

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
)

// Every real client fetches from a real server, in every mode; all sessions
// are the policy's.
func TestFTP(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		config string
		port   string
		hide   bool
	}{
		{config: "ftp.toml", port: "21"},
		{config: "ftp-nat.toml", port: "21", hide: true},
		{config: "ftp-8021.toml", port: "8021"},
		{config: "ftp-2121-by-policy.toml", port: "2121"},
	} {
		t.Run(strings.TrimSuffix(test.config, ".toml"), func(t *testing.T) {
			t.Parallel()
			need(t, "vsftpd")
			d := newData(t, 1<<20)
			s := build(t, example(t, test.config), lab.TriangleOptions{Hide: test.hide})
			vsftpd(t, s.Server, d.dir, atoi(t, test.port))
			fetched := map[bool]int{} // by active
			for _, c := range clients {
				t.Run(c.name, func(t *testing.T) {
					to, err := c.fetch(t, s.Client, test.port, d.name)
					if err != nil {
						t.Fatal(err)
					}
					d.same(t, to)
					fetched[c.active]++
				})
			}
			s.counted(t, fetched[true]+fetched[false], "policyid=4", "proto=6", "srcintf=port1", "dstport="+test.port)
			s.counted(t, fetched[true]+2*fetched[false], "policyid=4", "proto=6", "srcintf=port1")
			s.counted(t, fetched[true], "policyid=4", "proto=6", "srcintf=port2", "srcport=20")
			s.counted(t, 0, "action=deny")
		})
	}
}

// Without a helper every client logs in and gets nothing.
func TestFTPDenied(t *testing.T) {
	t.Parallel()
	for config, port := range map[string]string{"ftp-8021-no-helper.toml": "8021", "ftp-helper-disabled.toml": "21"} {
		t.Run(strings.TrimSuffix(config, ".toml"), func(t *testing.T) {
			t.Parallel()
			need(t, "vsftpd")
			d := newData(t, 1<<10)
			s := build(t, example(t, config), lab.TriangleOptions{})
			vsftpd(t, s.Server, d.dir, atoi(t, port))
			for _, c := range clients {
				if c.name != "curl EPSV" && c.name != "curl PORT" && c.name != "curl EPSV v6" {
					continue // each takes its time to give up
				}
				t.Run(c.name, func(t *testing.T) {
					mark := s.fw.Mark()
					c.args = impatient(c.args)
					if _, err := c.fetch(t, s.Client, port, d.name); err == nil {
						t.Error("the transfer passed")
					}
					if c.active {
						s.logged(t, mark, "policyid=0", "action=deny", "srcintf=port2", "srcport=20")
					} else {
						s.logged(t, mark, "policyid=0", "action=deny", "srcintf=port1")
					}
				})
			}
		})
	}
}

// impatient makes curl give up early.
func impatient(args func(server, port, file, to string) []string) func(server, port, file, to string) []string {
	return func(server, port, file, to string) []string {
		return append([]string{"--max-time", "3"}, slices.DeleteFunc(args(server, port, file, to), func(a string) bool {
			return a == "--max-time" || a == "10"
		})...)
	}
}

// A big file through NAT, there and back, passive and active.
func TestFTPBigFile(t *testing.T) {
	need(t, "vsftpd")
	d := newData(t, 64<<20)
	s := build(t, example(t, "ftp-nat.toml"), lab.TriangleOptions{Hide: true})
	vsftpd(t, s.Server, d.dir, 21)
	for name, option := range map[string]string{"passive": "--ftp-pasv", "active": "--ftp-port=-"} {
		t.Run(name, func(t *testing.T) {
			c := client{program: "curl", server: "10.2.0.2", args: curl(strings.Split(option, "=")...)}
			to, err := c.fetch(t, s.Client, "21", d.name)
			if err != nil {
				t.Fatal(err)
			}
			d.same(t, to)

			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			args := append([]string{"--silent", "--show-error", "--max-time", "20", "--upload-file", to}, strings.Split(option, "=")...)
			_, err = s.Client.Run(ctx, lab.Command{Path: need(t, "curl"), Args: append(args, "ftp://10.2.0.2/upload/"+name)})
			if err != nil {
				t.Fatal(err)
			}
			d.same(t, filepath.Join(d.dir, "upload", name))
		})
	}
	if err := os.RemoveAll(filepath.Join(d.dir, "upload")); err != nil {
		t.Error(err)
	}
}
