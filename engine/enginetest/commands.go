package enginetest

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"

	"portcullis/engine"
	"portcullis/packet"
)

// command carries out a line of the script that is no packet.
func (r *runner) command(st *step) {
	r.t.Helper()
	switch st.verb {
	case "reload":
		r.inv = nil
		if rs := r.compile(st.arg(0)); rs != nil {
			r.obey(rs)
		}
	case "restart":
		r.restart(st)
	case "fates":
		r.golden(st, r.fateLines())
	case "mtu":
		n, err := strconv.Atoi(st.arg(1))
		if err != nil {
			r.fail("%v", err)
		}
		r.mtu[st.arg(0)] = n
	case "link":
		r.link(st)
	case "sessions":
		r.golden(st, r.sessions())
	case "expectations":
		r.golden(st, r.expectations())
	case "hosts":
		r.golden(st, r.hostLines())
	case "events":
		if lines := r.eventLines(); st.arg(0) != "-" {
			r.golden(st, lines)
		}
	case "trace":
		r.traced(st)
	case "counter":
		r.counter(st)
	case "stat":
		r.stat(st)
	default:
		r.fail("%s: no such command", st.verb)
	}
}

// traced compares what was told of the packets since the last time. A worker that has
// taken up from another one was not asked to tell of anything.
func (r *runner) traced(st *step) {
	r.t.Helper()
	lines, lost := r.trace.Read()
	if lost > 0 {
		r.fail("%d lines of the trace are lost", lost)
	}
	if r.manner >= restarting {
		return
	}
	var list []string
	for _, l := range lines {
		list = append(list, fmt.Sprintf("%d %s\n", l.ID, l.Text))
	}
	r.golden(st, list)
}

// obey makes the worker obey rs.
func (r *runner) obey(rs *engine.Ruleset) {
	r.rules = rs
	r.worker.SetRuleset(rs)
}

// link has a port lose its link, or find it again.
func (r *runner) link(st *step) {
	r.t.Helper()
	port, word := st.arg(0), st.arg(1)
	if _, ok := r.inv[port]; !ok || word != "up" && word != "down" {
		r.fail("link %s %s: expected a port and up or down", port, word)
		return
	}
	r.down[port] = word == "down"
	l := r.inv[port]
	l.Down = r.down[port]
	r.inv[port] = l
	r.generation++
	r.obey(r.rules.Relink(r.inv, r.names, r.generation))
}

// arg is a command's i-th argument, "" where it has none.
func (st *step) arg(i int) string {
	if i < len(st.args) {
		return st.args[i]
	}
	return ""
}

// golden compares lines with a file of the archive, which is named like the
// command unless it names another.
func (r *runner) golden(st *step, lines []string) {
	r.t.Helper()
	name := st.arg(0)
	if name == "" {
		name = st.verb
	}
	got := strings.Join(lines, "")
	text, ok := r.sc.file(name)
	want, err := r.substitute(text)
	if err != nil {
		r.fail("%s: %v", name, err)
	}
	if got == want && ok || r.manner >= restarting && ok && alike(st.verb, got, want) {
		return
	}
	if r.update {
		r.sc.setFile(name, r.unsubstitute(got))
		r.changed = true
		return
	}
	r.fail("%s (-want +got):\n%s", name, cmp.Diff(want, got))
}

// alike compares texts of two workers, the later of which has taken up what the
// earlier handed over.
func alike(verb, got, want string) bool {
	switch verb {
	case "events":
		return unordered(got) == unordered(want)
	case "sessions": // they are all to be judged anew
		return strings.ReplaceAll(got, " dirty", "") == strings.ReplaceAll(want, " dirty", "")
	}
	return false
}

// unordered is the lines of a text of events without their times: a worker that
// takes sessions up ends those that are overdue at once, and others of the same
// moment in another order, and tells anew which pools are exhausted.
func unordered(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		_, lines[i], _ = strings.Cut(l, " ")
	}
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "exhausted ") })
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// unsubstitute writes variables in place of their values.
func (r *runner) unsubstitute(text string) string {
	names := make([]string, 0, len(r.vars))
	for name := range r.vars {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if v := r.vars[name]; v > 1024 {
			text = regexp.MustCompile(`\b`+strconv.Itoa(v)+`\b`).ReplaceAllString(text, "$$"+name)
		}
	}
	return text
}

func (r *runner) counter(st *step) {
	r.t.Helper()
	for why := packet.ReasonNone + 1; why < packet.NumReasons; why++ {
		if why.String() == st.arg(0) {
			if got := strconv.FormatUint(r.past.drops[why]+r.worker.Drops()[why], 10); got != st.arg(1) {
				r.fail("%s packets died of %v; expected %s", got, why, st.arg(1))
			}
			return
		}
	}
	r.fail("%s: no such reason", st.arg(0))
}

func (r *runner) stat(st *step) {
	r.t.Helper()
	stats := reflect.ValueOf(sum(r.past.stats, r.worker.Stats()))
	field := stats.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, st.arg(0)) })
	if !field.IsValid() {
		r.fail("%s: no such statistic", st.arg(0))
		return
	}
	got := uint64(0)
	if field.CanInt() {
		got = uint64(field.Int())
	} else {
		got = field.Uint()
	}
	if s := strconv.FormatUint(got, 10); s != st.arg(1) {
		r.fail("%s is %s; expected %s", st.arg(0), s, st.arg(1))
	}
}
