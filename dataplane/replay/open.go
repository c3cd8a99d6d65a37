package replay

import (
	"fmt"

	"portcullis/config"
)

// openText allows everything from anybody to anybody, with the factory's helpers,
// also what begins in the middle. There is one interface with everybody behind it:
// which side of a firewall a host would be on does not follow from a capture, and
// nothing depends on it where all is allowed. It has no address, so that nothing is
// for the firewall itself.
const openText = `
[[system.interface]]
name = "capture"
mtu-override = "enable"
mtu = 65535

[[router.static]]
seq-num = 1
device = "capture"

[[router.static6]]
seq-num = 1
device = "capture"

[system.settings]
tcp-session-without-syn = "enable"
sctp-session-without-init = "enable"

[[firewall.policy]]
policyid = 1
srcintf = "any"
dstintf = "any"
srcaddr = "all"
dstaddr = "all"
srcaddr6 = "all"
dstaddr6 = "all"
service = "ALL"
schedule = "always"
action = "accept"
tcp-session-without-syn = "all"
`

// Open is a configuration that allows everything.
func Open() (*config.Config, error) {
	cfg, mistakes := config.Parse("allow everything", []byte(openText))
	if err := mistakes.Err(); err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	return cfg, nil
}
