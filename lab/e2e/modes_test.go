package e2e

import (
	"fmt"
	"strings"
	"testing"

	"portcullis/lab"
)

// crossing is a way from a client, 10.1.0.2, to a server, 10.2.0.2, across the
// firewall.
type crossing struct {
	name   string
	to     string // as the client knows the server
	denied bool   // the helper is not there
	*starSite
}

// modes calls test with a client and a server in every mode: plain, with source
// NAT, with the server behind a virtual IP of which those ports alone are forwarded,
// and without the helper. service is what policies allow, such as "tcp 514"; policy
// are more lines of the policy, entry binds the helper, off is there in its place.
// An address that was not rewritten leads nowhere. The whole test runs beside others.
func modes(t *testing.T, service []string, entry, policy, off string, test func(t *testing.T, c crossing)) {
	t.Parallel()
	const server, public = "10.2.0.2", "10.1.0.100"
	custom := `name = "control"` + "\n"
	vips, names := "", []string{}
	for _, s := range service {
		proto, port, _ := strings.Cut(s, " ")
		custom += fmt.Sprintf("%s-portrange = [%q]\n", proto, port)
		vips += table("firewall.vip", fmt.Sprintf("name = %q", s), `extip = "`+public+`"`, `extintf = "port1"`, `mappedip = "`+server+`"`,
			`portforward = "enable"`, `protocol = "`+proto+`"`, `extport = "`+port+`"`, `mappedport = "`+port+`"`)
		names = append(names, fmt.Sprintf("%q", s))
	}
	base := interfaces("port1 10.1.0.1/24", "port2 10.2.0.1/24") + table("firewall.service.custom", custom)
	allow := func(lines ...string) string {
		return accept(1, "port1", "port2", append(lines, `service = ["control"]`, policy)...)
	}
	for _, m := range []struct{ name, config, to string }{
		{"plain", allow(), server},
		{"source NAT", allow(`nat = "enable"`), server},
		{"virtual IP", vips + allow(`dstaddr = [`+strings.Join(names, ", ")+`]`), public},
		{"without", off + allow(), server},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			c, s := host("client", "port1", "10.1.0.2/24"), host("server", "port2", server+"/24")
			if m.to == server {
				c = via(c, "10.2.0.0/24")
			}
			if m.name != "source NAT" {
				s = via(s, "10.1.0.0/24")
			}
			config := base + m.config
			if m.name != "without" {
				config += entry
			}
			if m.name != "source NAT" {
				config = strings.ReplaceAll(config, `fixedport = "enable"`, "")
			}
			test(t, crossing{m.name, m.to, m.name == "without", buildStar(t, config, []lab.Host{c, s})})
		})
	}
}
