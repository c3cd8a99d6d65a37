package e2e

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"portcullis/lab"
)

// data is a file that a server serves, and what is in it.
type data struct {
	dir, name string
	sum       [sha256.Size]byte
}

// newData writes a file of n random bytes that everybody may read, in a
// directory of its own.
func newData(t *testing.T, n int) data {
	t.Helper()
	d := data{dir: publicDir(t), name: "data.bin"}
	content := make([]byte, n)
	if _, err := rand.Read(content); err != nil {
		t.Fatal(err)
	}
	d.sum = sha256.Sum256(content)
	if err := os.WriteFile(filepath.Join(d.dir, d.name), content, 0o644); err != nil {
		t.Fatal(err)
	}
	return d
}

// publicDir is a directory that servers which are not root may enter. That of
// t.TempDir is not one.
func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(binary), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// same expects that a file holds the data.
func (d data) same(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return
	}
	if sha256.Sum256(content) != d.sum {
		t.Errorf("%s: %d bytes, not those that were sent", file, len(content))
	}
}

// vsftpd serves a directory to anonymous users, on both families.
func vsftpd(t *testing.T, ns *lab.Namespace, dir string, port int) {
	t.Helper()
	path := need(t, "vsftpd")
	empty := publicDir(t)
	upload := filepath.Join(dir, "upload")
	if err := os.MkdirAll(upload, 0o755); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(publicDir(t), "vsftpd.conf")
	text := fmt.Sprintf(`listen=NO
listen_ipv6=YES
listen_port=%d
background=NO
anonymous_enable=YES
no_anon_password=YES
local_enable=NO
anon_root=%s
ftp_username=root
run_as_launching_user=YES
secure_chroot_dir=%s
seccomp_sandbox=NO
pasv_enable=YES
port_enable=YES
connect_from_port_20=YES
write_enable=YES
anon_upload_enable=YES
anon_umask=022
xferlog_enable=NO
`, port, dir, empty)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := ns.Start(lab.Command{Path: path, Args: []string{conf}, Contain: true})
	if err != nil {
		t.Fatal(err)
	}
	listening(t, ns, p, port)
}

// listening waits until something accepts connections on a port.
func listening(t *testing.T, ns *lab.Namespace, p *lab.Process, port int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; {
		err := ns.Do(func() error {
			c, err := net.DialTimeout("tcp", fmt.Sprintf("[::1]:%d", port), time.Second)
			if err == nil {
				c.Close()
			}
			return err
		})
		if err == nil {
			return
		}
		if p.Ended() || time.Now().After(deadline) {
			t.Fatalf("server on port %d: %v; %v %s", port, err, p.Err(), p.Stdout())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// tftpd serves a directory by TFTP, on both families.
func tftpd(t *testing.T, ns *lab.Namespace, dir string) {
	t.Helper()
	path := need(t, "in.tftpd")
	if lab.Unprivileged() {
		t.Skip("in.tftpd sets its groups, which the user namespace of an ordinary user does not allow")
	}
	p, err := ns.Start(lab.Command{Path: path, Args: []string{"--foreground", "--address", "[::]:69", "--user", "root", "--secure", dir}, Contain: true})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	if p.Ended() {
		t.Fatalf("in.tftpd: %v %s", p.Err(), p.Stdout())
	}
}
