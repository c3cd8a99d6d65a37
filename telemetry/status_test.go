package telemetry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"portcullis/packet"
	"portcullis/telemetry"
)

func drops() *telemetry.Counters {
	var a, b telemetry.Counters
	a[packet.ReasonNone] = 99 // not a drop
	a[packet.ReasonNoRoute] = 1
	b[packet.ReasonNoRoute], b[packet.ReasonImplicitDeny] = 2, 11
	a.Add(&b)
	return &a
}

func TestCounters(t *testing.T) {
	var table strings.Builder
	if err := drops().WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	want := `packets  reason         meaning
3        no-route       no route leads to the destination
11       implicit-deny  no policy matched (policy 0)
14       total
`
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Error(diff)
	}
}

func TestStatus(t *testing.T) {
	s := telemetry.Status{
		Uptime: time.Hour + 2*time.Minute + 3456*time.Millisecond, Sessions: 12, Expectations: 1, Exhausted: 4,
		Ports: []telemetry.PortStatus{{Name: "port1", RxPackets: 10, RxBytes: 1000, TxPackets: 9, TxBytes: 900}, {Name: "a\nb"}},
		Drops: *drops(), LogWritten: 5, LogLost: 2,
	}
	want := `uptime=1h2m3s sessions=12 expectations=1 ` +
		`port="port1" rxpkt=10 rxbyte=1000 txpkt=9 txbyte=900 port="a\nb" rxpkt=0 rxbyte=0 txpkt=0 txbyte=0 ` +
		`natexhausted=4 drops=14 no-route=3 implicit-deny=11 loglines=5 loglost=2`
	if diff := cmp.Diff(want, s.String()); diff != "" {
		t.Error(diff)
	}
}
