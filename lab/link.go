package lab

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// End is one end of a cable: a device name in a namespace.
type End struct {
	In   *Namespace
	Name string
}

// Cable joins two namespaces by a pair of virtual Ethernet devices and brings
// both up. Deleting either takes both away.
func Cable(a, b End) error {
	pair := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: a.Name},
		PeerName:      b.Name,
		PeerNamespace: netlink.NsFd(b.In.fd),
	}
	if err := a.In.nl.LinkAdd(pair); err != nil {
		return fmt.Errorf("cable %s:%s to %s:%s: %w", a.In.name, a.Name, b.In.name, b.Name, err)
	}
	if err := a.In.Up(a.Name); err != nil {
		return err
	}
	if err := b.In.Up(b.Name); err != nil {
		return err
	}
	for _, end := range []End{a, b} {
		if err := end.In.awaitCarrier(end.Name); err != nil {
			return err
		}
	}
	return nil
}

// awaitCarrier waits until the kernel has noticed that the cable is in. Until
// then it drops what is sent, and the first retransmission is a second away.
func (ns *Namespace) awaitCarrier(device string) error {
	deadline := time.Now().Add(5 * time.Second)
	for {
		link, err := ns.nl.LinkByName(device)
		if err != nil {
			return fmt.Errorf("namespace %s: device %s: %w", ns.name, device, err)
		}
		if link.Attrs().OperState == netlink.OperUp {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("namespace %s: device %s: no carrier after 5 s", ns.name, device)
		}
		time.Sleep(time.Millisecond)
	}
}

// Up sets a device up.
func (ns *Namespace) Up(device string) error {
	return ns.onLink(device, "up", ns.nl.LinkSetUp)
}

// Down sets a device down.
func (ns *Namespace) Down(device string) error {
	return ns.onLink(device, "down", ns.nl.LinkSetDown)
}

// Unplug deletes a device, and with it the other end of its cable.
func (ns *Namespace) Unplug(device string) error {
	return ns.onLink(device, "unplug", ns.nl.LinkDel)
}

// Addresses gives a device addresses in prefix form. IPv6 ones are usable at
// once, without duplicate address detection.
func (ns *Namespace) Addresses(device string, prefixes ...netip.Prefix) error {
	return ns.onLink(device, "address", func(link netlink.Link) error {
		for _, prefix := range prefixes {
			addr := &netlink.Addr{IPNet: ipNet(prefix)}
			if prefix.Addr().Is6() {
				addr.Flags = unix.IFA_F_NODAD
			}
			if err := ns.nl.AddrAdd(link, addr); err != nil {
				return fmt.Errorf("%s: %w", prefix, err)
			}
		}
		return nil
	})
}

// Route sends a destination through a gateway.
func (ns *Namespace) Route(dst netip.Prefix, gateway netip.Addr) error {
	route := &netlink.Route{Dst: ipNet(dst), Gw: net.IP(gateway.AsSlice())}
	if err := ns.nl.RouteAdd(route); err != nil {
		return fmt.Errorf("namespace %s: route %s via %s: %w", ns.name, dst, gateway, err)
	}
	return nil
}

func (ns *Namespace) onLink(device, verb string, f func(netlink.Link) error) error {
	link, err := ns.nl.LinkByName(device)
	if err == nil {
		err = f(link)
	}
	if err != nil {
		return fmt.Errorf("namespace %s: device %s: %s: %w", ns.name, device, verb, err)
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: net.IP(p.Addr().AsSlice()), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
