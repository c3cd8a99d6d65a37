package lab

import (
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// thread is one operating system thread of its own that runs functions, one
// after the other. A network namespace belongs to a thread, not to a process;
// and a parent-death signal is sent when the thread that forked ends, not the
// process. Both ask for a thread that lives as long as the namespace does.
type thread struct {
	calls chan func()
	done  chan struct{}
	once  sync.Once
}

// newThread starts a thread and runs enter on it first.
func newThread(enter func() error) (*thread, error) {
	t := &thread{calls: make(chan func()), done: make(chan struct{})}
	ready := make(chan error)
	go t.run(enter, ready)
	if err := <-ready; err != nil {
		return nil, err
	}
	return t, nil
}

// run is the life of the thread. It never unlocks: returning locked ends the
// thread, and with it whatever it had changed about itself.
func (t *thread) run(enter func() error, ready chan<- error) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		// The main thread cannot end, and /proc/self speaks of it. While it is
		// held here, the next goroutine gets another one.
		elsewhere := make(chan error)
		go t.run(enter, elsewhere)
		ready <- <-elsewhere
		runtime.UnlockOSThread()
		return
	}
	if err := enter(); err != nil {
		ready <- err
		return
	}
	ready <- nil
	for {
		select {
		case f := <-t.calls:
			f()
		case <-t.done:
			return
		}
	}
}

// do runs f on the thread and waits for it. It reports whether f ran: it does
// not after close.
func (t *thread) do(f func()) bool {
	finished := make(chan struct{})
	select {
	case t.calls <- func() { defer close(finished); f() }:
		<-finished
		return true
	case <-t.done:
		return false
	}
}

// close ends the thread after the function it is running.
func (t *thread) close() { t.once.Do(func() { close(t.done) }) }
