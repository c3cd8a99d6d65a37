package tool

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"portcullis/lab"
)

// Proftpd is an FTPDaemon.
func Proftpd(ctx context.Context, ns *lab.Namespace, dir string, s FTPServer) (*lab.Process, error) {
	t, err := Find("proftpd")
	if err != nil {
		return nil, err
	}
	conf, err := writeFile(dir, "proftpd.conf", s.proftpd(dir, t.file("/usr/lib/proftpd")))
	if err != nil {
		return nil, err
	}
	return s.start(ctx, ns, t.Command("--nodaemon", "--config", conf))
}

// proftpd is its configuration.
func (s FTPServer) proftpd(dir, modules string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `ServerName lab
ServerType standalone
DefaultAddress %s
SocketBindTight on
Port %d
UseIPv6 off
UseReverseDNS off
User root
Group root
UseFtpUsers off
AuthOrder mod_auth_unix.c
WtmpLog off
DelayEngine off
ControlsEngine off
ModulePath %s
PidFile %s
ScoreboardFile %s
SystemLog %s
TransferLog none
<Limit LOGIN>
AllowAll
</Limit>
<Anonymous %s>
User root
Group root
UserAlias anonymous root
RequireValidShell off
RootLogin on
AnonRequirePassword off
</Anonymous>
`, s.Addr, s.Port, modules, filepath.Join(dir, "pid"), filepath.Join(dir, "scoreboard"), filepath.Join(dir, "log"), s.Dir)
	if s.Certificate != "" {
		fmt.Fprintf(&b, `LoadModule mod_tls.c
TLSEngine on
TLSLog %[2]s
TLSECCertificateFile %[1]s
TLSECCertificateKeyFile %[1]s
TLSVerifyClient off
TLSRequired off
TLSOptions NoSessionReuseRequired%[3]s
`, s.Certificate, filepath.Join(dir, "tls.log"), implicit(s.Implicit))
	}
	if s.Low != 0 {
		fmt.Fprintf(&b, "PassivePorts %d %d\n", s.Low, s.High)
	}
	if s.Announce.IsValid() {
		fmt.Fprintf(&b, "MasqueradeAddress %s\n", s.Announce)
	}
	if s.Promiscuous {
		fmt.Fprintln(&b, "AllowForeignAddress on")
	}
	return b.String()
}

func implicit(yes bool) string {
	if yes {
		return " UseImplicitSSL"
	}
	return ""
}
