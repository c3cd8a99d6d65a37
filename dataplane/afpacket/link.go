package afpacket

import (
	"fmt"
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

// link is what the kernel says about a device.
type link struct {
	index   int
	admin   bool // set up by the operator
	carrier bool
	mtu     int
}

// readLink asks by any socket's descriptor: four ioctls, no netlink, so cheap
// enough to be done all the time.
func readLink(fd int, device string) (l link, err error) {
	r, err := unix.NewIfreq(device)
	if err != nil {
		return l, err
	}
	if err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r); err != nil {
		return l, err
	}
	l.index = int(r.Uint32())
	if err = unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, r); err != nil {
		return l, err
	}
	flags := r.Uint16()
	l.admin = flags&unix.IFF_UP != 0
	if l.carrier, err = carrier(fd, device); err != nil {
		l.carrier = flags&unix.IFF_RUNNING != 0 // up to a second late, but every device has it
	}
	if err = unix.IoctlIfreq(fd, unix.SIOCGIFMTU, r); err != nil {
		return l, err
	}
	l.mtu = int(r.Uint32())
	return l, nil
}

// carrier asks the driver for the state of the link (ETHTOOL_GLINK), which is
// what it is now and not what the kernel has come round to announce.
func carrier(fd int, device string) (bool, error) {
	const getLink = 0x0a
	value := struct{ cmd, data uint32 }{cmd: getLink}
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: unsafe.Pointer(&value)}
	copy(request.name[:unix.IFNAMSIZ-1], device)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return false, errno
	}
	return value.data != 0, nil
}

// why says why a device does not carry frames; empty where it does.
func (l link) why(device string) string {
	switch {
	case !l.admin:
		return fmt.Sprintf("device %q: link is down", device)
	case !l.carrier:
		return fmt.Sprintf("device %q: no carrier", device)
	}
	return ""
}

// ethernet looks up a device that has an Ethernet address.
func ethernet(device string) (*net.Interface, error) {
	ifi, err := net.InterfaceByName(device)
	if err != nil {
		return nil, fmt.Errorf("device %q: %w", device, err)
	}
	if len(ifi.HardwareAddr) != 6 {
		return nil, fmt.Errorf("device %q: is no Ethernet device", device)
	}
	return ifi, nil
}
