package lab

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
)

// Host is an end system of a Star.
type Host struct {
	Name  string
	Port  string         // the firewall's device that it is joined to
	Addrs []netip.Prefix // of its eth0
	// Gateway is where it sends what is To. A host knows no other way: what is
	// addressed elsewhere fails at once.
	Gateway netip.Addr
	To      []netip.Prefix
}

// Star is a firewall with any number of hosts around it. Hosts that are joined
// to the same device of the firewall share a switch, and so an Ethernet segment.
// The firewall's devices have no kernel address.
type Star struct {
	Firewall *Namespace
	hosts    map[string]*Namespace
	switches map[string]*Namespace // by the firewall's device
}

// NewStar builds the firewall's namespace and the hosts.
func NewStar(hosts ...Host) (*Star, error) {
	s := &Star{hosts: make(map[string]*Namespace), switches: make(map[string]*Namespace)}
	if err := s.build(hosts); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Host is the namespace of a host; nil if there is none of that name.
func (s *Star) Host(name string) *Namespace { return s.hosts[name] }

func (s *Star) build(hosts []Host) (err error) {
	if s.Firewall, err = NewNamespace("firewall"); err != nil {
		return err
	}
	if err := s.Firewall.quiet(); err != nil {
		return err
	}
	for _, h := range hosts {
		ns, err := NewNamespace(h.Name)
		if err != nil {
			return err
		}
		s.hosts[h.Name] = ns
		if err := s.join(h, ns, hosts); err != nil {
			return err
		}
		if err := h.configure(ns); err != nil {
			return err
		}
	}
	return nil
}

// join plugs a host into the firewall, or into the switch before it.
func (s *Star) join(h Host, ns *Namespace, hosts []Host) error {
	alone := !slices.ContainsFunc(hosts, func(o Host) bool { return o.Port == h.Port && o.Name != h.Name })
	if alone {
		return Cable(End{ns, "eth0"}, End{s.Firewall, h.Port})
	}
	sw := s.switches[h.Port]
	if sw == nil {
		var err error
		if sw, err = newSwitch(); err != nil {
			return err
		}
		s.switches[h.Port] = sw
		if err := Cable(End{sw, "up"}, End{s.Firewall, h.Port}); err != nil {
			return err
		}
		if err := sw.enslave("up"); err != nil {
			return err
		}
	}
	if err := Cable(End{ns, "eth0"}, End{sw, h.Name}); err != nil {
		return err
	}
	return sw.enslave(h.Name)
}

func (h Host) configure(ns *Namespace) error {
	if err := ns.Addresses("eth0", h.Addrs...); err != nil {
		return err
	}
	for _, to := range h.To {
		if err := ns.Route(to, h.Gateway); err != nil {
			return err
		}
	}
	return nil
}

const bridge = "bridge"

// newSwitch is a namespace that is an Ethernet switch.
func newSwitch() (*Namespace, error) {
	ns, err := NewNamespace("switch")
	if err != nil {
		return nil, err
	}
	err = ns.quiet()
	if err == nil {
		if err = ns.nl.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridge}}); err != nil {
			err = fmt.Errorf("namespace switch: %w", err)
		}
	}
	if err == nil {
		err = ns.Up(bridge)
	}
	if err != nil {
		ns.Close()
		return nil, err
	}
	return ns, nil
}

// enslave makes a device a port of the switch.
func (ns *Namespace) enslave(device string) error {
	master, err := ns.nl.LinkByName(bridge)
	if err != nil {
		return fmt.Errorf("namespace %s: device %s: %w", ns.name, bridge, err)
	}
	return ns.onLink(device, "enslave", func(l netlink.Link) error { return ns.nl.LinkSetMaster(l, master) })
}

// Close ends every process in the topology and takes it down. Calling it again
// does nothing.
func (s *Star) Close() {
	for _, ns := range s.hosts {
		ns.Close()
	}
	for _, ns := range s.switches {
		ns.Close()
	}
	if s.Firewall != nil {
		s.Firewall.Close()
	}
}
