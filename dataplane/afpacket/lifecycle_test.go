package afpacket_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"portcullis/dataplane/afpacket"
	"portcullis/dataplane/internal/nstest"
	"portcullis/dataplane/takeover"
	"portcullis/packet"

	"github.com/vishvananda/netlink"
)

func link(t testing.TB, device string) netlink.Link {
	t.Helper()
	l, err := netlink.LinkByName(device)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// condition is what must be put back.
func condition(t testing.TB, device string) string {
	t.Helper()
	a := link(t, device).Attrs()
	v6, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + device + "/disable_ipv6")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("up %v mtu %d disable_ipv6 %s", a.Flags&net.FlagUp != 0, a.MTU, strings.TrimSpace(string(v6)))
}

func TestMissingDevice(t *testing.T) {
	_, err := afpacket.Open(afpacket.Options{Name: "port1", Device: "eth9", StateDir: t.TempDir()})
	if !errors.Is(err, takeover.ErrNoDevice) || err.Error() != `port1: device "eth9": no such device` {
		t.Errorf("got %v", err)
	}
}

func TestBadRing(t *testing.T) {
	_, err := afpacket.Open(afpacket.Options{Name: "port1", Device: "lo", SlotSize: 5000, StateDir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "page size") {
		t.Errorf("got %v", err)
	}
}

func TestNoPermission(t *testing.T) {
	if os.Getenv("PORTCULLIS_TEST_CHILD") == "permission" {
		_, err := afpacket.Open(afpacket.Options{Name: "port1", Device: "eth1", StateDir: os.Getenv("PORTCULLIS_TEST_STATE")})
		fmt.Println(err)
		os.Exit(0)
	}
	if nstest.InUserNamespace() {
		t.Skip("no second user in a user namespace")
	}
	nstest.New(t, "eth1")
	state, err := os.MkdirTemp("/tmp", "portcullis")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(state)
	if err := os.Chmod(state, 0o777); err != nil {
		t.Fatal(err)
	}
	before := condition(t, "eth1")
	cmd := child(t, "permission", state)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.Output()
	if want := "port1: device \"eth1\": operation not permitted: needs CAP_NET_RAW and CAP_NET_ADMIN\n"; string(out) != want {
		t.Errorf("got %q, %v", out, err)
	}
	if after := condition(t, "eth1"); after != before {
		t.Errorf("left %s, was %s", after, before)
	}
}

// child runs the test of the same name again, which sees that it is the child.
func child(t testing.TB, role, state string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "PORTCULLIS_TEST_CHILD="+role, "PORTCULLIS_TEST_STATE="+state)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestKernelAddressRefused(t *testing.T) {
	h := nstest.New(t, "eth1", "192.0.2.2/24")
	addr, _ := netlink.ParseAddr("192.0.2.1/24")
	if err := netlink.AddrAdd(link(t, "eth1"), addr); err != nil {
		t.Fatal(err)
	}
	before := condition(t, "eth1")
	_, err := afpacket.Open(afpacket.Options{Name: "port1", Device: "eth1", StateDir: t.TempDir()})
	want := `port1: device "eth1": has kernel address 192.0.2.1/24: expected none; remove it first (ip address flush dev eth1)`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if after := condition(t, h.Device); after != before {
		t.Errorf("left %s, was %s", after, before)
	}
}

// TestPutBack pings the kernel before, while and after a port is taken over.
func TestPutBack(t *testing.T) {
	h := nstest.New(t, "eth1", "192.0.2.2/24")
	if err := netlink.LinkSetUp(link(t, "eth1")); err != nil {
		t.Fatal(err)
	}
	// The address is elsewhere, but Linux answers for it on every link.
	lo := link(t, "lo")
	addr, _ := netlink.ParseAddr("192.0.2.1/32")
	if err := errors.Join(netlink.LinkSetUp(lo), netlink.AddrAdd(lo, addr)); err != nil {
		t.Fatal(err)
	}
	defer netlink.AddrDel(lo, addr)
	back := &netlink.Route{LinkIndex: link(t, "eth1").Attrs().Index, Dst: &net.IPNet{IP: net.IPv4(192, 0, 2, 2), Mask: net.CIDRMask(32, 32)}}
	if err := netlink.RouteAdd(back); err != nil {
		t.Fatal(err)
	}
	ping := func() bool { return h.Ping("192.0.2.1", 300*time.Millisecond) }
	nstest.Eventually(t, "answer before", ping)
	before := condition(t, "eth1")
	port, err := afpacket.Open(afpacket.Options{Name: "port1", Device: "eth1", MTU: 1400, StateDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if ping() {
		t.Error("the kernel answers on a port that is taken over")
	}
	if got, want := condition(t, "eth1"), "up true mtu 1400 disable_ipv6 1"; got != want {
		t.Errorf("while served: %s, want %s", got, want)
	}
	if err := port.Close(); err != nil {
		t.Fatal(err)
	}
	if after := condition(t, "eth1"); after != before {
		t.Errorf("left %s, was %s", after, before)
	}
	nstest.Eventually(t, "answer after", ping)
}

// TestKilled kills a process that serves a port and expects the next one to put
// back what the first had found.
func TestKilled(t *testing.T) {
	if state := os.Getenv("PORTCULLIS_TEST_STATE"); state != "" {
		_, err := afpacket.Open(afpacket.Options{Name: "port1", Device: "eth1", MTU: 1300, StateDir: state})
		fmt.Println("open:", err)
		select {}
	}
	for _, restore := range []bool{false, true} {
		t.Run(fmt.Sprintf("restore %v", restore), func(t *testing.T) {
			nstest.New(t, "eth1")
			state := t.TempDir()
			before := condition(t, "eth1")
			killed(t, state)
			if now := condition(t, "eth1"); now == before {
				t.Fatalf("the killed process changed nothing: %s", now)
			}
			if restore {
				if err := takeover.Restore(state); err != nil {
					t.Fatal(err)
				}
			} else {
				port, err := afpacket.Open(afpacket.Options{Name: "port1", Device: "eth1", StateDir: state})
				if err != nil {
					t.Fatal(err)
				}
				if err := port.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if after := condition(t, "eth1"); after != before {
				t.Errorf("left %s, was %s", after, before)
			}
			if left, _ := os.ReadDir(state); len(left) > 0 {
				t.Errorf("left %v", left)
			}
			if out, err := exec.Command("nft", "list", "ruleset").Output(); err == nil && strings.Contains(string(out), "portcullis") {
				t.Errorf("left %s", out)
			}
		})
	}
}

// killed serves eth1 in another process and kills that.
func killed(t *testing.T, state string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), "PORTCULLIS_TEST_STATE="+state)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if line != "open: <nil>\n" {
		t.Errorf("child: %q", line)
	}
	if _, err := afpacket.Open(afpacket.Options{Name: "port1", Device: "eth1", StateDir: state}); err == nil ||
		!strings.Contains(err.Error(), "another running process") {
		t.Errorf("opened twice: %v", err)
	}
	if err := takeover.Restore(state); err != nil {
		t.Errorf("restore of a held device: %v", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

func TestDownAndUp(t *testing.T) {
	b := newBed(t)
	if !b.a.Ping("10.2.0.2", 2*time.Second) {
		t.Fatal("no answer before")
	}
	if err := netlink.LinkSetDown(link(t, "eth2")); err != nil {
		t.Fatal(err)
	}
	nstest.Eventually(t, "port down", func() bool { return !b.plane.Info(2).Up })
	if why := b.plane.Info(2).Why; why != `device "eth2": link is down` {
		t.Errorf("why: %s", why)
	}
	if b.a.Ping("10.2.0.2", 100*time.Millisecond) {
		t.Error("answer by a port that is down")
	}
	nstest.Eventually(t, "drop counted", func() bool { return b.engine.count(packet.ReasonPortDown) > 0 })
	if err := netlink.LinkSetUp(link(t, "eth2")); err != nil {
		t.Fatal(err)
	}
	nstest.Eventually(t, "answer again", func() bool { return b.a.Ping("10.2.0.2", 200*time.Millisecond) })
}

func TestVanish(t *testing.T) {
	b := newBed(t)
	if !b.a.Ping("10.2.0.2", 2*time.Second) {
		t.Fatal("no answer before")
	}
	if err := netlink.LinkDel(link(t, "eth2")); err != nil {
		t.Fatal(err)
	}
	nstest.Eventually(t, "port down", func() bool { return !b.plane.Info(2).Up })
	nstest.Eventually(t, "reason", func() bool { return b.plane.Info(2).Why == `device "eth2": no such device` })
	b.b.Plug(t, "10.2.0.2/24")
	b.b.Route(t, "10.2.0.1")
	nstest.Eventually(t, "answer again", func() bool { return b.a.Ping("10.2.0.2", 200*time.Millisecond) })
	if got := condition(t, "eth2"); got != "up true mtu 1500 disable_ipv6 1" {
		t.Errorf("the new device is not taken over: %s", got)
	}
}

func TestCarrier(t *testing.T) {
	b := newBed(t)
	peer, _ := b.b.Netlink().LinkByName("eth0")
	if err := b.b.Netlink().LinkSetDown(peer); err != nil {
		t.Fatal(err)
	}
	nstest.Eventually(t, "no carrier", func() bool { return b.plane.Info(2).Why == `device "eth2": no carrier` })
	if err := b.b.Netlink().LinkSetUp(peer); err != nil {
		t.Fatal(err)
	}
	nstest.Eventually(t, "carrier", func() bool { return b.plane.Info(2).Up })
}

// TestRemoveOne takes a port away and adds it again while the other serves.
func TestRemoveOne(t *testing.T) {
	b := newBed(t)
	before := b.plane.Stats(1)
	if err := b.plane.Remove(2); err != nil {
		t.Fatal(err)
	}
	if b.a.Ping("10.2.0.2", 100*time.Millisecond) {
		t.Error("answer by a port that was removed")
	}
	b.add(t, 2, "eth2", "10.2.0.1/24")
	nstest.Eventually(t, "answer again", func() bool { return b.a.Ping("10.2.0.2", 200*time.Millisecond) })
	if now := b.plane.Stats(1); now.RxPackets <= before.RxPackets || now.TxPackets <= before.TxPackets {
		t.Errorf("stats stand still: %+v", now)
	}
}

// TestAnnounced expects a host that knows an outdated address of the port to
// learn the true one without asking.
func TestAnnounced(t *testing.T) {
	b := newBed(t)
	if err := b.plane.Remove(1); err != nil {
		t.Fatal(err)
	}
	peer, err := b.a.Netlink().LinkByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	for _, ip := range []string{"10.1.0.1", "fd01::1"} {
		err := b.a.Netlink().NeighSet(&netlink.Neigh{LinkIndex: peer.Attrs().Index, IP: net.ParseIP(ip),
			HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 9}, State: netlink.NUD_STALE})
		if err != nil {
			t.Fatal(err)
		}
	}
	b.add(t, 1, "eth1", "10.1.0.1/24", "fd01::1/64")
	mac := b.plane.Info(1).MAC.String()
	for _, ip := range []string{"10.1.0.1", "fd01::1"} {
		nstest.Eventually(t, ip+" announced", func() bool {
			list, _ := b.a.Netlink().NeighList(0, 0)
			return slices.ContainsFunc(list, func(n netlink.Neigh) bool {
				return n.IP.String() == ip && n.HardwareAddr.String() == mac
			})
		})
	}
}
