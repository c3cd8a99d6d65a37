package peer

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// synSize is a TCP SYN without options in a minimal frame, which is 64 bytes on a
// wire with its checksum.
const synSize = 60

// synFlood sends SYNs from random addresses to random addresses of two networks,
// as fast as they go or as many a second, past the kernel's own stack.
func synFlood(args []string) error {
	flags := flag.NewFlagSet("syn-flood", flag.ContinueOnError)
	device := flags.String("device", "eth0", "the device to send by")
	gateway := flags.String("gateway", "", "who forwards")
	from := flags.String("from", "", "IPv4 network of the sources")
	to := flags.String("to", "", "IPv4 network of the destinations")
	port := flags.Int("port", 80, "destination port")
	duration := flags.Duration("duration", 5*time.Second, "how long")
	rate := flags.Int("rate", 0, "SYNs a second at most; 0: as fast as they go")
	if err := flags.Parse(args); err != nil {
		return err
	}
	src, err := netip.ParsePrefix(*from)
	if err != nil {
		return err
	}
	dst, err := netip.ParsePrefix(*to)
	if err != nil {
		return err
	}
	ifi, err := net.InterfaceByName(*device)
	if err != nil {
		return err
	}
	mac, err := neighbourOf(*gateway)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("packet socket: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: ifi.Index}); err != nil {
		return fmt.Errorf("packet socket on %s: %w", *device, err)
	}
	b := newBatch(64, synSize)
	for i := range b.msgs {
		synTemplate(b.frame(i), mac, ifi.HardwareAddr, uint16(*port))
	}
	say(Event{Name: "ready"})
	f, r := Flood{}, rand.New(rand.NewPCG(1, uint64(os.Getpid())))
	begin := time.Now()
	for time.Since(begin) < *duration {
		for i := range b.msgs {
			synEnds(b.frame(i), within(src, r.Uint32()), within(dst, r.Uint32()), uint16(1024+r.IntN(60000)), r.Uint32())
		}
		n, err := b.send(fd)
		if err != nil && !errors.Is(err, unix.ENOBUFS) {
			return fmt.Errorf("sendmmsg: %w", err)
		}
		f.Packets += int64(n)
		if *rate > 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(f.Packets) * time.Second / time.Duration(*rate))))
		}
	}
	f.Seconds = time.Since(begin).Seconds()
	report(f)
	return nil
}

// frame is the i-th datagram.
func (b *batch) frame(i int) []byte {
	size := len(b.data) / len(b.msgs)
	return b.data[i*size : (i+1)*size]
}

// within is an address of p that n chooses.
func within(p netip.Prefix, n uint32) uint32 {
	b := p.Masked().Addr().As4()
	return binary.BigEndian.Uint32(b[:]) | uint32(uint64(n)>>p.Bits())
}

func synTemplate(f []byte, to, from net.HardwareAddr, port uint16) {
	copy(f, to)
	copy(f[6:], from)
	copy(f[12:], []byte{8, 0, 0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, unix.IPPROTO_TCP})
	binary.BigEndian.PutUint16(f[36:], port)
	copy(f[46:], []byte{0x50, 0x02, 0xff, 0xff})
}

// synEnds writes what differs from SYN to SYN, and the checksums.
func synEnds(f []byte, src, dst uint32, port uint16, seq uint32) {
	ip, tcp := f[14:34], f[34:54]
	binary.BigEndian.PutUint32(ip[12:], src)
	binary.BigEndian.PutUint32(ip[16:], dst)
	binary.BigEndian.PutUint16(tcp, port)
	binary.BigEndian.PutUint32(tcp[4:], seq)
	ip[10], ip[11], tcp[16], tcp[17] = 0, 0, 0, 0
	binary.BigEndian.PutUint16(ip[10:], ^sum16(0, ip))
	pseudo := sum16(unix.IPPROTO_TCP+20, ip[12:20])
	binary.BigEndian.PutUint16(tcp[16:], ^sum16(uint32(pseudo), tcp))
}

// sum16 is the ones' complement sum of b, which is of even length, and start.
func sum16(start uint32, b []byte) uint16 {
	for i := 0; i < len(b); i += 2 {
		start += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for start > 0xffff {
		start = start>>16 + start&0xffff
	}
	return uint16(start)
}

// neighbourOf is the Ethernet address of an IPv4 neighbour, which the kernel is
// made to ask for.
func neighbourOf(ip string) (net.HardwareAddr, error) {
	conn, err := net.Dial("udp4", net.JoinHostPort(ip, "9"))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for range 50 {
		_, _ = conn.Write([]byte{0})
		table, err := os.ReadFile("/proc/thread-self/net/arp")
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(table)) {
			if f := strings.Fields(line); len(f) > 3 && f[0] == ip && f[2] != "0x0" {
				return net.ParseMAC(f[3])
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, fmt.Errorf("neighbour %s: no answer", ip)
}
