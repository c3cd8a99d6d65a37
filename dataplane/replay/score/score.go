package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"portcullis/dataplane/replay"
	"portcullis/helpers"
)

// verdict is what became of one row of the truth.
type verdict struct {
	row
	why   string // a strict firewall does not open it; "" where it does
	found bool   // it was expected, from the frame on that announces it
	child bool   // its first frame was accepted as a child
}

// wrong is an expectation that should not be.
type wrong struct {
	file string
	replay.Event
	why string
}

// result is the score of one protocol.
type result struct {
	protocol string
	built    bool // there is a helper for it
	files    int
	silent   int // files in which nothing is to be opened
	rows     []verdict
	expected int // flows that were expected, each counted once for a file
	calls    int // ways by which who registered is called, likewise: of these the truth says nothing
	wrong    []wrong
}

// found counts the rows that may be opened and those of them that were.
func (r *result) found() (may, found int) {
	for _, v := range r.rows {
		if v.why == "" {
			may++
			if v.found {
				found++
			}
		}
	}
	return may, found
}

// children counts the flows that are in the captures and those that were accepted
// at their first frame.
func (r *result) children() (may, found int) {
	for _, v := range r.rows {
		if v.why == "" && v.observed {
			may++
			if v.child {
				found++
			}
		}
	}
	return may, found
}

// recall is the share of the rows that may be opened that was expected.
func (r *result) recall() float64 { return share(r.found()) }

// precision is the share of right ones of what was expected.
func (r *result) precision() float64 { return share(r.expected, r.expected-len(r.wrong)) }

func share(all, part int) float64 {
	if all == 0 {
		return 1
	}
	return float64(part) / float64(all)
}

// captures lists the capture files in dir, by protocol, which is the name of the
// folder.
func captures(dir string) (map[string][]string, error) {
	all := map[string][]string{}
	for _, pattern := range []string{"*/*.pcap", "*/*.pcapng"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			protocol := filepath.Base(filepath.Dir(f))
			all[protocol] = append(all[protocol], protocol+"/"+filepath.Base(f))
		}
	}
	for _, files := range all {
		slices.Sort(files)
	}
	return all, nil
}

// scoreAll plays every capture in dir and compares with the truth.
func scoreAll(dir string) ([]*result, error) {
	in, err := os.Open(filepath.Join(dir, "TRUTH.tsv"))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	rows, err := readTruth(in)
	if err != nil {
		return nil, err
	}
	truth := map[string][]verdict{}
	for _, r := range rows {
		truth[r.file] = append(truth[r.file], verdict{row: r})
	}
	files, err := captures(dir)
	if err != nil {
		return nil, err
	}
	var all []*result
	for protocol, list := range files {
		res := &result{protocol: protocol}
		for _, file := range list {
			if err := res.add(dir, file, truth[file]); err != nil {
				return nil, err
			}
		}
		all = append(all, res)
	}
	slices.SortFunc(all, func(a, b *result) int { return strings.Compare(a.protocol, b.protocol) })
	return all, nil
}

// add plays one file.
func (r *result) add(dir, file string, rows []verdict) error {
	r.built = r.built || slices.ContainsFunc(rows, func(v verdict) bool { return helpers.Lookup(v.helper) != nil })
	r.files++
	events, err := play(dir, file, nil)
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].why = strict(&rows[i].row, rows[i].answers(events))
	}
	if !slices.ContainsFunc(rows, func(v verdict) bool { return v.why == "" }) {
		r.silent++
	}
	if more := bindings(rows, events); len(more) > 0 {
		if events, err = play(dir, file, more); err != nil {
			return err
		}
	}
	for i := range rows {
		rows[i].found, rows[i].child = rows[i].in(events)
	}
	r.rows = append(r.rows, rows...)
	r.judge(file, rows, events)
	return nil
}

// play replays one file where everything is allowed.
func play(dir, file string, more []replay.Binding) ([]replay.Event, error) {
	var events []replay.Event
	p, err := replay.New(replay.Options{Helpers: more, Emit: func(e *replay.Event) { events = append(events, *e) }})
	if err != nil {
		return nil, err
	}
	in, err := os.Open(filepath.Join(dir, file))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return events, p.Play(file, in)
}

