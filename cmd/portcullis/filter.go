package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"portcullis/control"
)

// loginFilter is the file that keeps the filter of diagnose sys session filter.
// On a FortiGate it belongs to a login; so here to a session of processes in the
// sense of setsid(2), which a terminal or an SSH connection begins. A new one
// begins without a filter.
type loginFilter struct {
	path   string
	leader string // tells the session's leader from another process of the same number
}

// filterOf is where the filter of this login and family is kept.
func filterOf(family control.Family) (*loginFilter, error) {
	sid, err := unix.Getsid(0)
	if err != nil {
		return nil, fmt.Errorf("session filter: %w", err)
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("portcullis-%d", os.Getuid()))
	if run := os.Getenv("XDG_RUNTIME_DIR"); run != "" {
		dir = filepath.Join(run, "portcullis")
	}
	return &loginFilter{path: filepath.Join(dir, fmt.Sprintf("session%d-filter.%d", family, sid)), leader: begun(sid)}, nil
}

// begun is when a process began, in the kernel's terms; "" where it is gone.
func begun(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The name, in parentheses, may hold anything; field 22 is the 20th behind it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return ""
	}
	return string(fields[19])
}

// load returns the filter, the empty one where none is kept.
func (l *loginFilter) load() (control.Filter, error) {
	text, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return control.Filter{}, nil
	}
	if err != nil {
		return control.Filter{}, fmt.Errorf("session filter: %w", err)
	}
	if err := ours(filepath.Dir(l.path)); err != nil {
		return control.Filter{}, err
	}
	leader, words, _ := strings.Cut(string(text), "\n")
	if leader != l.leader {
		return control.Filter{}, nil // of a login that is over
	}
	f, err := control.ParseFilter(strings.Fields(words))
	if err != nil {
		return f, fmt.Errorf("session filter in %s: %w", l.path, err)
	}
	return f, nil
}

// save keeps f. A filter without a word needs no file.
func (l *loginFilter) save(f *control.Filter) error {
	words := f.Words()
	if len(words) == 0 {
		if err := os.Remove(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("session filter: %w", err)
		}
		return nil
	}
	dir := filepath.Dir(l.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("session filter: %w", err)
	}
	if err := ours(dir); err != nil {
		return err
	}
	if err := os.WriteFile(l.path, []byte(l.leader+"\n"+strings.Join(words, " ")+"\n"), 0o600); err != nil {
		return fmt.Errorf("session filter: %w", err)
	}
	return nil
}

// ours refuses a folder that somebody else made: the temporary one is everybody's.
func ours(dir string) error {
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return fmt.Errorf("session filter: %s: %w", dir, err)
	}
	if st.Uid != uint32(os.Getuid()) || st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Mode&0o022 != 0 {
		return fmt.Errorf("session filter: %s: expected a folder that only this user may write", dir)
	}
	return nil
}
