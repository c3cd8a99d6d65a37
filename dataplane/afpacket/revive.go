package afpacket

import (
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// Theory of operation.
//
// When its device goes down or away, a packet socket reports ENETDOWN once, to
// whoever uses it next. A sender, or Lost, then makes the receiver suspect; the
// receiver examines the device, closes the socket, and every retryEvery looks
// whether there is a device of the name again. The same device, once it is up,
// only needs a new socket; it was taken over already, and whether it is up is
// the operator's business. Another device is taken over like the first.

// fail closes the socket; why is what Info will say.
func (p *Port) fail(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sock != nil {
		p.sock.close()
		p.sock = nil
	}
	p.setWhy(why)
}

// examine finds out whether the device is still there and up; where it is not,
// it closes the socket and returns why.
func (p *Port) examine(s *socket) error {
	p.suspect.Store(false)
	_ = s.err() // taken note of
	l, err := readLink(s.fd, p.opts.Device)
	switch {
	case err != nil:
		p.fail(fmt.Sprintf("device %q: %v", p.opts.Device, err))
	case l.index != p.guard.Index():
		p.fail(fmt.Sprintf("device %q: was replaced", p.opts.Device))
	case !l.admin:
		p.fail(l.why(p.opts.Device))
	default:
		return nil
	}
	return p.down()
}

// setWhy notes why the port is down.
func (p *Port) setWhy(why string) {
	i := *p.info.Load()
	i.Up, i.Why = false, why
	if i != *p.info.Load() {
		p.info.Store(&i)
	}
}

// revive waits, and now and then tries to open the device again.
func (p *Port) revive(wait time.Duration) error {
	now := time.Now()
	if now.Before(p.next) {
		p.sleep(min(wait, p.next.Sub(now)))
		return p.down()
	}
	p.next = now.Add(retryEvery)
	if why := p.reopen(); why != "" {
		p.fail(why)
		return p.down()
	}
	return nil
}

// reopen tries once and returns why it did not succeed.
func (p *Port) reopen() string {
	ifi, err := net.InterfaceByName(p.opts.Device)
	same := err == nil && p.guard != nil && ifi.Index == p.guard.Index()
	if p.guard != nil && !same {
		_ = p.guard.Close() // nothing is left to put back
		p.guard = nil
	}
	if same && ifi.Flags&net.FlagUp == 0 {
		return link{}.why(p.opts.Device)
	}
	if err := p.open(); err != nil {
		return err.Error()
	}
	return ""
}

// sleep waits for an interruption.
func (p *Port) sleep(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	fds := []unix.PollFd{{Fd: int32(p.wake), Events: unix.POLLIN}}
	if n, _ := unix.Ppoll(fds, &ts, nil); n > 0 {
		p.drainWake()
	}
}
