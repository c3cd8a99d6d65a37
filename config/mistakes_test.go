package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMistakesAtTheirLines: each line with a mistake says so in a comment;
// what is reported must be exactly that.
func TestMistakesAtTheirLines(t *testing.T) {
	const text = `
[system.global]
max-sessions = 3                      #! system global: max-sessions 3: expected 16-16777216

[[system.interface]]
name = "port1"
mtu-override = "enable"
mtu = 20                              #! system interface "port1": mtu 20: expected 68-65535
ip = "10.1.1.255/24"                  #! system interface "port1": ip "10.1.1.255/24": expected a host address: this is the broadcast address

[[system.interface]]
name = "port2"
status = "on"                         #! system interface "port2": status "on": expected up or down
mtu = 1400                            #! system interface "port2": mtu: only with mtu-override enable

[[system.session-helper]]
id = 1
port = 70000                          #! system session-helper 1: port 70000: expected 1-65535
name = "pttp"                         #! system session-helper 1: name "pttp": expected NAMES (did you mean "pptp"?)

[[system.session-helper]]             #! system session-helper 21: missing port: expected 1-65535
id = 21
name = "ftp"
protocol = 6

[[router.static]]
seq-num = 1
dst = "10.0.0.0/33"                   #! router static 1: dst "10.0.0.0/33": expected an IPv4 prefix, such as 10.1.0.0/16
gateway = "10.1.1.1"
device = "port3"                      #! router static 1: device "port3": no such interface

[system.settings]
firewall-session-dirty = "off"        #! system settings: firewall-session-dirty "off": expected check-all, check-new or check-policy-option

[[firewall.shaper.per-ip-shaper]]
name = "guests"
max-bandwidth = 2000                  #! firewall shaper per-ip-shaper "guests": unknown attribute "max-bandwidth"
max-concurrent-session = 2097001      #! firewall shaper per-ip-shaper "guests": max-concurrent-session 2097001: expected 0-2097000

[[firewall.policy]]
policyid = 12
name = "first"
per-ip-shaper = "guest"               #! firewall policy 12: per-ip-shaper "guest": no such per-ip-shaper
firewall-session-dirty = "check-policy-option" #! firewall policy 12: firewall-session-dirty "check-policy-option": expected check-new or check-all
srcinft = "port1"                     #! firewall policy 12: unknown attribute "srcinft" (did you mean "srcintf"?)
srcintf = "port1"
dstintf = [
  "port2",
  "any",
  3,                                  #! firewall policy 12: dstintf 3: expected a string or an array of strings
]
srcaddr = "all"
dstaddr = [ "all",
            "offcie" ]                #! firewall policy 12: dstaddr "offcie": no such address
schedule = "always"
service = "web"                       #! firewall policy 12: service "web": no such service
nat = true                            #! firewall policy 12: nat true: expected "enable" or "disable"

[[firewall.policy]]                   #! firewall policy 13: missing schedule: expected the name of a schedule
policyid = 13
name = "first"                        #! firewall policy 13: name "first": firewall policy 12 on line LINE has it: expected one of its own
srcintf = "port1"
dstintf = "port2"
srcaddr = "all"
dstaddr = "all"
service = "HTTP"
service = "DNS"                       #! firewall policy 13: service: given twice, first on line LINE2

[[firewall.policy]]
policyid = 12                         #! firewall policy 12: policyid 12: given twice, first on line LINE
status = "disable"
srcintf = "port1"
dstintf = "port2"
srcaddr6 = "all"                      #! firewall policy 12: missing dstaddr6: expected as well, since srcaddr6 is given
schedule = "always"
service = "HTTP"
`
	rows := strings.Split(text, "\n")
	line := func(row string, nth int) string {
		for i, r := range rows {
			if strings.HasPrefix(r, row) {
				if nth--; nth == 0 {
					return fmt.Sprint(i + 1)
				}
			}
		}
		t.Fatalf("no line %q", row)
		return ""
	}
	words := strings.NewReplacer(
		"NAMES", either(HelperNames),
		"LINE2", line(`service = "HTTP"`, 1),
		"LINE", line("[[firewall.policy]]", 1))
	var want []string
	for i, row := range rows {
		if _, mistake, ok := strings.Cut(row, "#! "); ok {
			want = append(want, fmt.Sprintf("portcullis.toml:%d: %s", i+1, words.Replace(mistake)))
		}
	}
	_, diags := Parse("portcullis.toml", []byte(text))
	if diff := cmp.Diff(strings.Join(want, "\n"), diags.Error()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAccepted are values in every spelling that must be taken.
func TestAccepted(t *testing.T) {
	cfg := mustParse(t, `
[[system.interface]]
name = "a"
ip = "10.0.0.1 255.255.255.254"
[[system.interface]]
name = "b"
ip = "10.0.0.2/32"
allowaccess = ""
ipv6.ip6-address = "fe80::1/64"
[[system.interface]]
name = "c"
ip = "0.0.0.0 0.0.0.0"
ipv6.ip6-address = "fe80::2/64"
[[firewall.service.custom]]
name = "s"
protocol = "TCP/UDP/UDP-Lite/SCTP"
tcp-portrange = "1-2:3 4"
udp-portrange = ["5:6-7"]
[[router.static]]
seq-num = 4294967295
gateway = "0.0.0.0"
device = "a"
priority = 0xFFFF
[[firewall.address]]
name = "with spaces (and more)"
subnet = "10.1.2.3 255.255.0.0"
`)
	s := cfg.Services[len(cfg.Services)-1]
	if s.Protocol != ProtocolPorts || len(s.TCP) != 2 || s.TCP[0] != (PortRange{1, 2, 3, 3}) ||
		s.TCP[1] != (PortRange{4, 4, 0, 65535}) || s.UDP[0] != (PortRange{5, 5, 6, 7}) {
		t.Errorf("service %+v", s)
	}
	if cfg.Interfaces[2].IP.IsValid() || cfg.Static[0].Gateway.IsValid() {
		t.Error("FortiOS's zeros are not none")
	}
	if a := cfg.Addresses[len(cfg.Addresses)-1]; a.Subnet.String() != "10.1.0.0/16" {
		t.Errorf("subnet %s is not masked", a.Subnet)
	}
}

func TestHelperPortTakenOnlyWhileEnabled(t *testing.T) {
	const extra = "[[system.session-helper]]\nid = 21\nname = \"ftp\"\nprotocol = 6\nport = 21\n"
	if _, diags := Parse("x", []byte(extra)); len(diags) != 1 {
		t.Errorf("got %v", diags)
	}
	mustParse(t, extra+"[[system.session-helper]]\nid = 9\nstatus = \"disable\"\n")
	mustParse(t, extra+"status = \"disable\"\n")
}

func TestDidYouMean(t *testing.T) {
	words := []string{"srcintf", "dstintf", "nat"}
	for typed, want := range map[string]string{
		"srcinft": "srcintf", "SRCINTF": "srcintf", "nta": "nat", "zzz": "", "": "", strings.Repeat("x", 500): "",
	} {
		if got := didYouMean(typed, words); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%.20q: got %q, want %q", typed, got, want)
		}
	}
}
