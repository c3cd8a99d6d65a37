package tool

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"portcullis/lab"
)

// What coturn's client says of the kernel's masquerading, which is well known:
// it keeps a port where it can, filters by address and port, and does not send
// back inside what comes from inside.
func TestDiscoverKernelNAT(t *testing.T) {
	t.Parallel()
	tri, err := lab.NewTriangle(lab.TriangleOptions{Hide: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tri.Close)
	if err := tri.RouteByKernel(true); err != nil {
		t.Fatal(err)
	}
	second, other := netip.MustParseAddr("10.2.0.3"), netip.MustParseAddr("10.1.0.3")
	if err := tri.Server.Addresses("eth0", netip.PrefixFrom(second, 24)); err != nil {
		t.Fatal(err)
	}
	if err := tri.Client.Addresses("eth0", netip.PrefixFrom(other, 24)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	_, err = STUNServer(ctx, tri.Server, t.TempDir(), lab.Server4, second)
	found(t, err)
	discover := func(t *testing.T, local netip.Addr, port uint16, server netip.Addr, options ...string) *Discovery {
		t.Helper()
		d, err := DiscoverNAT(ctx, tri.Client, netip.AddrPortFrom(local, port), server, options...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(d.Text)
			}
		})
		return d
	}
	t.Run("alone", func(t *testing.T) {
		d := discover(t, lab.Client4, 5000, lab.Server4, "-m")
		if d.Mapping != "Endpoint Independent" || len(d.Reflexive) != 2 || d.Reflexive[0] != netip.AddrPortFrom(lab.Outside4, 5000) {
			t.Errorf("%+v", d)
		}
	})
	t.Run("rival", func(t *testing.T) {
		// Another client has the port before the second server, and there alone.
		discover(t, other, 5001, second, "-t", "-T", "0")
		d := discover(t, lab.Client4, 5001, lab.Server4, "-m")
		if d.Mapping != "Address Dependent" && d.Mapping != "Address and Port Dependent" {
			t.Errorf("%+v", d)
		}
	})
	t.Run("lifetime", func(t *testing.T) {
		if d := discover(t, lab.Client4, 5002, lab.Server4, "-t", "-T", "1"); len(d.Reflexive) != 2 || d.Timeouts != 0 {
			t.Errorf("%+v", d)
		}
	})
	t.Run("filtering", func(t *testing.T) {
		t.Parallel()
		if d := discover(t, lab.Client4, 5003, lab.Server4, "-f"); d.Filtering != "Address and Port Dependent" || d.Timeouts != 2 {
			t.Errorf("%+v", d)
		}
	})
	t.Run("hairpin", func(t *testing.T) {
		t.Parallel()
		if d := discover(t, lab.Client4, 5004, lab.Server4, "-H"); d.Hairpin {
			t.Errorf("%+v", d)
		}
	})
}
