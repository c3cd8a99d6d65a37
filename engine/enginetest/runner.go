package enginetest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"portcullis/config"
	"portcullis/engine"
	_ "portcullis/helpers/builtin" // every helper there is
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
)

// runner plays one scenario.
type runner struct {
	t       *testing.T
	sc      *scenario
	update  bool
	manner  manner
	edit    func(*config.Config) // nil: none
	changed bool

	names      *engine.Names
	worker     *engine.Worker
	generation uint32
	rules      *engine.Ruleset
	config     string // the file in force
	parsed     map[string]*config.Config
	mtu        map[string]int
	inv        engine.Inventory
	down       map[string]bool
	now        time.Duration // of the script
	ticked     time.Duration // of the last Tick
	line       int
	past       past
	fates      [engine.NumFates]int // at the last restart

	trace *engine.Trace // of all packets, where the script asks for any

	left   []leaving
	vars   map[string]int
	events recorder
	deaths Deaths
	told   []string // events of earlier workers
}

// most is how many sessions there may be in a scenario: a table for a million of them
// takes its time to be made, and to be checked after each step.
const most = 4096

// recorder keeps events, as a ring that never loses one.
type recorder struct {
	epoch time.Duration // when the worker began
	list  []session.Event
}

// Push keeps a copy of e, in the time of the script.
func (r *recorder) Push(e *session.Event) bool {
	r.list = append(r.list, *e)
	r.list[len(r.list)-1].Tick += session.Tick(r.epoch)
	return true
}

func newRunner(t *testing.T, sc *scenario, update bool, m manner) *runner {
	r := &runner{
		t: t, sc: sc, update: update, manner: m, edit: sc.edit, names: engine.NewNames(), parsed: map[string]*config.Config{},
		vars: map[string]int{}, mtu: map[string]int{}, down: map[string]bool{}, deaths: Deaths{},
	}
	rs := r.compile("fw.toml")
	if rs == nil {
		return r
	}
	r.rules = rs
	r.worker = engine.NewWorker(rs, 0, engine.Options{Seed: 1, Sink: &r.events, Names: r.names})
	if slices.ContainsFunc(sc.steps, func(st step) bool { return st.verb == "trace" }) {
		r.trace = &engine.Trace{Chooses: func(*packet.Key) bool { return true }, Packets: math.MaxInt}
		r.worker.SetTrace(r.trace)
	}
	return r
}

func (r *runner) fail(format string, args ...any) {
	r.t.Helper()
	r.t.Errorf("%s:%d: %s", r.sc.path, r.line, fmt.Sprintf(format, args...))
}

// parse reads a configuration of the archive.
func (r *runner) parse(name string) *config.Config {
	if cfg := r.parsed[name]; cfg != nil {
		return cfg
	}
	text, ok := r.sc.file(name)
	if !ok {
		r.fail("no file %s", name)
		return nil
	}
	if !strings.Contains(text, "[[system.interface]]") {
		text = r.sc.lab + text
	}
	cfg, bad := config.Parse(name, []byte(text))
	if len(bad) > 0 {
		r.fail("%v", bad)
		return nil
	}
	if r.edit != nil {
		r.edit(cfg)
	}
	r.parsed[name] = cfg
	return cfg
}

// compile makes a ruleset of a configuration of the archive. The machine has
// every interface it names.
func (r *runner) compile(name string) *engine.Ruleset {
	cfg := r.parse(name)
	if cfg == nil {
		return nil
	}
	if r.inv == nil {
		r.inv = r.machine(cfg)
	}
	r.generation++
	rs, err := engine.Compile(cfg, r.inv, r.names, r.generation)
	if err != nil {
		r.fail("%v", err)
	}
	rs.MaxSession = min(rs.MaxSession, most)
	r.config = name
	return rs
}

// machine is what there is of the interfaces of cfg.
func (r *runner) machine(cfg *config.Config) engine.Inventory {
	inv := engine.Inventory{}
	for i, c := range cfg.Interfaces {
		mtu := r.mtu[c.Name]
		if mtu == 0 {
			mtu = 1500
		}
		inv[c.Name] = engine.Link{MTU: mtu, LinkLocal: packet.MustAddr(fmt.Sprintf("fe80::%d", i+1)), Down: r.down[c.Name]}
	}
	return inv
}

