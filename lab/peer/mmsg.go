package peer

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is the kernel's struct mmsghdr; Go pads it as C does.
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// batch is a number of equal datagrams for sendmmsg and recvmmsg, without
// addresses. Its parts are kept together so that they stay alive together.
type batch struct {
	msgs []mmsghdr
	iovs []unix.Iovec
	data []byte
}

func newBatch(n, size int) *batch {
	b := &batch{msgs: make([]mmsghdr, n), iovs: make([]unix.Iovec, n), data: make([]byte, n*size)}
	for i := range b.msgs {
		b.iovs[i].Base = &b.data[i*size]
		b.iovs[i].SetLen(size)
		b.msgs[i].hdr.Iov = &b.iovs[i]
		b.msgs[i].hdr.SetIovlen(1)
	}
	return b
}

// send sends the whole batch, or as much as the kernel takes.
func (b *batch) send(fd int) (int, error) { return b.call(unix.SYS_SENDMMSG, fd, 0) }

// receive waits for one datagram and takes what has come by then.
func (b *batch) receive(fd int) (int, error) {
	return b.call(unix.SYS_RECVMMSG, fd, unix.MSG_WAITFORONE)
}

func (b *batch) call(trap uintptr, fd, flags int) (int, error) {
	n, _, errno := unix.Syscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&b.msgs[0])),
		uintptr(len(b.msgs)), uintptr(flags), 0, 0)
	runtime.KeepAlive(b)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
