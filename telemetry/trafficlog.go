package telemetry

import (
	"context"
	"sync/atomic"
	"time"

	"portcullis/session"
)

// pollInterval is how long a line may wait for its ring to be looked at and be
// flushed. Polling spares the producer a wake-up call on every event.
const pollInterval = 100 * time.Millisecond

// bufferSize is how many bytes of lines are gathered for one write.
const bufferSize = 64 << 10

// TrafficLog drains rings of events into an output, as lines. All its work is
// done by Run; an output that blocks holds up Run and nothing else, and the
// rings lose and count what they can not keep.
type TrafficLog struct {
	format Formatter
	out    Output
	rings  []*Ring
	fail   func(error)

	reopen  atomic.Bool
	written atomic.Uint64
	failed  atomic.Uint64

	buf     []byte
	pending uint64 // lines in buf
	torn    bool   // the last write ended within a line
	broken  bool   // the last write failed
}

// NewTrafficLog returns a log of the events in rings, which it alone consumes.
// It takes out. fail is told of an output that begins to fail, once until it
// works again, and may be nil.
func NewTrafficLog(format Formatter, out Output, fail func(error), rings ...*Ring) *TrafficLog {
	if fail == nil {
		fail = func(error) {}
	}
	return &TrafficLog{format: format, out: out, rings: rings, fail: fail, buf: make([]byte, 0, bufferSize+4096)}
}

// Run writes lines until ctx is done, then those of the events still in the
// rings, and closes the output. To lose none, stop the producers first.
func (l *TrafficLog) Run(ctx context.Context) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for ctx.Err() == nil {
		busy := l.drain()
		l.flush()
		if l.reopen.Swap(false) {
			if err := l.out.Reopen(); err != nil {
				l.fail(err)
			}
		}
		if busy {
			continue
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	l.drain()
	l.flush()
	return l.out.Close()
}

// Reopen asks for the output to be opened anew, after its file was moved away.
// Lines of earlier events still go to the old one.
func (l *TrafficLog) Reopen() { l.reopen.Store(true) }

// Written is the number of lines written.
func (l *TrafficLog) Written() uint64 { return l.written.Load() }

// Lost is the number of events that found their ring full and of lines that the
// output did not take.
func (l *TrafficLog) Lost() uint64 {
	lost := l.failed.Load()
	for _, r := range l.rings {
		lost += r.Lost()
	}
	return lost
}

// drain reads each ring once through, and no more: a producer that never rests
// must not keep Run from its other duties. It says whether a ring held so much
// that it may be full by the next tick.
func (l *TrafficLog) drain() (busy bool) {
	var e session.Event
	for _, r := range l.rings {
		n := 0
		for n < len(r.slots) && r.Pop(&e) {
			l.add(&e)
			n++
		}
		busy = busy || n > len(r.slots)/4
	}
	return busy
}

func (l *TrafficLog) add(e *session.Event) {
	line, ok := l.format.Append(l.buf, e)
	if !ok {
		return
	}
	l.buf = line
	l.pending++
	if len(l.buf) >= bufferSize {
		l.flush()
	}
}

// flush writes the buffer. Lines that the output does not take are lost: keeping
// them would only lose later ones.
func (l *TrafficLog) flush() {
	if len(l.buf) == 0 {
		return
	}
	if l.torn {
		l.torn = false
		l.out.Write([]byte{'\n'}) // the write below shows whether it works
	}
	n, err := l.out.Write(l.buf)
	if err != nil {
		l.failed.Add(l.pending)
		l.torn = n > 0 && l.buf[n-1] != '\n'
		if !l.broken {
			l.fail(err)
		}
	} else {
		l.written.Add(l.pending)
	}
	l.broken = err != nil
	l.buf, l.pending = l.buf[:0], 0
}
