package lab

import (
	"fmt"
	"net"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
)

// Snapshot is the kernel's state of a namespace's devices as far as a program
// that takes them over might change it: flags, MTU, addresses, settings,
// packet filter tables. It is for comparing before and after.
func (ns *Namespace) Snapshot(devices ...string) (map[string]string, error) {
	state := make(map[string]string)
	for _, device := range devices {
		if err := ns.snapshotDevice(state, device); err != nil {
			return nil, fmt.Errorf("namespace %s: device %s: %w", ns.name, device, err)
		}
		for _, dir := range []string{"net/ipv4/conf/", "net/ipv6/conf/"} {
			settings, err := ns.ReadSysctls(dir + device)
			if err != nil {
				return nil, err
			}
			for name, value := range settings {
				state[name] = value
			}
		}
	}
	conn, err := nftables.New(nftables.WithNetNSFd(int(ns.fd)))
	if err != nil {
		return nil, fmt.Errorf("namespace %s: nftables: %w", ns.name, err)
	}
	tables, err := conn.ListTables()
	if err != nil {
		return nil, fmt.Errorf("namespace %s: nftables: %w", ns.name, err)
	}
	for _, t := range tables {
		state["nftables "+t.Name] = fmt.Sprint(t.Family)
	}
	return state, nil
}

func (ns *Namespace) snapshotDevice(state map[string]string, device string) error {
	link, err := ns.nl.LinkByName(device)
	if err != nil {
		return err
	}
	a := link.Attrs()
	state[device+" up"] = fmt.Sprint(a.Flags&net.FlagUp != 0)
	state[device+" mtu"] = fmt.Sprint(a.MTU)
	state[device+" promiscuity"] = fmt.Sprint(a.Promisc, a.Allmulti)
	state[device+" mac"] = a.HardwareAddr.String()
	addrs, err := ns.nl.AddrList(link, netlink.FAMILY_ALL)
	if err != nil {
		return err
	}
	for _, addr := range addrs {
		state[device+" address "+addr.IPNet.String()] = "set"
	}
	qdiscs, err := ns.nl.QdiscList(link)
	if err != nil {
		return err
	}
	for _, q := range qdiscs {
		state[device+" qdisc "+q.Type()] = fmt.Sprint(q.Attrs().Parent)
	}
	return nil
}

// MTU sets the MTU of a device.
func (ns *Namespace) MTU(device string, mtu int) error {
	return ns.onLink(device, "mtu", func(l netlink.Link) error { return ns.nl.LinkSetMTU(l, mtu) })
}
