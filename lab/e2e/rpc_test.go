package e2e

import (
	"context"
	xdr "encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// The program that the tests look for by rpcbind, and where it waits: over TCP
// below 1024, as mount daemons do.
const (
	rpcProgram = 0x20000001
	rpcTCP     = 635
	rpcUDP     = 20048
)

// words writes 32-bit words, as XDR does (RFC 4506); a string is a length and
// bytes, filled up.
func words(fields ...any) []byte {
	var b []byte
	for _, f := range fields {
		switch v := f.(type) {
		case int:
			b = xdr.BigEndian.AppendUint32(b, uint32(v))
		case string:
			b = xdr.BigEndian.AppendUint32(b, uint32(len(v)))
			b = append(b, v...)
			b = append(b, make([]byte, -len(v)&3)...)
		}
	}
	return b
}

// rpcCall is a call (RFC 5531) without credentials.
func rpcCall(program, version, proc int, args ...any) []byte {
	return words(append([]any{0x1234, 0, 2, program, version, proc, 0, 0, 0, 0}, args...)...)
}

// rpcAnswer answers every call with success and nothing else.
func rpcAnswer(call []byte) []byte {
	if len(call) < 24 {
		return nil
	}
	return append(call[:4:4], words(1, 0, 0, 0, 0)...)
}

// rpcRecord reads a record of one fragment (RFC 5531 section 11).
func rpcRecord(r io.Reader) ([]byte, error) {
	var mark [4]byte
	if _, err := io.ReadFull(r, mark[:]); err != nil {
		return nil, err
	}
	n := xdr.BigEndian.Uint32(mark[:])
	if n&(1<<31) == 0 || n&^(1<<31) > 4096 {
		return nil, fmt.Errorf("record mark %#x: expected one fragment", n)
	}
	b := make([]byte, n&^(1<<31))
	_, err := io.ReadFull(r, b)
	return b, err
}

func rpcMarked(b []byte) []byte {
	return append(xdr.BigEndian.AppendUint32(nil, 1<<31|uint32(len(b))), b...)
}

// rpcServe starts the program and registers it with the rpcbind of the host.
func rpcServe(t *testing.T, ns *lab.Namespace) {
	t.Helper()
	var l net.Listener
	var u net.PacketConn
	err := ns.Do(func() (err error) {
		if l, err = net.Listen("tcp", fmt.Sprintf(":%d", rpcTCP)); err != nil {
			return err
		}
		if u, err = net.ListenPacket("udp", fmt.Sprintf(":%d", rpcUDP)); err != nil {
			return err
		}
		for port, proto := range map[int]int{rpcTCP: 6, rpcUDP: 17} { // SET of version 2
			if _, err := rpcAsk("udp", "127.0.0.1:111", rpcCall(100000, 2, 1, rpcProgram, 1, proto, port)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); u.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for {
					call, err := rpcRecord(c)
					if err != nil {
						return
					}
					if _, err := c.Write(rpcMarked(rpcAnswer(call))); err != nil {
						return
					}
				}
			}()
		}
	}()
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := u.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = u.WriteTo(rpcAnswer(buf[:n]), from)
		}
	}()
}

// rpcAsk calls, and returns what is behind the header of the reply.
func rpcAsk(network, to string, call []byte) ([]byte, error) {
	c, err := net.DialTimeout(network, to, patience)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	var b []byte
	if network == "tcp" {
		if _, err := c.Write(rpcMarked(call)); err != nil {
			return nil, err
		}
		b, err = rpcRecord(c)
	} else {
		if _, err := c.Write(call); err != nil {
			return nil, err
		}
		b = make([]byte, 2048)
		var n int
		n, err = c.Read(b)
		b = b[:n]
	}
	if err != nil {
		return nil, err
	}
	if len(b) < 24 || string(b[:24]) != string(words(0x1234, 1, 0, 0, 0, 0)) {
		return nil, fmt.Errorf("reply %x: expected success", b)
	}
	return b[24:], nil
}

// rpcFind asks rpcbind, version 3, for a universal address, and calls the program
// there.
func rpcFind(network, host string) (where netip.AddrPort, err error) {
	b, err := rpcAsk(network, host+":111", rpcCall(100000, 3, 3, rpcProgram, 1, network, "", ""))
	if err != nil {
		return where, err
	}
	if len(b) < 4 || int(xdr.BigEndian.Uint32(b)) > len(b)-4 {
		return where, fmt.Errorf("address %x: cut short", b)
	}
	if where, err = rpcWhere(string(b[4 : 4+xdr.BigEndian.Uint32(b)])); err != nil {
		return where, err
	}
	_, err = rpcAsk(network, where.String(), rpcCall(rpcProgram, 1, 0))
	return where, err
}

