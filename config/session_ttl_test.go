package config

import (
	"strings"
	"testing"
)

func TestSessionTTL(t *testing.T) {
	cfg := mustParse(t, `
[system.session-ttl]
default = "never"
[[system.session-ttl.port]]
id = 0
protocol = 6
start-port = 22
end-port = 22
timeout = "never"
refresh-direction = "incoming"
[[firewall.service.custom]]
name = "slow"
tcp-portrange = "9"
session-ttl = 2764800
tcp-rst-timer = 5
`)
	p := cfg.SessionTTL.Ports[0]
	if cfg.SessionTTL.Default != Never || p.Timeout != Never || p.RefreshDirection != "incoming" {
		t.Errorf("%+v %+v", cfg.SessionTTL, p)
	}
	roundTrip(t, cfg)
}

func TestSessionTTLMistakes(t *testing.T) {
	const entry = "[[system.session-ttl.port]]\nid = 1\nprotocol = 6\nstart-port = 5\nend-port = 9\n"
	for text, want := range map[string]string{
		"[system.session-ttl]\ndefault = 299\n":                                                     "expected 300-604800 or never",
		"[system.session-ttl]\ndefault = \"300\"\n":                                                 "expected an integer, 300-604800 or never",
		"[system.session-ttl]\ndefault = \"ever\"\n":                                                "expected an integer, 300-604800 or never",
		"[[system.session-ttl.port]]\nid = 1\nprotocol = 6\nstart-port = 5\nend-port = 4\n":         "expected 5, the start-port, or more",
		entry + "[[system.session-ttl.port]]\nid = 2\nprotocol = 6\nstart-port = 9\nend-port = 9\n": "port 1 has some of these ports already",
		"[[firewall.service.custom]]\nname = \"x\"\ntcp-portrange = \"9\"\ntcp-rst-timer = 4\n":     "expected 0 or 5-300",
		"[[firewall.service.custom]]\nname = \"x\"\ntcp-portrange = \"9\"\nsession-ttl = 20\n":      "expected 0 or 300-2764800 or never",
	} {
		_, diags := Parse("x.toml", []byte(text))
		if len(diags) == 0 || !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: %v, want %s", text, diags, want)
		}
	}
}
