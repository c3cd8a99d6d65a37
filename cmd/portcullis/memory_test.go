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
