package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"
)

// DefaultSocket is where a firewall listens unless it is told otherwise.
const DefaultSocket = "/run/portcullis/control.sock"

// Listen makes the socket at path, for root and the members of group, which may
// be empty. A socket that a killed run left is replaced; one that is listened on
// is refused.
func Listen(path, group string) (net.Listener, error) {
	gid := -1
	if group != "" {
		var err error
		if gid, err = groupID(group); err != nil {
			return nil, err
		}
	}
	if err := vacant(path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	l, err := listenIn(path, gid)
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	return l, nil
}

// vacant says why no socket can be made at path.
func vacant(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("control socket: %w", err)
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("control socket %s: the file exists and is no socket", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return nil // nobody listens: a killed run left it
	}
	conn.Close()
	return fmt.Errorf("control socket %s: another portcullis listens on it: expected --control with another path, or none", path)
}

// listenIn makes the socket in a folder that nobody else may enter and moves it
// into place when its owner and mode are right: at no moment it is open to more
// than it should be, and a stale one is replaced at once.
func listenIn(path string, gid int) (net.Listener, error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	at := filepath.Join(dir, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: at, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	err = os.Chmod(at, 0o660)
	if err == nil && gid >= 0 {
		err = os.Chown(at, -1, gid)
	}
	if err == nil {
		err = os.Rename(at, path)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &listener{l, path}, nil
}

// listener removes its socket when it is closed.
type listener struct {
	*net.UnixListener
	path string
}

// Close ends listening.
func (l *listener) Close() error {
	err := l.UnixListener.Close()
	if err == nil {
		os.Remove(l.path)
	}
	return err
}

func groupID(name string) (int, error) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, fmt.Errorf("control group %q: no such group", name)
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return 0, fmt.Errorf("control group %q: %w", name, err)
	}
	return gid, nil
}