func (r *runner) step(st *step) {
	r.t.Helper()
	r.line = st.line
	if st.verb != ">" {
		r.nothingLeft()
	}
	if st.verb == "<" || st.verb == "repeat" || st.verb == "tick" || st.verb == "reload" {
		switch r.manner {
		case restarting:
			r.again(r.config, 0)
		case reloading:
			r.obey(r.compile(r.config))
		}
	}
	r.pass(st)
	switch st.verb {
	case "<":
		r.arrive(st, st.packet)
	case ">":
		r.leave(st)
	case "repeat":
		r.repeat(st)
	case "tick":
	default:
		r.command(st)
	}
	if err := r.worker.CheckInvariants(); err != nil {
		r.fail("invariant: %v", err)
	}
}

// tickEvery is how often a worker is told that time passes.
const tickEvery = 100 * time.Millisecond

// pass lets time pass until the moment of a step.
func (r *runner) pass(st *step) {
	to := r.now
	if st.time {
		to = st.at
		if st.rel {
			to += r.now
		}
	}
	if to < r.now {
		r.fail("time runs backwards")
	}
	for r.ticked+tickEvery <= to {
		r.ticked += tickEvery
		for more := true; more; {
			more = r.worker.Tick(r.tick(r.ticked))
			r.collect(0, false)
		}
	}
	r.now = to
}

// arrive hands one packet to the worker and looks at its verdict.
func (r *runner) arrive(st *step, text string) {
	r.t.Helper()
	text, err := r.substitute(text)
	if err != nil {
		r.fail("%v", err)
		return
	}
	frame, off, err := packettest.Build(text)
	if err != nil {
		r.fail("%v", err)
		return
	}
	if st.suffix.tight {
		frame = slices.Clip(frame)
	}
	batch := make([]engine.Slot, 1)
	s := &batch[0]
	s.In = r.names.InterfaceIndex(st.port)
	why := s.Parse(frame, off)
	ttl, events := -1, len(r.events.list)
	if why != packet.ReasonNone {
		r.worker.Count(why, 1)
	} else {
		ttl = hopLimit(&s.Packet)
		if r.manner != whole {
			r.worker.Quick(r.tick(r.now), batch)
		}
		r.worker.Process(r.tick(r.now), batch)
		if s.Verdict == engine.Drop {
			why = s.Reason
			r.died(why, events)
		}
	}
	r.judge(st, s, why)
	if why == packet.ReasonNone && (s.Verdict == engine.Forward || s.Verdict == engine.Answer) {
		r.sent(s, ttl, strings.Contains(text, "badsum"))
	}
	r.collect(ttl, strings.Contains(text, "badsum"))
}

// judge compares the fate of an arriving packet with the script.
func (r *runner) judge(st *step, s *engine.Slot, why packet.Reason) {
	r.t.Helper()
	died := ""
	if why != packet.ReasonNone {
		died = why.String()
	} else if s.Verdict == engine.Drop {
		died = "nothing"
	}
	switch held := s.Verdict == engine.Hold; {
	case died != st.suffix.reason && died == "":
		r.fail("it went on; expected it to die of %s", st.suffix.reason)
	case died != st.suffix.reason && st.suffix.reason == "":
		r.fail("it died of %s; expected it to go on", died)
	case died != st.suffix.reason:
		r.fail("it died of %s; expected %s", died, st.suffix.reason)
	case held != st.suffix.hold:
		r.fail("held: %v; expected %v", held, st.suffix.hold)
	}
}

// repeat arrives N times. What leaves is checked and forgotten.
func (r *runner) repeat(st *step) {
	n, err := strconv.Atoi(st.args[0])
	if err != nil {
		r.fail("%v", err)
	}
	for i := range n {
		text := strings.ReplaceAll(st.packet, "@", strconv.Itoa(10000+i))
		r.arrive(st, text)
		if st.suffix.answered && len(r.left) > 0 {
			back := *st
			back.port, back.suffix = r.left[len(r.left)-1].port, suffix{}
			r.arrive(&back, swapEnds(text))
		}
		if r.t.Failed() {
			return
		}
	}
	r.left = nil
}

// swapEnds turns "udp A > B ..." into "udp B > A ...".
func swapEnds(text string) string {
	f := strings.Fields(text)
	if len(f) > 3 && f[2] == ">" {
		f[1], f[3] = f[3], f[1]
	}
	return strings.Join(f, " ")
}

// hopLimit is the TTL or hop limit of a packet.
func hopLimit(p *packet.Packet) int {
	if p.Kind == packet.KindIPv6 {
		return int(p.Frame[p.L3+7])
	}
	return int(p.Frame[p.L3+8])
}
