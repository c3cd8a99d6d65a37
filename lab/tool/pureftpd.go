package tool

import (
	"context"
	"fmt"

	"portcullis/lab"
)

// PureFTPd is an FTPDaemon. It becomes the user "ftp", which an ordinary user's
// namespace does not have; of TLS, ranges and addresses it knows nothing here.
func PureFTPd(ctx context.Context, ns *lab.Namespace, _ string, s FTPServer) (*lab.Process, error) {
	t, err := Find("pure-ftpd")
	if err != nil {
		return nil, err
	}
	c := t.Command("--anonymousonly", "--dontresolve", "--bind", fmt.Sprintf("%s,%d", s.Addr, s.Port), "--maxidletime", "5", "--pidfile", "/run/pure-ftpd.pid")
	// What it serves is that user's home.
	return s.start(ctx, ns, within(c, "grep -v ^ftp: /etc/passwd > /run/passwd\n"+
		"echo 'ftp:x:65534:65534::"+s.Dir+":/bin/false' >> /run/passwd\nmount --bind /run/passwd /etc/passwd"))
}
