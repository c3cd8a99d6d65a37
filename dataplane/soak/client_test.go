package soak

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"portcullis/packet/packettest"
)

// totals are what all clients have done.
type totals struct {
	done    [numKinds]atomic.Uint64
	longest [numKinds]atomic.Int64 // in nanoseconds
	files   atomic.Uint64          // fetched by FTP
	bytes   atomic.Uint64          // of contents that were checked
}

// conversations is how many there were.
func (t *totals) conversations() (n uint64) {
	for i := range t.done {
		n += t.done[i].Load()
	}
	return n
}

// client has one conversation after the other.
type client struct {
	*totals
	host    *host
	dice    *rand.Rand
	gateway []byte // MAC address
}

const numKinds = 8

// kinds of conversations, and how often each is had.
var kinds = [numKinds]struct {
	name   string
	weight int
	run    func(*client, context.Context, netip.Addr, netip.Addr) error
}{
	{"transfer", 40, (*client).transfer},
	{"ftp", 15, (*client).ftp},
	{"udp", 20, (*client).datagrams},
	{"reset", 8, (*client).reset},
	{"hangup", 5, (*client).hangup},
	{"refused", 5, (*client).refused},
	{"silence", 4, (*client).silence},
	{"spoofed", 3, (*client).spoofed},
}

// Addresses of the two sides; of the server's, the first of each family is
// reached through source NAT.
var (
	clientAddrs = []netip.Addr{netip.MustParseAddr("10.1.0.2"), netip.MustParseAddr("10.1.0.3"), netip.MustParseAddr("fd01::2")}
	serverAddrs = []netip.Addr{
		netip.MustParseAddr("10.2.0.2"), netip.MustParseAddr("10.2.0.3"),
		netip.MustParseAddr("fd02::2"), netip.MustParseAddr("fd02::3"),
	}
	silent = map[bool]netip.Addr{true: netip.MustParseAddr("10.2.0.9"), false: netip.MustParseAddr("fd02::9")}
)

