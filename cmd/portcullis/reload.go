package main

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"go.uber.org/zap"

	"portcullis/config"
	"portcullis/engine"
	"portcullis/session"
)

// reloadFile obeys the configuration in file from now on, or says why not and
// goes on with the one it has.
func (d *daemon) reloadFile(file string) {
	cfg, err := load(file)
	if err == nil {
		err = d.reload(cfg)
	}
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			d.log.Error(strings.TrimSpace(line))
		}
		d.log.Error("configuration not reloaded: the one in force goes on", zap.String("config", file))
		return
	}
	d.log.Info("configuration reloaded", zap.String("config", file), zap.Uint32("generation", d.rules.Generation))
}

// reload puts cfg in force: first everything that can fail, then one store in the
// engine, then what the ports are told.
func (d *daemon) reload(cfg *config.Config) error {
	if err := d.reopens(cfg); err != nil {
		return err
	}
	fresh, err := d.openPorts(cfg)
	if err != nil {
		return err
	}
	links := d.inventory(cfg, fresh)
	rules, err := engine.Compile(cfg, links, d.names, d.rules.Generation+1)
	if err != nil {
		return errors.Join(err, closePorts(fresh))
	}
	if cfg.Global.MaxSessions != d.cfg.Global.MaxSessions {
		d.log.Warn("system global: max-sessions takes effect at the next start")
	}
	if cfg.Global.Hostname != d.cfg.Global.Hostname {
		d.log.Warn("system global: hostname takes effect in the traffic log at the next start")
	}
	d.obey(rules, links)
	d.cfg = cfg
	if err := d.serve(cfg, fresh); err != nil { // rules are in force all the same
		d.log.Error("interfaces: " + err.Error())
	}
	return nil
}

// obey puts rules in force, which were made from links.
func (d *daemon) obey(rules *engine.Ruleset, links engine.Inventory) {
	d.plane.Do(func(session.Tick) { d.worker.SetRuleset(rules) })
	d.rules, d.links = rules, links
}

// followLinks takes over what has changed of the devices: their MTUs, their
// addresses, whether their links are up.
func (d *daemon) followLinks() {
	links := d.inventory(d.cfg, nil)
	if maps.Equal(links, d.links) {
		return
	}
	for name, now := range links {
		if was := d.links[name]; now != was {
			d.log.Info("link changed", zap.String("interface", name), zap.Bool("up", !now.Down), zap.Int("mtu", now.MTU))
		}
	}
	d.obey(d.rules.Relink(links, d.names, d.rules.Generation+1), links)
}

// reopens refuses what a running firewall can not do without letting go of a
// device first: serving one device as another interface, or with another MTU.
func (d *daemon) reopens(cfg *config.Config) error {
	var errs []error
	for _, c := range cfg.Interfaces {
		spec := specOf(c)
		for name, old := range d.ports {
			if c.Status && old.with.device == spec.device && (name != c.Name || old.with != spec) {
				errs = append(errs, fmt.Errorf("system interface %q: device %q is served as %q with another name or mtu: expected a restart for that", c.Name, spec.device, name))
			}
		}
	}
	return errors.Join(errs...)
}
