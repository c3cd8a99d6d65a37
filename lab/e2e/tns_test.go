package e2e

import (
	"context"
	xdr "encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
)

// tnsPacket writes a packet of Oracle Net.
func tnsPacket(kind byte, body string) []byte {
	return append([]byte{byte((8 + len(body)) >> 8), byte(8 + len(body)), 0, 0, kind, 0, 0, 0}, body...)
}

func tnsLength(n int) string { return string([]byte{byte(n >> 8), byte(n)}) }

// The ways in which a listener redirects.
var redirections = []struct {
	name string
	text func(to string) []byte
}{
	{"in the packet", func(to string) []byte { return tnsPacket(5, tnsLength(len(to))+to) }},
	{"in the packet behind", func(to string) []byte {
		return append(tnsPacket(5, tnsLength(0)), tnsPacket(6, "\x00\x00"+to)...)
	}},
	{"in the packet behind, counted", func(to string) []byte {
		return append(tnsPacket(5, tnsLength(len(to))), tnsPacket(6, "\x00\x00"+to)...)
	}},
}

// tnsListen answers every CONNECT packet at an address with the same bytes.
func tnsListen(t *testing.T, ns *lab.Namespace, at string, answer []byte) {
	t.Helper()
	var l net.Listener
	if err := ns.Do(func() (err error) {
		l, err = net.Listen("tcp", at)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				head := make([]byte, 8)
				if _, err := io.ReadFull(c, head); err != nil || head[4] != 1 {
					return
				}
				if _, err := io.CopyN(io.Discard, c, int64(xdr.BigEndian.Uint16(head))-8); err != nil {
					return
				}
				for _, part := range [][]byte{answer[:15], answer[15:]} { // in two segments
					if _, err := c.Write(part); err != nil {
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
				_, _ = io.Copy(io.Discard, c)
			}()
		}
	}()
}

// TestTNS has go-ora ask a listener that redirects it, through a firewall that
// allows the listener's port alone. What it is told there no listener says.
func TestTNS(t *testing.T) {
	t.Parallel()
	const told = "(ERR=12345)"
	client := foreign(t, "oracle")
	off := table("system.session-helper", `id = 4`, `status = "disable"`)
	for _, form := range redirections {
		t.Run(form.name, func(t *testing.T) {
			modes(t, []string{"tcp 1521"}, "", "", off, func(t *testing.T, c crossing) {
				tnsListen(t, c.Host("server"), "10.2.0.2:1521", form.text("(ADDRESS=(PROTOCOL=tcp)(HOST=10.2.0.2)(PORT=40001))"))
				tnsListen(t, c.Host("server"), "10.2.0.2:40001", tnsPacket(4, "\x00\x00"+tnsLength(len(told)+14)+"(DESCRIPTION="+told+")"))
				ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
				defer cancel()
				p, err := c.Host("client").Run(ctx, lab.Command{Path: client, Args: []string{c.to + ":1521"}})
				if p == nil {
					t.Fatal(err)
				}
				if strings.Contains(p.Stdout(), "12345") == c.denied {
					t.Errorf("%v: %s", err, p.Stdout())
				}
				if c.denied {
					c.logged(t, 0, "action=deny", "srcip=10.1.0.2", "dstip=10.2.0.2", "dstport=40001")
				} else {
					c.counted(t, 0, "action=deny")
				}
			})
		})
	}
}
