package policy

import (
	"slices"
	"time"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/policy/fqdn"
)

// Addresses of domain names come and go while a table stays. A rule whose source or
// destination names some has them apart from its spans.

// Sides of a rule that name domain names: bits of rule.named.
const (
	srcNamed = 1 << iota
	dstNamed
)

// namedSides are the domain names of a rule.
type namedSides struct{ src, dst namedSet }

// namedSet are the domain names of one side. negated says that their addresses, as
// those of the side's spans, are those that are not meant; the spans are what is
// left by then.
type namedSet struct {
	list    []*fqdn.Name
	negated bool
}

// has says whether a is meant; spans is whether it is in the spans of the side. Where
// what accepts a session that lives is asked for, addresses count that a name has had.
func (n *namedSet) has(a packet.Addr, spans, lives bool) bool {
	if spans != n.negated {
		return spans // one of a list that the spans have, or one of the rest that they have not
	}
	if lives && !n.negated {
		return slices.ContainsFunc(n.list, func(name *fqdn.Name) bool { return name.Had(a) })
	}
	return anyHas(n.list, a) != n.negated
}

func anyHas(list []*fqdn.Name, a packet.Addr) bool {
	for _, name := range list {
		if name.Has(a) {
			return true
		}
	}
	return false
}

// source says whether r has the source of key.
func (t *Table) source(r *rule, key *packet.Key, lives bool) bool {
	in := t.has(r.src, key.Src)
	if r.named&srcNamed == 0 {
		return in
	}
	return t.sides(r, key).src.has(key.Src, in, lives && t.policies[r.policy].Accept)
}

// destination says whether r has the destination of key.
func (t *Table) destination(r *rule, key *packet.Key, lives bool) bool {
	in := t.has(r.dst, key.Dst)
	if r.named&dstNamed == 0 {
		return in
	}
	return t.sides(r, key).dst.has(key.Dst, in, lives && t.policies[r.policy].Accept)
}

func (t *Table) sides(r *rule, key *packet.Key) *namedSides {
	if key.Src.Is4() {
		return &t.named[0][r.policy]
	}
	return &t.named[1][r.policy]
}

// Follow has t ask b for the addresses of domain names. Before that no name has any.
func (t *Table) Follow(b *fqdn.Book) {
	for _, family := range t.named {
		for i := range family {
			follow(b, family[i].src.list)
			follow(b, family[i].dst.list)
		}
	}
}

func follow(b *fqdn.Book, list []*fqdn.Name) {
	for i, name := range list {
		list[i] = b.Name(name.String())
	}
}

// Wishes are the domain names that the addresses of cfg name.
func Wishes(cfg *config.Config) (all []fqdn.Wish) {
	for _, a := range cfg.Addresses {
		if a.Type == "fqdn" {
			all = append(all, fqdn.Wish{Name: a.FQDN, TTL: time.Duration(a.CacheTTL) * time.Second})
		}
	}
	for _, a := range cfg.Addresses6 {
		if a.Type == "fqdn" {
			all = append(all, fqdn.Wish{Name: a.FQDN, TTL: time.Duration(a.CacheTTL) * time.Second})
		}
	}
	return all
}
