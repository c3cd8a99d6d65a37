package policy

import (
	"portcullis/config"
	"portcullis/packet"
	"portcullis/policy/fqdn"
)

// Addresses are the addresses and groups of a configuration, for who else than
// policies asks for some of them.
type Addresses struct {
	four, six *addrBook
	spans     spanArena
	book      *fqdn.Book
}

// NewAddresses reads the addresses of cfg. The book knows those of domain names.
func NewAddresses(cfg *config.Config, book *fqdn.Book) (*Addresses, error) {
	a := &Addresses{book: book}
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
	named     [2][]*fqdn.Name // of IPv4 and IPv6
}

// Set is the set of those names. A family without a name has no address in it.
func (a *Addresses) Set(four, six []string) (AddressSet, error) {
	s := AddressSet{of: a}
	var err error
	if s.named[0], err = a.named(a.four, four); err != nil {
		return AddressSet{}, err
	}
	if s.named[1], err = a.named(a.six, six); err != nil {
		return AddressSet{}, err
	}
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

func (a *Addresses) named(b *addrBook, names []string) (all []*fqdn.Name, err error) {
	domains, err := b.domains(names)
	for _, d := range domains {
		all = append(all, a.book.Name(d))
	}
	return all, err
}

// Has says whether the set holds an address.
func (s *AddressSet) Has(ip packet.Addr) bool {
	switch {
	case s.of == nil:
		return false
	case ip.Is4():
		return s.of.spans.has4(s.four, uint32(ip.Lo)) || anyHas(s.named[0], ip)
	}
	return s.of.spans.has6(s.six, ip) || anyHas(s.named[1], ip)
}
