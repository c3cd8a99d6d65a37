package tool

import (
	"context"
	"fmt"
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
