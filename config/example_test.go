package config_test

import (
	"fmt"

	"portcullis/config"
)

func ExampleParse() {
	_, mistakes := config.Parse("portcullis.toml", []byte(`
[[system.interface]]
name = "lan"
ip = "192.168.1.1/24"
mtu-override = "enable"
mtu = 20

[[firewall.policy]]
policyid = 12
srcintf = "lan"
dstintf = "wan"
srcaddr = "all"
dstaddr = "all"
schedule = "always"
service = "web"
`))
	fmt.Println(mistakes)
	// Output:
	// portcullis.toml:6: system interface "lan": mtu 20: expected 68-65535
	// portcullis.toml:11: firewall policy 12: dstintf "wan": no such interface
	// portcullis.toml:15: firewall policy 12: service "web": no such service
}

func ExampleSchema() {
	for _, t := range config.Schema() {
		if t.Singleton() {
			fmt.Println("config " + t.FortiOS())
			for _, a := range t.Attributes {
				fmt.Println("    set " + a.Name + " " + a.Default)
			}
		}
	}
	// Output:
	// config system global
	//     set anti-replay strict
	//     set check-reset-range disable
	//     set hostname Portcullis
	//     set max-sessions 1048576
	//     set ip-fragment-mem-thresholds 32
	//     set ip-fragment-timeout 30
	//     set check-protocol-header loose
	//     set reset-sessionless-tcp disable
	//     set snat-route-change disable
	//     set tcp-halfopen-timer 10
	//     set tcp-halfclose-timer 120
	//     set tcp-timewait-timer 1
	//     set tcp-rst-timer 5
	//     set udp-idle-timer 180
	//     set udp-oneway-timer 0
	// config system session-ttl
	//     set default 3600
	// config log setting
	//     set fwpolicy-implicit-log disable
	//     set local-in-deny-unicast disable
	//     set helper-expectation disable
	//     set helper-detach enable
	// config system settings
	//     set firewall-session-dirty check-all
	//     set deny-tcp-with-icmp disable
	//     set sctp-session-without-init disable
	//     set tcp-session-without-syn disable
	//     set asymroute disable
	//     set asymroute-icmp disable
	//     set asymroute6 disable
	//     set asymroute6-icmp disable
	//     set central-nat disable
	//     set snat-hairpin-traffic enable
}
