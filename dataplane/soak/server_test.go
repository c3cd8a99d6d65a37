package soak

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// errContent is what must never happen: bytes that were not sent.
var errContent = errors.New("other bytes than were sent")

// Ports of the server. Nobody listens at closedPort, and nobody who is heard calls
// at deadPort.
const (
	ftpPort      = 21
	transferPort = 7000
	rudePort     = 7001
	closedPort   = 7009
	deadPort     = 7010
)

// patience is how long one conversation may take. All is slow where others use the
// machine: it ends what would never end.
const patience = 2 * time.Minute

// request is what a client asks for: to take up bytes of a pattern and to send
// down bytes of another.
type request struct {
	Seed     uint64
	Up, Down uint32
	Who      uint8 // closes first
}

// Who closes first.
const (
	clientCloses = iota
	serverCloses
	halfCloses // the client says all and closes its side before it reads
	ways
)

// server serves all that the clients ask for.
type server struct {
	host  *host
	fail  func(error) // reports what must not happen
	open  sync.WaitGroup
	close []io.Closer
	ctx   context.Context // until the end
	stop  context.CancelFunc

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newServer(h *host, fail func(error)) *server {
	s := &server{host: h, fail: fail, conns: map[net.Conn]bool{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// serve listens on every port of an address.
func (s *server) serve(at netip.Addr) error {
	for port, answer := range map[uint16]func(net.Conn) error{transferPort: s.transfer, rudePort: s.rude, deadPort: s.rude, ftpPort: s.ftp} {
		l, err := s.host.listen(netip.AddrPortFrom(at, port))
		if err != nil {
			return err
		}
		s.close = append(s.close, l)
		s.open.Go(func() { s.accept(l, answer) })
	}
	u, err := s.host.udp(netip.AddrPortFrom(at, transferPort), netip.AddrPort{})
	if err != nil {
		return err
	}
	s.close = append(s.close, u)
	s.open.Go(func() { s.datagrams(u) })
	return nil
}

func (s *server) accept(l net.Listener, answer func(net.Conn) error) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.note(c, true)
		s.open.Go(func() {
			defer s.note(c, false)
			peer := c.RemoteAddr()
			if err := answer(c); errors.Is(err, errContent) {
				s.fail(fmt.Errorf("server, %v: %w", peer, err))
			}
			_ = c.Close()
		})
	}
}

// note keeps the connections that are open, and how long they may be.
func (s *server) note(c net.Conn, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !open:
		_ = c.SetDeadline(time.Time{}) // see conn.Close
		delete(s.conns, c)
	case s.ctx.Err() != nil:
		_ = c.SetDeadline(time.Now())
	default:
		s.conns[c] = true
		_ = c.SetDeadline(time.Now().Add(patience))
	}
}

// end closes the listeners, and the connections whose clients have gone without
// the server being told.
func (s *server) end() {
	for _, c := range s.close {
		_ = c.Close()
	}
	s.stop()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.SetDeadline(time.Now())
	}
	s.mu.Unlock()
	s.open.Wait()
}

// transfer does what a request asks for.
func (s *server) transfer(c net.Conn) error {
	var r request
	if err := binary.Read(c, binary.BigEndian, &r); err != nil {
		return err
	}
	if err := expect(c, r.Seed, int(r.Up)); err != nil {
		return err
	}
	if r.Who == halfCloses {
		if err := expectEnd(c); err != nil {
			return err
		}
	}
	if err := send(c, ^r.Seed, int(r.Down)); err != nil || r.Who != clientCloses {
		return err
	}
	return expectEnd(c)
}

// rude reads a little and hangs up: what is still under way earns a reset.
func (s *server) rude(c net.Conn) error {
	_, err := c.Read(make([]byte, 100))
	return err
}

// datagrams sends every datagram back with all bits turned.
func (s *server) datagrams(u net.PacketConn) {
	b := make([]byte, 65536)
	for {
		n, from, err := u.ReadFrom(b)
		if err != nil {
			return
		}
		for i := range b[:n] {
			b[i] = ^b[i]
		}
		_, _ = u.WriteTo(b[:n], from)
	}
}
