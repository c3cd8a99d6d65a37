package control

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"portcullis/packet"
)

// What a trace tells is written as it comes, until all packets have come; another one
// may follow then.
func TestTrace(t *testing.T) {
	f := gallery()
	c := serve(t, f)
	for form, want := range map[Form]string{
		FormText: "id=65308 trace_id=1 msg=\"received a packet\"\nid=65308 trace_id=1 msg=\"rewrote \\\"a\\\" as \\\"b\\\"\"\n" +
			"id=65308 trace_id=2 msg=\"drop\"\nid=65308 trace_id=0 msg=\"7 lines lost: they came faster than they were read\"\n",
		FormJSON: `{"trace_id":1,"msg":"received a packet"}` + "\n" + `{"trace_id":1,"msg":"rewrote \"a\" as \"b\""}` + "\n" +
			`{"trace_id":2,"msg":"drop"}` + "\n" + `{"trace_id":0,"msg":"7 lines lost: they came faster than they were read"}` + "\n",
	} {
		var b bytes.Buffer
		if err := c.Trace(t.Context(), Query{}, 2, form, &b); err != nil || b.String() != want {
			t.Errorf("%v: %s", err, b.String())
		}
	}
}

// A client that goes ends its trace.
func TestTraceEnds(t *testing.T) {
	f := gallery()
	c := serve(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var b bytes.Buffer
	if err := c.Trace(ctx, Query{}, 3, FormText, &b); err != nil || !strings.Contains(b.String(), "trace_id=1") {
		t.Errorf("%v: %s", err, b.String())
	}
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if err := c.Trace(t.Context(), Query{}, 2, FormText, &b); err == nil {
			break
		} else if time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

func TestTraceMistakes(t *testing.T) {
	c := serve(t, gallery())
	for filters, want := range map[string]string{
		"policy 4":   "filter policy: not in this list: expected one of proto, src, dst, sport, dport",
		"nsrc ::1":   "filter nsrc: not in this list: expected one of proto, src, dst, sport, dport",
		"duration 3": "filter duration: not in this list: expected one of proto, src, dst, sport, dport",
	} {
		err := c.Trace(t.Context(), Query{Filter: filter(t, filters)}, 1, FormText, &bytes.Buffer{})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", filters, err)
		}
	}
	if err := c.Trace(t.Context(), Query{}, 0, FormText, &bytes.Buffer{}); err == nil {
		t.Error("a trace of no packet")
	}
}

// Packets of either direction are chosen.
func TestTraceChooses(t *testing.T) {
	for filters, want := range map[string]bool{
		"": true, "src 10.1.0.2": true, "src 10.2.0.2": true, "src 10.1.0.2 dport 21": true, "dst 10.1.0.2 dport 21": false,
		"sport 21": true, "proto 17": false, "proto 6 dst 10.2.0.0/24": true, "src 10.9.0.0/16": false,
	} {
		q := Query{Filter: filter(t, filters)}
		k := key(packet.ProtoTCP, "10.1.0.2", 40000, "10.2.0.2", 21)
		back := k.Reply()
		if q.chooser()(&k) != want || q.chooser()(&back) != want {
			t.Errorf("%q: expected %v", filters, want)
		}
	}
}
