package tool

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"portcullis/lab"
)

// Vsftpd is an FTPDaemon.
func Vsftpd(ctx context.Context, ns *lab.Namespace, dir string, s FTPServer) (*lab.Process, error) {
	t, err := Find("vsftpd")
	if err != nil {
		return nil, err
	}
	empty := filepath.Join(dir, "empty")
	if err := os.MkdirAll(empty, 0o755); err != nil {
		return nil, err
	}
	conf, err := writeFile(dir, "vsftpd.conf", s.vsftpd(empty))
	if err != nil {
		return nil, err
	}
	return s.start(ctx, ns, t.Command(conf))
}

// vsftpd is its configuration. It stays who it is: in the user namespace of an
// ordinary user there is nobody else to be.
func (s FTPServer) vsftpd(empty string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `listen=YES
listen_address=%s
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
connect_from_port_20=YES
xferlog_enable=NO
pasv_promiscuous=YES
`, s.Addr, s.Port, s.Dir, empty)
	if s.Certificate != "" {
		fmt.Fprintf(&b, `ssl_enable=YES
allow_anon_ssl=YES
force_local_logins_ssl=NO
force_local_data_ssl=NO
require_ssl_reuse=NO
rsa_cert_file=%[1]s
rsa_private_key_file=%[1]s
ssl_ciphers=HIGH
implicit_ssl=%[2]s
`, s.Certificate, yesNo(s.Implicit))
	}
	if s.Low != 0 {
		fmt.Fprintf(&b, "pasv_min_port=%d\npasv_max_port=%d\n", s.Low, s.High)
	}
	if s.Announce.IsValid() {
		fmt.Fprintf(&b, "pasv_address=%s\n", s.Announce)
	}
	if s.Promiscuous {
		fmt.Fprintln(&b, "port_promiscuous=YES")
	}
	return b.String()
}

func yesNo(yes bool) string {
	if yes {
		return "YES"
	}
	return "NO"
}
