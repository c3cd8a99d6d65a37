package policy_test

import (
	"fmt"
	"testing"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/policy"
)

// published is basic with the virtual IPs web (1), mail (2), mail also of IPv6 (3),
// and the group servers of the first two.
func published(policies ...*config.Policy) *config.Config {
	cfg := basic(policies...)
	cfg.VIPs = []*config.VIP{{Name: "web"}, {Name: "mail"}}
	cfg.VIPs6 = []*config.VIP6{{Name: "mail"}}
	cfg.VIPGroups = []*config.VIPGroup{{Name: "servers", Member: []string{"web", "mail"}}}
	return cfg
}

func TestVIP(t *testing.T) {
	key := tcpKey("198.51.100.1", "10.0.0.7", 443)
	key6 := tcpKey("2001:db8::5", "2001:db8::9", 443)
	edit := func(p *config.Policy, f func(*config.Policy)) *config.Policy {
		f(p)
		return p
	}
	deny := func(dst string, f func(*config.Policy)) *config.Policy {
		return edit(edit(one("all", dst, "ALL"), func(p *config.Policy) { p.Accept, p.MatchVIP = false, true }), f)
	}
	nothing := func(*config.Policy) {}
	const plain, web, mail, mail6 = 0, 1, 2, 3
	for _, c := range []struct {
		name    string
		policy  *config.Policy
		matches []uint16 // of plain, web and mail
	}{
		{"who accepts all means no virtual IP", one("all", "all", "ALL"), []uint16{plain}},
		{"whoever it is mapped to", one("all", "host", "ALL"), []uint16{plain}},
		{"named", one("all", "web", "ALL"), []uint16{web}},
		{"its group", one("all", "servers", "ALL"), []uint16{web, mail}},
		{"together with an address", edit(one("all", "web", "ALL"), func(p *config.Policy) { p.DstAddr = []string{"lan", "web"} }), []uint16{plain, web}},
		{"the service is that of the mapped port", one("all", "servers", "FTP"), nil},
		{"from elsewhere", one("lan", "web", "ALL"), nil},
		{"a deny means all", deny("all", nothing), []uint16{plain, web, mail}},
		{"by the mapped address", deny("others", nothing), nil},
		{"which may be the one", deny("host", nothing), []uint16{plain, web, mail}},
		{"not without match-vip", deny("all", func(p *config.Policy) { p.MatchVIP = false }), []uint16{plain}},
		{"but where it is named", deny("web", func(p *config.Policy) { p.MatchVIP = false }), []uint16{web}},
		{"nothing else with match-vip-only", deny("all", func(p *config.Policy) { p.MatchVIPOnly = true }), []uint16{web, mail}},
		{"accepting too", edit(one("all", "web", "ALL"), func(p *config.Policy) { p.DstAddr, p.MatchVIPOnly = []string{"all", "web"}, true }), []uint16{web}},
		{"all but one denied", deny("web", func(p *config.Policy) { p.DstAddrNegate = true }), []uint16{plain, mail}},
		{"all but one accepted is none", edit(one("all", "web", "ALL"), func(p *config.Policy) { p.DstAddrNegate = true }), []uint16{plain}},
	} {
		t.Run(c.name, func(t *testing.T) {
			table, err := policy.Compile(published(c.policy), ifIndex, func(string) uint32 { return 0 })
			if err != nil {
				t.Fatal(err)
			}
			var got []uint16
			for vip := range uint16(3) {
				if table.Lookup(0, 1, &key, vip).Found {
					got = append(got, vip)
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(c.matches) {
				t.Errorf("matches %v, want %v", got, c.matches)
			}
			if table.Lookup(0, 1, &key6, mail6).Found {
				t.Error("the destinations of IPv4 match IPv6")
			}
		})
	}
	six := one("all", "all", "ALL")
	six.SrcAddr6, six.DstAddr6 = []string{"all"}, []string{"mail"}
	table, err := policy.Compile(published(six), ifIndex, func(string) uint32 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	if !table.Lookup(0, 1, &key6, mail6).Found || table.Lookup(0, 1, &key6, plain).Found || table.Lookup(0, 1, &key, mail).Found {
		t.Error("mail of IPv6")
	}
}

// With central NAT a virtual IP is nothing that a policy sees.
func TestVIPCentral(t *testing.T) {
	cfg := published(one("all", "host", "ALL"), one("all", "web", "ALL"))
	cfg.Settings.CentralNAT = true
	if _, err := policy.Compile(cfg, ifIndex, func(string) uint32 { return 0 }); err == nil || err.Error() != `firewall policy 7: address "web": no such address or group` {
		t.Errorf("%v", err)
	}
	only := one("all", "host", "ALL")
	only.MatchVIPOnly = true
	cfg.Policies = []*config.Policy{only}
	only.Status = true
	table, err := policy.Compile(cfg, ifIndex, func(string) uint32 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	key := tcpKey("198.51.100.1", "10.0.0.7", 443)
	if !table.Lookup(0, 1, &key, 0).Found || !table.Lookup(0, 1, &key, 1).Found {
		t.Error("the mapped address does not match")
	}
}

func TestVIPErrors(t *testing.T) {
	cfg := published()
	cfg.VIPGroups[0].Member = []string{"web", "moon"}
	if _, err := policy.Compile(cfg, ifIndex, func(string) uint32 { return 0 }); err == nil || err.Error() != `firewall vipgrp "servers": member "moon": no such virtual IP` {
		t.Errorf("%v", err)
	}
	source := one("web", "all", "ALL")
	if _, err := policy.Compile(published(source), ifIndex, func(string) uint32 { return 0 }); err == nil || err.Error() != `firewall policy 7: address "web": no such address or group` {
		t.Errorf("%v", err)
	}
}

func TestServices(t *testing.T) {
	services, err := policy.Services(basic())
	if err != nil {
		t.Fatal(err)
	}
	holds, err := services([]string{"web", "PING"})
	if err != nil {
		t.Fatal(err)
	}
	https, ftp := tcpKey("10.0.0.1", "10.0.0.2", 443), tcpKey("10.0.0.1", "10.0.0.2", 21)
	ping := packet.Key{Src: https.Src, Dst: https.Dst, DstPort: packet.ICMPEcho, Proto: packet.ProtoICMP}
	if !holds(&https) || holds(&ftp) || !holds(&ping) {
		t.Error(holds(&https), holds(&ftp), holds(&ping))
	}
	if _, err := services([]string{"GOLF"}); err == nil || err.Error() != `service "GOLF": no such service or group` {
		t.Errorf("%v", err)
	}
	cfg := basic()
	cfg.Services[0].Protocol = "IPX"
	if _, err := policy.Services(cfg); err == nil {
		t.Error("a service of no protocol")
	}
}

// BenchmarkVIP looks for the policy of a virtual IP among those of others.
func BenchmarkVIP(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("policies=%d", n), func(b *testing.B) {
			cfg := basic()
			for i := range n {
				p := one("all", fmt.Sprint("v", i), "HTTPS")
				p.PolicyID, p.Status = uint32(i+1), true
				cfg.VIPs, cfg.Policies = append(cfg.VIPs, &config.VIP{Name: p.DstAddr[0]}), append(cfg.Policies, p)
			}
			table, err := policy.Compile(cfg, ifIndex, func(string) uint32 { return 1 })
			if err != nil {
				b.Fatal(err)
			}
			key := tcpKey("198.51.100.1", "10.0.0.7", 443)
			if m := table.Lookup(0, 1, &key, uint16(n)); int(m.Policy.ID) != n {
				b.Fatal(m.Policy.ID)
			}
			b.ReportAllocs()
			for b.Loop() {
				table.Lookup(0, 1, &key, uint16(n))
			}
		})
	}
}
