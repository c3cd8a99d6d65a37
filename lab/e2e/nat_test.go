package e2e

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"portcullis/lab"
)

// officeHosts are an office with clients and a server on one network and a
// server on another, and a peer outside that knows nothing but the network it is
// connected to, 198.51.100.0/24, and a network that is routed to the box.
func officeHosts() []lab.Host {
	return []lab.Host{
		via(host("client", "port1", "10.1.0.2/24", "10.1.0.4/24", "10.1.0.5/24", "10.1.0.6/24"), "0.0.0.0/0"),
		via(host("server", "port1", "10.1.0.3/24"), "0.0.0.0/0"),
		via(host("dmz", "port3", "10.3.0.2/24"), "0.0.0.0/0"),
		via(host("peer", "port2", "198.51.100.2/24", "198.51.100.3/24"), "192.0.2.0/24"),
	}
}

var officePorts = interfaces("port1 10.1.0.1/24", "port2 198.51.100.1/24", "port3 10.3.0.1/24")

// Source NAT behind the interface and behind pools of every type, in the
// connected network, which takes ARP replies, and in a routed one.
func TestPools(t *testing.T) {
	t.Parallel()
	config := officePorts +
		table("firewall.ippool", `name = "overload"`, `startip = "198.51.100.20"`, `endip = "198.51.100.21"`) +
		table("firewall.ippool", `name = "one-to-one"`, `type = "one-to-one"`, `startip = "198.51.100.30"`, `endip = "198.51.100.31"`) +
		table("firewall.ippool", `name = "fixed"`, `type = "fixed-port-range"`, `startip = "198.51.100.40"`, `endip = "198.51.100.40"`,
			`source-startip = "10.1.0.1"`, `source-endip = "10.1.0.10"`) +
		table("firewall.ippool", `name = "blocks"`, `type = "port-block-allocation"`, `startip = "198.51.100.50"`, `endip = "198.51.100.50"`,
			`block-size = 64`, `num-blocks-per-user = 1`) +
		table("firewall.ippool", `name = "routed"`, `startip = "192.0.2.9"`, `endip = "192.0.2.9"`) +
		table("firewall.ippool", `name = "silent"`, `startip = "198.51.100.60"`, `endip = "198.51.100.60"`, `arp-reply = "disable"`)
	policy := 0
	by := func(port int, lines ...string) {
		policy++
		name := fmt.Sprintf("port-%d", port)
		config += table("firewall.service.custom", fmt.Sprintf("name = %q", name), fmt.Sprintf(`tcp-portrange = ["%d"]`, port), fmt.Sprintf(`udp-portrange = ["%d"]`, port)) +
			accept(policy, "port1", "port2", append(lines, fmt.Sprintf("service = [%q]", name), `nat = "enable"`)...)
	}
	pool := func(name string) []string { return []string{`ippool = "enable"`, fmt.Sprintf("poolname = [%q]", name)} }
	by(8000)
	for i, name := range []string{"overload", "one-to-one", "fixed", "blocks", "routed", "silent"} {
		by(8001+i, pool(name)...)
	}
	s := buildStar(t, config, officeHosts())
	client, peer := s.Host("client"), s.Host("peer")
	for port := 8000; port <= 8006; port++ {
		mirror(t, peer, fmt.Sprintf("198.51.100.2:%d", port))
	}
	at := func(port int) string { return fmt.Sprintf("198.51.100.2:%d", port) }
	networks := []string{"tcp", "udp"}

	t.Run("interface", func(t *testing.T) {
		for _, network := range networks {
			if as := seen(t, client, network, "10.1.0.2:30000", at(8000)); as != netip.MustParseAddrPort("198.51.100.1:30000") {
				t.Errorf("%s: seen as %s", network, as)
			}
		}
	})
	t.Run("overload", func(t *testing.T) {
		for _, network := range networks {
			// The second source cannot have the same port of the same address.
			first := seen(t, client, network, "10.1.0.2:30000", at(8001))
			second := seen(t, client, network, "10.1.0.4:30000", at(8001))
			in(t, first, "198.51.100.20-198.51.100.21")
			in(t, second, "198.51.100.20-198.51.100.21")
			if first.Port() != 30000 || first == second {
				t.Errorf("%s: seen as %s and %s", network, first, second)
			}
		}
	})
	t.Run("one-to-one", func(t *testing.T) {
		first := seen(t, client, "udp", "10.1.0.2:30000", at(8002))
		second := seen(t, client, "udp", "10.1.0.4:30000", at(8002))
		in(t, first, "198.51.100.30-198.51.100.31")
		in(t, second, "198.51.100.30-198.51.100.31")
		if first.Port() != 30000 || second.Port() != 30000 || first == second {
			t.Errorf("seen as %s and %s", first, second)
		}
		if again := seen(t, client, "tcp", "10.1.0.2:30000", at(8002)); again != first {
			t.Errorf("seen as %s, before as %s", again, first)
		}
		// There is no third address.
		mark := s.fw.Mark()
		refused(t, client, "udp", "10.1.0.5:30000", at(8002))
		s.logged(t, mark, "type=event", "logid=0100020007", "srcip=10.1.0.5", "dstport=8002", "poolname=one-to-one")
	})
	t.Run("fixed-port-range", func(t *testing.T) {
		// Ten sources share 60417 ports: each has 6041 of them, in order.
		const each = 6041
		for i, from := range []string{"10.1.0.2:1500", "10.1.0.4:1500", "10.1.0.5:1500"} {
			source := []int{2, 4, 5}[i]
			low := 5117 + (source-1)*each
			for _, network := range networks {
				as := seen(t, client, network, from, at(8003))
				in(t, as, "198.51.100.40-198.51.100.40")
				if int(as.Port()) < low || int(as.Port()) >= low+each {
					t.Errorf("%s from %s: seen as %s, want ports %d-%d", network, from, as, low, low+each-1)
				}
			}
		}
	})
	t.Run("port-block-allocation", func(t *testing.T) {
		blocks := map[string][]uint16{}
		for _, from := range []string{"10.1.0.2", "10.1.0.4"} {
			for range 20 {
				as := seen(t, client, "udp", from, at(8004))
				in(t, as, "198.51.100.50-198.51.100.50")
				blocks[from] = append(blocks[from], as.Port())
			}
		}
		for from, ports := range blocks {
			if low, high := slices.Min(ports), slices.Max(ports); high-low >= 64 {
				t.Errorf("%s: ports %d to %d are not of one block", from, low, high)
			}
		}
		a, b := blocks["10.1.0.2"], blocks["10.1.0.4"]
		if slices.Max(a) >= slices.Min(b) && slices.Max(b) >= slices.Min(a) {
			t.Errorf("blocks overlap: %v %v", a, b)
		}
	})
	t.Run("routed", func(t *testing.T) {
		for _, network := range networks {
			if as := seen(t, client, network, "10.1.0.2:30000", at(8005)); as != netip.MustParseAddrPort("192.0.2.9:30000") {
				t.Errorf("%s: seen as %s", network, as)
			}
		}
	})
	t.Run("without arp-reply", func(t *testing.T) {
		refused(t, client, "udp", "10.1.0.2:30000", at(8006))
		if mac := neighbour(t, peer, "198.51.100.60"); mac != "" {
			t.Errorf("198.51.100.60 is at %s", mac)
		}
		own := neighbour(t, peer, "198.51.100.1")
		for _, addr := range []string{"198.51.100.20", "198.51.100.30", "198.51.100.31", "198.51.100.40", "198.51.100.50"} {
			if mac := neighbour(t, peer, addr); mac == "" || mac != own {
				t.Errorf("%s is at %q, the firewall at %q", addr, mac, own)
			}
		}
	})
}

// in expects an address of a range.
func in(t *testing.T, a netip.AddrPort, span string) {
	t.Helper()
	low, high, _ := strings.Cut(span, "-")
	if a.Addr().Less(netip.MustParseAddr(low)) || netip.MustParseAddr(high).Less(a.Addr()) {
		t.Errorf("%s is not of %s", a, span)
	}
}

// neighbour is the Ethernet address that a host has learnt for an address; ""
// where nobody has answered.
func neighbour(t *testing.T, ns *lab.Namespace, addr string) string {
	t.Helper()
	list, err := ns.Netlink().NeighList(0, unix.AF_INET)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range list {
		if n.IP.String() == addr && n.State&(unix.NUD_FAILED|unix.NUD_INCOMPLETE) == 0 {
			return n.HardwareAddr.String()
		}
	}
	return ""
}
