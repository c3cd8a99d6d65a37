package control

import (
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestSocketPermissions(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	me, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	g, err := user.LookupGroupId(me.Gid)
	if err != nil {
		t.Skip(err)
	}
	if other, err := user.LookupGroup("daemon"); err == nil && os.Getuid() == 0 {
		g = other
	}
	path := filepath.Join(t.TempDir(), "new", "control.sock")
	l, err := Listen(path, g.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	if info.Mode() != os.ModeSocket|0o660 || strconv.Itoa(int(st.Gid)) != g.Gid || int(st.Uid) != os.Getuid() {
		t.Errorf("mode %v, owner %d, group %d; want srw-rw----, %d, %s", info.Mode(), st.Uid, st.Gid, os.Getuid(), g.Gid)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("beside it: %v, %v", files, err)
	}
}

func TestSocketInTheWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	stale(t, path)
	l, err := Listen(path, "")
	if err != nil {
		t.Fatalf("a stale socket: %v", err)
	}
	if _, err = Listen(path, ""); err == nil || !strings.Contains(err.Error(), "another portcullis listens on it") {
		t.Errorf("a live socket: %v", err)
	}
	if c, err := net.Dial("unix", path); err != nil {
		t.Errorf("after the refusal: %v", err)
	} else {
		c.Close()
	}
	l.Close()
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = Listen(path, ""); err == nil || !strings.Contains(err.Error(), "exists and is no socket") {
		t.Errorf("a file: %v", err)
	}
	if text, err := os.ReadFile(path); string(text) != "mine" {
		t.Errorf("the file is %q, %v", text, err)
	}
	if _, err = Listen(filepath.Join(t.TempDir(), "s"), "no-such-group"); err == nil || !strings.Contains(err.Error(), `control group "no-such-group": no such group`) {
		t.Errorf("a group: %v", err)
	}
}
