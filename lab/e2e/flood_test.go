package e2e

import (
	"context"
	"net/netip"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/peer"
)

// floodConfig allows everything out. The flood's sources lie behind the client,
// its destinations behind the server, which lets them vanish.
const floodConfig = `
[[system.interface]]
name = "port1"
ip = "10.1.0.1/24"
allowaccess = "ping"

[[system.interface]]
name = "port2"
ip = "10.2.0.1/24"

[system.global]
max-sessions = 100000

[[router.static]]
seq-num = 1
dst = "100.64.0.0/10"
gateway = "10.1.0.2"
device = "port1"

[[router.static]]
seq-num = 2
dst = "198.18.0.0/15"
gateway = "10.2.0.2"
device = "port2"

[[firewall.policy]]
policyid = 1
name = "out"
srcintf = "port1"
dstintf = "port2"
srcaddr = "all"
dstaddr = "all"
action = "accept"
schedule = "always"
service = "ALL"

[[firewall.policy]]
policyid = 2
name = "in"
srcintf = "port2"
dstintf = "port1"
srcaddr = "all"
dstaddr = "all"
action = "accept"
schedule = "always"
service = "ALL"
`

// A flood of SYNs at the sender's full rate, each from another address, does not
// end what is established, nor keep the operator out, nor fill the memory.
func TestSYNFlood(t *testing.T) {
	s := build(t, floodConfig, lab.TriangleOptions{})
	for _, sink := range []*lab.Namespace{s.Client, s.Server} {
		if _, err := peer.Serve(sink, "tcp-sink", "-ports", "5001"); err != nil {
			t.Fatal(err)
		}
	}
	const flooded = 4 * time.Second
	type transfer struct {
		name string
		bulk peer.Bulk
		err  error
	}
	transfers := make(chan transfer)
	for name, f := range map[string]struct {
		from *lab.Namespace
		to   netip.Addr
	}{"with the flood": {s.Client, lab.Server4}, "against the flood": {s.Server, lab.Client4}} {
		go func() {
			tr := transfer{name: name}
			tr.err = peer.Do(t.Context(), f.from, &tr.bulk, "tcp-bulk", "-to", netip.AddrPortFrom(f.to, 5001).String(), "-duration", (flooded + 2*time.Second).String())
			transfers <- tr
		}()
	}
	time.Sleep(500 * time.Millisecond) // both are under way
	// More than the port takes would fill its ring, in front of the firewall, where a
	// transfer's packets are lost like any: whether it goes on is the machine's affair.
	floods := make(chan peer.Flood)
	go func() {
		var f peer.Flood
		if err := peer.Do(t.Context(), s.Client, &f, "syn-flood", "-gateway", "10.1.0.1", "-from", "100.64.0.0/10", "-to", "198.18.0.0/15", "-rate", "150000", "-duration", flooded.String()); err != nil {
			t.Errorf("flood: %v", err)
		}
		floods <- f
	}()
	time.Sleep(flooded / 2)

	// The operator looks into it meanwhile.
	began := time.Now()
	stat := s.tells(t, "diagnose sys session stat", `\s\d{3,} in SYN_SENT state`, `\s([2-9]|\d\d+) in ESTABLISHED state`)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the control socket took %v", took)
	}
	m := regexp.MustCompile(`memory_tension_drop=(\d+) ephemeral=(\d+)/(\d+)`).FindStringSubmatch(stat)
	if m == nil {
		t.Fatalf("stat:\n%s", stat)
	}
	tension, _ := strconv.Atoi(m[1])
	ephemeral, _ := strconv.Atoi(m[2])
	limit, _ := strconv.Atoi(m[3])
	if tension != 0 || ephemeral > limit || limit != 25000 {
		t.Errorf("%d half-open sessions of %d, %d sessions pushed out", ephemeral, limit, tension)
	}
	s.tells(t, "diagnose sys session list dport 5001 proto-state 1", `total session: 2\n$`)
	// And somebody else gets in: a SYN may be lost in the crowd, but not for ever.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var probe peer.Probe
	if err := peer.Do(ctx, s.Client, &probe, "tcp-probe", "-to", netip.AddrPortFrom(lab.Server4, 5001).String(), "-timeout", "8s"); err != nil || !probe.Connected {
		t.Errorf("a new connection: %v, %s", err, probe.Error)
	}

	flood := <-floods
	t.Logf("flood: %d SYNs, %.0f a second", flood.Packets, float64(flood.Packets)/flood.Seconds)
	if flood.Packets < 50_000 {
		t.Errorf("the flood was none: %+v", flood)
	}
	for range 2 {
		tr := <-transfers
		t.Logf("transfer %s: %.0f Mb/s, %v", tr.name, float64(tr.bulk.Bytes)*8/tr.bulk.Seconds/1e6, tr.err)
		if tr.err != nil || tr.bulk.Bytes < 64<<20 { // some 90 Mb/s
			t.Errorf("transfer %s: %v, %d bytes", tr.name, tr.err, tr.bulk.Bytes)
		}
	}
	report, err := s.fw.Ask(syscall.SIGUSR1)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report)
}
