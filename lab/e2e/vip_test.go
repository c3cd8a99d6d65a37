package e2e

import (
	"testing"
)

// officeVIPs are public addresses of the office's servers, in the connected
// network, where nobody has a route: they must be answered for.
var officeVIPs = table("firewall.vip", `name = "server"`, `extip = "198.51.100.10"`, `mappedip = ["10.1.0.3"]`) +
	table("firewall.vip", `name = "dmz"`, `extip = "198.51.100.11"`, `mappedip = ["10.3.0.2"]`) +
	table("firewall.vip", `name = "web"`, `extip = "198.51.100.12"`, `mappedip = ["10.3.0.2"]`, `portforward = "enable"`, `extport = "8080-8081"`, `mappedport = "80-81"`)

const allVIPs = `dstaddr = ["server", "dmz", "web"]`

// Virtual IPs from outside, and from inside: a client that uses the public
// address of a server beside it, and of one on another network.
func TestVIP(t *testing.T) {
	t.Parallel()
	s := buildStar(t, officePorts+officeVIPs+
		accept(1, "port2", "port1", allVIPs)+
		accept(2, "port2", "port3", allVIPs)+
		accept(3, "port1", "port1", allVIPs, `nat = "enable"`)+
		accept(4, "port1", "port3", allVIPs)+
		accept(5, "port3", "port3", allVIPs, `nat = "enable"`)+
		accept(6, "port1", "port2", `nat = "enable"`)+
		accept(7, "port3", "port2", `nat = "enable"`), officeHosts())
	client, server, dmz, peer := s.Host("client"), s.Host("server"), s.Host("dmz"), s.Host("peer")
	for _, port := range []string{"80", "81", "7"} {
		mirror(t, server, "10.1.0.3:"+port)
		mirror(t, dmz, "10.3.0.2:"+port)
	}
	mirror(t, peer, "198.51.100.2:7")
	mirror(t, client, "10.1.0.2:7")

	sees := func(t *testing.T, network, from, to, want string) {
		t.Helper()
		ns := peer
		switch from[:5] {
		case "10.1.":
			ns = client
			if from[:8] == "10.1.0.3" {
				ns = server
			}
		case "10.3.":
			ns = dmz
		}
		if as := seen(t, ns, network, from, to); as.Addr().String() != want {
			t.Errorf("%s from %s to %s: seen as %s, want %s", network, from, to, as, want)
		}
	}
	t.Run("from outside", func(t *testing.T) {
		for _, network := range []string{"tcp", "udp"} {
			sees(t, network, "198.51.100.2", "198.51.100.10:7", "198.51.100.2")
			sees(t, network, "198.51.100.2", "198.51.100.11:7", "198.51.100.2")
		}
		sees(t, "tcp", "198.51.100.2", "198.51.100.12:8080", "198.51.100.2")
		sees(t, "tcp", "198.51.100.2", "198.51.100.12:8081", "198.51.100.2")
		refused(t, peer, "tcp", "198.51.100.2", "198.51.100.12:80")
		if err := ping(peer, "198.51.100.2", "198.51.100.10"); err != nil {
			t.Errorf("ping: %v", err)
		}
	})
	t.Run("hairpin, same network", func(t *testing.T) {
		for _, network := range []string{"tcp", "udp"} {
			sees(t, network, "10.1.0.2", "198.51.100.10:7", "10.1.0.1")
		}
		if err := ping(client, "10.1.0.2", "198.51.100.10"); err != nil {
			t.Errorf("ping: %v", err)
		}
		// The server itself, at its own public address.
		sees(t, "tcp", "10.1.0.3", "198.51.100.10:7", "198.51.100.10")
		sees(t, "tcp", "10.3.0.2", "198.51.100.12:8080", "198.51.100.11")
	})
	t.Run("hairpin, other network", func(t *testing.T) {
		for _, network := range []string{"tcp", "udp"} {
			sees(t, network, "10.1.0.2", "198.51.100.11:7", "10.1.0.2")
		}
		sees(t, "tcp", "10.1.0.2", "198.51.100.12:8081", "10.1.0.2")
		if err := ping(client, "10.1.0.2", "198.51.100.11"); err != nil {
			t.Errorf("ping: %v", err)
		}
	})
	t.Run("out", func(t *testing.T) {
		// What the mapped server opens comes from its public address; others come
		// from the interface's.
		for _, network := range []string{"tcp", "udp"} {
			sees(t, network, "10.1.0.3", "198.51.100.2:7", "198.51.100.10")
			sees(t, network, "10.3.0.2", "198.51.100.2:7", "198.51.100.11")
			sees(t, network, "10.1.0.2", "198.51.100.2:7", "198.51.100.1")
		}
	})
	t.Run("neighbours", func(t *testing.T) {
		own := neighbour(t, peer, "198.51.100.1")
		for _, addr := range []string{"198.51.100.10", "198.51.100.11", "198.51.100.12"} {
			if mac := neighbour(t, peer, addr); mac == "" || mac != own {
				t.Errorf("%s is at %q, the firewall at %q", addr, mac, own)
			}
		}
	})
	s.logged(t, 0, "policyid=3", "srcip=10.1.0.2", "dstip=198.51.100.10", "tranip=10.1.0.3", "transip=10.1.0.1", "trandisp=snat+dnat")
}

