package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"portcullis/lab"
)

// act is one part of the story.
type act struct {
	number  int
	title   string
	example string        // the configuration it belongs to
	starts  string        // the configuration it starts with, where that is another
	plot    string        // what to know before it begins
	hide    bool          // the server has no way back to the client's network
	hosts   []lab.Host    // around the firewall, instead of the standard topology
	picture string        // of them
	limit   time.Duration // how long it may take; 0 is a minute
	play    func(*stage) error
}

// score is how an act went.
type score struct {
	act      act
	passed   int
	failures []string
	took     time.Duration
}

func (s score) ok() bool { return len(s.failures) == 0 && s.passed > 0 }

// stage is where an act is played: the topology with Portcullis running in it.
type stage struct {
	context.Context
	*lab.Triangle
	star   *lab.Star // instead of the triangle, where the act has hosts
	demo   *demo
	out    *printer
	fw     *lab.Firewall
	policy string // the policy that allows what the act does
	later  []func()
	score  score
}

// playAct sets the stage, plays the act and clears the stage.
func (d *demo) playAct(ctx context.Context, out *printer, a act) score {
	limit := a.limit
	if limit == 0 {
		limit = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	begin := time.Now()
	s := &stage{Context: ctx, demo: d, out: out, policy: "4", score: score{act: a}}
	out.act(a)
	err := s.set()
	if err == nil {
		err = a.play(s)
	}
	if err == nil {
		s.settle()
		err = s.end()
	}
	if err != nil {
		s.check(false, err.Error(), 0)
		if s.fw != nil {
			s.quoteLines(s.fw.Stderr())
		}
	}
	s.clear()
	s.score.took = time.Since(begin)
	return s.score
}

// set builds the topology and starts Portcullis.
func (s *stage) set() (err error) {
	name := s.score.act.starts
	if name == "" {
		name = s.score.act.example
	}
	text, err := s.demo.text(name)
	if err != nil {
		return err
	}
	box, err := s.build()
	if err != nil {
		return err
	}
	s.fw, err = lab.StartFirewall(box, *s.demo.binary, text, lab.SessionsEnd...)
	return err
}

// build builds the topology and returns where the firewall belongs.
func (s *stage) build() (box *lab.Namespace, err error) {
	if hosts := s.score.act.hosts; hosts != nil {
		if s.star, err = lab.NewStar(hosts...); err != nil {
			return nil, err
		}
		return s.star.Firewall, nil
	}
	if s.Triangle, err = lab.NewTriangle(lab.TriangleOptions{Hide: s.score.act.hide}); err != nil {
		return nil, err
	}
	return s.Firewall, nil
}

// settle looks for the log lines that were left for later. A session is logged
// when it ends, which is a second after its last packet; so the act goes on
// meanwhile.
func (s *stage) settle() {
	for _, look := range s.later {
		look()
	}
	s.later = nil
}

// end stops Portcullis, which is to end cleanly.
func (s *stage) end() error {
	if s.demo.verbose {
		s.quoteLines(s.fw.Stderr())
	}
	if err := s.fw.Stop(5 * time.Second); err != nil {
		return err
	}
	return nil
}

// clear takes everything down; it keeps the logs where that is asked for.
func (s *stage) clear() {
	if s.fw != nil {
		s.fw.Kill()
		if s.demo.logDir != "" {
			if err := s.keepLogs(); err != nil {
				s.check(false, err.Error(), 0)
			}
		}
		s.fw.Close()
	}
	if s.Triangle != nil {
		s.Triangle.Close()
	}
	if s.star != nil {
		s.star.Close()
	}
}

func (s *stage) keepLogs() error {
	text, err := s.demo.text(s.score.act.example)
	if err != nil {
		return err
	}
	for suffix, content := range map[string]string{".toml": text, ".traffic.log": s.fw.Stdout(), ".portcullis.log": s.fw.Stderr()} {
		file := filepath.Join(s.demo.logDir, fmt.Sprintf("act-%d%s", s.score.act.number, suffix))
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// check counts and tells one thing that was to be so.
func (s *stage) check(ok bool, text string, took time.Duration) {
	s.out.done(ok, text, took)
	if ok {
		s.score.passed++
	} else {
		s.score.failures = append(s.score.failures, text)
	}
}

// reload replaces the configuration under the running firewall.
func (s *stage) reload(name string) error {
	text, err := s.demo.text(name)
	if err != nil {
		return err
	}
	begin := time.Now()
	s.out.doing("SIGHUP")
	said, err := s.fw.Reload(text)
	if err != nil {
		return err
	}
	s.check(!s.fw.Ended(), fmt.Sprintf("configuration replaced by examples/%s, SIGHUP", name), time.Since(begin))
	s.quoteLines(said)
	return nil
}

func (s *stage) quoteLines(text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		s.out.quote(line)
	}
}

// shown are the fields of a log line that the story shows.
var shown = []string{"srcip", "srcport", "srcintf", "dstip", "dstport", "dstintf", "proto", "action",
	"policyid", "service", "trandisp", "tranip", "tranport", "transip", "transport", "sentbyte", "rcvdbyte", "sessionid", "helper", "mastersession"}

// logged waits for a log line, written since the mark, that has all the
// key=value pairs.
func (s *stage) logged(mark int, what string, pairs ...string) (lab.Record, bool) {
	begin := time.Now()
	s.out.doing(what)
	r, ok := s.fw.Await(mark, 8*time.Second, func(r lab.Record) bool { return r.Match(pairs...) })
	if !ok {
		s.check(false, fmt.Sprintf("%s: no line with %s", what, strings.Join(pairs, " ")), time.Since(begin))
		s.quoteRecords(mark)
		return r, false
	}
	s.check(true, what, time.Since(begin))
	if s.demo.verbose {
		s.out.quote(r.Line)
	} else {
		s.out.quote(r.Brief(shown...))
	}
	return r, true
}

// quoteRecords shows what was logged since the mark, as far as it is not too
// much.
func (s *stage) quoteRecords(mark int) {
	const most = 5
	records := s.fw.Records(mark)
	for _, r := range records[:min(most, len(records))] {
		s.out.quote(r.Brief(shown...))
	}
	if more := len(records) - most; more > 0 {
		s.out.quote(fmt.Sprintf("… and %d more", more))
	}
}

// at is an address and port.
func at(addr netip.Addr, port uint16) netip.AddrPort { return netip.AddrPortFrom(addr, port) }

func pair[T any](key string, value T) string { return fmt.Sprintf("%s=%v", key, value) }
