package config

import (
	"strings"
	"testing"
)

// TestVIPsThatClash: two virtual IPs of one address are a mistake where one
// packet could mean either, whichever is written first.
func TestVIPsThatClash(t *testing.T) {
	for _, c := range []struct {
		what  string
		a, b  string
		clash bool
	}{
		{"nothing apart", ``, ``, true},
		{"interfaces", `extintf = "wan"`, `extintf = "lan"`, false},
		{"one interface", `extintf = "wan"`, `extintf = "wan"`, true},
		{"any interface", `extintf = "any"`, `extintf = "lan"`, true},
		{"interface filters", `srcintf-filter = "wan"`, `srcintf-filter = "lan"`, false},
		{"interface filters with one in common", `srcintf-filter = ["wan", "lan"]`, `srcintf-filter = "lan"`, true},
		{"an interface and a filter", `extintf = "wan"`, `srcintf-filter = "lan"`, false},
		{"sources", `src-filter = "10.0.0.0/8"`, `src-filter = ["11.0.0.1", "12.0.0.0-12.0.0.9"]`, false},
		{"sources with one in common", `src-filter = "10.0.0.0/8"`, `src-filter = ["11.0.0.1", "10.0.0.9"]`, true},
		{"sources and all", `src-filter = "10.0.0.0/8"`, ``, true},
		{"services", `service = "HTTP"`, `service = "HTTPS"`, false},
		{"a service and all", `service = "HTTP"`, ``, true},
		{"ports", forward("tcp", "80"), forward("tcp", "81-90"), false},
		{"ports with one in common", forward("tcp", "80-81"), forward("tcp", "81-90"), true},
		{"protocols", forward("tcp", "80"), forward("udp", "80"), false},
		{"ping", forward("icmp", ""), forward("tcp", "80"), false},
		{"ping twice", forward("icmp", ""), forward("icmp", ""), true},
		{"a port and all", forward("tcp", "80"), ``, true},
		{"one is off", `status = "disable"`, ``, false},
	} {
		for _, order := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			text := `
[system.settings]
central-nat = "enable"
[[system.interface]]
name = "wan"
[[system.interface]]
name = "lan"
[[firewall.vip]]
name = "a"
extip = "203.0.113.1-203.0.113.4"
mappedip = "10.0.0.1-10.0.0.4"
` + order[0] + `
[[firewall.vip]]
name = "b"
extip = "203.0.113.4"
mappedip = "10.0.0.9"
` + order[1] + "\n"
			_, diags := Parse("x", []byte(text))
			if got := len(diags) == 1 && strings.Contains(diags.Error(), `overlaps firewall vip "a"`); got != c.clash || !c.clash && len(diags) > 0 {
				t.Errorf("%s: clash %t, want %t: %v", c.what, got, c.clash, diags)
			}
		}
	}
}

func forward(protocol, ports string) string {
	text := "portforward = \"enable\"\nprotocol = \"" + protocol + "\"\n"
	if ports != "" {
		text += "extport = \"" + ports + "\"\n"
	}
	return text
}

// TestMappedPortIsExtPort: who reads the tree need not know the default.
func TestMappedPortIsExtPort(t *testing.T) {
	const head = "[system.settings]\ncentral-nat = \"enable\"\n[[firewall.vip]]\nname = \"a\"\nextip = \"203.0.113.1\"\nmappedip = \"10.0.0.1\"\n"
	cfg := mustParse(t, head+forward("udp", "5000-5009"))
	if v := cfg.VIPs[0]; v.MappedPort != v.ExtPort || v.MappedPort.Len() != 10 {
		t.Errorf("%+v", v)
	}
	if v := mustParse(t, head+forward("icmp", "")).VIPs[0]; v.MappedPort.IsSet() || v.ExtPort.IsSet() || v.HasPorts() {
		t.Errorf("ports of ICMP: %+v", v)
	}
}

// TestHelperWords: auto is nothing, however it is written.
func TestHelperWords(t *testing.T) {
	const head = "[[firewall.policy]]\npolicyid = 1\nsrcintf = \"any\"\ndstintf = \"any\"\nsrcaddr = \"all\"\ndstaddr = \"all\"\nschedule = \"always\"\nservice = \"ALL\"\naction = \"accept\"\n"
	for text, want := range map[string]string{
		"":                                      "",
		"session-helper = \"auto\"\n":           "",
		"session-helper = [\"auto\"]\n":         "",
		"session-helper = \"disable\"\n":        "disable",
		"session-helper = [\"sip\", \"ftp\"]\n": "sip ftp",
	} {
		got := mustParse(t, head+text).Policies[0].SessionHelper
		if strings.Join(got, " ") != want || want == "" && got != nil {
			t.Errorf("%q: %#v", text, got)
		}
	}
}