// With central NAT, virtual IPs act by existing, policies match the mapped
// addresses, and the map says what sources are translated to.
func TestCentralNAT(t *testing.T) {
	t.Parallel()
	s := buildStar(t, officePorts+officeVIPs+"[system.settings]\ncentral-nat = \"enable\"\n"+
		table("firewall.address", `name = "client"`, `subnet = "10.1.0.2/32"`)+
		table("firewall.address", `name = "dmz-host"`, `subnet = "10.3.0.2/32"`)+
		table("firewall.ippool", `name = "pool"`, `startip = "198.51.100.20"`, `endip = "198.51.100.20"`)+
		table("firewall.central-snat-map", `policyid = 1`, `srcintf = ["port1"]`, `dstintf = ["port2"]`, `orig-addr = ["client"]`, `dst-addr = ["all"]`, `nat-ippool = ["pool"]`)+
		table("firewall.central-snat-map", `policyid = 2`, `srcintf = ["port1"]`, `dstintf = ["port2"]`, `orig-addr = ["all"]`, `dst-addr = ["all"]`, `protocol = 17`)+
		accept(1, "port1", "port2")+
		accept(2, "port2", "port3", `dstaddr = ["dmz-host"]`), officeHosts())
	client, dmz, peer := s.Host("client"), s.Host("dmz"), s.Host("peer")
	mirror(t, dmz, "10.3.0.2:80")
	mirror(t, peer, "198.51.100.2:7")

	for network, wants := range map[string]map[string]string{
		"tcp": {"10.1.0.2": "198.51.100.20"},
		"udp": {"10.1.0.2": "198.51.100.20", "10.1.0.4": "198.51.100.1"},
	} {
		for from, want := range wants {
			if as := seen(t, client, network, from, "198.51.100.2:7"); as.Addr().String() != want {
				t.Errorf("%s from %s: seen as %s, want %s", network, from, as, want)
			}
		}
	}
	// No entry of the map is for this: it leaves as it is, and the peer has no way back.
	mark := s.fw.Mark()
	refused(t, client, "tcp", "10.1.0.4", "198.51.100.2:7")
	if as := seen(t, peer, "tcp", "198.51.100.2", "198.51.100.12:8080"); as.Addr().String() != "198.51.100.2" {
		t.Errorf("seen as %s", as)
	}
	refused(t, peer, "tcp", "198.51.100.2", "198.51.100.10:80")
	s.logged(t, mark, "policyid=2", "dstip=198.51.100.12", "tranip=10.3.0.2", "tranport=80")
	s.logged(t, mark, "policyid=0", "action=deny", "dstip=198.51.100.10|10.1.0.3", "dstport=80")
}
