package afpacket

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"portcullis/dataplane"
	"portcullis/dataplane/takeover"

	"golang.org/x/sys/unix"
)

// Defaults of Options.
const (
	DefaultSlots    = 510      // 5 ms of minimal frames at 100,000 a second
	DefaultSlotSize = 68 << 10 // the longest frame, with room to grow
	DefaultSpin     = 5 * time.Microsecond
)

const (
	retryEvery = 500 * time.Millisecond // to reopen a device
)

// Options say how a device is served.
type Options struct {
	Name     string        // the operator's name of the port, in errors
	Device   string        // the kernel's name of the device; Name where empty
	MTU      int           // bytes to set; 0 leaves it
	StateDir string        // see takeover.Options
	Slots    int           // of the receive ring, at least; DefaultSlots where 0
	SlotSize int           // bytes, a multiple of the page size; DefaultSlotSize where 0
	Spin     time.Duration // at most, before waiting in the kernel; DefaultSpin where 0, never where negative
}

// Port is a network device. It implements dataplane.Port.
type Port struct {
	opts Options
	info atomic.Pointer[dataplane.Info]
	wake int // eventfd that Interrupt writes

	suspect atomic.Bool // the device may be down or gone: the receiver is to look

	// Of the goroutine that receives, and of Close.
	guard *takeover.Guard
	next  time.Time // of the next try to reopen
	spin  spinner
	fds   [2]unix.PollFd

	mu     sync.RWMutex // sock is changed under Lock, and by the receiver only
	sock   *socket      // nil while down
	closed bool
}

var _ dataplane.Port = (*Port)(nil)

// Open takes a device over (see package takeover) and opens it. Its errors begin
// with the name of the port; they wrap takeover.ErrNoDevice or os.ErrPermission
// where it is that.
func Open(o Options) (*Port, error) {
	if o.Device == "" {
		o.Device = o.Name
	}
	if o.Slots == 0 {
		o.Slots = DefaultSlots
	}
	if o.SlotSize == 0 {
		o.SlotSize = DefaultSlotSize
	}
	if o.Spin == 0 {
		o.Spin = DefaultSpin
	}
	if o.SlotSize < minSlotSize || o.SlotSize%os.Getpagesize() != 0 || o.Slots < 1 {
		return nil, fmt.Errorf("%s: ring of %d slots of %d bytes: expected a multiple of the page size", o.Name, o.Slots, o.SlotSize)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("%s: eventfd: %w", o.Name, err)
	}
	p := &Port{opts: o, wake: wake, spin: spinner{max: o.Spin}}
	p.info.Store(&dataplane.Info{Name: o.Name, Why: "not opened yet"})
	if err := p.open(); err != nil {
		_ = p.Close()
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	return p, nil
}

// open takes the device over, where that is not done yet, and opens the socket.
func (p *Port) open() error {
	if p.guard == nil {
		g, err := takeover.Take(takeover.Options{Device: p.opts.Device, MTU: p.opts.MTU, StateDir: p.opts.StateDir})
		if err != nil {
			return err
		}
		p.guard = g
	}
	ifi, err := ethernet(p.opts.Device)
	if err != nil {
		return err
	}
	s, err := openSocket(ifi, p.opts.Slots, p.opts.SlotSize)
	if errors.Is(err, os.ErrPermission) {
		err = fmt.Errorf("%w: needs CAP_NET_RAW and CAP_NET_ADMIN", err)
	}
	if err != nil {
		return fmt.Errorf("device %q: %w", p.opts.Device, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sock = s
	p.fds = [2]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}, {Fd: int32(p.wake), Events: unix.POLLIN}}
	i := *p.info.Load()
	i.MAC, i.MTU, i.Up, i.Why = dataplane.MAC(ifi.HardwareAddr), ifi.MTU, true, ""
	if l, err := readLink(s.fd, p.opts.Device); err == nil {
		i.Why = l.why(p.opts.Device)
		i.Up = i.Why == ""
	}
	p.info.Store(&i)
	return nil
}

// Info implements dataplane.Port.
func (p *Port) Info() *dataplane.Info { return p.info.Load() }

// Method is how the kernel is kept from the frames: "tcx" or "nftables". To be
// asked before the port is given to a plane.
func (p *Port) Method() string { return p.guard.Method() }

// Recv implements dataplane.Port.
func (p *Port) Recv(batch []dataplane.Buffer, wait time.Duration) (int, error) {
	s := p.sock
	if s == nil {
		return 0, p.revive(wait)
	}
	if p.suspect.Load() {
		if err := p.examine(s); err != nil {
			return 0, err
		}
	}
	n := s.ring.take(batch)
	if n == 0 && !p.spin.until(&s.ring) {
		if err := p.poll(s, wait); err != nil {
			return 0, err
		}
	}
	if n == 0 {
		n = s.ring.take(batch)
	}
	if s.ring.truncated > 0 {
		s.truncated.Add(s.ring.truncated)
		s.ring.truncated = 0
	}
	return n, nil
}

// poll waits for a frame, an interruption or the end of the device.
func (p *Port) poll(s *socket, wait time.Duration) error {
	ts := unix.NsecToTimespec(int64(wait))
	p.fds[0].Revents, p.fds[1].Revents = 0, 0
	began := p.spin.clock()
	_, err := unix.Ppoll(p.fds[:], &ts, nil)
	p.spin.waited(began)
	if err != nil && err != unix.EINTR {
		return fmt.Errorf("%s: poll: %w", p.opts.Name, err)
	}
	if p.fds[1].Revents != 0 {
		p.drainWake()
	}
	if p.fds[0].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 {
		return p.examine(s)
	}
	return nil
}

func (p *Port) drainWake() {
	var b [8]byte
	_, _ = unix.Read(p.wake, b[:])
}

// Release implements dataplane.Port.
func (p *Port) Release() {
	if p.sock != nil {
		p.sock.ring.release()
	}
}

// Interrupt implements dataplane.Port.
func (p *Port) Interrupt() {
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], 1)
	_, _ = unix.Write(p.wake, b[:])
}

