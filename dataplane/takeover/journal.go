package takeover

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// errHeld says that another process holds a device.
var errHeld = errors.New("is served by another running process")

const journalSuffix = ".json"

// journal is the locked file that remembers the state of one device.
type journal struct {
	file *os.File
	path string
}

// namespace names the network namespace of the calling thread: its inode.
func namespace() (string, error) {
	var st unix.Stat_t
	if err := unix.Stat("/proc/thread-self/ns/net", &st); err != nil {
		return "", fmt.Errorf("network namespace: %w", err)
	}
	return fmt.Sprintf("netns-%d-", st.Ino), nil
}

// openJournal opens and locks the journal of a device, empty where there was
// none.
func openJournal(dir, device string) (*journal, error) {
	ns, err := namespace()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("state directory: %v", err)
	}
	path := filepath.Join(dir, ns+device+journalSuffix)
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("journal: %v", err)
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			f.Close()
			if err == unix.EWOULDBLOCK {
				return nil, errHeld
			}
			return nil, fmt.Errorf("journal: lock: %w", err)
		}
		if sameFile(f, path) {
			return &journal{file: f, path: path}, nil
		}
		f.Close() // its last holder removed it meanwhile
	}
}

func sameFile(f *os.File, path string) bool {
	a, err1 := f.Stat()
	b, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

// read returns what a killed run left; false where there is nothing, or only
// the beginning of a record: then nothing was changed yet.
func (j *journal) read() (s state, ok bool) {
	b, err := os.ReadFile(j.path)
	return s, err == nil && json.Unmarshal(b, &s) == nil
}

// write records s before the device is changed.
func (j *journal) write(s state) error {
	b, err := json.Marshal(s)
	if err == nil {
		err = j.file.Truncate(0)
	}
	if err == nil {
		_, err = j.file.WriteAt(append(b, '\n'), 0)
	}
	if err != nil {
		return fmt.Errorf("journal: %v", err)
	}
	return nil
}

// remove forgets the record and unlocks.
func (j *journal) remove() error {
	return errors.Join(os.Remove(j.path), j.file.Close())
}

// close unlocks and keeps the record.
func (j *journal) close() error { return j.file.Close() }

// journalled lists the devices of this network namespace with a journal.
func journalled(dir string) ([]string, error) {
	ns, err := namespace()
	if err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(dir, ns+"*"+journalSuffix))
	if err != nil {
		return nil, err
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(p), ns), journalSuffix)
	}
	return paths, nil
}
