// Package nstest gives tests of devices a network namespace of their own and
// hosts to connect to it. Nothing it makes outlives the test process.
package nstest

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"portcullis/lab"

	"github.com/vishvananda/netlink"
)

const (
	insideEnv = "PORTCULLIS_NSTEST"
	usernsEnv = "PORTCULLIS_NSTEST_USERNS" // set: use a user namespace even as root
)

// Main runs the tests of m in a new network namespace, that of an unprivileged
// user namespace where the caller is not root. Where neither is permitted the
// tests run where they are, and New skips them.
func Main(m *testing.M) {
	if os.Getenv(insideEnv) != "" {
		os.Exit(m.Run())
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 || os.Getenv(usernsEnv) != "" {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		os.Exit(0)
	case errors.As(err, &exit):
		os.Exit(max(exit.ExitCode(), 1))
	}
	fmt.Fprintln(os.Stderr, "no network namespace:", err)
	os.Exit(m.Run())
}

// InUserNamespace says whether the tests run as an unprivileged user.
func InUserNamespace() bool { return os.Geteuid() != 0 || os.Getenv(usernsEnv) != "" }

// Host is a namespace with one device, eth0, that is connected to a device of
// the test's namespace.
type Host struct {
	*lab.Namespace
	Device string // the other end, in the test's namespace
}

// New makes a host whose eth0 has the given addresses and is connected to
// device in the test's namespace, which is left down. It skips the test where
// that is not permitted.
func New(t testing.TB, device string, addresses ...string) *Host {
	t.Helper()
	if os.Getenv(insideEnv) == "" {
		t.Skip("network namespaces are not permitted here")
	}
	ns, err := lab.NewNamespace(device + "-host")
	if err != nil {
		t.Skipf("network namespaces are not permitted here: %v", err)
	}
	t.Cleanup(ns.Close)
	h := &Host{Namespace: ns, Device: device}
	h.Plug(t, addresses...)
	return h
}

// Plug makes the pair of devices.
func (h *Host) Plug(t testing.TB, addresses ...string) {
	t.Helper()
	nl := h.Netlink()
	check(t, nl.LinkAdd(&netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: h.Device, PeerNamespace: netlink.NsPid(os.Getpid()),
	}))
	link, err := nl.LinkByName("eth0")
	check(t, err)
	for _, a := range addresses {
		p, err := netlink.ParseAddr(a)
		check(t, err)
		if p.IP.To4() == nil {
			p.Flags = syscall.IFA_F_NODAD
		}
		check(t, nl.AddrAdd(link, p))
	}
	check(t, nl.LinkSetUp(link))
	t.Cleanup(func() { _ = nl.LinkDel(link) })
}

// Route sends all traffic of the host by gateway.
func (h *Host) Route(t testing.TB, gateway string) {
	t.Helper()
	link, err := h.Netlink().LinkByName("eth0")
	check(t, err)
	gw := netip.MustParseAddr(gateway)
	check(t, h.Netlink().RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: gw.AsSlice()}))
}

// Eventually waits for holds, at most five seconds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 5 s", what)
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
