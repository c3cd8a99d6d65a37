package e2e

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"portcullis/lab"
)

// starSite is a star with the firewall running in its middle.
type starSite struct {
	*lab.Star
	box
}

// buildStar builds hosts around the firewall and starts it with a configuration.
func buildStar(t *testing.T, config string, hosts []lab.Host, args ...string) *starSite {
	t.Helper()
	star, err := lab.NewStar(hosts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(star.Close)
	return &starSite{star, start(t, star.Firewall, config, args...)}
}

// host is a host at a port of the firewall, by its address with the prefix
// length, which has a default route, or the routes given.
func host(name, port, addr string, more ...string) lab.Host {
	h := lab.Host{Name: name, Port: port}
	for _, a := range append([]string{addr}, more...) {
		h.Addrs = append(h.Addrs, netip.MustParsePrefix(a))
	}
	return h
}

// via gives a host a route through the first address of its first prefix, where
// the firewall is.
func via(h lab.Host, to ...string) lab.Host {
	h.Gateway = h.Addrs[0].Masked().Addr().Next()
	for _, p := range to {
		h.To = append(h.To, netip.MustParsePrefix(p))
	}
	return h
}

// interfaces is the configuration of the firewall's ports, given as "port1
// 10.1.0.1/24 fd01::1/64".
func interfaces(list ...string) string {
	var b strings.Builder
	for _, item := range list {
		words := strings.Fields(item)
		fmt.Fprintf(&b, "[[system.interface]]\nname = %q\nip = %q\nallowaccess = [\"ping\"]\n", words[0], words[1])
		if len(words) > 2 {
			fmt.Fprintf(&b, "[system.interface.ipv6]\nip6-address = %q\nip6-allowaccess = [\"ping\"]\n", words[2])
		}
	}
	return b.String() + "[log.setting]\nfwpolicy-implicit-log = \"enable\"\n"
}

// accept is a policy from one port to another that accepts everything, but for
// what the lines say, such as `service = ["FTP"]`.
func accept(id int, from, to string, lines ...string) string {
	text := fmt.Sprintf("[[firewall.policy]]\npolicyid = %d\nsrcintf = [%q]\ndstintf = [%q]\naction = \"accept\"\nschedule = \"always\"\nlogtraffic = \"all\"\n", id, from, to)
	for _, standard := range []string{`srcaddr = ["all"]`, `dstaddr = ["all"]`, `service = ["ALL"]`} {
		name, _, _ := strings.Cut(standard, " ")
		if !strings.Contains("\n"+strings.Join(lines, "\n"), "\n"+name+" ") {
			text += standard + "\n"
		}
	}
	return text + strings.Join(lines, "\n") + "\n"
}

// table is one entry of a table of the configuration.
func table(name string, lines ...string) string {
	return "[[" + name + "]]\n" + strings.Join(lines, "\n") + "\n"
}
