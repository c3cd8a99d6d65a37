package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/peer"
)

// ask runs a command of the binary against the firewall and returns what it
// printed, and what it complained about.
func (s box) ask(t *testing.T, words ...string) (out, complaint string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append(words, "--control", s.fw.Control())...)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+filepath.Dir(s.fw.Control()))
	var b, e strings.Builder
	cmd.Stdout, cmd.Stderr = &b, &e
	err = cmd.Run()
	return b.String(), e.String(), err
}

// tells expects that a command prints something of each of the patterns.
func (s box) tells(t *testing.T, command string, patterns ...string) string {
	t.Helper()
	out, complaint, err := s.ask(t, strings.Fields(command)...)
	if err != nil {
		t.Errorf("%s: %v: %s", command, err, complaint)
	}
	for _, p := range patterns {
		if !regexp.MustCompile(p).MatchString(out) {
			t.Errorf("%s: nothing of %s in:\n%s", command, p, out)
		}
	}
	return out
}

// passive logs in from the client's namespace and asks for a data connection
// that it does not make: the firewall expects it.
func (s *site) passive(t *testing.T) net.Conn {
	t.Helper()
	var conn net.Conn
	if err := s.Client.Do(func() (err error) {
		conn, err = net.DialTimeout("tcp", lab.Server4.String()+":21", 5*time.Second)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	r := bufio.NewScanner(conn)
	for _, step := range []struct{ send, want string }{{"", "220"}, {"USER " + peer.User, "331"}, {"PASS " + peer.Password, "230"}, {"PASV", "227"}} {
		if step.send != "" {
			fmt.Fprintf(conn, "%s\r\n", step.send)
		}
		for r.Scan() && !strings.HasPrefix(r.Text(), step.want+" ") {
		}
		if !strings.HasPrefix(r.Text(), step.want+" ") {
			t.Fatalf("ftp: no %s to %q: %v", step.want, step.send, r.Err())
		}
	}
	return conn
}

// What the commands show is what happens, and clear takes it away.
func TestControl(t *testing.T) {
	t.Parallel()
	s := build(t, example(t, "ftp-nat.toml"), lab.TriangleOptions{Hide: true})
	s.serveFTP(t)
	s.passive(t)

	info, err := os.Lstat(s.fw.Control())
	if err != nil || info.Mode() != fs.ModeSocket|0o660 {
		t.Errorf("control socket: %v, %v", info.Mode(), err)
	}
	s.tells(t, "diagnose sys session list",
		`session info: proto=6 proto_state=01 duration=\d+ expire=3\d\d\d timeout=3600 `, `helper=ftp vlan_cos=`, `state=log may_dirty\n`,
		`hook=post dir=org act=snat 10\.1\.0\.2:\d+->10\.2\.0\.2:21\(10\.2\.0\.1:\d+\)`, `policy_id=4 `, `serial=00000001 `, `total session: 1\n$`)
	s.tells(t, "diag sys session list expectation", `expire=(2\d|30) `, `helper=ftp master=00000001`, `state=new\n`, `\(10\.2\.0\.2:|->10\.2\.0\.2:\d+`, `total session: 1\n$`)
	s.tells(t, "diagnose sys session list dport 22 80", `^total session: 0\n$`)
	s.tells(t, "diagnose sys session list src 10.1.0.0/24 sintf port1 negate dport dport 22", `total session: 1\n$`)
	s.tells(t, "diagnose sys session6 list", `^total session: 0\n$`)
	s.tells(t, "diagnose sys session list --json", `"policy_id":4,.*"helper":"ftp"`)
	s.tells(t, "get system session list", `PROTO   EXPIRE SOURCE`, `tcp     3\d\d\d   10\.1\.0\.2:\d+`)
	s.tells(t, "get system session status", `^The total number of IPv4 sessions for the current VDOM: 1\n$`)
	s.tells(t, "diagnose sys session stat", `session_count=1 setup_rate=\d+ exp_count=1 `, `\t +1 in ESTABLISHED state`)
	s.tells(t, "diagnose sys session full-stat", `session table:.* used=1\n`)
	s.tells(t, "diagnose sys session top by policy", `\n1 .* 4 ftp-only\n`)
	s.tells(t, "diagnose netlink interface list", `if=port1 index=1\nif=port2 index=2\n`)

	// The filter of a login holds until it is cleared.
	s.tells(t, "diagnose sys session filter dport 80", `^$`)
	s.tells(t, "diagnose sys session filter negate src src 10.1.0.2", `^$`)
	s.tells(t, "diagnose sys session filter", `source ip: not 10\.1\.0\.2-10\.1\.0\.2\n`, `dest port: 80-80\n`, `policy id: any\n`)
	out, complaint, err := s.ask(t, "diagnose", "sys", "session", "list")
	if err != nil || out != "total session: 0\n" || !strings.Contains(complaint, "session filter in force: ") {
		t.Errorf("list under a filter: %v, %q, %q", err, out, complaint)
	}
	s.tells(t, "diagnose sys session list dport 21", `total session: 1\n$`)
	s.tells(t, "diagnose sys session filter clear", `^$`)

	if _, complaint, err := s.ask(t, "diagnose", "sys", "session", "clear"); err == nil || !strings.Contains(complaint, "no filter is set") {
		t.Errorf("clear without a filter: %v, %q", err, complaint)
	}
	mark := s.fw.Mark()
	s.tells(t, "diagnose sys session clear dport 443", `^cleared: 0 sessions, 0 expectations\n$`)
	s.tells(t, "diagnose sys session clear policy 4", `^cleared: 1 sessions, 1 expectations\n$`)
	s.logged(t, mark, "policyid=4", "msg=session cleared by the operator")
	s.tells(t, "diagnose sys session list", `^total session: 0\n$`)
	s.tells(t, "diagnose sys session stat", `delete=1,`)
	s.tells(t, "diagnose sys session clear --yes", `^cleared: 0 sessions`)

	if err := s.fw.Stop(5 * time.Second); err != nil {
		t.Error(err)
	}
	if _, complaint, err := s.ask(t, "diagnose", "sys", "session", "list"); err == nil || !strings.Contains(complaint, "no portcullis listens there") {
		t.Errorf("without a firewall: %v, %q", err, complaint)
	}
}

// A socket that a killed run left is replaced.
func TestControlAfterKill(t *testing.T) {
	t.Parallel()
	s := build(t, example(t, "ftp.toml"), lab.TriangleOptions{})
	s.fw.Kill()
	if err := s.fw.Start(); err != nil {
		t.Fatal(err)
	}
	s.tells(t, "diagnose sys session list", `total session: 0`)
}
