package enginetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"portcullis/config"
)

// step is one line of a script.
type step struct {
	line int
	at   time.Duration // since the start; valid iff timed
	time bool
	rel  bool
	verb string // "<", ">" or the command
	args []string

	port   string
	packet string
	suffix suffix
}

// suffix is what follows a packet.
type suffix struct {
	reason   string
	hold     bool
	answer   bool
	tight    bool
	answered bool
	via      string
	fragment string
}

// scenario is a file, read.
type scenario struct {
	path    string
	steps   []step
	archive *txtar.Archive
	lab     string
	edit    func(*config.Config) // what a variation changes of each configuration; nil: nothing
}

func read(path string) (*scenario, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	lab, err := os.ReadFile(filepath.Join(filepath.Dir(path), "lab.toml"))
	if err != nil {
		return nil, err
	}
	sc := &scenario{path: path, archive: txtar.Parse(text), lab: string(lab)}
	for i, l := range strings.Split(string(sc.archive.Comment), "\n") {
		l = strings.TrimSpace(l)
		if l == "" || l[0] == '#' {
			continue
		}
		st, err := parseStep(l)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		if st.packet, err = sc.says(st.packet); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		st.line = i + 1
		sc.steps = append(sc.steps, st)
	}
	return sc, nil
}

// file is the text of a file of the archive.
func (sc *scenario) file(name string) (string, bool) {
	for _, f := range sc.archive.Files {
		if f.Name == name {
			return string(f.Data), true
		}
	}
	return "", false
}

// setFile replaces a golden text, for -update.
func (sc *scenario) setFile(name, text string) {
	for i := range sc.archive.Files {
		if f := &sc.archive.Files[i]; f.Name == name {
			f.Data = []byte(text)
			return
		}
	}
	sc.archive.Files = append(sc.archive.Files, txtar.File{Name: name, Data: []byte(text)})
}

func (sc *scenario) save() error { return os.WriteFile(sc.path, txtar.Format(sc.archive), 0o644) }

func parseStep(l string) (step, error) {
	var st step
	word, rest, _ := strings.Cut(l, " ")
	if d, ok := parseTime(word); ok {
		st.at, st.time, st.rel = d, true, word[0] == '+'
		l = strings.TrimSpace(rest)
	}
	f := strings.Fields(l)
	switch {
	case len(f) > 2 && (f[1] == "<" || f[1] == ">"):
		st.port, st.verb = f[0], f[1]
		_, st.packet, _ = strings.Cut(l, " "+f[1]+" ")
		st.packet, st.suffix = cutSuffix(strings.TrimSpace(st.packet))
	case len(f) > 4 && f[0] == "repeat" && f[3] == "<":
		st.verb, st.args, st.port = f[0], f[1:2], f[2]
		_, st.packet, _ = strings.Cut(l, " < ")
		st.packet, st.suffix = cutSuffix(strings.TrimSpace(st.packet))
	case len(f) > 0:
		st.verb, st.args = f[0], f[1:]
	default:
		return st, fmt.Errorf("expected a packet or a command")
	}
	return st, nil
}

func parseTime(word string) (time.Duration, bool) {
	d, err := time.ParseDuration(strings.TrimPrefix(word, "+"))
	return d, err == nil
}

// cutSuffix takes off what a script says of a packet behind it.
func cutSuffix(p string) (string, suffix) {
	var s suffix
	for {
		i := strings.LastIndexByte(p, ' ')
		j := strings.LastIndexByte(p[:max(i, 0)], ' ')
		last, value, word := p[i+1:], "", ""
		if j > 0 {
			word, value = p[j+1:i], last
		}
		switch {
		case last == "hold":
			s.hold = true
		case last == "answer":
			s.answer = true
		case last == "tight":
			s.tight = true
		case last == "answered":
			s.answered = true
		case word == "x":
			s.reason, i = value, j
		case word == "via":
			s.via, i = value, j
		case word == "fragment":
			s.fragment, i = value, j
		default:
			return p, s
		}
		p = strings.TrimSpace(p[:i])
	}
}

// Reasons are the names of the reasons that packets of a scenario die of, at once
// or, as its counters say, later.
func Reasons(path string) ([]string, error) {
	sc, err := read(path)
	if err != nil {
		return nil, err
	}
	var all []string
	for i := range sc.steps {
		st := &sc.steps[i]
		if r := st.suffix.reason; r != "" {
			all = append(all, r)
		}
		if n := st.arg(1); st.verb == "counter" && n != "" && n != "0" {
			all = append(all, st.arg(0))
		}
	}
	return all, nil
}

// manner is a way of playing a scenario, all of which come to the same.
type manner int

const (
	whole      manner = iota // by Worker.Process alone
	quick                    // by Worker.Quick first
	restarting               // and with a new worker before each step
	reloading                // and with the same configuration read again before each step
)

// Run plays the scenario in a file several times: what Worker.Quick takes for
// itself must be what Worker.Process would have done, and a worker that takes up
// what another one has handed over must go on as that would have, as one whose
// configuration was read again. With update,
// golden texts that differ are rewritten instead of reported. It returns what
// happened beside packets that died.
func Run(t *testing.T, path string, update bool) Deaths {
	t.Helper()
	return run(t, path, update, nil)
}

func run(t *testing.T, path string, update bool, edit func(*config.Config)) Deaths {
	t.Helper()
	all := Deaths{}
	for m, name := range []string{
		whole: "by Worker.Process", quick: "with Worker.Quick", restarting: "with restarts", reloading: "with reloads",
	} {
		sc, err := read(path)
		if err != nil {
			t.Fatal(err)
		}
		if manner(m) >= restarting && !sc.survives() {
			continue
		}
		sc.edit = edit
		all.Add(play(t, sc, update, manner(m)))
		if t.Failed() {
			t.Log(name)
			break
		}
	}
	return all
}

func play(t *testing.T, sc *scenario, update bool, m manner) Deaths {
	t.Helper()
	r := newRunner(t, sc, update, m)
	for i := range sc.steps {
		r.step(&sc.steps[i])
		if t.Failed() {
			return nil
		}
	}
	r.nothingLeft()
	if r.changed {
		if err := sc.save(); err != nil {
			t.Fatal(err)
		}
	}
	return r.deaths
}
