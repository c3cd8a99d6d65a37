package takeover

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
)

// state is what is put back, as it was found.
type state struct {
	Device string
	Index  int    // another device of the same name is not the same device
	Up     bool   // the link, administratively
	MTU    int    // bytes
	IPv6   string // disable_ipv6; empty where the kernel has no IPv6
}

// find looks up a device by name.
func find(device string) (netlink.Link, error) {
	link, err := netlink.LinkByName(device)
	var missing netlink.LinkNotFoundError
	if errors.As(err, &missing) || errors.Is(err, syscall.ENODEV) {
		return nil, ErrNoDevice
	}
	return link, err
}

// observe reads the state of a device.
func observe(link netlink.Link) (state, error) {
	a := link.Attrs()
	v6, err := os.ReadFile(ipv6File(a.Name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return state{}, err
	}
	return state{Device: a.Name, Index: a.Index, Up: a.Flags&net.FlagUp != 0, MTU: a.MTU,
		IPv6: strings.TrimSpace(string(v6))}, nil
}

// restore makes the device what s says, where it still exists.
func (s *state) restore() error {
	link, err := find(s.Device)
	if errors.Is(err, ErrNoDevice) {
		return nil
	}
	if err != nil {
		return err
	}
	if link.Attrs().Index != s.Index {
		return nil
	}
	var errs []error
	if up := link.Attrs().Flags&net.FlagUp != 0; up && !s.Up {
		errs = append(errs, netlink.LinkSetDown(link))
	}
	if link.Attrs().MTU != s.MTU {
		errs = append(errs, netlink.LinkSetMTU(link, s.MTU))
	}
	if s.IPv6 != "" {
		errs = append(errs, writeIPv6(s.Device, s.IPv6))
	}
	return errors.Join(errs...)
}

// refuseAddresses returns an error where the kernel has an address on the device
// that it did not give itself.
func refuseAddresses(link netlink.Link) error {
	list, err := netlink.AddrList(link, netlink.FAMILY_ALL)
	if err != nil {
		return fmt.Errorf("addresses: %w", err)
	}
	for _, a := range list {
		if !a.IP.IsLinkLocalUnicast() {
			name := link.Attrs().Name
			return fmt.Errorf("has kernel address %s: expected none; remove it first (ip address flush dev %s)", a.IPNet, name)
		}
	}
	return nil
}

func ipv6File(device string) string {
	return "/proc/sys/net/ipv6/conf/" + device + "/disable_ipv6"
}

// writeIPv6 sets disable_ipv6 of a device. A kernel without IPv6, and a
// container where the file can not be written, are not errors: the kernel's own
// packets are few, and the answers to them are dropped.
func writeIPv6(device, value string) error {
	old, err := os.ReadFile(ipv6File(device))
	if errors.Is(err, fs.ErrNotExist) || strings.TrimSpace(string(old)) == value {
		return nil
	}
	err = os.WriteFile(ipv6File(device), []byte(value), 0o644)
	if errors.Is(err, syscall.EROFS) {
		return nil
	}
	return err
}
