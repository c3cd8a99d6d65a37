package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"portcullis/config"
	"portcullis/control"
	"portcullis/dataplane"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
	"portcullis/telemetry"
)

const listConfig = `
[[system.interface]]
name = "port1"
ip = "10.1.0.1/16"
[[system.interface]]
name = "port2"
ip = "10.2.0.1/16"
[system.global]
max-sessions = 1000000
[[firewall.policy]]
policyid = 4
srcintf = "port1"
dstintf = "port2"
srcaddr = "all"
dstaddr = "all"
action = "accept"
schedule = "always"
service = "ALL"
logtraffic = "all"
`

// quietDaemon is a daemon without devices that has that many sessions, and a
// client of its control socket.
func quietDaemon(t testing.TB, sessions int) (*daemon, *control.Client) {
	t.Helper()
	d := bareDaemon(t, runOptions{stateDir: t.TempDir(), sessions: "none"}, sessions)
	socket, err := d.opts.listenControl()
	if err != nil {
		t.Fatal(err)
	}
	api := d.serveControl(socket)
	t.Cleanup(func() {
		if err := api.Close(); err != nil {
			t.Error(err)
		}
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	return d, control.NewClient(filepath.Join(d.opts.stateDir, "control.sock"))
}

// bareDaemon is a daemon without devices that has that many sessions. It is to be
// closed.
func bareDaemon(t testing.TB, o runOptions, sessions int) *daemon {
	t.Helper()
	cfg, bad := config.Parse("list.toml", []byte(listConfig))
	if bad.Err() != nil {
		t.Fatal(bad)
	}
	d := &daemon{names: engine.NewNames(), log: zap.NewNop(), events: telemetry.NewRing(1024), opts: o}
	rules, err := engine.Compile(cfg, engine.Inventory{"port1": {MTU: 1500}, "port2": {MTU: 1500}}, d.names, 1)
	if err != nil {
		t.Fatal(err)
	}
	d.worker = engine.NewWorker(rules, 0, engine.Options{Seed: 1, Names: d.names, Sink: d.events})
	first := packettest.Frame("udp 10.1.0.2:5000 > 10.2.0.2:53 len 8")
	batch := make([]engine.Slot, 1)
	for i := range sessions {
		frame := bytes.Clone(first)
		flow(frame, i)
		if why := batch[0].Parse(frame, packet.Offload{}); why != packet.ReasonNone {
			t.Fatal(why)
		}
		d.worker.Process(1, batch)
		if batch[0].Verdict != engine.Forward {
			t.Fatalf("session %d: %v", i, batch[0].Reason)
		}
	}
	d.plane = dataplane.New(d.worker)
	return d
}

// flow makes the frame one of flow i.
func flow(frame []byte, i int) {
	ip := frame[14:]
	ip[14], ip[15] = byte(i>>14)&63, 2+byte(i>>7)&127
	binary.BigEndian.PutUint16(ip[20:], 5000+uint16(i&127))
	binary.BigEndian.PutUint16(ip[10:], 0)
	sum := uint32(0)
	for k := 0; k < 20; k += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[k:]))
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum))
	binary.BigEndian.PutUint16(ip[26:], 0) // the sum of UDP is not used
}

// counter counts what is written to it, and keeps the end.
type counter struct {
	bytes int
	last  string
}

// Write counts b.
func (c *counter) Write(b []byte) (int, error) {
	c.bytes += len(b)
	c.last += string(b[max(0, len(b)-64):])
	c.last = c.last[max(0, len(c.last)-64):]
	return len(b), nil
}

// A long list takes no more memory than a short one, and nobody waits for it for
// long.
func TestLongList(t *testing.T) {
	const sessions = 200_000
	d, c := quietDaemon(t, sessions)
	end := make(chan struct{})
	waited := make(chan time.Duration, 1)
	go func() {
		longest := time.Duration(0)
		for {
			select {
			case <-end:
				waited <- longest
				return
			case <-time.After(time.Millisecond):
				from := time.Now()
				d.plane.Do(func(session.Tick) {})
				longest = max(longest, time.Since(from))
			}
		}
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var out counter
	from := time.Now()
	if err := c.List(t.Context(), control.Query{}, control.FormBlock, &out); err != nil {
		t.Fatal(err)
	}
	took := time.Since(from)
	runtime.ReadMemStats(&after)
	close(end)
	allocated := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d sessions, %d MB of text in %v; %d kB allocated by server and client; the lock was waited for %v at most",
		sessions, out.bytes>>20, took.Round(time.Millisecond), allocated>>10, <-waited)
	if !strings.HasSuffix(out.last, "\n\ntotal session: 200000\n") || out.bytes < sessions*600 {
		t.Errorf("%d bytes were listed, up to %q", out.bytes, out.last)
	}
	if allocated > 8<<20 {
		t.Errorf("%d bytes were allocated on the way", allocated)
	}
}

