package afpacket

import (
	"runtime"
	"unsafe"

	"portcullis/dataplane"

	"golang.org/x/sys/unix"
)

const (
	sendBatch   = 64 // messages of one system call
	sendRetries = 16 // while the kernel has no room
)

// mmsghdr is struct mmsghdr of sendmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
	_   [4]byte
}

// sender implements dataplane.Sender.
type sender struct {
	port *Port
	msgs [sendBatch]mmsghdr
	iovs [sendBatch]unix.Iovec
}

func newSender(p *Port) *sender {
	s := &sender{port: p}
	for i := range s.msgs {
		s.msgs[i].hdr.Iov = &s.iovs[i]
		s.msgs[i].hdr.SetIovlen(1)
	}
	return s
}

// Send implements dataplane.Sender.
func (s *sender) Send(frames []dataplane.Buffer) (failed int, err error) {
	s.port.mu.RLock() // the socket is not closed meanwhile
	defer s.port.mu.RUnlock()
	sock := s.port.sock
	if sock == nil {
		return len(frames), s.port.down()
	}
	for len(frames) > 0 {
		n := min(len(frames), sendBatch)
		f, errno := s.batch(sock.fd, frames[:n])
		failed += f
		frames = frames[n:]
		switch errno {
		case 0:
		case unix.ENETDOWN, unix.ENXIO, unix.ENODEV:
			s.port.suspectDown()
			return failed + len(frames), s.port.down()
		default:
			err = errno
		}
	}
	return failed, err
}

// batch sends up to sendBatch frames.
func (s *sender) batch(fd int, frames []dataplane.Buffer) (failed int, last unix.Errno) {
	for i, b := range frames {
		s.iovs[i].Base = &b[0]
		s.iovs[i].SetLen(len(b))
	}
	for at, retries := 0, 0; at < len(frames); {
		n, errno := sendmmsg(fd, s.msgs[at:len(frames)])
		if errno == 0 {
			at += n
			retries = 0
			continue
		}
		switch {
		case errno == unix.EINTR:
			continue
		case (errno == unix.EAGAIN || errno == unix.ENOBUFS) && retries < sendRetries:
			retries++
			runtime.Gosched()
			continue
		case errno == unix.ENETDOWN || errno == unix.ENXIO || errno == unix.ENODEV:
			return failed + len(frames) - at, errno
		}
		// This one frame is refused; the others may be fine.
		failed++
		at++
		last, retries = errno, 0
	}
	return failed, last
}

// sendmmsg does not wait for room.
func sendmmsg(fd int, msgs []mmsghdr) (int, unix.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&msgs[0])),
		uintptr(len(msgs)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}