// run converses until until. What must not happen it reports.
func (c *client) run(until time.Time, fail func(error)) {
	weights := 0
	for _, k := range kinds {
		weights += k.weight
	}
	for time.Now().Before(until) {
		n, i := c.dice.IntN(weights), 0
		for ; n >= kinds[i].weight; i++ {
			n -= kinds[i].weight
		}
		to := serverAddrs[c.dice.IntN(len(serverAddrs))]
		src := clientAddrs[c.dice.IntN(len(clientAddrs))]
		for src.Is4() != to.Is4() {
			src = clientAddrs[c.dice.IntN(len(clientAddrs))]
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		began := time.Now()
		if err := kinds[i].run(c, ctx, src, to); err != nil {
			fail(fmt.Errorf("%s from %v to %v, after %v: %w", kinds[i].name, src, to, time.Since(began).Round(time.Millisecond), err))
		}
		cancel()
		c.done[i].Add(1)
		for took := time.Since(began).Nanoseconds(); ; {
			if old := c.longest[i].Load(); took <= old || c.longest[i].CompareAndSwap(old, took) {
				break
			}
		}
	}
}

func deadline(ctx context.Context) time.Time { d, _ := ctx.Deadline(); return d }

// size is how long a content is: mostly short.
func (c *client) size() int {
	if c.dice.IntN(10) == 0 {
		return c.dice.IntN(200_000)
	}
	return c.dice.IntN(8000)
}

// transfer sends a pattern, takes another and closes in one of three ways.
func (c *client) transfer(ctx context.Context, src, to netip.Addr) error {
	t, err := c.host.dial(ctx, netip.AddrPortFrom(src, 0), netip.AddrPortFrom(to, transferPort))
	if err != nil {
		return err
	}
	defer t.Close()
	_ = t.SetDeadline(deadline(ctx))
	r := request{Seed: c.dice.Uint64(), Up: uint32(c.size()), Down: uint32(c.size()), Who: uint8(c.dice.IntN(ways))}
	if err := binary.Write(t, binary.BigEndian, r); err != nil {
		return err
	}
	if err := send(t, r.Seed, int(r.Up)); err != nil {
		return err
	}
	if r.Who == halfCloses {
		if err := t.CloseWrite(); err != nil {
			return err
		}
	}
	if err := expect(t, ^r.Seed, int(r.Down)); err != nil {
		return err
	}
	c.bytes.Add(uint64(r.Up + r.Down))
	if r.Who == clientCloses {
		return nil
	}
	return expectEnd(t)
}

// datagrams asks by UDP, again where no answer comes. Some are in fragments.
func (c *client) datagrams(_ context.Context, src, to netip.Addr) error {
	u, err := c.host.udp(netip.AddrPortFrom(src, 0), netip.AddrPortFrom(to, transferPort))
	if err != nil {
		return err
	}
	defer u.Close()
	for range 1 + c.dice.IntN(3) {
		size := 8 + c.dice.IntN(1200)
		if c.dice.IntN(8) == 0 {
			size += 3000
		}
		ask, got := make([]byte, size), make([]byte, 8192)
		_, _ = io.ReadFull(newPattern(c.dice.Uint64(), size), ask)
		if err := c.question(u, ask, got); err != nil {
			return err
		}
		c.bytes.Add(uint64(2 * size))
	}
	return nil
}

// question sends ask until its answer has come.
func (c *client) question(u net.Conn, ask, got []byte) error {
	for range 100 {
		if _, err := u.Write(ask); err != nil {
			return err
		}
		_ = u.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		for {
			n, err := u.Read(got)
			if err != nil {
				break // no answer: ask again
			}
			for i := range got[:n] {
				got[i] = ^got[i]
			}
			if string(got[:8]) != string(ask[:8]) {
				continue // to the question before
			}
			if string(got[:n]) != string(ask) {
				return fmt.Errorf("%w: an answer of %d bytes", errContent, n)
			}
			return nil
		}
	}
	return errors.New("nobody answers")
}

// reset ends a connection with a reset, mostly in the middle of a transfer.
func (c *client) reset(ctx context.Context, src, to netip.Addr) error {
	t, err := c.host.dial(ctx, netip.AddrPortFrom(src, 0), netip.AddrPortFrom(to, transferPort))
	if err != nil {
		return err
	}
	_ = t.SetDeadline(deadline(ctx))
	r := request{Seed: c.dice.Uint64(), Up: 100, Down: uint32(c.size())}
	if err := binary.Write(t, binary.BigEndian, r); err != nil {
		return err
	}
	if err = send(t, r.Seed, 100); err == nil && r.Down > 0 {
		err = expect(t, ^r.Seed, c.dice.IntN(int(r.Down)))
	}
	t.abort()
	return err
}

// hangup speaks to somebody who hangs up in the middle.
func (c *client) hangup(ctx context.Context, src, to netip.Addr) error {
	t, err := c.host.dial(ctx, netip.AddrPortFrom(src, 0), netip.AddrPortFrom(to, rudePort))
	if err != nil {
		return err
	}
	defer t.Close()
	_ = t.SetDeadline(time.Now().Add(3 * time.Second)) // the reset may be lost, and nothing left to be answered by another
	if err := send(t, 1, 20_000); err != nil {
		return nil // it has hung up already
	}
	if n, _ := t.Read(make([]byte, 1)); n != 0 {
		return fmt.Errorf("%w: it says something", errContent)
	}
	return nil
}

// refused knocks where nobody listens.
func (c *client) refused(ctx context.Context, src, to netip.Addr) error {
	t, err := c.host.dial(ctx, netip.AddrPortFrom(src, 0), netip.AddrPortFrom(to, closedPort))
	if err == nil {
		t.abort()
		return fmt.Errorf("%w: somebody listens", errContent)
	}
	if !errors.Is(err, errRefused) {
		return err
	}
	return nil
}

// silence calls a host that does not exist, and gives up.
func (c *client) silence(_ context.Context, src, to netip.Addr) error {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	t, err := c.host.dial(ctx, netip.AddrPortFrom(src, 0), netip.AddrPortFrom(silent[to.Is4()], deadPort))
	if err == nil {
		t.abort()
		return fmt.Errorf("%w: somebody is there", errContent)
	}
	return nil
}

// spoofed sends SYNs in the name of a host that does not exist: the answers go
// nowhere.
func (c *client) spoofed(_ context.Context, _, to netip.Addr) error {
	from := fmt.Sprintf("10.1.0.%d", 100+c.dice.IntN(50))
	if to.Is6() {
		from = fmt.Sprintf("[fd01::%x]", 0x100+c.dice.IntN(50))
	}
	for range 3 {
		line := fmt.Sprintf("tcp %s:%d > %v S seq %d", from, 1024+c.dice.IntN(60000), netip.AddrPortFrom(to, deadPort), c.dice.Uint32())
		frame := packettest.Frame(line)
		copy(frame, c.gateway)
		c.host.raw(frame)
	}
	time.Sleep(20 * time.Millisecond)
	return nil
}
