package afpacket

import (
	"errors"
	"testing"

	"portcullis/dataplane"
	"portcullis/packet"

	"golang.org/x/sys/unix"
)

// sendTo makes a port whose socket is one end of a pair of datagram sockets: what
// the sender does about errors can be tried without a device.
func sendTo(t *testing.T) (p *Port, other int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	p = &Port{wake: -1, sock: &socket{fd: fds[0]}}
	p.info.Store(&dataplane.Info{Name: "port1", Up: true})
	t.Cleanup(func() { unix.Close(fds[0]); unix.Close(fds[1]) })
	return p, fds[1]
}

func buffers(n int) []dataplane.Buffer {
	list := make([]dataplane.Buffer, n)
	for i := range list {
		list[i] = dataplane.NewBuffer(testFrame(20), packet.Offload{})
	}
	return list
}

func TestSendCountsRefused(t *testing.T) {
	p, other := sendTo(t)
	list := buffers(5)
	list[2] = make(dataplane.Buffer, 8<<20) // EMSGSIZE
	failed, err := p.NewSender().Send(list)
	if failed != 1 || err == nil || errors.Is(err, dataplane.ErrDown) {
		t.Errorf("failed %d, %v", failed, err)
	}
	for i, b := 0, make([]byte, 64); i < 4; i++ {
		if n, err := unix.Read(other, b); n != 30 || err != nil {
			t.Fatalf("frame %d: %d bytes, %v", i, n, err)
		}
	}
}

func TestSendGivesUp(t *testing.T) {
	p, _ := sendTo(t) // nobody reads: the queue fills
	failed, err := p.NewSender().Send(buffers(5000))
	if failed == 0 || failed == 5000 || !errors.Is(err, unix.EAGAIN) {
		t.Errorf("failed %d, %v", failed, err)
	}
}

func TestSendOnClosed(t *testing.T) {
	p, _ := sendTo(t)
	p.sock = nil
	if failed, err := p.NewSender().Send(buffers(3)); failed != 3 || !errors.Is(err, dataplane.ErrDown) {
		t.Errorf("failed %d, %v", failed, err)
	}
}
