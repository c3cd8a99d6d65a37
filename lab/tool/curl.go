package tool

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"portcullis/lab"
)

// Curl is an FTPClient. In active mode it cannot do TLS: it waits for the server
// before it has said which file it wants.
func Curl(ctx context.Context, ns *lab.Namespace, dir string, f FTPFetch) (*FTPFetched, error) {
	return f.fetch(ctx, ns, dir, "curl", f.curl, curlLine)
}

func (f FTPFetch) curl(to string) []string {
	patience := fmt.Sprintf("%.1f", f.Patience.Seconds())
	args := []string{"--disable", "--verbose", "--silent", "--show-error", "--insecure", "--globoff",
		"--connect-timeout", patience, "--max-time", patience, "--output", to}
	switch {
	case f.Active:
		args = append(args, "--ftp-port", "-", "--disable-eprt")
	case !f.EPSV:
		args = append(args, "--disable-epsv")
	}
	if f.Believe {
		args = append(args, "--no-ftp-skip-pasv-ip")
	} else {
		args = append(args, "--ftp-skip-pasv-ip")
	}
	scheme := "ftp"
	switch {
	case f.Implicit:
		scheme = "ftps"
	case f.TLS:
		args = append(args, "--ssl-reqd")
	}
	return append(args, fmt.Sprintf("%s://%s/%s", scheme, f.Server, f.File))
}

// curlNoise begins lines about TLS, of which there are many.
var curlNoise = []string{"* TLSv", "*  ", "* SSL ", "* Server certificate:", "* old SSL ", "* ALPN", "* CAfile"}

// curlLine leaves out how much was encrypted when, and how.
func curlLine(line string) string {
	if strings.HasPrefix(line, "curl: ") {
		return "* " + line
	}
	begins := func(mark string) bool { return strings.HasPrefix(line, mark) }
	if slices.ContainsFunc([]string{"> ", "< ", "* "}, begins) && !slices.ContainsFunc(curlNoise, begins) {
		return line
	}
	return ""
}
