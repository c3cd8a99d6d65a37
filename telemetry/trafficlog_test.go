package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"portcullis/session"
	"portcullis/telemetry"
)

// sink is an Output in memory whose writes can be made to fail or to block.
type sink struct {
	bytes.Buffer
	take    int // with fail: bytes taken before failing
	fail    error
	block   chan struct{}
	reopens int
	closed  bool
}

func (s *sink) Write(p []byte) (int, error) {
	if s.block != nil {
		<-s.block
	}
	if s.fail != nil {
		n, _ := s.Buffer.Write(p[:min(s.take, len(p))])
		return n, s.fail
	}
	return s.Buffer.Write(p)
}

func (s *sink) Reopen() error { s.reopens++; return nil }
func (s *sink) Close() error  { s.closed = true; return nil }

func (s *sink) lines() int { return strings.Count(s.String(), "\n") }

// run starts a log and returns what stops it.
func run(l *telemetry.TrafficLog) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx)
	}()
	return func() { cancel(); <-done }
}

func push(r *telemetry.Ring, n int) {
	e := event(func(*session.Event) {})
	for range n {
		r.Push(&e)
	}
}

func TestTrafficLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, a, b := new(sink), telemetry.NewRing(64), telemetry.NewRing(64)
		l := telemetry.NewTrafficLog(formatter(), out, nil, a, b)
		stop := run(l)
		push(a, 3)
		push(b, 2)
		time.Sleep(time.Second)
		synctest.Wait()
		if out.lines() != 5 || l.Written() != 5 {
			t.Errorf("%d lines after a second, %d counted", out.lines(), l.Written())
		}
		push(a, 100)
		l.Reopen()
		time.Sleep(time.Second)
		synctest.Wait()
		if out.reopens != 1 {
			t.Errorf("reopened %d times", out.reopens)
		}
		push(b, 1)
		stop()
		if out.lines() != 5+64+1 || l.Lost() != 36 || !out.closed {
			t.Errorf("%d lines, %d lost, closed %v", out.lines(), l.Lost(), out.closed)
		}
	})
}

// An output that fails is reported once, loses lines by the count, and leaves
// whole lines behind when it works again.
func TestFailingOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, ring := new(sink), telemetry.NewRing(64)
		var told []error
		l := telemetry.NewTrafficLog(formatter(), out, func(err error) { told = append(told, err) }, ring)
		defer run(l)()
		full := errors.New("disk full")
		out.fail, out.take = full, 4
		for range 3 {
			push(ring, 2)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		out.fail = nil
		push(ring, 2)
		time.Sleep(time.Second)
		synctest.Wait()
		if len(told) != 1 || told[0] != full || l.Lost() != 6 || l.Written() != 2 {
			t.Errorf("told %v, lost %d, written %d", told, l.Lost(), l.Written())
		}
		lines := strings.SplitAfter(out.String(), "\n")
		if n := len(lines); n < 3 || !strings.HasPrefix(lines[n-2], "date=2025") || !strings.HasPrefix(lines[n-3], "date=2025") {
			t.Errorf("%q", lines)
		}
	})
}

// An output that blocks costs events, never the producer's time.
func TestBlockedOutput(t *testing.T) {
	out, ring := &sink{block: make(chan struct{})}, telemetry.NewRing(16)
	l := telemetry.NewTrafficLog(formatter(), out, nil, ring)
	push(ring, 1)
	stop := run(l)
	push(ring, 1000)
	if l.Lost() == 0 {
		t.Error("nothing was lost")
	}
	close(out.block)
	stop()
	if got := l.Written() + l.Lost(); got != 1001 {
		t.Errorf("%d events accounted for", got)
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path, moved := filepath.Join(dir, "traffic.log"), filepath.Join(dir, "traffic.log.1")
	if err := os.WriteFile(path, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := telemetry.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(s string) {
		t.Helper()
		if _, err := f.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	write("one\n")
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	write("two\n")
	if err := f.Reopen(); err != nil {
		t.Fatal(err)
	}
	write("three\n")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{moved: "old\none\ntwo\n", path: "three\n"} {
		if got, _ := os.ReadFile(path); string(got) != want {
			t.Errorf("%s: %q", filepath.Base(path), got)
		}
	}
	if _, err := telemetry.OpenFile(dir); err == nil {
		t.Error("a directory was opened")
	}
}
