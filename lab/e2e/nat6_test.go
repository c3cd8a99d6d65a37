package e2e

import (
	"testing"

	"portcullis/lab"
)

// IPv6 in every way it can be translated: the address of the interface, a pool,
// a virtual IP, a prefix for a prefix. The peer has no route to any inner address
// and finds the outer ones by neighbour discovery, but for the prefix, which is
// routed to the box.
func TestNAT6(t *testing.T) {
	t.Parallel()
	family6 := `srcaddr6 = ["all"]`
	policy := func(id, from, to string, lines string) string {
		return "[[firewall.policy]]\npolicyid = " + id + "\nsrcintf = [\"" + from + "\"]\ndstintf = [\"" + to + "\"]\naction = \"accept\"\nschedule = \"always\"\n" +
			family6 + "\nservice = [\"ALL\"]\n" + lines + "\n"
	}
	site := func(name, subnet string) string {
		return table("firewall.address6", `name = "`+name+`"`, `ip6 = "`+subnet+`"`)
	}
	peers := site("p1", "2001:db8:9::2/128") + site("p2", "2001:db8:9::3/128") + site("p3", "2001:db8:9::4/128")
	s := buildStar(t, interfaces("port1 10.1.0.1/24 fd01:203:405:1::1/64", "port2 10.2.0.1/24 2001:db8:9::1/64")+peers+
		table("firewall.ippool6", `name = "pool"`, `startip = "2001:db8:9::20"`, `endip = "2001:db8:9::20"`)+
		table("firewall.ippool6", `name = "site"`, `type = "nptv6"`, `internal-prefix = "fd01:203:405::/48"`, `external-prefix = "2001:db8:1::/48"`)+
		table("firewall.vip6", `name = "server"`, `extip = "2001:db8:9::10"`, `mappedip = ["fd01:203:405:1::3"]`)+
		policy("1", "port2", "port1", `dstaddr6 = ["server"]`)+
		policy("2", "port2", "port1", `dstaddr6 = ["all"]`)+
		policy("3", "port1", "port2", `dstaddr6 = ["p1"]`+"\nnat = \"enable\"")+
		policy("4", "port1", "port2", `dstaddr6 = ["p2"]`+"\nnat = \"enable\"\nippool = \"enable\"\npoolname6 = [\"pool\"]")+
		policy("5", "port1", "port2", `dstaddr6 = ["p3"]`+"\nnat = \"enable\"\nippool = \"enable\"\npoolname6 = [\"site\"]"),
		[]lab.Host{
			via(host("client", "port1", "fd01:203:405:1::2/64", "fd01:203:405:1::3/64"), "2001:db8::/32"),
			via(host("peer", "port2", "2001:db8:9::2/64", "2001:db8:9::3/64", "2001:db8:9::4/64"), "2001:db8:1::/48"),
		})
	client, peer := s.Host("client"), s.Host("peer")
	for _, at := range []string{"2", "3", "4"} {
		mirror(t, peer, "[2001:db8:9::"+at+"]:7")
	}
	mirror(t, client, "[fd01:203:405:1::3]:7")
	mirror(t, client, "[fd01:203:405:1::2]:7")
	for _, q := range []struct{ from, to, want string }{
		{"fd01:203:405:1::2", "[2001:db8:9::2]:7", "2001:db8:9::1"},
		{"fd01:203:405:1::2", "[2001:db8:9::3]:7", "2001:db8:9::20"},
		{"fd01:203:405:1::2", "[2001:db8:9::4]:7", "2001:db8:1:d550::2"},
		{"fd01:203:405:1::3", "[2001:db8:9::2]:7", "2001:db8:9::10"}, // a virtual IP, there and back
	} {
		for _, network := range []string{"tcp", "udp"} {
			if as := seen(t, client, network, q.from, q.to); as.Addr().String() != q.want {
				t.Errorf("%s from %s to %s: seen as %s, want %s", network, q.from, q.to, as, q.want)
			}
		}
	}
	for _, to := range []string{"[2001:db8:9::10]:7", "[2001:db8:1:d550::2]:7"} {
		for _, network := range []string{"tcp", "udp"} {
			if as := seen(t, peer, network, "2001:db8:9::2", to); as.Addr().String() != "2001:db8:9::2" {
				t.Errorf("%s to %s: seen as %s", network, to, as)
			}
		}
	}
	for _, to := range []string{"2001:db8:9::10", "2001:db8:1:d550::2"} {
		if err := ping(peer, "2001:db8:9::2", to); err != nil {
			t.Errorf("ping %s: %v", to, err)
		}
	}
	if err := ping(client, "fd01:203:405:1::2", "2001:db8:9::3"); err != nil {
		t.Errorf("ping through the pool: %v", err)
	}
}
