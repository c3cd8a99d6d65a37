package afpacket_test

import (
	"io"
	"net"
	"testing"
	"time"
	"unsafe"

	"portcullis/packet"

	"golang.org/x/sys/unix"
)

// BenchmarkTCP is the throughput of one connection through a forwarder that
// decides nothing: hosts, forwarder and kernel share the machine.
func BenchmarkTCP(b *testing.B) {
	bed := newBed(b)
	l := listen(b, bed.b, "10.2.0.2:7000")
	received := make(chan int64, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		n, _ := io.CopyBuffer(onlyWriter{}, onlyReader{c}, make([]byte, 1<<20))
		received <- n
	}()
	c := dial(b, bed.a, "tcp", "10.2.0.2:7000")
	const chunk = 1 << 20
	buf := make([]byte, chunk)
	b.SetBytes(chunk)
	b.ResetTimer()
	for range b.N {
		if _, err := c.Write(buf); err != nil {
			b.Fatal(err)
		}
	}
	c.Close()
	n := <-received
	b.StopTimer()
	b.ReportMetric(float64(n)*8/b.Elapsed().Seconds()/1e9, "Gb/s")
	rx := bed.plane.Stats(1)
	b.ReportMetric(float64(rx.RxBytes)/float64(rx.RxPackets), "B/frame")
}

type onlyReader struct{ io.Reader }
type onlyWriter struct{}

func (onlyWriter) Write(b []byte) (int, error) { return len(b), nil }

// BenchmarkRTT is a ping-pong of single bytes.
func BenchmarkRTT(b *testing.B) {
	bed := newBed(b)
	l := listen(b, bed.b, "10.2.0.2:7000")
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = io.CopyBuffer(struct{ io.Writer }{c}, onlyReader{c}, make([]byte, 1))
		}
	}()
	c := dial(b, bed.a, "tcp", "10.2.0.2:7000")
	buf := make([]byte, 1)
	b.ResetTimer()
	for range b.N {
		if _, err := c.Write(buf); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUDP is the rate of minimal frames in one direction, so by one thread
// of the forwarder. An operation is a frame offered.
func BenchmarkUDP(b *testing.B) {
	bed := newBed(b)
	var sink net.PacketConn // never read: the receiver costs as little as can be
	if err := bed.b.Do(func() (err error) {
		sink, err = net.ListenPacket("udp4", "10.2.0.2:7000")
		return err
	}); err != nil {
		b.Fatal(err)
	}
	defer sink.Close()
	if !bed.a.Ping("10.2.0.2", time.Second) {
		b.Fatal("no answer")
	}
	frame := udpFrame(bed)
	before := bed.plane.Stats(2).TxPackets
	b.ResetTimer()
	if err := bed.a.Do(func() error { return blast(frame, b.N) }); err != nil {
		b.Fatal(err)
	}
	time.Sleep(5 * time.Millisecond)
	b.StopTimer()
	sent := bed.plane.Stats(2).TxPackets - before
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds()/1e6, "Mpps")
	b.ReportMetric(100*float64(sent)/float64(b.N), "%forwarded")
	b.ReportMetric(float64(bed.engine.count(packet.ReasonRingDrop)), "ring-drops")
}

// udpFrame is a 60 byte frame from host a to host b.
func udpFrame(bed *bed) []byte {
	mac := bed.plane.Info(1).MAC
	f := make([]byte, 60)
	copy(f, mac[:])
	copy(f[6:], bed.a.MAC())
	copy(f[12:], []byte{8, 0, 0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 1, 0, 2, 10, 2, 0, 2,
		0x1b, 0x58, 0x1b, 0x58, 0, 26, 0, 0})
	sum := uint32(0)
	for i := 14; i < 34; i += 2 {
		sum += uint32(f[i])<<8 | uint32(f[i+1])
	}
	sum = sum>>16 + sum&0xffff
	f[24], f[25] = byte(^sum>>8), byte(^sum)
	return f
}

// blast sends n copies of frame by eth0 of the thread's namespace.
func blast(frame []byte, n int) error {
	ifi, err := net.InterfaceByName("eth0")
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: ifi.Index, Protocol: 0x0008}); err != nil {
		return err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1)
	type mmsghdr struct {
		hdr unix.Msghdr
		n   uint32
		_   [4]byte
	}
	iov := unix.Iovec{Base: &frame[0]}
	iov.SetLen(len(frame))
	var msgs [64]mmsghdr
	for i := range msgs {
		msgs[i].hdr.Iov = &iov
		msgs[i].hdr.SetIovlen(1)
	}
	for n > 0 {
		k, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&msgs[0])), uintptr(min(n, 64)), 0, 0, 0)
		if errno != 0 {
			return errno
		}
		n -= int(k)
	}
	return nil
}
