package soak

import (
	"runtime"
	"strings"
)

const (
	// firewallKeeps is what the firewall may have of the heap at the end, however long
	// it ran: its tables, which do not shrink.
	firewallKeeps = 16 << 20
	// endKeeps is what the stacks of the two hosts may keep of each conversation.
	endKeeps = 2 << 10
)

// sampled is how many bytes of heap a sample of its profile stands for.
const sampled = 4096

func init() { runtime.MemProfileRate = sampled }

// heap is what is in use after everything unused was taken back.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// firewallHeap is about how much of that the firewall has asked for, and not the
// hosts beside it.
func firewallHeap() (n uint64) {
	size, _ := runtime.MemProfile(nil, false)
	records := make([]runtime.MemProfileRecord, size+100)
	size, ok := runtime.MemProfile(records, false)
	if !ok {
		return 0
	}
	for i := range records[:size] {
		if r := &records[i]; ours(r.Stack()) {
			// As pprof does it: small allocations are seen seldom.
			average := float64(r.AllocBytes) / float64(r.AllocObjects)
			n += uint64(float64(r.InUseBytes()) * max(sampled/average, 1))
		}
	}
	return n
}

// ours says whether a stack goes through the firewall.
func ours(stack []uintptr) bool {
	frames := runtime.CallersFrames(stack)
	for {
		f, more := frames.Next()
		if name, is := strings.CutPrefix(f.Function, "portcullis/"); is && !strings.HasPrefix(name, "dataplane/soak") &&
			!strings.HasPrefix(name, "dataplane/wire") && !strings.HasPrefix(name, "engine/enginetest") {
			return true
		}
		if !more {
			return false
		}
	}
}
