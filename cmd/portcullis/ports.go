package main

import (
	"errors"
	"net/netip"

	"go.uber.org/zap"

	"portcullis/config"
	"portcullis/dataplane"
	"portcullis/dataplane/afpacket"
	"portcullis/engine"
	"portcullis/packet"
)

// servedPort is an open device and what it was opened with.
type servedPort struct {
	port dataplane.Port
	with portSpec
}

// portSpec is what of an interface's configuration asks for another device, or
// for the same one opened anew.
type portSpec struct {
	device string
	mtu    int // 0: the device's own
}

func specOf(c *config.Interface) portSpec {
	s := portSpec{device: c.Device}
	if s.device == "" {
		s.device = c.Name
	}
	if c.MTUOverride {
		s.mtu = c.MTU
	}
	return s
}

// openPorts opens the devices that cfg asks for and that are not served yet. Where
// some can not be opened it says so of each, and closes the others.
func (d *daemon) openPorts(cfg *config.Config) (map[string]servedPort, error) {
	fresh := map[string]servedPort{}
	var errs []error
	for _, c := range cfg.Interfaces {
		spec := specOf(c)
		if old, ok := d.ports[c.Name]; !c.Status || ok && old.with == spec {
			continue
		}
		port, err := afpacket.Open(afpacket.Options{
			Name: c.Name, Device: spec.device, MTU: spec.mtu, StateDir: d.opts.stateDir,
		})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fresh[c.Name] = servedPort{port: port, with: spec}
		info := port.Info()
		d.log.Info("interface is served", zap.String("interface", c.Name), zap.String("device", spec.device),
			zap.Stringer("mac", info.MAC), zap.Int("mtu", info.MTU), zap.Bool("up", info.Up), zap.String("kernel", port.Method()))
	}
	if len(errs) > 0 {
		return nil, errors.Join(append(errs, closePorts(fresh))...)
	}
	return fresh, nil
}

func closePorts(ports map[string]servedPort) error {
	var errs []error
	for _, p := range ports {
		errs = append(errs, p.port.Close())
	}
	return errors.Join(errs...)
}

// inventory is what the open devices tell about the interfaces of cfg.
func (d *daemon) inventory(cfg *config.Config, fresh map[string]servedPort) engine.Inventory {
	inv := engine.Inventory{}
	for _, c := range cfg.Interfaces {
		inv[c.Name] = engine.Link{MTU: c.MTU} // an interface that is down has no device
		p, ok := fresh[c.Name]
		if !ok {
			p, ok = d.ports[c.Name]
		}
		if ok && c.Status {
			info := p.port.Info()
			inv[c.Name] = engine.Link{MTU: info.MTU, LinkLocal: linkLocal(c, info.MAC), Down: !info.Up}
		}
	}
	return inv
}

// linkLocal is the address that the interface answers to on its link where IPv6
// is configured on it.
func linkLocal(c *config.Interface, mac dataplane.MAC) packet.Addr {
	if !c.IPv6.Address.IsValid() && len(c.IPv6.ExtraAddrs) == 0 {
		return packet.Addr{}
	}
	return mac.LinkLocal()
}

// serve hands fresh ports to the plane, takes those away that cfg no longer
// wants, and tells all of them their addresses.
func (d *daemon) serve(cfg *config.Config, fresh map[string]servedPort) error {
	var errs []error
	for name, old := range d.ports {
		if wanted(cfg, name, old.with) {
			continue
		}
		errs = append(errs, d.plane.Remove(d.names.InterfaceIndex(name)))
		delete(d.ports, name)
		d.log.Info("interface is no longer served", zap.String("interface", name))
	}
	for name, p := range fresh {
		if err := d.plane.Add(d.names.InterfaceIndex(name), p.port); err != nil {
			errs = append(errs, err, p.port.Close())
			continue
		}
		d.ports[name] = p
	}
	for _, c := range cfg.Interfaces {
		if _, ok := d.ports[c.Name]; ok {
			i := d.names.InterfaceIndex(c.Name)
			errs = append(errs, d.plane.SetProxy(i, proxied(cfg, c)), d.plane.SetAddresses(i, addresses(c)))
		}
	}
	return errors.Join(errs...)
}

func wanted(cfg *config.Config, name string, spec portSpec) bool {
	for _, c := range cfg.Interfaces {
		if c.Name == name {
			return c.Status && specOf(c) == spec
		}
	}
	return false
}

// addresses are all addresses of an interface, with their subnets.
func addresses(c *config.Interface) []netip.Prefix {
	var list []netip.Prefix
	add := func(p netip.Prefix) {
		if p.IsValid() {
			list = append(list, p)
		}
	}
	add(c.IP)
	for _, s := range c.SecondaryIP {
		add(s.IP)
	}
	add(c.IPv6.Address)
	for _, e := range c.IPv6.ExtraAddrs {
		add(e.Prefix)
	}
	return list
}
