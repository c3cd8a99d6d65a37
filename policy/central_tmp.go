package policy

import (
	"portcullis/config"
	"portcullis/packet"
)

type Central struct{}

func CompileCentral(cfg *config.Config, ifIndex func(string) (uint16, bool)) (*Central, error) {
	return &Central{}, nil
}
func (c *Central) Lookup(in, out uint16, key *packet.Key) (int, bool) { return 0, false }
