package tool

import (
	"context"
	"fmt"
	"strings"

	"portcullis/lab"
)

// Rshd starts a server of remote shells that lets everybody in, with its files in a
// directory, and waits until it listens. It refuses clients without a name: names are
// lines as /etc/hosts has them.
func Rshd(ctx context.Context, ns *lab.Namespace, dir string, names ...string) (*lab.Process, error) {
	inetd, err := Find("inetd")
	if err != nil {
		return nil, err
	}
	rshd, err := Find("in.rshd")
	if err != nil {
		return nil, err
	}
	conf, err := writeFile(dir, "inetd.conf", fmt.Sprintf("514 stream tcp nowait root %s in.rshd\n", rshd.Path))
	if err != nil {
		return nil, err
	}
	c := inetd.private(`mkdir /run/pam.d
cp /etc/pam.d/* /run/pam.d
for kind in auth account session; do echo "$kind required pam_permit.so"; done > /run/pam.d/rsh
mount --bind /run/pam.d /etc/pam.d
`+overlay("/etc/hosts", strings.Join(names, "\n")), "-i", conf)
	c.Contain = true
	p, err := ns.Start(c)
	if err != nil {
		return nil, err
	}
	return p, awaitTCP(ctx, ns, p, "127.0.0.1:514")
}

// Rsh runs a command on a host, and returns what it printed.
func Rsh(ctx context.Context, ns *lab.Namespace, host, command string) (string, error) {
	t, err := Find("rsh-redone-rsh")
	if err != nil {
		return "", err
	}
	p, err := ns.Run(ctx, t.Command("-l", "root", host, command))
	if p == nil {
		return "", err
	}
	return p.Stdout(), err
}