// NewSender implements dataplane.Port.
func (p *Port) NewSender() dataplane.Sender { return newSender(p) }

// Lost implements dataplane.Port. Being asked regularly, it also looks after the
// link: carrier and MTU.
func (p *Port) Lost() dataplane.Lost {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sock == nil {
		return dataplane.Lost{}
	}
	p.watch()
	return dataplane.Lost{RingDrop: p.sock.drops(), Truncated: p.sock.truncated.Swap(0)}
}

// watch follows carrier and MTU. What ends the socket is left to the receiver.
func (p *Port) watch() {
	l, err := readLink(p.sock.fd, p.opts.Device)
	if err != nil || !l.admin {
		p.suspectDown()
		return
	}
	i := *p.info.Load()
	i.MTU, i.Why = l.mtu, l.why(p.opts.Device)
	i.Up = i.Why == ""
	if i != *p.info.Load() {
		p.info.Store(&i)
	}
}

// suspectDown makes the receiver examine the device soon.
func (p *Port) suspectDown() {
	if !p.suspect.Swap(true) {
		p.Interrupt()
	}
}

// Close implements dataplane.Port: the device is put back as it was found.
func (p *Port) Close() error {
	p.fail("closed")
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	_ = unix.Close(p.wake)
	p.wake = -1
	if p.guard == nil {
		return nil
	}
	if err := p.guard.Close(); err != nil {
		return fmt.Errorf("%s: %w", p.opts.Name, err)
	}
	return nil
}

// down is the error of a port that is down.
func (p *Port) down() error {
	return fmt.Errorf("%s: %w: %s", p.opts.Name, dataplane.ErrDown, p.info.Load().Why)
}
