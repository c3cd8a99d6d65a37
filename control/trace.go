package control

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"portcullis/packet"
)

// Trace is a trace of packets that is on.
type Trace interface {
	// Read returns what was told since it was last called, how many more lines nobody
	// came for in time, and whether all packets have come.
	Read() (lines []TraceLine, lost int, done bool)
	// Close ends it. It is called once.
	Close()
}

// TraceLine is a step of a packet's trip; those of one packet have one number.
type TraceLine struct {
	Packet uint32 `json:"trace_id"`
	Text   string `json:"msg"`
}

// TraceFields are the fields of a filter that choose packets to trace.
var TraceFields = []string{"proto", "src", "dst", "sport", "dport"}

// traceMost bounds how many packets one trace may be of, and readEvery is how often
// it is looked for what was told.
const (
	traceMost = 100000
	readEvery = 50 * time.Millisecond
)

// chooser says which packets a query traces: those of either direction.
func (q *Query) chooser() func(*packet.Key) bool {
	return func(k *packet.Key) bool {
		for _, k := range [...]packet.Key{*k, k.Reply()} {
			s := Session{Proto: k.Proto}
			if s.Original.Tuple = tupleOf(k); q.match(&s) {
				return true
			}
		}
		return false
	}
}

func (s *Server) trace(w http.ResponseWriter, r *http.Request) {
	q, err := s.query(r)
	if err == nil {
		err = q.Filter.only(TraceFields)
	}
	n, e := strconv.Atoi(r.FormValue("count"))
	if err == nil && (e != nil || n < 1 || n > traceMost) {
		err = fmt.Errorf("trace %q: expected a number of packets from 1 to %d", r.FormValue("count"), traceMost)
	}
	as := r.FormValue("as")
	if err == nil && as != "" && as != string(FormText) {
		err = fmt.Errorf("as %q: expected text", as)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	t, err := s.source.Trace(n, q.chooser())
	if err != nil {
		refuse(w, err)
		return
	}
	defer t.Close()
	w.Header().Set("Content-Type", "application/x-ndjson")
	if as != "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	s.follow(w, r, t, as != "")
}

// follow writes what a trace tells as it comes.
func (s *Server) follow(w http.ResponseWriter, r *http.Request, t Trace, text bool) {
	to := http.NewResponseController(w)
	if to.Flush() != nil { // the client need not wait for a packet to know that it is on
		return
	}
	tick := time.NewTicker(readEvery)
	defer tick.Stop()
	for {
		lines, lost, done := t.Read()
		err := write(w, lines, lost, text)
		if err == nil && len(lines)+lost > 0 {
			err = to.Flush()
		}
		if err != nil || done {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		case <-s.stop:
			return
		}
	}
}

// write writes lines as FortiOS prints them, or as JSON.
func write(w io.Writer, lines []TraceLine, lost int, text bool) error {
	if lost > 0 {
		lines = append(lines, TraceLine{Text: fmt.Sprintf("%d lines lost: they came faster than they were read", lost)})
	}
	enc := json.NewEncoder(w)
	for i := range lines {
		var err error
		if l := &lines[i]; text {
			_, err = fmt.Fprintf(w, "id=65308 trace_id=%d msg=%q\n", l.Packet, l.Text)
		} else {
			err = enc.Encode(l)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
