package soak

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"portcullis/dataplane"
	"portcullis/dataplane/wire"
	"portcullis/packet"
)

// host is a machine with a TCP/IP stack on the far end of a wire.
type host struct {
	stack  *stack.Stack
	link   *channel.Endpoint
	port   *wire.Port
	record *recorder
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// newHost makes a host behind port. With offload it sends super-packets and
// leaves checksums to the device, as Linux does.
func newHost(port *wire.Port, record *recorder, offload bool, gateways []string, addresses ...string) (*host, error) {
	mac := port.Info().MAC
	h := &host{port: port, record: record, link: channel.New(4096, uint32(port.Info().MTU)+header.EthernetMinimumSize, tcpip.LinkAddress(mac[:]))}
	if offload {
		h.link.SupportedGSOKind = stack.HostGSOSupported
	}
	h.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{arp.NewProtocol, ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	if err := errors.Join(h.tune(), wrong("nic", h.stack.CreateNIC(1, ethernet.New(h.link)))); err != nil {
		return nil, err
	}
	for _, a := range addresses {
		p := netip.MustParsePrefix(a)
		if err := h.stack.AddProtocolAddress(1, tcpip.ProtocolAddress{
			Protocol:          family(p.Addr()),
			AddressWithPrefix: tcpip.AddressWithPrefix{Address: tcpip.AddrFromSlice(p.Addr().AsSlice()), PrefixLen: p.Bits()},
		}, stack.AddressProperties{}); err != nil {
			return nil, wrong(a, err)
		}
		h.stack.AddRoute(tcpip.Route{Destination: subnet(p), NIC: 1})
	}
	for _, g := range gateways {
		a := netip.MustParseAddr(g)
		to := header.IPv4EmptySubnet
		if a.Is6() {
			to = header.IPv6EmptySubnet
		}
		h.stack.AddRoute(tcpip.Route{Destination: to, Gateway: tcpip.AddrFromSlice(a.AsSlice()), NIC: 1})
	}
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	h.done.Go(func() { h.receive(ctx) })
	h.done.Go(func() { h.transmit(ctx) })
	return h, nil
}

// tune makes TCP patient with a bad network and quick to forget.
func (h *host) tune() error {
	sack, wait := tcpip.TCPSACKEnabled(true), tcpip.TCPTimeWaitTimeoutOption(500*time.Millisecond)
	// gVisor drops a FIN that comes before its turn, and with RACK (RFC 8985) may
	// forget to send again what came before it.
	recovery := tcpip.TCPRecovery(0)
	// Nobody is silent for longer than the firewall's timers, which are short here.
	most := tcpip.TCPMaxRTOOption(time.Second)
	return errors.Join(
		wrong("sack", h.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &sack)),
		wrong("time wait", h.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &wait)),
		wrong("recovery", h.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &recovery)),
		wrong("rto", h.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &most)),
	)
}

func subnet(p netip.Prefix) tcpip.Subnet {
	return tcpip.AddressWithPrefix{Address: tcpip.AddrFromSlice(p.Addr().AsSlice()), PrefixLen: p.Bits()}.Subnet()
}

func family(a netip.Addr) tcpip.NetworkProtocolNumber {
	if a.Is4() {
		return ipv4.ProtocolNumber
	}
	return ipv6.ProtocolNumber
}

// wrong is an error of the stack as one of Go.
func wrong(what string, err tcpip.Error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %v", what, err)
}

// close resets what is still open and ends the host.
func (h *host) close() {
	h.stack.Close()
	time.Sleep(50 * time.Millisecond) // the resets are on their way
	h.stop()
	h.port.Interrupt()
	h.done.Wait()
	h.stack.Wait()
	h.link.Close()
}

// receive hands what the wire brings to the stack.
func (h *host) receive(ctx context.Context) {
	batch := make([]dataplane.Buffer, 64)
	for ctx.Err() == nil {
		n, _ := h.port.Recv(batch, 100*time.Millisecond)
		for _, b := range batch[:n] {
			complete(b)
			h.record.note(h.port.Info().Name+" <", b)
			p := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(b.Frame())})
			h.link.InjectInbound(0, p)
			p.DecRef()
		}
		h.port.Release()
	}
}

// complete is what a device does with a checksum that was left to it: gVisor
// checks them all.
func complete(b dataplane.Buffer) {
	var p packet.Packet
	if off := b.Offload(); off.Partial() && p.Parse(b.Frame(), off) == packet.ReasonNone {
		p.CompleteChecksum()
	}
}

