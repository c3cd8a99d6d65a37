package tool

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"portcullis/lab"
)

// Lftp is an FTPClient.
func Lftp(ctx context.Context, ns *lab.Namespace, dir string, f FTPFetch) (*FTPFetched, error) {
	return f.fetch(ctx, ns, dir, "lftp", f.lftp, lftpLine)
}

func (f FTPFetch) lftp(to string) []string {
	scheme := "ftp"
	if f.Implicit {
		scheme = "ftps"
	}
	set := func(name string, value any) string {
		if yes, ok := value.(bool); ok {
			value = strings.ToLower(yesNo(yes))
		}
		return fmt.Sprintf("set %s %v", name, value)
	}
	return []string{"--norc", "-c", strings.Join([]string{
		"debug 5",
		set("net:max-retries", 1), set("net:reconnect-interval-base", 1),
		set("net:timeout", int(f.Patience.Seconds())),
		set("cmd:fail-exit", true),
		set("ftp:ssl-allow", f.TLS || f.Implicit), set("ftp:ssl-allow-anonymous", true), set("ftp:ssl-force", f.TLS || f.Implicit),
		set("ftp:ssl-protect-data", true), set("ssl:verify-certificate", false),
		set("ftp:use-feat", f.EPSV), set("ftp:use-size", false), set("ftp:use-mdtm", false),
		set("ftp:passive-mode", !f.Active), set("ftp:prefer-epsv", f.EPSV), set("ftp:fix-pasv-address", !f.Believe),
		fmt.Sprintf("open -u anonymous,lab@ -p %d %s://%s", f.Server.Port(), scheme, hostname(f.Server.Addr())),
		"get " + f.File + " -o " + to,
	}, "; ")}
}

// hostname is an address as it is written in a URL.
func hostname(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}

// lftpLine writes its marks as short as others do.
func lftpLine(line string) string {
	for mark, short := range map[string]string{"---> ": "> ", "<--- ": "< ", "---- ": "* ", "**** ": "* ", "get: ": "* get: "} {
		if text, ok := strings.CutPrefix(line, mark); ok {
			return short + text
		}
	}
	return ""
}