// Clearing goes through the table as listing does, and is told in the counters.
func TestClearMany(t *testing.T) {
	const sessions = 5000
	d, c := quietDaemon(t, sessions)
	f, err := control.ParseFilter([]string{"sport", "5000", "5063"})
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.Clear(t.Context(), control.Query{Filter: f})
	if err != nil || n.Sessions < sessions*2/5 || n.Sessions > sessions*3/5 {
		t.Errorf("%+v, %v", n, err)
	}
	st, err := c.Stats(t.Context(), control.Query{Family: control.Family4})
	if err != nil || st.Sessions != sessions-n.Sessions || st.Cleared != uint64(n.Sessions) {
		t.Errorf("%+v, %v", st, err)
	}
	d.plane.Do(func(session.Tick) {
		if err := d.worker.CheckInvariants(); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkList(b *testing.B) {
	const sessions = 1_000_000
	_, c := quietDaemon(b, sessions)
	for _, test := range []struct {
		name   string
		form   control.Form
		filter []string
	}{{"block", control.FormBlock, nil}, {"short", control.FormShort, nil}, {"json", control.FormJSON, nil}, {"filtered", control.FormBlock, []string{"src", "10.1.0.2"}}} {
		b.Run(test.name, func(b *testing.B) {
			f, err := control.ParseFilter(test.filter)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := c.List(b.Context(), control.Query{Filter: f}, test.form, io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A login's filter is kept, and not taken over by another login.
func TestLoginFilter(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	l, err := filterOf(control.Family4)
	if err != nil {
		t.Fatal(err)
	}
	f, err := control.ParseFilter(strings.Fields("src 10.1.0.0/24 negate policy policy 4"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.save(&f); err != nil {
		t.Fatal(err)
	}
	if got, err := l.load(); err != nil || got != f {
		t.Errorf("loaded %q, %v", got.Words(), err)
	}
	if six, err := filterOf(control.Family6); err != nil {
		t.Error(err)
	} else if got, err := six.load(); err != nil || !got.Empty() {
		t.Errorf("of session6: %q, %v", got.Words(), err)
	}
	other := *l
	other.leader = "another"
	if got, err := other.load(); err != nil || !got.Empty() {
		t.Errorf("another login loaded %q, %v", got.Words(), err)
	}
	if err := l.save(&control.Filter{}); err != nil {
		t.Error(err)
	}
	if got, err := l.load(); err != nil || !got.Empty() {
		t.Errorf("after clear: %q, %v", got.Words(), err)
	}
}

func TestTopArgs(t *testing.T) {
	for line, want := range map[string]struct {
		by string
		n  int
	}{"": {"source", 10}, "5": {"source", 5}, "by policy": {"policy", 10}, "by destination 3": {"destination", 3}} {
		if by, n, err := topArgs(strings.Fields(line)); by != want.by || n != want.n || err != nil {
			t.Errorf("%q: %s, %d, %v", line, by, n, err)
		}
	}
	for _, line := range []string{"by", "by colour", "many", "0", "by policy 3 4"} {
		if _, _, err := topArgs(strings.Fields(line)); err == nil {
			t.Errorf("%q was taken", line)
		}
	}
}

// A command that does not exist is a mistake, at every depth.
func TestUnknownCommands(t *testing.T) {
	for _, line := range []string{"bogus", "sys bogus", "sys session bogus", "sys session stat bogus"} {
		c := diagnoseCommand()
		c.SetArgs(strings.Fields(line))
		c.SetOut(io.Discard)
		c.SetErr(io.Discard)
		if err := c.Execute(); err == nil {
			t.Errorf("diagnose %s: no error", line)
		}
	}
}

// BenchmarkForwardWhileListed tells what lists of a million sessions, one after
// the other, cost the packets of one worker.
func BenchmarkForwardWhileListed(b *testing.B) {
	const sessions = 1_000_000
	d, c := quietDaemon(b, sessions)
	first := packettest.Frame("udp 10.1.0.2:5000 > 10.2.0.2:53 len 8")
	batch := make([]engine.Slot, 64)
	for _, form := range []control.Form{"none", control.FormBlock, control.FormShort} {
		b.Run(string(form), func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				for ctx.Err() == nil && form != "none" {
					c.List(ctx, control.Query{}, form, io.Discard) // until it is cancelled
				}
			}()
			b.ResetTimer()
			for n := 0; n < b.N; {
				for i := range batch {
					frame := bytes.Clone(first)
					flow(frame, n*7919%sessions)
					batch[i].Parse(frame, packet.Offload{})
					n++
				}
				d.plane.Do(func(now session.Tick) { d.worker.Process(now, batch) })
			}
			b.StopTimer()
			cancel()
			<-done
		})
	}
}