// transmit puts on the wire what the stack sends.
func (h *host) transmit(ctx context.Context) {
	s := h.port.NewSender()
	for {
		p := h.link.ReadContext(ctx)
		if p == nil {
			return
		}
		view := p.ToView()
		b := dataplane.NewBuffer(view.AsSlice(), offload(&p.GSOOptions))
		h.record.note(h.port.Info().Name+" >", b)
		_, _ = s.Send([]dataplane.Buffer{b})
		view.Release()
		p.DecRef()
	}
}

// offload is what gVisor leaves to the device, in the words of virtio-net.
func offload(g *stack.GSO) (o packet.Offload) {
	if !g.NeedsCsum {
		return o
	}
	o.Flags = packet.OffloadNeedsCsum
	o.CsumStart, o.CsumOffset = header.EthernetMinimumSize+g.L3HdrLen, g.CsumOffset
	switch g.Type {
	case stack.GSOTCPv4:
		o.GSO, o.GSOSize = packet.GSOTCPv4, g.MSS
	case stack.GSOTCPv6:
		o.GSO, o.GSOSize = packet.GSOTCPv6, g.MSS
	}
	o.HdrLen = o.CsumStart + header.TCPMinimumSize
	return o
}

// raw puts a frame of the test's own on the wire.
func (h *host) raw(frame []byte) {
	_, _ = h.port.NewSender().Send([]dataplane.Buffer{dataplane.NewBuffer(frame, packet.Offload{})})
}

func full(a netip.AddrPort) tcpip.FullAddress {
	return tcpip.FullAddress{NIC: 1, Addr: tcpip.AddrFromSlice(a.Addr().AsSlice()), Port: a.Port()}
}

// conn is a TCP connection whose end can be chosen.
type conn struct {
	*gonet.TCPConn
	ep tcpip.Endpoint
}

// dial opens a connection from src, whose port may be 0.
func (h *host) dial(ctx context.Context, src netip.AddrPort, to netip.AddrPort) (*conn, error) {
	var wq waiter.Queue
	ep, bad := h.stack.NewEndpoint(tcp.ProtocolNumber, family(to.Addr()), &wq)
	if bad != nil {
		return nil, wrong("endpoint", bad)
	}
	entry, ready := waiter.NewChannelEntry(waiter.WritableEvents | waiter.EventErr | waiter.EventHUp)
	wq.EventRegister(&entry)
	defer wq.EventUnregister(&entry)
	if bad = ep.Bind(full(src)); bad == nil {
		bad = ep.Connect(full(to))
	}
	if _, started := bad.(*tcpip.ErrConnectStarted); started {
		select {
		case <-ctx.Done():
			ep.Close()
			return nil, fmt.Errorf("connect to %v: %w", to, ctx.Err())
		case <-ready:
		}
		bad = ep.LastError()
	}
	if bad != nil {
		ep.Close()
		return nil, fmt.Errorf("connect to %v: %w", to, refused(bad))
	}
	return &conn{gonet.NewTCPConn(&wq, ep), ep}, nil
}

var errRefused = errors.New("refused")

func refused(e tcpip.Error) error {
	if _, is := e.(*tcpip.ErrConnectionRefused); is {
		return errRefused
	}
	return errors.New(e.String())
}

// Close implements net.Conn. gonet lets the timers of deadlines run on, which keep
// all of the connection.
func (c *conn) Close() error {
	_ = c.SetDeadline(time.Time{})
	return c.TCPConn.Close()
}

// abort ends the connection with a reset.
func (c *conn) abort() {
	c.ep.SocketOptions().SetLinger(tcpip.LingerOption{Enabled: true})
	_ = c.Close()
}

// listen accepts connections to an address; its port may be 0.
func (h *host) listen(at netip.AddrPort) (net.Listener, error) {
	return gonet.ListenTCP(h.stack, full(at), family(at.Addr()))
}

// udp is a socket at an address, which speaks with one peer where there is one.
func (h *host) udp(at, peer netip.AddrPort) (*gonet.UDPConn, error) {
	var wq waiter.Queue
	ep, bad := h.stack.NewEndpoint(udp.ProtocolNumber, family(at.Addr()), &wq)
	if bad != nil {
		return nil, wrong("endpoint", bad)
	}
	if at.Addr().Is4() { // else gVisor gives all fragments that it makes one identification
		bad = ep.SetSockOptInt(tcpip.MTUDiscoverOption, int(tcpip.PMTUDiscoveryDont))
	}
	if bad == nil {
		bad = ep.Bind(full(at))
	}
	if bad == nil && peer.IsValid() {
		bad = ep.Connect(full(peer))
	}
	if bad != nil {
		ep.Close()
		return nil, wrong(at.String(), bad)
	}
	return gonet.NewUDPConn(&wq, ep), nil
}
