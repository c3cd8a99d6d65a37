package nstest

import (
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
)

// Ping sends one echo request from the host to addr and says whether an answer
// came within timeout. Raw sockets: the kernel's ping group is of no matter.
func (h *Host) Ping(addr string, timeout time.Duration) bool {
	to := netip.MustParseAddr(addr)
	ok := false
	_ = h.Do(func() error {
		ok = ping(to, timeout)
		return nil
	})
	return ok
}

func ping(to netip.Addr, timeout time.Duration) bool {
	family, proto, request, reply := unix.AF_INET, unix.IPPROTO_ICMP, byte(8), byte(0)
	if to.Is6() {
		family, proto, request, reply = unix.AF_INET6, unix.IPPROTO_ICMPV6, 128, 129
	}
	fd, err := unix.Socket(family, unix.SOCK_RAW, proto)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	msg := []byte{request, 0, 0, 0, 0x50, 0x43, 0, byte(time.Now().UnixNano()), 'p', 'i', 'n', 'g'}
	if to.Is4() { // the kernel fills in ICMPv6 checksums
		sum := ^checksum.Checksum(msg, 0)
		msg[2], msg[3] = byte(sum>>8), byte(sum)
	}
	var sa unix.Sockaddr = &unix.SockaddrInet6{Addr: to.As16()}
	if to.Is4() {
		sa = &unix.SockaddrInet4{Addr: to.As4()}
	}
	tv := unix.NsecToTimeval(int64(20 * time.Millisecond))
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv)
	end := time.Now().Add(timeout)
	if unix.Sendto(fd, msg, 0, sa) != nil {
		return false
	}
	buf := make([]byte, 1500)
	for time.Now().Before(end) {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err != nil {
			continue
		}
		b := buf[:n]
		if to.Is4() && n > 20 {
			b = b[int(b[0]&15)*4:]
		}
		if len(b) >= 8 && b[0] == reply && string(b[4:]) == string(msg[4:]) {
			return true
		}
	}
	return false
}

// MAC is the Ethernet address of the host's eth0.
func (h *Host) MAC() net.HardwareAddr {
	link, err := h.Netlink().LinkByName("eth0")
	if err != nil {
		return nil
	}
	return link.Attrs().HardwareAddr
}
