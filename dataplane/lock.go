package dataplane

import "sync"

// lock is a sync.RWMutex that is tried for a while before its caller is put to
// sleep: what is done under it takes a few microseconds, and waking up a thread
// takes longer than that. The while is short enough not to matter where whoever
// holds the lock has been put to sleep by the kernel.
type lock struct{ sync.RWMutex }

const (
	lockTries = 2000
	lockPause = 30 // turns of an empty loop between two tries: some 10 ns
)

// write locks for writing.
func (l *lock) write() {
	for range lockTries {
		if l.TryLock() {
			return
		}
		pause()
	}
	l.Lock()
}

// read locks for reading.
func (l *lock) read() {
	for range lockTries {
		if l.TryRLock() {
			return
		}
		pause()
	}
	l.RLock()
}

//go:noinline
func pause() {
	for range lockPause {
	}
}
