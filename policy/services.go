package policy

import (
	"portcullis/config"
	"portcullis/packet"
)

// Services resolves lists of services and groups for those who ask for a service
// outside of a policy, such as a virtual IP: each list becomes a test of flows.
func Services(cfg *config.Config) (func(names []string) (func(*packet.Key) bool, error), error) {
	book, err := newServiceBook(cfg, func(string) uint32 { return 0 })
	if err != nil {
		return nil, err
	}
	return func(names []string) (func(*packet.Key) bool, error) {
		list, err := book.list(names)
		if err != nil {
			return nil, err
		}
		return func(key *packet.Key) bool {
			for i := range list {
				if list[i].matches(key) {
					return true
				}
			}
			return false
		}, nil
	}, nil
}
