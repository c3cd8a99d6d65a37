package lab

import (
	"net/netip"
)

// Addresses of the standard topology.
var (
	Client4 = netip.MustParseAddr("10.1.0.2")
	Client6 = netip.MustParseAddr("fd01::2")
	Inside4 = netip.MustParseAddr("10.1.0.1") // port1 of the firewall
	Inside6 = netip.MustParseAddr("fd01::1")

	Server4  = netip.MustParseAddr("10.2.0.2")
	Server6  = netip.MustParseAddr("fd02::2")
	Outside4 = netip.MustParseAddr("10.2.0.1") // port2 of the firewall
	Outside6 = netip.MustParseAddr("fd02::1")

	default4 = netip.MustParsePrefix("0.0.0.0/0")
	default6 = netip.MustParsePrefix("::/0")
)

// Names of the firewall's devices in the standard topology.
const (
	Port1 = "port1" // towards the client
	Port2 = "port2" // towards the server
)

// Triangle is the standard topology:
//
//	client                    firewall                    server
//	eth0 10.1.0.2/24 ───── port1      port2 ───── eth0 10.2.0.2/24
//	     fd01::2/64                                    fd02::2/64
//
// The client's gateways are 10.1.0.1 and fd01::1, the server's 10.2.0.1 and
// fd02::1. The firewall's devices have no kernel address: they are for
// Portcullis, until RouteByKernel makes the kernel the firewall.
type Triangle struct {
	Client, Firewall, Server *Namespace
}

// TriangleOptions varies the standard topology.
type TriangleOptions struct {
	// Hide leaves the server without a route to the client's network, so that
	// nothing comes back unless source NAT is at work.
	Hide bool
}

// NewTriangle builds the standard topology.
func NewTriangle(opt TriangleOptions) (*Triangle, error) {
	t := new(Triangle)
	if err := t.build(opt); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func (t *Triangle) build(opt TriangleOptions) (err error) {
	if t.Client, err = NewNamespace("client"); err != nil {
		return err
	}
	if t.Firewall, err = NewNamespace("firewall"); err != nil {
		return err
	}
	if t.Server, err = NewNamespace("server"); err != nil {
		return err
	}
	if err := t.Firewall.quiet(); err != nil {
		return err
	}
	if err := t.PlugClient(); err != nil {
		return err
	}
	return t.plugServer(opt.Hide)
}

// PlugClient joins the client to port1, at the start and again after an
// Unplug.
func (t *Triangle) PlugClient() error {
	if err := Cable(End{t.Client, "eth0"}, End{t.Firewall, Port1}); err != nil {
		return err
	}
	if err := t.Client.Addresses("eth0", netip.PrefixFrom(Client4, 24), netip.PrefixFrom(Client6, 64)); err != nil {
		return err
	}
	if err := t.Client.Route(default4, Inside4); err != nil {
		return err
	}
	return t.Client.Route(default6, Inside6)
}

func (t *Triangle) plugServer(hide bool) error {
	if err := Cable(End{t.Server, "eth0"}, End{t.Firewall, Port2}); err != nil {
		return err
	}
	if err := t.Server.Addresses("eth0", netip.PrefixFrom(Server4, 24), netip.PrefixFrom(Server6, 64)); err != nil {
		return err
	}
	if hide {
		return nil
	}
	if err := t.Server.Route(default4, Outside4); err != nil {
		return err
	}
	return t.Server.Route(default6, Outside6)
}

// quiet keeps the kernel from giving new devices link-local addresses.
func (ns *Namespace) quiet() error {
	return ns.Sysctl("net/ipv6/conf/default/addr_gen_mode", "1")
}

// Close ends every process in the topology and takes it down. Calling it again
// does nothing.
func (t *Triangle) Close() {
	for _, ns := range []*Namespace{t.Client, t.Server, t.Firewall} {
		if ns != nil {
			ns.Close()
		}
	}
}
