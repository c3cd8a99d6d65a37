package afpacket

import (
	"fmt"
	"net"
	"sync/atomic"

	mdpacket "github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

const sendBuffer = 8 << 20 // bytes in flight; the kernel's default stalls bulk

// socket is a packet socket with its ring. The ring belongs to the receiving
// goroutine; sending and counting may be done by any.
type socket struct {
	fd        int
	ring      ring
	truncated atomic.Uint64 // of ring, for other goroutines
}

// openSocket binds a socket to the device ifi.
//
// The socket is made by the packet library and then taken out of the runtime's
// poller, by duplicating its descriptor: the poller would otherwise be woken for
// every frame although nobody waits there.
func openSocket(ifi *net.Interface, slots, slotSize int) (*socket, error) {
	// Protocol 0: nothing is received until the ring is in place.
	conn, err := mdpacket.Listen(ifi, mdpacket.Raw, 0, nil)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &socket{fd: -1}
	err2 := raw.Control(func(fd uintptr) {
		s.fd, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil {
		err = err2
	}
	if err == nil {
		err = s.configure(ifi, slots, slotSize)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// ringBlock is about how much memory the kernel allocates at once for a ring. It
// takes a power of two, so that slots of 68 KiB by themselves would cost 128.
const ringBlock = 1 << 20

// configure sets the options in the order that the kernel demands: the layout of
// slots before the ring, the ring before the protocol.
func (s *socket) configure(ifi *net.Interface, slots, slotSize int) error {
	for _, o := range []struct {
		name       string
		opt, value int
	}{
		{"version", unix.PACKET_VERSION, unix.TPACKET_V2},
		{"virtio-net header", unix.PACKET_VNET_HDR, 1},
		{"reserve", unix.PACKET_RESERVE, slotReserve},
		{"ignore outgoing", unix.PACKET_IGNORE_OUTGOING, 1},
		{"qdisc bypass", unix.PACKET_QDISC_BYPASS, 1},
	} {
		if err := unix.SetsockoptInt(s.fd, unix.SOL_PACKET, o.opt, o.value); err != nil {
			return fmt.Errorf("packet socket: %s: %w", o.name, err)
		}
	}
	if unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuffer) != nil {
		// Not permitted in a user namespace; what is allowed is better than nothing.
		_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
	}
	// Solicited-node groups: the kernel joins none, as it has no address.
	mreq := unix.PacketMreq{Ifindex: int32(ifi.Index), Type: unix.PACKET_MR_ALLMULTI}
	if err := unix.SetsockoptPacketMreq(s.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &mreq); err != nil {
		return fmt.Errorf("packet socket: all multicast: %w", err)
	}
	perBlock := max(1, ringBlock/slotSize)
	blocks := (slots + perBlock - 1) / perBlock
	slots = blocks * perBlock // without gaps between the blocks
	req := unix.TpacketReq{Block_size: uint32(perBlock * slotSize), Block_nr: uint32(blocks),
		Frame_size: uint32(slotSize), Frame_nr: uint32(slots)}
	if err := unix.SetsockoptTpacketReq(s.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fmt.Errorf("packet socket: ring of %d slots of %d bytes: %w", slots, slotSize, err)
	}
	mem, err := unix.Mmap(s.fd, 0, slots*slotSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("packet socket: map ring: %w", err)
	}
	s.ring = ring{mem: mem, slots: slots, slotSize: slotSize}
	all := uint16(unix.ETH_P_ALL)
	bind := unix.SockaddrLinklayer{Protocol: all<<8 | all>>8, Ifindex: ifi.Index}
	if err := unix.Bind(s.fd, &bind); err != nil {
		return fmt.Errorf("packet socket: bind: %w", err)
	}
	return nil
}

// drops is how many frames found the ring full since the last call.
func (s *socket) drops() uint64 {
	st, err := unix.GetsockoptTpacketStats(s.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return 0
	}
	return uint64(st.Drops)
}

// err takes the pending error of the socket, as when its device went down.
func (s *socket) err() error {
	n, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && n != 0 {
		err = unix.Errno(n)
	}
	return err
}

func (s *socket) close() {
	if s.ring.mem != nil {
		_ = unix.Munmap(s.ring.mem)
	}
	if s.fd >= 0 {
		_ = unix.Close(s.fd)
	}
}
