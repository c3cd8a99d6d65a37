package enginetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseStep(t *testing.T) {
	for line, want := range map[string]step{
		"1.5s port1 < udp 10.0.0.1:1 > 10.0.0.2:2 len 3 x no-route": {
			at: 1500 * time.Millisecond, time: true, verb: "<", port: "port1",
			packet: "udp 10.0.0.1:1 > 10.0.0.2:2 len 3", suffix: suffix{reason: "no-route"},
		},
		"+10ms port2 > udp 10.0.0.1:1 > 10.0.0.2:2 answer via 10.0.0.9 fragment 1400": {
			at: 10 * time.Millisecond, time: true, rel: true, verb: ">", port: "port2",
			packet: "udp 10.0.0.1:1 > 10.0.0.2:2", suffix: suffix{answer: true, via: "10.0.0.9", fragment: "1400"},
		},
		"port1 < tcp 10.0.0.1:1 > 10.0.0.2:2 S tight hold": {
			verb: "<", port: "port1", packet: "tcp 10.0.0.1:1 > 10.0.0.2:2 S", suffix: suffix{tight: true, hold: true},
		},
		"repeat 5 port1 < udp 10.0.0.1:@ > 10.0.0.2:2": {
			verb: "repeat", args: []string{"5"}, port: "port1", packet: "udp 10.0.0.1:@ > 10.0.0.2:2",
		},
		"1h tick":            {at: time.Hour, time: true, verb: "tick", args: []string{}},
		"counter no-route 3": {verb: "counter", args: []string{"no-route", "3"}},
	} {
		got, err := parseStep(line)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{}, suffix{})); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", line, err, diff)
		}
	}
	if _, err := parseStep("5s "); err == nil {
		t.Error("a time alone is no step")
	}
}

func TestWithoutTTL(t *testing.T) {
	for line, want := range map[string]string{
		"udp a > b len 3 ttl 63 df":                         "udp a > b len 3 df",
		"icmp a > b unreach about {udp c > d ttl 9} ttl 63": "icmp a > b unreach about {udp c > d ttl 9}",
		"icmp a > b unreach about {udp c > d ttl 9}":        "icmp a > b unreach about {udp c > d ttl 9}",
	} {
		if got := withoutTTL(line); got != want {
			t.Errorf("%s\n%s", line, got)
		}
	}
	if tells("icmp a > b about {udp c > d ttl 9}", "ttl") || !tells("udp a > b ttl 9", "ttl") {
		t.Error("tells")
	}
}

// TestVariables: the first packet that leaves with a variable binds it, and the
// others must have its value.
func TestVariables(t *testing.T) {
	r := &runner{t: t, vars: map[string]int{}}
	const port = "tcp 10.2.0.1:$p > 10.2.0.2:80 S"
	if got, err := r.expect(port, "tcp 10.2.0.1:12345 > 10.2.0.2:80 S"); err != nil || r.vars["p"] != 12345 {
		t.Error(got, err, r.vars)
	}
	if got, err := r.expect(port, "tcp 10.2.0.1:9 > 10.2.0.2:80 S"); err != nil || got != "tcp 10.2.0.1:12345 > 10.2.0.2:80 S" {
		t.Error(got, err)
	}
	const command = `tcp 10.2.0.1:$p > 10.2.0.2:21 PA data "PORT 10,2,0,1,$q.hi,$q.lo\r\n"`
	const sent = `tcp 10.2.0.1:12345 > 10.2.0.2:21 PA data "PORT 10,2,0,1,160,40\r\n"`
	if got, err := r.expect(command, sent); err != nil || got != sent || r.vars["q"] != 41000 {
		t.Error(got, err, r.vars)
	}
	if _, err := r.expect("udp 10.2.0.1:$x > 10.2.0.2:80", "udp 10.2.0.9:5 > 10.2.0.2:80"); err == nil {
		t.Error("bound by a packet that is another")
	}
	if _, err := r.substitute("$nobody"); err == nil {
		t.Error("a variable without a value")
	}
	if got := r.unsubstitute("10.2.0.1:12345 bytes 123450"); got != "10.2.0.1:$p bytes 123450" {
		t.Error(got)
	}
}
