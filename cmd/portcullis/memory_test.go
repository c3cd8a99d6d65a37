package main

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/zap"

	"portcullis/session"
)

func TestGCPercent(t *testing.T) {
	for live, want := range map[uint64]int{0: 100, 1 << 20: 100, 128 << 20: 100, 256 << 20: 50, 3 << 30: 4, 1 << 40: 2} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d bytes live: %d %%, expected %d", live, got, want)
		}
	}
}

func TestBound(t *testing.T) {
	fit := memory() / 2 / uint64(session.Memory)
	if fit < 1000 {
		t.Fatalf("%d sessions fit into the memory of this machine", fit)
	}
	for configured, want := range map[uint32]int{16: 16, 1<<32 - 1: min(1<<32-1, int(fit))} {
		if got := bound(configured, zap.NewNop()); got != want {
			t.Errorf("max-sessions %d: %d, expected %d", configured, got, want)
		}
	}
}

func TestMemTotal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meminfo")
	for text, want := range map[string]uint64{"MemTotal:  1024 kB\nMemFree: 1 kB\n": 1 << 20, "": 0, "MemTotal:\n": 0, "MemTotal: x kB\n": 0} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := memTotal(path); got != want {
			t.Errorf("%q: %d, expected %d", text, got, want)
		}
	}
	if got := memTotal(path + "x"); got != 0 {
		t.Errorf("no file: %d", got)
	}
}

func TestGroupLimit(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	limit := func() (uint64, bool) { return groupLimit(filepath.Join(dir, "self"), filepath.Join(dir, "fs")) }
	if n, ok := limit(); ok {
		t.Errorf("no file: %d", n)
	}
	write("self", "1:name=old:/\n0::/system.slice/fw.service\n")
	write("fs/system.slice/fw.service/memory.max", "max\n")
	if n, ok := limit(); ok {
		t.Errorf("no limit: %d", n)
	}
	write("fs/system.slice/memory.max", "4096\n")
	if n, ok := limit(); !ok || n != 4096 {
		t.Errorf("of a group above: %d, %v", n, ok)
	}
	write("fs/system.slice/fw.service/memory.max", "1024\n")
	if n, ok := limit(); !ok || n != 1024 {
		t.Errorf("of its own group: %d, %v", n, ok)
	}
}
