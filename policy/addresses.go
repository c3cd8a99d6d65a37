package policy

import (
	"portcullis/config"
	"portcullis/packet"
)

// Addresses are the addresses and groups of a configuration, for who else than
// policies asks for some of them.
type Addresses struct {
	four, six *addrBook
	spans     spanArena
}

// NewAddresses reads the addresses of cfg.
func NewAddresses(cfg *config.Config) (*Addresses, error) {
	a := &Addresses{}
	var err error
	if a.four, err = newAddrBook4(cfg); err != nil {
		return nil, err
	}
	if a.six, err = newAddrBook6(cfg); err != nil {
		return nil, err
	}
	return a, nil
}

// AddressSet is a set of addresses of both families. The zero value is empty.
type AddressSet struct {
	of        *Addresses
	four, six spanSet
}

// Set is the set of those names. A family without a name has no address in it.
func (a *Addresses) Set(four, six []string) (AddressSet, error) {
	s := AddressSet{of: a}
	set, err := a.four.list(four, false, len(four) == 0)
	if err != nil {
		return AddressSet{}, err
	}
	s.four = a.spans.add(set, false)
	if set, err = a.six.list(six, false, len(six) == 0); err != nil {
		return AddressSet{}, err
	}
	s.six = a.spans.add(set, true)
	return s, nil
}

// Has says whether the set holds an address.
func (s *AddressSet) Has(ip packet.Addr) bool {
	switch {
	case s.of == nil:
		return false
	case ip.Is4():
		return s.of.spans.has4(s.four, uint32(ip.Lo))
	}
	return s.of.spans.has6(s.six, ip)
}
