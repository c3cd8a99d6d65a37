package e2e

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"portcullis/lab"
)

// client is a real program that fetches a file.
type client struct {
	name    string
	program string
	server  string // in a URL
	args    func(server, port, file, to string) []string
	active  bool
}

func curl(options ...string) func(server, port, file, to string) []string {
	return func(server, port, file, to string) []string {
		base := []string{"--silent", "--show-error", "--connect-timeout", "3", "--max-time", "10", "--output", to}
		return append(append(base, options...), "ftp://"+server+":"+port+"/"+file)
	}
}

func lftp(settings string) func(server, port, file, to string) []string {
	return func(server, port, file, to string) []string {
		return []string{"--norc", "-c", "set net:max-retries 1; set net:timeout 3; set net:reconnect-interval-base 1; " +
			"set ftp:ssl-allow no; set ftp:use-feat no; set dns:order inet6,inet; " + settings +
			"; open -p " + port + " ftp://" + server + "; get -c " + file + " -o " + to}
	}
}

// clients are the real FTP clients in every mode they have.
var clients = []client{
	{name: "curl EPSV", program: "curl", server: "10.2.0.2", args: curl("--ftp-pasv")},
	{name: "curl PASV", program: "curl", server: "10.2.0.2", args: curl("--ftp-pasv", "--disable-epsv")},
	{name: "curl EPRT", program: "curl", server: "10.2.0.2", args: curl("--ftp-port", "-"), active: true},
	{name: "curl PORT", program: "curl", server: "10.2.0.2", args: curl("--ftp-port", "-", "--disable-eprt"), active: true},
	{name: "curl EPSV v6", program: "curl", server: "[fd02::2]", args: curl("--globoff", "--ftp-pasv")},
	{name: "curl EPRT v6", program: "curl", server: "[fd02::2]", args: curl("--globoff", "--ftp-port", "-"), active: true},
	{name: "lftp passive", program: "lftp", server: "10.2.0.2", args: lftp("set ftp:passive-mode on")},
	{name: "lftp EPSV", program: "lftp", server: "10.2.0.2", args: lftp("set ftp:passive-mode on; set ftp:prefer-epsv on")},
	{name: "lftp active", program: "lftp", server: "10.2.0.2", args: lftp("set ftp:passive-mode off"), active: true},
	{name: "lftp passive v6", program: "lftp", server: "[fd02::2]", args: lftp("set ftp:passive-mode on")},
	{name: "lftp active v6", program: "lftp", server: "[fd02::2]", args: lftp("set ftp:passive-mode off"), active: true},
}

// fetch runs the client and returns where it was to put the file.
func (c client) fetch(t *testing.T, ns *lab.Namespace, port, file string) (to string, err error) {
	t.Helper()
	to = filepath.Join(t.TempDir(), "got")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err = ns.Run(ctx, lab.Command{Path: need(t, c.program), Args: c.args(c.server, port, file, to), Env: []string{"HOME=" + t.TempDir()}})
	return to, err
}
