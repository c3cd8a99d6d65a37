package main

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"portcullis/lab"
	"portcullis/lab/peer"
)

// measurement yields one or more figures.
type measurement struct {
	name  string
	cable bool // measured with nothing between as well
	take  func(b *bout, add func(figure string, value float64)) error
}

// Figures, as they are named in the table.
const (
	bulk1   = "TCP bulk, 1 stream"
	bulk4   = "TCP bulk, 4 streams"
	small   = "64-byte UDP"
	invites = "SIP INVITE, helped"
	setup   = "new TCP connections"
	tripP50 = "round trip, p50"
	tripP99 = "round trip, p99"
)

// figures are the rows of the table.
var figures = []struct {
	name, unit string
	less       bool // less is better
}{
	{bulk1, "Gb/s", false},
	{bulk4, "Gb/s", false},
	{small, "kpps", false},
	{invites, "kpps", false},
	{setup, "1/s", false},
	{tripP50, "µs", true},
	{tripP99, "µs", true},
}

var measurements = []measurement{
	{"TCP bulk, 1 stream", false, func(b *bout, add func(string, float64)) error { return bulk(b, bulk1, 1, add) }},
	{"TCP bulk, 4 streams", false, func(b *bout, add func(string, float64)) error { return bulk(b, bulk4, 4, add) }},
	{"64-byte UDP, 8 flows", false, func(b *bout, add func(string, float64)) error { return flood(b, small, 5002, add) }},
	{"INVITE of SIP, 8 control sessions", false, calls},
	{"TCP connect and reset, 4 at once", false, churn},
	{"TCP ping-pong of one byte", true, ping},
}

func bulk(b *bout, figure string, streams int, add func(string, float64)) error {
	sink, err := peer.Serve(b.stand.server, "tcp-sink", "-ports", "5001")
	if err != nil {
		return err
	}
	defer sink.Kill()
	var r peer.Bulk
	if err := b.do(&r, "tcp-bulk", "-to", at(lab.Server4, 5001).String(), "-streams", fmt.Sprint(streams)); err != nil {
		return err
	}
	add(figure, float64(r.Bytes)*8/r.Seconds/1e9)
	return nil
}

// flood counts what arrives while more is sent than fits.
func flood(b *bout, figure string, port uint16, add func(string, float64), more ...string) error {
	// The sink's window lies inside the flood's.
	sink, err := peer.Serve(b.stand.server, "udp-sink", "-port", fmt.Sprint(port), "-duration", (b.duration * 9 / 10).String())
	if err != nil {
		return err
	}
	defer sink.Kill()
	var sent, got peer.Flood
	if err := b.do(&sent, "udp-flood", append(more, "-to", at(lab.Server4, port).String())...); err != nil {
		return err
	}
	if err := sink.Report(b, &got); err != nil {
		return err
	}
	add(figure, float64(got.Packets)/got.Seconds/1e3)
	return nil
}

// calls is a flood for a session helper. A kernel that has none has no figure.
func calls(b *bout, add func(string, float64)) error {
	switch err := b.stand.help(); {
	case errors.Is(err, unix.ENOENT):
		return nil
	case err != nil:
		return err
	}
	return flood(b, invites, 5060, add, "-sip")
}

// churn spreads over several server ports, so that a translator which keeps
// closed sessions for some seconds does not run out of ports.
func churn(b *bout, add func(string, float64)) error {
	var ports, peers []string
	for port := 6001; port <= 6016; port++ {
		ports = append(ports, fmt.Sprint(port))
		peers = append(peers, at(lab.Server4, uint16(port)).String())
	}
	sink, err := peer.Serve(b.stand.server, "tcp-sink", "-ports", strings.Join(ports, ","))
	if err != nil {
		return err
	}
	defer sink.Kill()
	var r peer.Churn
	if err := b.do(&r, "tcp-churn", "-to", strings.Join(peers, ",")); err != nil {
		return err
	}
	if r.Failed > r.Connections/100 {
		return fmt.Errorf("%d of %d connections did not come about", r.Failed, r.Failed+r.Connections)
	}
	add(setup, float64(r.Connections)/r.Seconds)
	return nil
}

func ping(b *bout, add func(string, float64)) error {
	echo, err := peer.Serve(b.stand.server, "tcp-echo", "-ports", "5003")
	if err != nil {
		return err
	}
	defer echo.Kill()
	var r peer.Ping
	if err := b.do(&r, "tcp-ping", "-to", at(lab.Server4, 5003).String()); err != nil {
		return err
	}
	add(tripP50, float64(r.P50.Nanoseconds())/1e3)
	add(tripP99, float64(r.P99.Nanoseconds())/1e3)
	return nil
}
