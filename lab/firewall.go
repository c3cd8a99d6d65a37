package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ReadyLine is what Portcullis writes to its standard error when it forwards.
const ReadyLine = "portcullis: ready"

// Firewall is Portcullis running in a namespace, with its traffic log as it is
// written.
type Firewall struct {
	*Process
	ns     *Namespace
	binary string
	config string // path of its configuration
	dir    string
	args   []string

	mu      sync.Mutex
	records []Record
	news    chan struct{} // closed and replaced at every line of either stream
	ready   chan struct{} // closed at the ready line; nil after it
}

// SessionsEnd is the arguments with which sessions end, and are logged, when the
// program does.
var SessionsEnd = []string{"--sessions", "none"}

// StartFirewall starts the binary with a configuration text, and further
// arguments, in a namespace and waits until it forwards.
func StartFirewall(ns *Namespace, binary, config string, args ...string) (*Firewall, error) {
	dir, err := os.MkdirTemp("", "portcullis-lab-")
	if err != nil {
		return nil, err
	}
	f := &Firewall{ns: ns, binary: binary, dir: dir, args: args, config: filepath.Join(dir, "portcullis.toml"), news: make(chan struct{})}
	err = f.WriteConfig(config)
	if err == nil {
		err = f.Start()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Start starts the program once more after it has ended, with the same files,
// and waits until it forwards.
func (f *Firewall) Start() (err error) {
	ready := make(chan struct{})
	f.mu.Lock()
	f.ready = ready
	f.mu.Unlock()
	f.Process, err = f.ns.Start(Command{
		Path:   f.binary,
		Args:   append([]string{"run", "-c", f.config, "--state-dir", filepath.Join(f.dir, "state")}, f.args...),
		Stdout: f.logLine, Stderr: f.stderrLine,
	})
	if err != nil {
		return err
	}
	select {
	case <-ready:
		return nil
	case <-f.Done():
		if err := f.Err(); err != nil {
			return err
		}
		return fmt.Errorf("%s: ended before it was ready: %s", f.binary, Tail(f.Stderr(), 3))
	case <-time.After(10 * time.Second):
		return fmt.Errorf("%s: no line %q within 10 s: %s", f.binary, ReadyLine, Tail(f.Stderr(), 3))
	}
}

func (f *Firewall) logLine(line string) {
	record, err := ParseRecord(line)
	if err != nil {
		record = Record{Line: line}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.records = append(f.records, record)
	close(f.news)
	f.news = make(chan struct{})
}

func (f *Firewall) stderrLine(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ready != nil && strings.Contains(line, ReadyLine) {
		close(f.ready)
		f.ready = nil
	}
	close(f.news)
	f.news = make(chan struct{})
}

// Records are the lines of the traffic log from the given one on.
func (f *Firewall) Records(from int) []Record {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.records[from:len(f.records):len(f.records)]
}

// Mark is the number of log lines so far, to be given to Records and Await.
func (f *Firewall) Mark() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.records)
}

// Await waits for a log line, from the given one on, that the function likes.
func (f *Firewall) Await(from int, timeout time.Duration, like func(Record) bool) (Record, bool) {
	var found Record
	ok := f.await(timeout, func() bool {
		for _, r := range f.records[from:] {
			if like(r) {
				found = r
				return true
			}
		}
		return false
	})
	return found, ok
}

// AwaitStderr waits until the firewall's own log, from the given offset on,
// contains a text.
func (f *Firewall) AwaitStderr(from int, timeout time.Duration, text string) bool {
	return f.await(timeout, func() bool { return strings.Contains(f.Stderr()[from:], text) })
}

// await waits until the condition, which is called under the lock, holds.
func (f *Firewall) await(timeout time.Duration, holds func() bool) bool {
	deadline := time.After(timeout)
	for {
		f.mu.Lock()
		ok, news := holds(), f.news
		f.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-news:
		case <-deadline:
			return false
		}
	}
}

// WriteConfig replaces the configuration file, as an editor would: at once.
func (f *Firewall) WriteConfig(config string) error {
	next := f.config + ".new"
	if err := os.WriteFile(next, []byte(config), 0o600); err != nil {
		return err
	}
	return os.Rename(next, f.config)
}

// Reload replaces the configuration file and has it read again (SIGHUP). It
// returns what the firewall then wrote to its standard error, within a short
// time.
func (f *Firewall) Reload(config string) (string, error) {
	if err := f.WriteConfig(config); err != nil {
		return "", err
	}
	return f.Ask(syscall.SIGHUP)
}

// Ask sends a signal and returns what the firewall then wrote to its standard
// error, within a short time.
func (f *Firewall) Ask(s os.Signal) (string, error) {
	before := len(f.Stderr())
	if err := f.Signal(s); err != nil {
		return "", err
	}
	f.AwaitStderr(before, 3*time.Second, "\n")
	time.Sleep(50 * time.Millisecond) // a report may have several lines
	return f.Stderr()[before:], nil
}

// Control is the path of its control socket.
func (f *Firewall) Control() string { return filepath.Join(f.dir, "state", "control.sock") }

// Close ends the firewall, if it still runs, and removes its files.
func (f *Firewall) Close() {
	if f.Process != nil {
		f.Kill()
	}
	os.RemoveAll(f.dir)
}
