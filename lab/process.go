package lab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Command says what to start.
type Command struct {
	Path  string
	Args  []string
	Env   []string // added to the environment of this process
	Dir   string
	Stdin io.Reader
	// Stdout and Stderr, where set, are called with every line as it comes,
	// without its line end. What was written is kept as well, see Process.
	Stdout, Stderr func(line string)
	// Contain gives the program a process namespace of its own, so that what it
	// forks ends with it. It is for servers that fork; they see themselves as
	// process 1 and are ended by SIGKILL only.
	Contain bool
}

// Process is a program running in a namespace. It is ended by Stop or Kill, by
// closing the namespace, and by the kernel when this process dies.
type Process struct {
	name     string
	cmd      *exec.Cmd
	out, err lineBuffer
	done     chan struct{}
	exit     error // valid once done is closed
}

// Start starts a program in the namespace.
func (ns *Namespace) Start(c Command) (*Process, error) {
	p := &Process{name: c.Path, cmd: exec.Command(c.Path, c.Args...), done: make(chan struct{})}
	p.out.line, p.err.line = c.Stdout, c.Stderr
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.Dir, p.cmd.Stdin = c.Dir, c.Stdin
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.WaitDelay = time.Second // a child of the child may hold the pipes open
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if c.Contain {
		p.cmd.SysProcAttr.Cloneflags = unix.CLONE_NEWPID
	}
	if err := ns.Do(p.cmd.Start); err != nil {
		return nil, fmt.Errorf("namespace %s: start: %w", ns.name, err)
	}
	go func() {
		p.exit = p.cmd.Wait()
		p.out.flush()
		p.err.flush()
		close(p.done)
	}()
	ns.mu.Lock()
	ns.procs = append(slices.DeleteFunc(ns.procs, (*Process).Ended), p)
	ns.mu.Unlock()
	return p, nil
}

// Run starts a program in the namespace and waits for its end; it is killed
// when the context is done. The error is that of starting it or its exit status.
func (ns *Namespace) Run(ctx context.Context, c Command) (*Process, error) {
	p, err := ns.Start(c)
	if err != nil {
		return nil, err
	}
	select {
	case <-p.done:
		return p, p.Err()
	case <-ctx.Done():
		p.Kill()
		return p, fmt.Errorf("%s: %w", p.name, ctx.Err())
	}
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Stdout is what the program has written to its standard output so far.
func (p *Process) Stdout() string { return p.out.String() }

// Stderr is what the program has written to its standard error so far.
func (p *Process) Stderr() string { return p.err.String() }

// Signal sends a signal to the program.
func (p *Process) Signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("%s: signal %v: %w", p.name, s, err)
	}
	return nil
}

// Done is closed once the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Ended reports whether the program has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Err is nil while the program runs and when it ended with status 0; otherwise
// it says how it ended, with the last lines of its standard error.
func (p *Process) Err() error {
	if !p.Ended() || p.exit == nil || errors.Is(p.exit, exec.ErrWaitDelay) {
		return nil
	}
	if last := Tail(p.Stderr(), 3); last != "" {
		return fmt.Errorf("%s: %w: %s", p.name, p.exit, last)
	}
	return fmt.Errorf("%s: %w", p.name, p.exit)
}

// Stop asks the program to end (SIGTERM), waits for grace, then kills it and
// says so. The error is that of Err.
func (p *Process) Stop(grace time.Duration) error {
	if p.Ended() {
		return p.Err()
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return p.Err()
	case <-time.After(grace):
		p.Kill()
		return fmt.Errorf("%s: still running %v after SIGTERM", p.name, grace)
	}
}

// Kill ends the program and what it has forked in its process group, and waits
// for its end.
func (p *Process) Kill() {
	if !p.Ended() {
		_ = unix.Kill(-p.PID(), unix.SIGKILL)
	}
	<-p.done
}

// Tail is the last n lines of a text, joined by " | ".
func Tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " | ")
}

// lineBuffer keeps what is written and hands out whole lines.
type lineBuffer struct {
	mu   sync.Mutex
	all  bytes.Buffer
	rest []byte
	line func(string)
}

// Write implements io.Writer.
func (b *lineBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	b.all.Write(p)
	b.mu.Unlock()
	if b.line == nil {
		return len(p), nil
	}
	b.rest = append(b.rest, p...)
	for {
		advance, line, _ := bufio.ScanLines(b.rest, false)
		if advance == 0 {
			return len(p), nil
		}
		b.line(string(line))
		b.rest = b.rest[advance:]
	}
}

// flush hands out a last line that has no end.
func (b *lineBuffer) flush() {
	if b.line != nil && len(b.rest) > 0 {
		b.line(string(b.rest))
		b.rest = nil
	}
}

// String is all that was written.
func (b *lineBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}