// rpcList asks rpcbind, version 4, for all addresses of the program, and calls it over
// TCP, as clients do that prefer to ask over UDP.
func rpcList(network, host string) (where netip.AddrPort, err error) {
	b, err := rpcAsk(network, host+":111", rpcCall(100000, 4, 11, rpcProgram, 1, "tcp", "", ""))
	if err != nil {
		return where, err
	}
	for len(b) >= 4 && xdr.BigEndian.Uint32(b) == 1 {
		entry, rest := rpcEntry(b[4:])
		if entry[1] == "tcp" {
			if where, err = rpcWhere(entry[0]); err == nil {
				_, err = rpcAsk("tcp", where.String(), rpcCall(rpcProgram, 1, 0))
			}
			return where, err
		}
		b = rest
	}
	return where, fmt.Errorf("a list without TCP: %x", b)
}

// rpcEntry reads an entry of a list: address, netid, family and protocol.
func rpcEntry(b []byte) (text [4]string, rest []byte) {
	for i := range text {
		if i == 2 && len(b) >= 4 {
			b = b[4:] // semantics
		}
		if len(b) < 4 || int(xdr.BigEndian.Uint32(b)) > len(b)-4 {
			return text, nil
		}
		n := int(xdr.BigEndian.Uint32(b))
		text[i], b = string(b[4:4+n]), b[min(len(b), 4+(n+3)&^3):]
	}
	return text, b
}

// rpcWhere reads a universal address of IPv4.
func rpcWhere(text string) (netip.AddrPort, error) {
	f := strings.Split(text, ".")
	if len(f) != 6 {
		return netip.AddrPort{}, fmt.Errorf("address %q: expected six numbers", text)
	}
	high, err1 := strconv.Atoi(f[4])
	low, err2 := strconv.Atoi(f[5])
	addr, err3 := netip.ParseAddr(strings.Join(f[:4], "."))
	return netip.AddrPortFrom(addr, uint16(high<<8|low)), errors.Join(err1, err2, err3)
}

// TestPortmapper has rpcinfo, and clients of versions 3 and 4, find a program by rpcbind
// through a firewall that allows rpcbind alone.
func TestPortmapper(t *testing.T) {
	off := table("system.session-helper", `id = 11`, `status = "disable"`) + table("system.session-helper", `id = 12`, `status = "disable"`)
	modes(t, []string{"tcp 111", "udp 111"}, "", "", off, func(t *testing.T, c crossing) {
		_, err := tool.Rpcbind(t.Context(), c.Host("server"))
		found(t, err)
		rpcServe(t, c.Host("server"))
		for _, network := range []string{"tcp", "udp"} {
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			if out, err := tool.Rpcinfo(ctx, c.Host("client"), "-p", c.to); err != nil { // which asks for rpcbind itself first
				t.Errorf("rpcinfo -p: %v\n%s", err, out)
			}
			out, err := tool.Rpcinfo(ctx, c.Host("client"), "-T", network, c.to, strconv.Itoa(rpcProgram), "1")
			cancel()
			if good := strings.Contains(out, "ready and waiting"); good == c.denied {
				t.Errorf("rpcinfo over %s: %v\n%s", network, err, out)
			}
			var where netip.AddrPort
			err = c.Host("client").Do(func() (err error) {
				where, err = rpcFind(network, c.to)
				return err
			})
			if (err != nil) != c.denied || where.Addr().String() != c.to {
				t.Errorf("version 3 over %s: found at %v: %v", network, where, err)
			}
			if c.denied {
				continue // to see that once more would take long
			}
			err = c.Host("client").Do(func() (err error) {
				where, err = rpcList(network, c.to)
				return err
			})
			if err != nil || where.Addr().String() != c.to {
				t.Errorf("list over %s: found at %v: %v", network, where, err)
			}
		}
		if c.denied {
			c.logged(t, 0, "action=deny", "dstip=10.2.0.2", "dstport="+strconv.Itoa(rpcTCP))
			c.logged(t, 0, "action=deny", "dstip=10.2.0.2", "dstport="+strconv.Itoa(rpcUDP))
		} else {
			c.counted(t, 0, "action=deny")
		}
	})
}
