package main

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"portcullis/config"
	"portcullis/dataplane"
	"portcullis/engine"
	"portcullis/session"
	"portcullis/telemetry"
)

// eventRing is how many events may wait for the traffic log.
const eventRing = 1 << 15

// daemon is a running firewall: an engine, the plane around it and what they
// were made from. Its methods belong to one goroutine.
type daemon struct {
	opts  runOptions
	log   *zap.Logger
	names *engine.Names
	began time.Time // the wall time of tick 0

	cfg    *config.Config
	rules  *engine.Ruleset
	links  engine.Inventory      // what rules was made from
	ports  map[string]servedPort // by interface name
	worker *engine.Worker
	plane  *dataplane.Plane
	events *telemetry.Ring
	opened map[string]servedPort // at the start, until they are served
}

// start opens every device and makes the engine. On an error everything is as it
// was before.
func start(cfg *config.Config, o runOptions, log *zap.Logger) (*daemon, error) {
	d := &daemon{
		opts: o, log: log, cfg: cfg,
		names:  engine.NewNames(),
		ports:  map[string]servedPort{},
		events: telemetry.NewRing(eventRing),
	}
	fresh, err := d.openPorts(cfg)
	if err != nil {
		return nil, err
	}
	d.links = d.inventory(cfg, fresh)
	if d.rules, err = engine.Compile(cfg, d.links, d.names, 1); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", o.config, err), closePorts(fresh))
	}
	seed, err := seed()
	if err != nil {
		return nil, errors.Join(err, closePorts(fresh))
	}
	d.worker = engine.NewWorker(d.rules, 0, engine.Options{
		Seed: seed, Sink: d.events, Names: d.names, MaxSessions: bound(cfg.Global.MaxSessions, log), Advise: largePages,
	})
	d.began = time.Now()
	d.plane = dataplane.New(d.worker)
	d.opened = fresh
	return d, nil
}

// begin takes up the sessions of an earlier run and begins to forward. Also where
// it fails the daemon is to be closed.
func (d *daemon) begin() error {
	d.takeUp()
	opened := d.opened
	d.opened = nil
	return d.serve(d.cfg, opened)
}

// seed is a number that nobody can foretell.
func seed() (uint64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, fmt.Errorf("random seed: %w", err)
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

// trafficLog is the log of the daemon's events, into out.
func (d *daemon) trafficLog(out telemetry.Output) *telemetry.TrafficLog {
	format := telemetry.Formatter{Hostname: d.cfg.Global.Hostname, Start: d.began, Names: d.names}
	fail := func(err error) { d.log.Error("traffic log: " + err.Error()) }
	return telemetry.NewTrafficLog(format, out, fail, d.events)
}

// close stops forwarding, puts the devices back and writes the sessions for the
// next start. Where that is not to be, or can not be done, it reports the end of
// each, as fast as the traffic log takes the lines.
func (d *daemon) close() error {
	err := d.plane.Close()
	now := d.plane.Now()
	if d.keep(now, time.Now()) {
		return err
	}
	for p := (pace{ring: d.events}); d.worker.Shutdown(now, pacePortion); {
		p.wait()
	}
	return err
}

// status is how the firewall is doing.
func (d *daemon) status(traffic *telemetry.TrafficLog) *telemetry.Status {
	s := &telemetry.Status{LogWritten: traffic.Written(), LogLost: traffic.Lost()}
	d.plane.Do(func(now session.Tick) {
		st := d.worker.Stats()
		s.Uptime = time.Duration(now)
		s.Sessions, s.Expectations = uint64(st.Sessions), uint64(st.Expectations)
		s.Exhausted = st.Exhausted
		s.Drops = d.worker.Drops()
	})
	for _, c := range d.cfg.Interfaces {
		if _, served := d.ports[c.Name]; !served {
			continue
		}
		p := d.plane.Stats(d.names.InterfaceIndex(c.Name))
		s.Ports = append(s.Ports, telemetry.PortStatus{
			Name: c.Name, RxPackets: p.RxPackets, RxBytes: p.RxBytes, TxPackets: p.TxPackets, TxBytes: p.TxBytes,
		})
	}
	return s
}
