package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if err := EnterUserNamespace(); err != nil {
		fmt.Fprintln(os.Stderr, "skipped:", err)
		if os.Getenv("PORTCULLIS_REQUIRE_TOOLS") != "" {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func triangle(t *testing.T, opt TriangleOptions) *Triangle {
	t.Helper()
	tri, err := NewTriangle(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tri.Close)
	return tri
}

// dial connects from the client and returns the address the server saw.
func dial(t *testing.T, tri *Triangle, server netip.Addr, patience time.Duration) (string, error) {
	t.Helper()
	var l net.Listener
	err := tri.Server.Do(func() (err error) {
		l, err = net.Listen("tcp", netip.AddrPortFrom(server, 0).String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	seen := make(chan string, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			seen <- c.RemoteAddr().(*net.TCPAddr).IP.String()
			c.Close()
		}
	}()
	err = tri.Client.Do(func() error {
		c, err := net.DialTimeout("tcp", l.Addr().String(), patience)
		if err != nil {
			return err
		}
		_, err = c.Read(make([]byte, 1))
		c.Close()
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return <-seen, nil
}

func TestKernelRouter(t *testing.T) {
	for _, test := range []struct {
		name         string
		hide, nat    bool
		from4, from6 string // as the server sees it; "" is no connection
	}{
		{name: "plain", from4: "10.1.0.2", from6: "fd01::2"},
		{name: "nat", nat: true, from4: "10.2.0.1", from6: "fd02::1"},
		{name: "hidden", hide: true},
		{name: "hidden nat", hide: true, nat: true, from4: "10.2.0.1", from6: "fd02::1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tri := triangle(t, TriangleOptions{Hide: test.hide})
			if err := tri.RouteByKernel(test.nat); err != nil {
				t.Fatal(err)
			}
			for server, want := range map[netip.Addr]string{Server4: test.from4, Server6: test.from6} {
				patience := 5 * time.Second
				if want == "" {
					patience = time.Second
				}
				from, err := dial(t, tri, server, patience)
				if from != want {
					t.Errorf("%v: server saw %q (%v), want %q", server, from, err, want)
				}
			}
		})
	}
}

func TestNoRouter(t *testing.T) {
	tri := triangle(t, TriangleOptions{})
	if from, err := dial(t, tri, Server4, time.Second); err == nil {
		t.Errorf("server reached from %s with nothing between", from)
	}
}

func TestReplug(t *testing.T) {
	tri := triangle(t, TriangleOptions{})
	if err := tri.Firewall.Unplug(Port1); err != nil {
		t.Fatal(err)
	}
	if err := tri.Firewall.Up(Port1); err == nil {
		t.Fatal("port1 still there after Unplug")
	}
	if err := tri.PlugClient(); err != nil {
		t.Fatal(err)
	}
}

func TestProcess(t *testing.T) {
	ns, err := NewNamespace("one")
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	var lines []string
	p, err := ns.Run(context.Background(), Command{
		Path: "/bin/sh", Args: []string{"-c", `echo "one $A"; printf two; echo three >&2; exit 3`},
		Env: []string{"A=b"}, Stdout: func(l string) { lines = append(lines, l) },
	})
	if err == nil || !strings.Contains(err.Error(), "exit status 3: three") {
		t.Errorf("error %v", err)
	}
	if got := strings.Join(lines, ","); got != "one b,two" || p.Stdout() != "one b\ntwo" {
		t.Errorf("lines %q, output %q", got, p.Stdout())
	}
	if _, err := ns.Start(Command{Path: "/no/such/program"}); err == nil {
		t.Error("started a program that does not exist")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if p, err := ns.Run(ctx, Command{Path: "/bin/sleep", Args: []string{"60"}}); !errors.Is(err, context.DeadlineExceeded) || !p.Ended() {
		t.Errorf("error %v, ended %v", err, p.Ended())
	}
}

// A closed namespace leaves no process behind: neither what a program forked
// nor, with Contain, what left its process group. Closing twice does no harm.
func TestCloseEndsProcesses(t *testing.T) {
	ns, err := NewNamespace("one")
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	// The read end tells when the last holder of the write end is gone.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	holder := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), w.Fd())
	for script, contain := range map[string]bool{
		"exec 9>$0; echo up; sleep 60 & wait":                   false,
		"exec 9>$0; echo up; setsid sleep 60 & sleep 60 & wait": true,
	} {
		up := make(chan struct{})
		_, err := ns.Start(Command{Path: "/bin/sh", Args: []string{"-c", script, holder},
			Contain: contain, Stdout: func(string) { close(up) }})
		if err != nil {
			t.Fatal(err)
		}
		<-up
	}
	w.Close()
	ns.Close()
	ns.Close()
	if err := r.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("a process is left: %v", err)
	}
	if err := ns.Do(func() error { return nil }); err == nil {
		t.Error("a closed namespace still runs functions")
	}
}

func TestParseRecord(t *testing.T) {
	r, err := ParseRecord(`date=2025-07-21 srcip=10.1.0.2 action="deny" policyid=0 msg="a \"b\" c=d" empty="" proto=6`)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Match("action=deny", "policyid=0", `msg=a "b" c=d`, "empty=", "proto=17|6") || r.Match("proto=17") {
		t.Errorf("fields %q", r.fields)
	}
	if got := r.Brief("action", "none", "proto"); got != `action="deny" proto=6` {
		t.Errorf("brief %q", got)
	}
	for _, bad := range []string{"word", `a="open`, `a=1 =2`} {
		if _, err := ParseRecord(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
