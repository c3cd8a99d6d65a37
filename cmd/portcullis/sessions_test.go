package main

import (
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"portcullis/handover"
	"portcullis/session"
)

// heard is a bare daemon whose own log is kept.
func heard(t *testing.T, o runOptions, sessions int) (*daemon, *observer.ObservedLogs) {
	core, logs := observer.New(zap.InfoLevel)
	d := bareDaemon(t, o, sessions)
	d.log = zap.New(core)
	return d, logs
}

// ends counts the events of sessions' ends that wait for the traffic log.
func (d *daemon) ends() (n int) {
	var e session.Event
	for d.events.Pop(&e) {
		if e.Kind == session.EventEnd {
			n++
		}
	}
	return n
}

func (d *daemon) live() (n int) {
	d.plane.Do(func(session.Tick) { n = d.worker.Stats().Sessions })
	return n
}

func missing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// Sessions go from one daemon to the next, once, and none is logged as ended.
func TestSessionsKept(t *testing.T) {
	o := runOptions{stateDir: t.TempDir()}
	file := filepath.Join(o.stateDir, "sessions")
	d, logs := heard(t, o, 500)
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Fatal(info, err)
	}
	said := logs.FilterMessage("sessions written").AllUntimed()
	if len(said) != 1 || said[0].ContextMap()["sessions"] != uint32(500) || said[0].ContextMap()["file"] != file {
		t.Errorf("said %v", logs.All())
	}
	if n := d.ends(); n != 0 {
		t.Errorf("%d sessions are logged as ended", n)
	}

	next, logs := heard(t, o, 0)
	next.takeUp()
	said = logs.FilterMessage("sessions taken up").AllUntimed()
	if len(said) != 1 || said[0].ContextMap()["sessions"] != int64(500) || next.live() != 500 {
		t.Errorf("said %v, %d live", logs.All(), next.live())
	}
	if !missing(file) {
		t.Error("the file is still there")
	}
	if err := next.worker.CheckInvariants(); err != nil {
		t.Error(err)
	}
	next.takeUp() // as a start after a crash
	if next.live() != 500 || logs.Len() != 1 {
		t.Errorf("%d live, said %v", next.live(), logs.All())
	}
	if err := next.close(); err != nil || missing(file) || !missing(file+".new") {
		t.Error(err)
	}
}

// Where there is to be no file, or it can not be written, every session is logged.
func TestSessionsEnd(t *testing.T) {
	for name, o := range map[string]runOptions{
		"none":         {sessions: "none"},
		"no directory": {sessions: filepath.Join(t.TempDir(), "missing", "sessions")},
		"directory":    {sessions: t.TempDir()},
		"no room":      {sessions: filepath.Join(t.TempDir(), "sessions")},
	} {
		t.Run(name, func(t *testing.T) {
			d, logs := heard(t, o, 300)
			d.ends() // nothing of the start
			if name == "no room" {
				limitFiles(t, 8192)
			}
			if err := d.close(); err != nil {
				t.Fatal(err)
			}
			if n := d.ends(); n != 300 {
				t.Errorf("%d of 300 sessions are logged as ended", n)
			}
			if said := logs.FilterLevelExact(zap.ErrorLevel).Len(); said != map[bool]int{true: 0, false: 1}[name == "none"] {
				t.Errorf("said %v", logs.All())
			}
			if o.sessions != "none" && !missing(o.sessions+".new") {
				t.Error("half a file is left")
			}
		})
	}
}

// limitFiles has the kernel refuse to make files longer than that, until the test
// ends.
func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(unix.SIGXFSZ)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
			t.Error(err)
		}
		signal.Reset(unix.SIGXFSZ)
	})
}

// A file that can not be taken up is moved aside, and the log says why.
func TestSessionsRefused(t *testing.T) {
	o := runOptions{stateDir: t.TempDir()}
	d, _ := heard(t, o, 50)
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(o.stateDir, "sessions")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wrong := []byte(strings.Replace(string(good), "sessions\n\x00"+string(rune(handover.Version)), "sessions\n\x00\x07", 1))
	turned := append([]byte(nil), good...)
	turned[len(turned)/2] ^= 4
	for name, test := range map[string]struct {
		content []byte
		says    string
	}{
		"version":   {wrong, "format 7, written by portcullis development"},
		"truncated": {good[:len(good)-9], "cut short"},
		"damaged":   {turned, "damaged before byte"},
		"empty":     {nil, "cut short: ends at byte 0"},
		"foreign":   {[]byte("[[system.interface]]\nname = 1\n"), "not a file of sessions"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(file, test.content, 0o600); err != nil {
				t.Fatal(err)
			}
			refused(t, o, file, test.says)
			if got, err := os.ReadFile(file + ".refused"); err != nil || string(got) != string(test.content) {
				t.Errorf("aside lies %q, %v", got, err)
			}
		})
	}
	t.Run("directory", func(t *testing.T) {
		if err := errors.Join(os.Remove(file+".refused"), os.Mkdir(file, 0o700)); err != nil {
			t.Fatal(err)
		}
		refused(t, o, file, "expected a file, found d---------")
	})
}

func refused(t *testing.T, o runOptions, file, says string) {
	t.Helper()
	d, logs := heard(t, o, 0)
	d.takeUp()
	said := logs.FilterLevelExact(zap.WarnLevel).All()
	if len(said) != 1 || logs.Len() != 1 || !strings.Contains(said[0].Message, says) || !strings.HasSuffix(said[0].Message, "moved aside to "+file+".refused") {
		t.Errorf("said %v, expected %q", logs.All(), says)
	}
	if d.live() != 0 || !missing(file) {
		t.Errorf("%d live; the file is there: %v", d.live(), !missing(file))
	}
	if err := d.plane.Close(); err != nil {
		t.Error(err)
	}
}
