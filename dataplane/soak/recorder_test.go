package soak

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"

	"portcullis/dataplane"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
)

// recorder keeps the frames that the hosts sent and received, to be looked at
// when a conversation went wrong.
type recorder struct {
	mu    sync.Mutex
	start time.Time
	list  []recorded
}

type recorded struct {
	at    time.Duration
	where string
	frame []byte
	off   packet.Offload
}

func (r *recorder) note(where string, b dataplane.Buffer) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, recorded{time.Since(r.start), where, bytes.Clone(b.Frame()), b.Offload()})
}

// write writes the record to a file.
func (r *recorder) write(path string) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var b bytes.Buffer
	for _, f := range r.list {
		var p packet.Packet
		text := fmt.Sprintf("%x", f.frame)
		if p.Parse(f.frame, f.off) == packet.ReasonNone {
			text = packettest.Text(&p)
		}
		fmt.Fprintf(&b, "%v %s %.300s\n", f.at.Round(time.Microsecond), f.where, text)
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// watched is the engine, with what died in it noted.
type watched struct {
	*engine.Worker
	record *recorder
}

// Process implements dataplane.Engine.
func (w *watched) Process(now session.Tick, batch []engine.Slot) {
	var seen [][]byte
	for i := range batch {
		seen = append(seen, bytes.Clone(batch[i].Frame))
	}
	w.Worker.Process(now, batch)
	for i := range batch {
		if s := &batch[i]; s.Verdict == engine.Drop {
			w.record.note(fmt.Sprintf("x %v", s.Reason), dataplane.NewBuffer(seen[i], s.Offload))
		}
	}
}
