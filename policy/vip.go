package policy

import (
	"fmt"
	"slices"

	"portcullis/config"
	"portcullis/packet"
)

// Traffic that a virtual IP has translated has buckets of its own, so that all the
// other traffic is matched as if there were no virtual IPs.

// vipBooks resolve the names of virtual IPs and their groups. The zero value
// knows none.
type vipBooks struct{ v4, v6 vipBook }

// vipBook is the book of one family: the numbers of each name, sorted.
type vipBook map[string][]uint16

func newVIPBooks(cfg *config.Config) (vipBooks, error) {
	n4, n6 := cfg.VIPNumbers()
	v4, err := newVIPBook(n4, cfg.VIPGroups)
	if err != nil {
		return vipBooks{}, fmt.Errorf("firewall vipgrp %w", err)
	}
	v6, err := newVIPBook(n6, cfg.VIPGroups6)
	if err != nil {
		return vipBooks{}, fmt.Errorf("firewall vipgrp6 %w", err)
	}
	return vipBooks{v4, v6}, nil
}

func newVIPBook(numbers map[string]uint16, groups []*config.VIPGroup) (vipBook, error) {
	b := make(vipBook, len(numbers)+len(groups))
	for name, n := range numbers {
		b[name] = []uint16{n}
	}
	for _, g := range groups {
		var all []uint16
		for _, m := range g.Member {
			n, ok := numbers[m]
			if !ok {
				return nil, fmt.Errorf("%q: member %q: no such virtual IP", g.Name, m)
			}
			all = append(all, n)
		}
		slices.Sort(all)
		b[g.Name] = slices.Compact(all)
	}
	return b, nil
}

// divide splits a list of destinations into the virtual IPs that it names, sorted,
// and the names of addresses.
func (b vipBook) divide(names []string) (vips []uint16, addresses []string) {
	for _, name := range names {
		if n, ok := b[name]; ok {
			vips = append(vips, n...)
		} else {
			addresses = append(addresses, name)
		}
	}
	slices.Sort(vips)
	return slices.Compact(vips), addresses
}

// vipRun is a run of Table.vips: the numbers of virtual IPs, sorted.
type vipRun struct{ off, n uint32 }

// vipPart is what a policy has to do with translated traffic.
type vipPart struct {
	named     [2]vipRun // the virtual IPs that it names; IPv4, IPv6
	negated   [2]bool   // its destinations are those that it does not name
	byAddress bool      // traffic of a virtual IP that it does not name matches by its mapped address
	only      bool      // match-vip-only: nothing else matches
}

// vipPart reads p. Where there are no virtual IPs, or they have no place in
// policies, there is no traffic that this part is asked of.
func (c *compiler) vipPart(p *config.Policy) vipPart {
	if len(c.vips.v4)+len(c.vips.v6) == 0 {
		return vipPart{only: p.MatchVIPOnly && !c.t.central}
	}
	v := vipPart{
		negated:   [2]bool{p.DstAddrNegate, p.DstAddr6Negate},
		byAddress: !p.Accept && (p.MatchVIP || p.MatchVIPOnly),
		only:      p.MatchVIPOnly,
	}
	v4, _ := c.vips.v4.divide(p.DstAddr)
	v6, _ := c.vips.v6.divide(p.DstAddr6)
	for i, list := range [][]uint16{v4, v6} {
		v.named[i] = vipRun{uint32(len(c.t.vips)), uint32(len(list))}
		c.t.vips = append(c.t.vips, list...)
	}
	return v
}

// vipRule is what one rule asks of the virtual IP of a flow.
type vipRule struct {
	rule      uint32 // index into Table.rules4 or rules6
	named     vipRun
	lo, size  uint16 // no other virtual IP than lo and size behind it matches
	negated   bool
	byAddress bool
}

// vipBucket enters what of list can match translated traffic of a family, 0 for
// IPv4 and 1 for IPv6; equal buckets are kept once.
func (t *Table) vipBucket(list []uint32, family int, parts []vipPart, known map[string]bucket) bucket {
	rules := t.rules4
	if family == 1 {
		rules = t.rules6
	}
	var live []uint32
	for _, i := range list {
		if r, part := &rules[i], &parts[i]; r.asks() &&
			(part.named[family].n > 0 && !part.negated[family] || part.byAddress && r.leads()) {
			live = append(live, i)
		}
	}
	sig := signature(live)
	b, ok := known[sig]
	if !ok {
		b = bucket{off: uint32(len(t.vipRules)), n: uint32(len(live))}
		for _, i := range live {
			t.vipRules = append(t.vipRules, t.vipRule(i, rules, &parts[i], family))
		}
		known[sig] = b
	}
	return b
}

func (t *Table) vipRule(i uint32, rules []rule, part *vipPart, family int) vipRule {
	v := vipRule{rule: i, named: part.named[family], size: ^uint16(0), negated: part.negated[family]}
	v.byAddress = part.byAddress && rules[i].leads()
	if named := t.vipsOf(v.named); !v.byAddress {
		v.lo, v.size = named[0], named[len(named)-1]-named[0]
	}
	return v
}

func (t *Table) vipsOf(r vipRun) []uint16 { return t.vips[r.off : r.off+r.n] }

// scanVIP returns the first rule of a bucket that matches a flow that the virtual
// IP vip has translated.
func (t *Table) scanVIP(b bucket, rules []rule, key *packet.Key, vip uint16, lives bool) Match {
	list := t.vipRules[b.off : b.off+b.n]
	for i := range list {
		v := &list[i]
		if vip-v.lo > v.size {
			continue
		}
		r := &rules[v.rule]
		if !t.leadsTo(v, r, key, vip, lives) || !t.source(r, key, lives) {
			continue
		}
		if name, object, ok := t.service(r, key); ok {
			return Match{Policy: &t.policies[r.policy], Service: name, Object: object, Found: true}
		}
	}
	return t.deny(key)
}

// leadsTo says whether the destinations of a rule hold the flow: by the virtual IP,
// or by the address that it is mapped to.
func (t *Table) leadsTo(v *vipRule, r *rule, key *packet.Key, vip uint16, lives bool) bool {
	_, named := slices.BinarySearch(t.vipsOf(v.named), vip)
	if named {
		return !v.negated
	}
	return v.byAddress && t.destination(r, key, lives)
}

// has says whether s holds a, which is of the family that s is of.
func (t *Table) has(s spanSet, a packet.Addr) bool {
	if a.Is4() {
		return t.spans.has4(s, uint32(a.Lo))
	}
	return t.spans.has6(s, a)
}
