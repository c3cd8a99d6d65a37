package tool

import (
	"context"
	"fmt"
	"net"
	"time"

	"portcullis/lab"
)

// rpcbindScript is what rpcbind needs: it becomes a user that only the installed
// package makes.
var rpcbindScript = "mkdir -p /run/rpcbind\n" + overlay("/etc/passwd", "_rpc:x:0:0::/:/bin/false")

// Rpcbind starts rpcbind and waits until it answers.
func Rpcbind(ctx context.Context, ns *lab.Namespace) (*lab.Process, error) {
	t, err := Find("rpcbind")
	if err != nil {
		return nil, err
	}
	c := t.private(rpcbindScript, "-f", "-w")
	c.Contain = true
	p, err := ns.Start(c)
	if err != nil {
		return nil, err
	}
	return p, awaitTCP(ctx, ns, p, "127.0.0.1:111")
}

// Rpcinfo runs rpcinfo, which asks a host's rpcbind where a program is, and calls
// its procedure 0 there. It returns what it printed.
func Rpcinfo(ctx context.Context, ns *lab.Namespace, args ...string) (string, error) {
	t, err := Find("rpcinfo")
	if err != nil {
		return "", err
	}
	p, err := ns.Run(ctx, t.Command(args...))
	if p == nil {
		return "", err
	}
	return p.Stdout() + p.Stderr(), err
}

// awaitTCP waits until a server accepts connections.
func awaitTCP(ctx context.Context, ns *lab.Namespace, p *lab.Process, at string) error {
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := ns.Do(func() error {
			c, err := net.DialTimeout("tcp", at, time.Second)
			if err == nil {
				c.Close()
			}
			return err
		})
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case p.Ended() || time.Now().After(deadline):
			return fmt.Errorf("%s: %w: %s", at, err, lab.Tail(p.Stdout()+p.Stderr(), 5))
		}
	}
}
