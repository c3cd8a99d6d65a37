package main

import (
	"strings"
	"testing"
	"time"

	"portcullis/session"
)

// traced waits until somebody traces packets, or until nobody does.
func (n *netted) traced(is bool) {
	n.t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var now bool
		n.plane.Do(func(session.Tick) { now = n.worker.Traced() })
		switch {
		case now == is:
			return
		case time.Now().After(until):
			n.t.Fatalf("traced: %v after 20 s", now)
		}
	}
}

// TestTrace: the packets that a filter chooses are told of, as many as were asked for;
// one trace at a time.
func TestTrace(t *testing.T) {
	n := newNetted(t, helperConfig)
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := n.run("diagnose", "debug", "flow", "trace", "start", "7", "dport", "2121")
		done <- answer{text, err}
	}()
	n.traced(true)
	if text, err := n.run("diagnose", "debug", "flow", "trace", "start"); err == nil || !strings.Contains(err.Error(), "expected one trace at a time") {
		t.Errorf("a second trace: %v, %s", err, text)
	}
	n.play(`port1 > udp 10.1.0.9:40001 > 198.51.100.9:53 len 8`)
	n.play(helperTraffic)
	got := <-done
	if got.err != nil {
		t.Fatal(got.err)
	}
	goldenFile(t, "testdata/trace.txt", got.text)
	n.traced(false)
	if _, err := n.run("diagnose", "debug", "flow", "trace", "start", "0"); err == nil {
		t.Error("a trace of no packet")
	}
	if _, err := n.run("diagnose", "debug", "flow", "trace", "start", "nhost", "1"); err == nil {
		t.Error("a filter of nothing")
	}
}
