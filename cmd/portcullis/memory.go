package main

import (
	"bytes"
	"context"
	"os"
	"path"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"time"
	"unsafe"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"portcullis/session"
)

// bound is the number of sessions that the table may hold: as configured, but no
// more than fit into half of the memory that the machine, or its control group,
// has.
func bound(configured uint32, log *zap.Logger) int {
	fit := memory() / 2 / uint64(session.Memory)
	if fit == 0 || uint64(configured) <= fit {
		return int(configured)
	}
	log.Warn("system global: max-sessions is more than fits into half of the memory",
		zap.Uint32("max-sessions", configured), zap.Uint64("fit", fit))
	return int(fit)
}

// memory is how many bytes this process may hope for; 0 where nobody says.
func memory() uint64 {
	total := memTotal("/proc/meminfo")
	if n, ok := groupLimit("/proc/self/cgroup", "/sys/fs/cgroup"); ok && (total == 0 || n < total) {
		return n
	}
	return total
}

// groupLimit is the least memory that the control group of this process, and those
// above it, may have: of the unified hierarchy (version 2), as far as it is seen at
// root.
func groupLimit(self, root string) (least uint64, limited bool) {
	text, err := os.ReadFile(self)
	if err != nil {
		return 0, false
	}
	_, group, _ := bytes.Cut(text, []byte("0::"))
	group, _, _ = bytes.Cut(group, []byte("\n"))
	for at := path.Clean("/" + string(group)); ; at = path.Dir(at) {
		limit, err := os.ReadFile(path.Join(root, at, "memory.max"))
		if n, bad := strconv.ParseUint(string(bytes.TrimSpace(limit)), 10, 64); err == nil && bad == nil && (!limited || n < least) {
			least, limited = n, true
		}
		if at == "/" {
			return least, limited
		}
	}
}

func memTotal(path string) uint64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte("MemTotal:"))
	f := bytes.Fields(rest)
	if len(f) == 0 {
		return 0
	}
	kb, _ := strconv.ParseUint(string(f[0]), 10, 64)
	return kb << 10
}

// largePages asks the kernel to back a block of memory by large pages: a packet
// touches three places in hundreds of megabytes, and where those are in large pages
// the processor knows where. A kernel that says no is none the worse.
func largePages(block []byte) {
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(&block[0]))) & (page - 1)
	if size := (len(block) - skip) &^ (page - 1); size > 0 {
		_ = unix.Madvise(block[skip:skip+size], unix.MADV_HUGEPAGE)
	}
}

// Sessions lie in few large blocks without pointers, which the garbage collector
// skips. But it waits with its work until the heap has grown by a share of all
// that lives, sessions included, which with millions of them would be gigabytes.
// So the share is set such that about garbage bytes gather.
const garbage = 128 << 20

// collectGarbage keeps the collector to that, until ctx is done.
func collectGarbage(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	set := 100
	for {
		metrics.Read(live)
		if want := gcPercent(live[0].Value.Uint64()); want*4 < set*3 || want*3 > set*4 {
			debug.SetGCPercent(want)
			set = want
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// gcPercent is by how much a heap of that many bytes may grow, in percent.
func gcPercent(live uint64) int {
	return int(min(100, max(2, garbage*100/max(live, 1))))
}
