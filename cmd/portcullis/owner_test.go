package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
)

// Only one process has the file of sessions; who comes early waits for who is about
// to end.
func TestOwn(t *testing.T) {
	o := runOptions{stateDir: filepath.Join(t.TempDir(), "state")}
	first, err := o.own(zap.NewNop(), 0)
	if err != nil || first == nil {
		t.Fatalf("%v, %v", first, err)
	}
	if _, err := o.own(zap.NewNop(), 100*time.Millisecond); err == nil || !strings.Contains(err.Error(), "another portcullis has the file") {
		t.Errorf("a second one: %v", err)
	}
	time.AfterFunc(200*time.Millisecond, func() { first.Close() })
	second, err := o.own(zap.NewNop(), 5*time.Second)
	if err != nil || second == nil {
		t.Fatalf("after the first: %v, %v", second, err)
	}
	second.Close()
	for _, o := range []runOptions{{sessions: "none"}, {sessions: filepath.Join(t.TempDir(), "missing", "sessions")}} {
		if f, err := o.own(zap.NewNop(), 0); f != nil || err != nil {
			t.Errorf("%q: %v, %v", o.sessions, f, err)
		}
	}
}
