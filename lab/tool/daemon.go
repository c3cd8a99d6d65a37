package tool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"portcullis/lab"
)

// daemon starts a program that stays, and waits until answers, which is called in
// its namespace, finds that it does.
func daemon(ctx context.Context, ns *lab.Namespace, c lab.Command, answers func() error) (*lab.Process, error) {
	c.Contain = true
	p, err := ns.Start(c)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := ns.Do(answers)
		switch {
		case err == nil:
			return p, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case p.Ended() || time.Now().After(deadline):
			return nil, fmt.Errorf("%s: %w: %s", c.Path, err, lab.Tail(p.Stdout()+p.Stderr(), 5))
		}
	}
}

// errUnbound is that nobody waits at a port.
var errUnbound = errors.New("nobody waits there")

// boundUDP says whether a datagram to a port, of IPv4, would be read. It asks no
// server: those of some protocols take the first to ask for their only client.
func boundUDP(port int) error {
	text, err := os.ReadFile("/proc/thread-self/net/udp")
	if err == nil && !strings.Contains(string(text), fmt.Sprintf(":%04X 00000000:0000 ", port)) {
		err = errUnbound
	}
	return err
}
