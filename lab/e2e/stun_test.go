package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// The words of RFC 4787.
const (
	independent = "Endpoint Independent"
	dependent   = "Address and Port Dependent"
)

// What coturn's client finds out about source NAT as it is by default, and with
// each of the two options of a policy that say otherwise (RFC 5780).
func TestNATDiscovery(t *testing.T) {
	t.Parallel()
	second := netip.MustParseAddr("198.51.100.3")
	for _, test := range []struct {
		name    string
		options []string
		// mapping is what is found out while another client has the port that this
		// client would keep, before one of the server's addresses.
		mapping, filtering string
		hairpin            bool
		strangers          string // what of strangers' is let in
	}{
		{name: "default", mapping: dependent, filtering: dependent},
		{name: "permit-any-host", options: []string{`permit-any-host = "enable"`}, mapping: independent, filtering: independent, hairpin: true, strangers: "anything, STUN"},
		// Strangers that speak STUN are let in, and coturn's client speaks nothing else.
		{name: "permit-stun-host", options: []string{`permit-stun-host = "enable"`}, mapping: independent, filtering: independent, hairpin: true, strangers: "STUN"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := buildStar(t, officePorts+accept(1, "port1", "port2", append(test.options, `nat = "enable"`)...)+
				accept(2, "port1", "port1", `nat = "enable"`), officeHosts())
			_, err := tool.STUNServer(t.Context(), s.Host("peer"), t.TempDir(), netip.MustParseAddr("198.51.100.2"), second)
			found(t, err)
			discover := func(t *testing.T, from string, server netip.Addr, options ...string) *tool.Discovery {
				t.Helper()
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // from when it is its turn
				defer cancel()
				d, err := tool.DiscoverNAT(ctx, s.Host("client"), netip.MustParseAddrPort(from), server, options...)
				found(t, err)
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("%s:\n%s", options, d.Text)
					}
				})
				return d
			}
			first := netip.MustParseAddr("198.51.100.2")
			t.Run("mapping", func(t *testing.T) {
				// The rival has the port before the second address alone.
				discover(t, "10.1.0.4:30000", second, "-t", "-T", "0")
				d := discover(t, "10.1.0.2:30000", first, "-m")
				if d.Mapping != test.mapping {
					t.Errorf("mapping: %q, want %q", d.Mapping, test.mapping)
				}
			})
			t.Run("collision", func(t *testing.T) {
				// Two clients with one port before one server are told apart.
				d := discover(t, "10.1.0.2:30002", first, "-c", "-A", "10.1.0.4")
				slices.SortFunc(d.Reflexive, netip.AddrPort.Compare)
				if len(slices.Compact(d.Reflexive)) != 2 {
					t.Errorf("collision: seen as %v", d.Reflexive)
				}
			})
			t.Run("strangers", func(t *testing.T) {
				if got := strangers(t, s); got != test.strangers {
					t.Errorf("let in of strangers: %q, want %q", got, test.strangers)
				}
			})
			t.Run("filtering", func(t *testing.T) {
				t.Parallel()
				if d := discover(t, "10.1.0.2:30004", first, "-f"); d.Filtering != test.filtering {
					t.Errorf("filtering: %q, want %q", d.Filtering, test.filtering)
				}
			})
			t.Run("hairpin", func(t *testing.T) {
				t.Parallel()
				if d := discover(t, "10.1.0.2:30006", first, "-H"); d.Hairpin != test.hairpin {
					t.Errorf("hairpin: %t, want %t", d.Hairpin, test.hairpin)
				}
			})
		})
	}
}

// strangers opens a mapping with a question to the peer's first address and
// tells what the client then receives of what the second sends to it.
func strangers(t *testing.T, s *starSite) string {
	t.Helper()
	mirror(t, s.Host("peer"), "198.51.100.2:7")
	inside := socket(t, s.Host("client"), "10.1.0.2:30010")
	stranger := socket(t, s.Host("peer"), "198.51.100.3:30011")
	send := func(from net.PacketConn, to, text string) {
		t.Helper()
		if _, err := from.WriteTo([]byte(text), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err != nil {
			t.Fatal(err)
		}
	}
	receive := func(wait time.Duration) (string, error) {
		buf := make([]byte, 64)
		if err := inside.SetReadDeadline(time.Now().Add(wait)); err != nil {
			t.Fatal(err)
		}
		n, _, err := inside.ReadFrom(buf)
		return string(buf[:n]), err
	}
	send(inside, "198.51.100.2:7", "?")
	as, err := receive(patience)
	if err != nil {
		t.Fatal(err)
	}
	var in []string
	for _, what := range []struct{ name, text string }{
		{"anything", "anything at all, but no STUN"},
		{"STUN", "\x00\x01\x00\x00\x21\x12\xa4\x42portcullis.."},
	} {
		send(stranger, as, what.text)
		if got, err := receive(patience / 5); err == nil && got == what.text {
			in = append(in, what.name)
		}
	}
	return strings.Join(in, ", ")
}

// socket is a UDP socket in a namespace.
func socket(t *testing.T, ns *lab.Namespace, at string) net.PacketConn {
	t.Helper()
	var c net.PacketConn
	err := ns.Do(func() (err error) {
		c, err = net.ListenPacket("udp4", at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A mapping lasts as long as the configuration says, and no longer (RFC 4787
// REQ-5 is about how long that must be able to be).
func TestNATLifetime(t *testing.T) {
	t.Parallel()
	const idle = 3
	s := buildStar(t, officePorts+fmt.Sprintf("[system.global]\nudp-idle-timer = %d\n", idle)+accept(1, "port1", "port2", `nat = "enable"`), officeHosts())
	first, second := netip.MustParseAddr("198.51.100.2"), netip.MustParseAddr("198.51.100.3")
	_, err := tool.STUNServer(t.Context(), s.Host("peer"), t.TempDir(), first, second)
	found(t, err)
	for _, test := range []struct {
		pause string
		lives bool
	}{{"1", true}, {"5", false}} {
		t.Run(test.pause+" s", func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second) // from when it is its turn
			defer cancel()
			d, err := tool.DiscoverNAT(ctx, s.Host("client"), netip.MustParseAddrPort("10.1.0.2:3100"+test.pause), first, "-t", "-T", test.pause)
			found(t, err)
			if lives := len(d.Reflexive) == 2; lives != test.lives {
				t.Errorf("a mapping that was idle for %s s of %d lives: %t\n%s", test.pause, idle, lives, d.Text)
			}
		})
	}
}

// found fails the test, or skips it where a program is missing that may be.
func found(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, tool.ErrMissing) && !required():
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}
