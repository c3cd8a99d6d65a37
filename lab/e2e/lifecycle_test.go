package e2e

import (
	"context"
	"maps"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/peer"
)

// ftpPasses expects that the built-in client fetches a file.
func (s *site) ftpPasses(t *testing.T) {
	t.Helper()
	if got := s.ftp(t); !got.OK(1000) {
		t.Errorf("ftp: ended at %s: %s", got.Stage, got.Error)
	}
}

func (s *site) ftp(t *testing.T) *peer.Transfer {
	t.Helper()
	got, err := peer.FTPGet(t.Context(), s.Client, netip.AddrPortFrom(lab.Server4, 21), peer.EPSV, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// ftpSite is a site with ftp.toml and the built-in server.
func ftpSite(t *testing.T, args ...string) *site {
	t.Helper()
	s := build(t, example(t, "ftp.toml"), lab.TriangleOptions{}, args...)
	s.serveFTP(t)
	return s
}

func (s *site) serveFTP(t *testing.T) {
	t.Helper()
	if _, err := peer.Serve(s.Server, "ftp-server", "-ports", "21"); err != nil {
		t.Fatal(err)
	}
}

func TestSIGTERM(t *testing.T) {
	t.Parallel()
	s := ftpSite(t, lab.SessionsEnd...)
	s.ftpPasses(t)
	if err := s.fw.Stop(5 * time.Second); err != nil {
		t.Error(err)
	}
	s.counted(t, 2, "policyid=4", "proto=6") // those that were still open as well
	if got := s.ftp(t); got.Stage != "connect" {
		t.Errorf("ftp without a firewall: came to %s", got.Stage)
	}
}

// The devices are as they were after an end, and after a kill and another run.
// And the kernel can use them again.
func TestKernelStateRestored(t *testing.T) {
	t.Parallel()
	tri := triangle(t, lab.TriangleOptions{})
	// Port1 is found down and with an unusual MTU.
	for _, err := range []error{tri.Firewall.Down(lab.Port1), tri.Firewall.MTU(lab.Port1, 1400)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before := snapshot(t, tri)
	fw, err := lab.StartFirewall(tri.Firewall, binary, example(t, "ftp.toml"))
	if err != nil {
		t.Fatal(err)
	}
	defer fw.Close()
	if maps.Equal(before, snapshot(t, tri)) {
		t.Error("nothing is different while it runs: this test sees nothing")
	}
	if err := fw.Stop(5 * time.Second); err != nil {
		t.Error(err)
	}
	same(t, "after the end", before, snapshot(t, tri))

	if err := fw.Start(); err != nil {
		t.Fatal(err)
	}
	fw.Kill()
	if err := fw.Start(); err != nil {
		t.Fatalf("after a kill: %v", err)
	}
	if err := fw.Stop(5 * time.Second); err != nil {
		t.Error(err)
	}
	same(t, "after a kill and another run", before, snapshot(t, tri))

	if err := tri.Firewall.Up(lab.Port1); err != nil {
		t.Fatal(err)
	}
	if err := tri.RouteByKernel(false); err != nil {
		t.Fatal(err)
	}
	s := &site{tri, box{fw}}
	if _, err := peer.Serve(s.Server, "tcp-echo", "-ports", "7"); err != nil {
		t.Fatal(err)
	}
	for _, server := range []netip.Addr{lab.Server4, lab.Server6} {
		if p, err := peer.TCPProbe(t.Context(), s.Client, netip.AddrPortFrom(server, 7)); err != nil || !p.Connected {
			t.Errorf("the kernel does not forward to %s: %+v, %v", server, p, err)
		}
	}
}

func snapshot(t *testing.T, tri *lab.Triangle) map[string]string {
	t.Helper()
	s, err := tri.Firewall.Snapshot(lab.Port1, lab.Port2)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func same(t *testing.T, when string, before, after map[string]string) {
	t.Helper()
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if before[name] != after[name] {
			t.Errorf("%s: %s: %q, was %q", when, name, after[name], before[name])
		}
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	s := ftpSite(t)
	good := example(t, "ftp.toml")
	for name, bad := range map[string]struct{ config, says string }{
		"syntax":    {"[[system.interface\n", "portcullis.toml:1"},
		"reference": {strings.Replace(good, `service = ["FTP"]`, `service = ["NO-SUCH"]`, 1), `"NO-SUCH"`},
		"device":    {strings.Replace(good, `name = "port1"`, `name = "port1"`+"\n"+`device = "nosuch0"`, 1), "nosuch0"},
	} {
		said, err := s.fw.Reload(bad.config)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(said, bad.says) {
			t.Errorf("%s: said %q, want it to name %s", name, said, bad.says)
		}
		s.ftpPasses(t)
	}
	if _, err := s.fw.Reload(strings.Replace(good, `action = "accept"`, `action = "deny"`, 1)); err != nil {
		t.Fatal(err)
	}
	if got := s.ftp(t); got.Stage != "connect" {
		t.Errorf("ftp after the policy denies: came to %s", got.Stage)
	}
	if _, err := s.fw.Reload(good); err != nil {
		t.Fatal(err)
	}
	s.ftpPasses(t)
}

func TestStatusLine(t *testing.T) {
	t.Parallel()
	s := ftpSite(t)
	s.ftpPasses(t)
	said, err := s.fw.Ask(syscall.SIGUSR1)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"sessions=", "drops=", `port="port1"`, "rxpkt="} {
		if !strings.Contains(said, word) {
			t.Errorf("status %q: no %s", said, word)
		}
	}
	if strings.Count(strings.TrimSpace(said), "\n") != 0 {
		t.Errorf("status of several lines: %q", said)
	}
}

// A port whose device goes away and comes back, or goes down and up, serves
// again by itself.
func TestPortComesBack(t *testing.T) {
	for name, lose := range map[string]func(s *site) (back func() error, err error){
		"unplugged": func(s *site) (func() error, error) { return s.PlugClient, s.Firewall.Unplug(lab.Port1) },
		"down": func(s *site) (func() error, error) {
			return func() error { return s.Firewall.Up(lab.Port1) }, s.Firewall.Down(lab.Port1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ftpSite(t)
			s.ftpPasses(t)
			back, err := lose(s)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
			if s.fw.Ended() {
				t.Fatalf("portcullis ended: %v", s.fw.Err())
			}
			if err := back(); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(8 * time.Second); ; {
				if got := s.ftp(t); got.OK(1000) {
					break
				} else if time.Now().After(deadline) {
					t.Fatalf("ftp: ended at %s: %s", got.Stage, got.Error)
				}
			}
			if err := s.fw.Stop(5 * time.Second); err != nil {
				t.Error(err)
			}
		})
	}
}

// What cannot be started says why, with status 1, and changes nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()
	good := example(t, "ftp.toml")
	for name, test := range map[string]struct {
		config string
		set    func(tri *lab.Triangle) error
		says   []string
	}{
		"mistakes": {config: good + "\n[[firewall.policy]]\npolicyid = 4\nnonsense = 1\nservice = [\"NO-SUCH\"]\n",
			says: []string{"nonsense", "NO-SUCH", "portcullis.toml:"}},
		"device": {config: strings.Replace(good, `name = "port2"`, `name = "port2"`+"\n"+`device = "nosuch0"`, 1), says: []string{"nosuch0"}},
		"kernel address": {config: good, says: []string{"port1", "10.1.0.9"},
			set: func(tri *lab.Triangle) error {
				return tri.Firewall.Addresses(lab.Port1, netip.MustParsePrefix("10.1.0.9/24"))
			}},
	} {
		tri := triangle(t, lab.TriangleOptions{})
		if test.set != nil {
			if err := test.set(tri); err != nil {
				t.Fatal(err)
			}
		}
		before := snapshot(t, tri)
		fw, err := lab.StartFirewall(tri.Firewall, binary, test.config)
		if err == nil {
			t.Errorf("%s: started", name)
			fw.Close()
			continue
		}
		for _, word := range append(test.says, "exit status 1") {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %v: no %s", name, err, word)
			}
		}
		same(t, name, before, snapshot(t, tri))
	}
}

// As an ordinary user it says that it may not.
func TestNoPermission(t *testing.T) {
	t.Parallel()
	if lab.Unprivileged() {
		t.Skip("there is no other user in an unprivileged user namespace")
	}
	tri := triangle(t, lab.TriangleOptions{})
	dir := publicDir(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	p, err := tri.Firewall.Run(ctx, lab.Command{Path: need(t, "setpriv"), Args: []string{"--reuid", "65534", "--regid", "65534", "--clear-groups",
		binary, "run", "-c", abs(t, "../../examples/ftp.toml"), "--state-dir", filepath.Join(dir, "state")}})
	if err == nil || !strings.Contains(p.Stderr(), "permi") {
		t.Errorf("%v: %s", err, p.Stderr())
	}
}

// The lab gives an ordinary user what it needs.
func TestLabWithoutRoot(t *testing.T) {
	t.Parallel()
	if lab.Unprivileged() {
		t.Skip("this very test runs without root")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, need(t, "setpriv"), "--reuid", "65534", "--regid", "65534", "--clear-groups",
		filepath.Join(filepath.Dir(binary), "portcullis-lab"), "run", abs(t, "../../examples/ftp.toml"))
	out, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(string(out), "user namespace: ") {
		t.Skipf("not permitted here: %s", out)
	}
	if err != nil || !strings.Contains(string(out), "as expected") {
		t.Errorf("%v\n%s", err, out)
	}
}

func abs(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
