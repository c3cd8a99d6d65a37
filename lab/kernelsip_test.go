package lab_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"portcullis/lab"
	"portcullis/lab/peer"
)

// TestKernelReadsSIP: behind the kernel's source NAT a call names the public address
// once its helper reads it, and not before.
func TestKernelReadsSIP(t *testing.T) {
	tri, err := lab.NewTriangle(lab.TriangleOptions{Hide: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tri.Close)
	if err := tri.RouteByKernel(true); err != nil {
		t.Fatal(err)
	}
	call := func() (seen string) {
		t.Helper()
		var server net.PacketConn
		if err := tri.Server.Do(func() (err error) {
			server, err = net.ListenPacket("udp", netip.AddrPortFrom(lab.Server4, 5060).String())
			return err
		}); err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		if err := tri.Client.Do(func() error {
			client, err := net.Dial("udp", server.LocalAddr().String())
			if err != nil {
				return err
			}
			defer client.Close()
			_, err = client.Write(peer.Invite(netip.MustParseAddrPort(client.LocalAddr().String()), netip.AddrPortFrom(lab.Server4, 5060)))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 2048)
		if err := server.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, _, err := server.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
	private, public := "IN IP4 "+lab.Client4.String(), "IN IP4 "+lab.Outside4.String()
	if seen := call(); strings.Count(seen, private) != 2 {
		t.Errorf("with no helper the server reads\n%s", seen)
	}
	switch err := tri.ReadSIPByKernel(); {
	case errors.Is(err, unix.ENOENT) && os.Getenv("PORTCULLIS_REQUIRE_TOOLS") == "":
		t.Skip("this kernel has no helper for SIP")
	case err != nil:
		t.Fatal(err)
	}
	if seen := call(); strings.Count(seen, public) != 2 {
		t.Errorf("with the helper the server reads\n%s", seen)
	}
}
