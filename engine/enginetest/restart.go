package enginetest

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"portcullis/engine"
	"portcullis/handover"
	"portcullis/packet"
	"portcullis/session"
)

// past is what the workers before the present one have counted.
type past struct {
	drops [packet.NumReasons]uint64
	stats engine.Stats
}

// add adds what w has counted.
func (p *past) add(w *engine.Worker) {
	for why, n := range w.Drops() {
		p.drops[why] += n
	}
	p.stats = sum(p.stats, w.Stats())
}

// sum is b, with the counters of a added to those of b that only grow.
func sum(a, b engine.Stats) engine.Stats {
	to, from := reflect.ValueOf(&b).Elem(), reflect.ValueOf(a)
	for i := range to.NumField() {
		if f := to.Field(i); f.CanUint() {
			f.SetUint(f.Uint() + from.Field(i).Uint())
		}
	}
	return b
}

// restart is the command: "restart [FILE] [after TIME]".
func (r *runner) restart(st *step) {
	file, away := r.config, time.Duration(0)
	for args := st.args; len(args) > 0; {
		if args[0] != "after" || len(args) < 2 {
			file, args = args[0], args[1:]
			continue
		}
		d, err := time.ParseDuration(args[1])
		if err != nil {
			r.fail("%v", err)
		}
		away, args = d, args[2:]
	}
	r.inv = nil
	r.again(file, away)
}

// timerGrain is what timers are late by at most. Workers begin at multiples of it,
// so that each is late by the same.
const timerGrain = 128 * time.Millisecond

// again hands everything over to a new worker with another configuration, in
// another time and with other numbers for everything.
func (r *runner) again(file string, away time.Duration) {
	r.t.Helper()
	var b bytes.Buffer
	if _, err := r.worker.HandOver(r.tick(r.now), &b, "a scenario", time.Unix(1e9, 0)); err != nil {
		r.fail("%v", err)
		return
	}
	r.past.add(r.worker)
	r.tell()
	r.now += away
	r.ticked, r.events.epoch = r.now, r.now.Truncate(timerGrain)
	start := r.tick(r.now)
	r.names = engine.NewNames()
	rs := r.compile(file)
	if rs == nil {
		return
	}
	r.rules = rs
	r.worker = engine.NewWorker(rs, start, engine.Options{Seed: 1, Sink: &r.events, Names: r.names})
	in, err := handover.NewReader(&b)
	if err != nil {
		r.fail("%v", err)
		return
	}
	heir := r.worker.Inherit(start, in.Header(), away)
	r.fates = [engine.NumFates]int{}
	var rec handover.Record
	for err = in.Next(&rec); err == nil; err = in.Next(&rec) {
		r.fates[heir.Take(start, &rec)]++
	}
	if err != io.EOF {
		r.fail("%v", err)
	}
	heir.Finish()
}

// fateLines is what became of the sessions and expectations at the last restart.
func (r *runner) fateLines() (lines []string) {
	for f, n := range r.fates {
		if n > 0 {
			lines = append(lines, fmt.Sprintf("%d %v\n", n, engine.Fate(f)))
		}
	}
	return lines
}

// tick is a moment of the script in the worker's time.
func (r *runner) tick(at time.Duration) session.Tick { return session.Tick(at - r.events.epoch) }

// forgotten are the scenarios that tell of what is not handed over, by the
// beginnings of their names, and why.
var forgotten = map[string]string{
	"fragment":  "fragments under reassembly",
	"deny_told": "how many answers may be sent for now",

	"dirty_check_new":     "that a session is left alone",
	"dirty_children":      "that a session is left alone",
	"dirty_policy_option": "that a session is left alone",
	"session_quota":       "that a session is left alone",
	"nat_refused":         "when a pool was told of",
	"snat_route_keep":     "packets of a session that is overdue",
}

// survives says whether a scenario goes the same way with restarts between all
// its steps.
func (sc *scenario) survives() bool {
	name := sc.path[strings.LastIndexByte(sc.path, '/')+1:]
	for prefix := range forgotten {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return true
}
