package policy

import (
	"fmt"
	"net/netip"
	"slices"

	"go4.org/netipx"

	"portcullis/config"
)

// addrBook resolves the names of one family's addresses and groups to sets.
type addrBook struct {
	noun   string       // what an entry is called in errors
	all    netip.Prefix // the whole family
	ranges map[string]netipx.IPRange
	names  map[string]string // domain names, by the names of their addresses
	groups map[string]*config.AddrGroup
	sets   map[string]*netipx.IPSet // resolved; nil while being resolved
}

func newAddrBook4(cfg *config.Config) (*addrBook, error) {
	b := emptyAddrBook("address", netip.PrefixFrom(netip.IPv4Unspecified(), 0), cfg.AddrGroups)
	for _, a := range cfg.Addresses {
		if a.Type == "fqdn" {
			b.names[a.Name] = a.FQDN
			continue
		}
		if err := b.add(a.Name, a.Type == "iprange", a.Subnet, a.StartIP, a.EndIP); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func newAddrBook6(cfg *config.Config) (*addrBook, error) {
	b := emptyAddrBook("address6", netip.PrefixFrom(netip.IPv6Unspecified(), 0), cfg.AddrGroups6)
	for _, a := range cfg.Addresses6 {
		if a.Type == "fqdn" {
			b.names[a.Name] = a.FQDN
			continue
		}
		if err := b.add(a.Name, a.Type == "iprange", a.IP6, a.StartIP, a.EndIP); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func emptyAddrBook(noun string, all netip.Prefix, groups []*config.AddrGroup) *addrBook {
	b := &addrBook{
		noun:   noun,
		all:    all,
		ranges: make(map[string]netipx.IPRange),
		names:  make(map[string]string),
		groups: make(map[string]*config.AddrGroup),
		sets:   make(map[string]*netipx.IPSet),
	}
	for _, g := range groups {
		b.groups[g.Name] = g
	}
	return b
}

// add enters one address. It must be of the book's family, or a set would reach
// into the other one.
func (b *addrBook) add(name string, isRange bool, prefix netip.Prefix, start, end netip.Addr) error {
	r := netipx.IPRangeFrom(start, end)
	if !isRange {
		if !prefix.IsValid() {
			return fmt.Errorf("firewall %s %q: a subnet is expected", b.noun, name)
		}
		r = netipx.RangeOfPrefix(prefix)
	}
	if !r.IsValid() || r.From().Is4() != b.all.Addr().Is4() {
		return fmt.Errorf("firewall %s %q: an address of its family, or a range from low to high, is expected", b.noun, name)
	}
	b.ranges[name] = r
	return nil
}

// list resolves the addresses of a policy's list. Of a list that is empty, nothing
// matches, negated or not: the policy does not speak of this family. One that
// names no address is not empty where it names virtual IPs.
func (b *addrBook) list(names []string, negate, empty bool) (*netipx.IPSet, error) {
	var sb netipx.IPSetBuilder
	for _, name := range names {
		set, err := b.set(name)
		if err != nil {
			return nil, err
		}
		sb.AddSet(set)
	}
	if !negate || empty {
		return sb.IPSet()
	}
	inside, err := sb.IPSet()
	if err != nil {
		return nil, err
	}
	var rest netipx.IPSetBuilder
	rest.AddPrefix(b.all)
	rest.RemoveSet(inside)
	return rest.IPSet()
}

// domains are the domain names in a list of addresses and groups, each once. A group
// with excluded members has none.
func (b *addrBook) domains(names []string) (all []string, err error) {
	for _, name := range names {
		if domain, ok := b.names[name]; ok {
			all = append(all, domain)
		}
		g := b.groups[name]
		if g == nil {
			continue
		}
		more, err := b.domains(g.Member)
		if err == nil && g.Exclude {
			var less []string
			if less, err = b.domains(g.ExcludeMember); len(more)+len(less) > 0 {
				return nil, fmt.Errorf("%s group %q: exclude with addresses of type fqdn: their addresses are not known beforehand", b.noun, name)
			}
		}
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// set resolves one name, remembering the answer.
func (b *addrBook) set(name string) (*netipx.IPSet, error) {
	if set, seen := b.sets[name]; seen {
		if set == nil {
			return nil, fmt.Errorf("%s group %q is a member of itself", b.noun, name)
		}
		return set, nil
	}
	b.sets[name] = nil
	set, err := b.resolve(name)
	if err != nil {
		return nil, err
	}
	b.sets[name] = set
	return set, nil
}

func (b *addrBook) resolve(name string) (*netipx.IPSet, error) {
	var sb netipx.IPSetBuilder
	if _, ok := b.names[name]; ok { // see domains
		return sb.IPSet()
	}
	if r, ok := b.ranges[name]; ok {
		sb.AddRange(r)
		return sb.IPSet()
	}
	g, ok := b.groups[name]
	if !ok {
		return nil, fmt.Errorf("%s %q: no such address or group", b.noun, name)
	}
	for _, member := range g.Member {
		set, err := b.set(member)
		if err != nil {
			return nil, fmt.Errorf("group %q: %w", name, err)
		}
		sb.AddSet(set)
	}
	if g.Exclude {
		for _, member := range g.ExcludeMember {
			set, err := b.set(member)
			if err != nil {
				return nil, fmt.Errorf("group %q: %w", name, err)
			}
			sb.RemoveSet(set)
		}
	}
	return sb.IPSet()
}
