package peer

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Payload is the payload of the flood's datagrams: 64-byte Ethernet frames.
const Payload = 64 - 14 - 20 - 8

// Flood is the report of datagrams sent or received.
type Flood struct {
	Packets int64
	Seconds float64
}

// flow is a socket of a flood, and what it sends.
type flow struct {
	fd    int
	batch *batch
}

// udpFlood sends 64-byte frames, or calls by SIP, as fast as they go, on several flows
// in turn.
func udpFlood(args []string) error {
	flags := flag.NewFlagSet("udp-flood", flag.ContinueOnError)
	to := flags.String("to", "", "address and port of a udp-sink")
	count := flags.Int("flows", 8, "source ports")
	sip := flags.Bool("sip", false, "send an INVITE of SIP in each datagram")
	duration := flags.Duration("duration", 5*time.Second, "how long")
	if err := flags.Parse(args); err != nil {
		return err
	}
	addr, err := netip.ParseAddrPort(*to)
	if err != nil {
		return err
	}
	flows := make([]flow, *count)
	for i := range flows {
		if err := flows[i].open(addr, *sip); err != nil {
			return err
		}
	}
	var f Flood
	begin := time.Now()
	for i := 0; time.Since(begin) < *duration; i++ {
		x := &flows[i%len(flows)]
		n, err := x.batch.send(x.fd)
		if err != nil && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.ECONNREFUSED) {
			return fmt.Errorf("sendmmsg: %w", err)
		}
		f.Packets += int64(n)
	}
	f.Seconds = time.Since(begin).Seconds()
	report(f)
	return nil
}

// open connects the flow to addr.
func (x *flow) open(addr netip.AddrPort, sip bool) (err error) {
	x.fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if err := unix.Connect(x.fd, &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}); err != nil {
		return fmt.Errorf("connect %v: %w", addr, err)
	}
	payload := make([]byte, Payload)
	if sip {
		own, err := unix.Getsockname(x.fd)
		if err != nil {
			return fmt.Errorf("socket: %w", err)
		}
		at := own.(*unix.SockaddrInet4)
		payload = Invite(netip.AddrPortFrom(netip.AddrFrom4(at.Addr), uint16(at.Port)), addr)
	}
	x.batch = newBatch(64, len(payload))
	for i := range x.batch.msgs {
		copy(x.batch.frame(i), payload)
	}
	return nil
}

// udpSink counts datagrams from the first one on, for a while or until nothing
// comes any more.
func udpSink(args []string) error {
	flags := flag.NewFlagSet("udp-sink", flag.ContinueOnError)
	port := flags.Int("port", 5002, "UDP port")
	duration := flags.Duration("duration", 5*time.Second, "how long")
	if err := flags.Parse(args); err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{Port: *port})
	if err != nil {
		return err
	}
	file, err := conn.File() // a blocking descriptor of its own
	if err != nil {
		return err
	}
	fd := int(file.Fd())
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 8<<20) // as much as an ordinary user gets
	}
	if err := receiveTimeout(fd, 10*time.Second); err != nil {
		return err
	}
	say(Event{Name: "ready"})
	f, err := count(fd, *duration)
	if err != nil {
		return err
	}
	report(f)
	return nil
}

func count(fd int, duration time.Duration) (f Flood, err error) {
	const silence = 300 * time.Millisecond
	batch := newBatch(256, Payload)
	var begin, end time.Time
	for end.Sub(begin) < duration {
		n, err := batch.receive(fd)
		switch {
		case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
			if n = 0; !begin.IsZero() {
				f.Seconds = end.Sub(begin).Seconds()
				return f, nil
			}
			return f, fmt.Errorf("no datagram within 10 s")
		case err != nil:
			return f, fmt.Errorf("recvmmsg: %w", err)
		}
		end = time.Now()
		if begin.IsZero() {
			begin = end
			if err := receiveTimeout(fd, silence); err != nil {
				return f, err
			}
			continue // what came before the clock started does not count
		}
		f.Packets += int64(n)
	}
	f.Seconds = end.Sub(begin).Seconds()
	return f, nil
}

func receiveTimeout(fd int, d time.Duration) error {
	tv := unix.NsecToTimeval(d.Nanoseconds())
	return unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv)
}
