package peer

import (
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// tcpSink swallows what it is sent on every port given and answers the end of a
// stream with the number of bytes it got.
func tcpSink(args []string) error {
	flags := flag.NewFlagSet("tcp-sink", flag.ContinueOnError)
	ports := flags.String("ports", "5001", "TCP ports, separated by commas")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return serveTCP(*ports, func(c net.Conn) {
		var got uint64
		buf := make([]byte, 256<<10)
		for {
			n, err := c.Read(buf)
			got += uint64(n)
			if errors.Is(err, io.EOF) {
				_, _ = c.Write(binary.BigEndian.AppendUint64(nil, got))
				return
			}
			if err != nil {
				return
			}
		}
	})
}

// tcpEcho sends back what it is sent.
func tcpEcho(args []string) error {
	flags := flag.NewFlagSet("tcp-echo", flag.ContinueOnError)
	ports := flags.String("ports", "7", "TCP ports, separated by commas")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return serveTCP(*ports, func(c net.Conn) { _, _ = io.Copy(struct{ io.Writer }{c}, c) })
}

// serveTCP serves each connection in a goroutine and closes it afterwards.
func serveTCP(ports string, serve func(net.Conn)) error {
	failed := make(chan error)
	for port := range strings.SplitSeq(ports, ",") {
		l, err := net.Listen("tcp", ":"+port)
		if err != nil {
			return err
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					failed <- err
					return
				}
				go func() {
					defer c.Close()
					serve(c)
				}()
			}
		}()
	}
	say(Event{Name: "ready"})
	return <-failed
}

// Bulk is the report of streams sent as fast as they go.
type Bulk struct {
	Bytes   uint64 // as the receiver counted
	Seconds float64
}

// tcpBulk sends on a number of streams at once.
func tcpBulk(args []string) error {
	flags := flag.NewFlagSet("tcp-bulk", flag.ContinueOnError)
	to := flags.String("to", "", "address and port of a tcp-sink")
	streams := flags.Int("streams", 1, "connections at once")
	duration := flags.Duration("duration", 5*time.Second, "how long to send")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var (
		wg    sync.WaitGroup
		begin = time.Now()
		bytes = make([]uint64, *streams)
		errs  = make([]error, *streams)
	)
	for i := range *streams {
		wg.Go(func() { bytes[i], errs[i] = stream(*to, begin.Add(*duration)) })
	}
	wg.Wait()
	b := Bulk{Seconds: time.Since(begin).Seconds()}
	for _, n := range bytes {
		b.Bytes += n
	}
	report(b)
	return errors.Join(errs...)
}

// stream sends until the deadline and returns what the receiver counted.
func stream(to string, deadline time.Time) (uint64, error) {
	c, err := net.DialTimeout("tcp", to, 3*time.Second)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := c.SetDeadline(deadline.Add(5 * time.Second)); err != nil {
		return 0, err
	}
	buf := make([]byte, 256<<10)
	for time.Now().Before(deadline) {
		if _, err := c.Write(buf); err != nil {
			return 0, err
		}
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return 0, err
	}
	var count [8]byte
	_, err = io.ReadFull(c, count[:])
	return binary.BigEndian.Uint64(count[:]), err
}
