package afpacket_test

import (
	"context"
	"crypto/sha256"
	"io"
	"net"
	"testing"
	"time"

	"portcullis/dataplane/internal/nstest"
)

// listen opens a TCP listener inside a host.
func listen(t testing.TB, h *nstest.Host, address string) net.Listener {
	t.Helper()
	var l net.Listener
	err := h.Do(func() (err error) {
		l, err = net.Listen("tcp", address)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// dial connects from inside a host.
func dial(t testing.TB, h *nstest.Host, network, address string) net.Conn {
	t.Helper()
	var c net.Conn
	err := h.Do(func() (err error) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		c, err = (&net.Dialer{FallbackDelay: -1}).DialContext(ctx, network, address)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestBulk(t *testing.T) {
	b := newBed(t)
	for _, address := range []string{"10.2.0.2:7000", "[fd02::2]:7000"} {
		t.Run(address, func(t *testing.T) {
			const size = 64 << 20
			l := listen(t, b.b, address)
			sums := make(chan [32]byte, 1)
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				h := sha256.New()
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				_, _ = io.Copy(h, c)
				sums <- [32]byte(h.Sum(nil))
			}()
			c := dial(t, b.a, "tcp", address)
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			sent, chunk := sha256.New(), make([]byte, 1<<20)
			for i := range size >> 20 {
				for j := range chunk {
					chunk[j] = byte(i * (j>>3 + j))
				}
				sent.Write(chunk)
				if _, err := c.Write(chunk); err != nil {
					t.Fatal(err)
				}
			}
			c.Close()
			select {
			case got := <-sums:
				if got != [32]byte(sent.Sum(nil)) {
					t.Error("data arrived changed")
				}
			case <-time.After(20 * time.Second):
				t.Fatal("data did not arrive")
			}
		})
	}
	b.engine.mu.Lock()
	defer b.engine.mu.Unlock()
	t.Logf("%d frames, %d super-packets, mean %d bytes", b.engine.seen, b.engine.super, b.engine.bytes/uint64(b.engine.seen))
	if b.engine.super < 500 {
		t.Errorf("%d super-packets: expected bulk to arrive whole", b.engine.super)
	}
}