// bindings are the entries of the session helper table that the control sessions
// of rows lack: those on other ports than the factory's. Which end is the server
// is told by who opened the session.
func bindings(rows []verdict, events []replay.Event) []replay.Binding {
	var more []replay.Binding
	for i := range rows {
		h := helpers.Lookup(rows[i].helper)
		if h == nil {
			continue
		}
		for j := range events {
			e := &events[j]
			if e.Kind != replay.Session || e.Helper != "" || !rows[i].isControl(e) {
				continue
			}
			for _, proto := range h.Protocols {
				b := replay.Binding{Helper: h.Name, Proto: proto, Port: *e.Dport}
				if protoName(proto) == e.Proto && !slices.Contains(more, b) {
					more = append(more, b)
				}
			}
		}
	}
	return more
}

func protoName(proto uint8) string {
	switch proto {
	case 6:
		return "tcp"
	case 17:
		return "udp"
	}
	return fmt.Sprint(proto)
}

// isControl says whether e is about the control session of r.
func (r *row) isControl(e *replay.Event) bool {
	if e.Sport == nil || e.Dport == nil {
		return false
	}
	src, dst := netip.AddrPortFrom(e.Src, *e.Sport), netip.AddrPortFrom(e.Dst, *e.Dport)
	return src == r.from && dst == r.to || src == r.to && dst == r.from
}

// answers says whether the message of r is one of who did not begin its session.
func (r *row) answers(events []replay.Event) bool {
	return slices.ContainsFunc(events, func(e replay.Event) bool {
		return e.Kind == replay.Session && r.isControl(&e) && netip.AddrPortFrom(e.Src, *e.Sport) == r.to
	})
}

// announces says whether e is about the flow that r announces.
func (r *row) announces(e *replay.Event) bool {
	if e.Proto != r.proto || e.Dst != r.dst || r.src.IsValid() && e.Src != r.src {
		return false
	}
	if r.proto == "gre" {
		return e.CallID != nil && *e.CallID == r.port
	}
	return e.Dport != nil && uint32(*e.Dport) == r.port
}

// in looks for r in events: whether it was expected when it was announced, in time
// for its first frame, and whether that was accepted as its child. Where a message
// repeats what its receiver has asked for, as an answer of RTSP does, it may have
// been expected since then.
func (r *row) in(events []replay.Event) (found, child bool) {
	for i := range events {
		e := &events[i]
		if !r.announces(e) {
			continue
		}
		switch e.Kind {
		case replay.Expect:
			found = found || e.Helper == r.helper && (e.Frame >= r.frame || e.Dst == r.to.Addr()) && (!r.observed || e.Frame < r.first)
		case replay.Child:
			child = child || e.Helper == r.helper && e.Frame == r.first
		}
	}
	return found, child
}

// judge looks at what was expected: whether the truth has it, and a strict firewall
// opens it.
func (r *result) judge(file string, rows []verdict, events []replay.Event) {
	seen := map[string]bool{}
	for i := range events {
		e := &events[i]
		if e.Kind != replay.Expect {
			continue
		}
		port := ""
		if e.Dport != nil {
			port = fmt.Sprint(*e.Dport)
		} else if e.CallID != nil {
			port = fmt.Sprint(*e.CallID)
		}
		if what := fmt.Sprint(e.Helper, e.Proto, e.Src, e.Dst, port, e.Session); seen[what] {
			continue
		} else {
			seen[what] = true
		}
		if e.Control {
			r.calls++
			continue
		}
		r.expected++
		why := "nothing announces it"
		for j := range rows {
			if v := &rows[j]; v.announces(e) && v.helper == e.Helper {
				if why = v.why; why == "" {
					break
				}
			}
		}
		if why != "" {
			r.wrong = append(r.wrong, wrong{file: file, Event: *e, why: why})
		}
	}
}
