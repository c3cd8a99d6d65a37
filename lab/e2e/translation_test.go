package e2e

import (
	"testing"
	"time"
)

// TestTranslationShown: what the commands and the log tell of pools, blocks,
// mappings and virtual IPs is what hosts see. All addresses are routed to the box.
func TestTranslationShown(t *testing.T) {
	t.Parallel()
	config := officePorts +
		table("firewall.ippool", `name = "office"`, `startip = "192.0.2.9"`, `endip = "192.0.2.10"`) +
		table("firewall.ippool", `name = "blocks"`, `type = "port-block-allocation"`, `startip = "192.0.2.50"`, `endip = "192.0.2.50"`,
			`block-size = 64`, `num-blocks-per-user = 1`, `pba-timeout = 3`, `pba-interim-log = 600`) +
		table("firewall.service.custom", `name = "blocks"`, `tcp-portrange = ["8004"]`, `udp-portrange = ["8004"]`, `udp-idle-timer = 1`) +
		table("firewall.vip", `name = "web"`, `extip = "192.0.2.80"`, `extintf = "port2"`, `mappedip = "10.1.0.3"`, `portforward = "enable"`, `extport = "443"`, `mappedport = "8443"`) +
		accept(1, "port1", "port2", `service = ["blocks"]`, `nat = "enable"`, `ippool = "enable"`, `poolname = ["blocks"]`) +
		accept(2, "port1", "port2", `nat = "enable"`, `ippool = "enable"`, `poolname = ["office"]`, `permit-any-host = "enable"`) +
		accept(3, "port2", "port1", `dstaddr = ["web"]`)
	s := buildStar(t, config, officeHosts())
	client, server, peer := s.Host("client"), s.Host("server"), s.Host("peer")
	mirror(t, peer, "198.51.100.2:8001")
	mirror(t, peer, "198.51.100.2:8004")
	mirror(t, server, "10.1.0.3:8443")

	s.tells(t, "diagnose firewall ippool-all list", `^vdom:root owns 2 ippool\(s\)\nname:office\ntype:overload\nnat-ip-range:192\.0\.2\.9-192\.0\.2\.10\nname:blocks\n`)
	s.tells(t, "diagnose firewall ippool-all stats office", `\ntotal ses: 0\n`, `\ninuse ips: 0/2\n`, `\nexhausted: 0\n$`)

	as := seen(t, client, "udp", "10.1.0.2:30000", "198.51.100.2:8001")
	s.tells(t, "diag firewall eim list src 10.1.0.2", `^eim proto=17 10\.1\.0\.2:30000->`+as.String()+` filter=any policy_id=2 use=1\ntotal mapping: 1\n$`)
	s.tells(t, "diag firewall eim count", `^total mapping: 1\n$`)
	s.tells(t, "diagnose firewall ippool-all stats office", `\ntotal ses: 1\ntcp ses: 0\nudp ses: 1\n`, `\ninuse ips: 1/2\ninuse ports: tcp=0/120834 udp=1/120834 `)

	mark := s.fw.Mark()
	in(t, seen(t, client, "udp", "10.1.0.4:30000", "198.51.100.2:8004"), "192.0.2.50-192.0.2.50")
	s.tells(t, "diagnose firewall ippool list", `^list ippool info:\(vf=root\)\nippool blocks: id=2, block-sz=64, num-block=1, `, ` inuse-PBAs=1, `)
	s.tells(t, "diagnose firewall ippool list pba", `^user 10\.1\.0\.4: 192\.0\.2\.50 \d+-\d+, idx=\d+, use=[01], duration=\d+,.* ippool=blocks\ntotal PBA: 1\n$`)
	s.tells(t, "diagnose firewall ippool list nat-ip nsrc 192.0.2.50", `^nat-ip 192\.0\.2\.50: PBAs=1, `, `total nat-ip: 1\n$`)
	r := s.logged(t, mark, "logid=0100022015", "logdesc=IP pool PBA created", "saddr=10.1.0.4", "nat=192.0.2.50", "poolname=blocks")
	s.logged(t, mark, "logid=0100022016", "logdesc=Deallocate IP pool PBA", "saddr=10.1.0.4", "portbegin="+r.Get("portbegin"), "portend="+r.Get("portend"))
	s.tells(t, "diagnose firewall ippool list", ` inuse-PBAs=0, `, `\tallocate-PBA-times=1, `)

	hold := question{"tcp", "198.51.100.2:40000", "192.0.2.80:443"}
	if from, err := hold.ask(t, peer, true); err != nil || from.String() != "198.51.100.2:40000" {
		t.Errorf("behind the virtual IP: %v, %v", from, err)
	}
	s.tells(t, "diagnose firewall vip list", `^vip web: id=1, status=enable, type=static-nat, sessions=1\n\textip=192\.0\.2\.80 extintf=port2 mappedip=10\.1\.0\.3\n`)
	s.tells(t, "diagnose sys session list dst 192.0.2.80", `hook=pre dir=org act=dnat 198\.51\.100\.2:40000->192\.0\.2\.80:443\(10\.1\.0\.3:8443\)\n`)
	refused(t, peer, "tcp", "198.51.100.2:40001", "192.0.2.80:444")

	mark = s.fw.Mark()
	s.tells(t, "diagnose sys session clear dst 192.0.2.80", `^cleared: 1 sessions`)
	s.logged(t, mark, "dstip=192.0.2.80", "trandisp=dnat", "tranip=10.1.0.3", "tranport=8443", "service=tcp/8443")
	s.tells(t, "diagnose firewall vip list", `sessions=0`)
	if err := s.fw.Stop(5 * time.Second); err != nil {
		t.Error(err)
	}
}
