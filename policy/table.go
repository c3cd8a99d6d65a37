package policy

import (
	"unsafe"

	"portcullis/packet"
)

// Table is the compiled policy list. It is immutable.
type Table struct {
	policies []Policy          // enabled ones, in order of evaluation
	byID     map[uint32]uint32 // policyid to index into policies
	implicit Policy

	inClass, outClass []uint32 // interface index to class; class 0 beyond the end
	outClasses        uint32
	cells             []cell // by in class and out class

	lists    []uint32 // buckets: runs of rule numbers, in order of evaluation
	boxes    []box    // of the IPv4 rules in lists
	rules4   []rule   // by position in policies
	rules6   []rule
	spans    spanArena
	services []service
	naming   naming
	named    [2][]namedSides // of IPv4 and IPv6 rules, by position in policies; empty where no rule has names

	central  bool // central-nat: virtual IPs have no say
	vipRules []vipRule
	vips     []uint16 // runs of numbers of virtual IPs, sorted
}

// cell is what a pair of interface classes has: for each family one bucket of what
// traffic on its own way can match, and one of what translated traffic can.
type cell struct{ v4, v6, vip4, vip6 bucket }

// bucket is a run of Table.lists, or of Table.vipRules.
type bucket struct{ off, n uint32 }

// rule is what one policy asks of a flow of one family.
type rule struct {
	dst, src       spanSet
	svcOff, svcN   uint32
	policy         uint32 // index into Table.policies
	serviceNegated bool
	named          uint8 // srcNamed, dstNamed
}

// Two rules share a cache line.
const _ = -uint(unsafe.Sizeof(rule{}) ^ 32)

// box is the least ranges of IPv4 addresses that hold all sources and destinations
// of a rule. Most rules of a list are not those of a flow, and most of them are
// told from it by their boxes, which lie one behind the other.
type box struct {
	src, srcSize uint32 // the lowest address, and how far the highest lies behind it
	dst, dstSize uint32
}

// Lookup returns the first policy that matches the flow of key from interface in
// to interface out. key is the flow's original direction, its destination
// already translated. vip is the number of the virtual IP that has translated it, as
// config.Config.VIPNumbers has it; 0 for none.
//
// Translated traffic matches policies that name its virtual IP, or a group of it,
// as a destination. A policy that denies matches it by the mapped address as well,
// unless match-vip is disabled. With central-nat, it is matched like all other traffic.
func (t *Table) Lookup(in, out uint16, key *packet.Key, vip uint16) Match {
	return t.lookup(in, out, key, vip, false)
}

// LookupLive is Lookup for a flow whose session lives: it matches a policy of a domain
// name, too, where the address was one of that name when it began.
func (t *Table) LookupLive(in, out uint16, key *packet.Key, vip uint16) Match {
	return t.lookup(in, out, key, vip, true)
}

func (t *Table) lookup(in, out uint16, key *packet.Key, vip uint16, lives bool) Match {
	c := &t.cells[class(t.inClass, in)*t.outClasses+class(t.outClass, out)]
	switch four := key.Src.Is4(); {
	case four != key.Dst.Is4():
		return t.deny(key)
	case vip != 0 && !t.central:
		if four {
			return t.scanVIP(c.vip4, t.rules4, key, vip, lives)
		}
		return t.scanVIP(c.vip6, t.rules6, key, vip, lives)
	case four:
		return t.scan4(c.v4, key, lives)
	}
	return t.scan6(c.v6, key, lives)
}

func (t *Table) scan4(b bucket, key *packet.Key, lives bool) Match {
	src, dst := uint32(key.Src.Lo), uint32(key.Dst.Lo)
	boxes := t.boxes[b.off : b.off+b.n]
	for i := range boxes {
		if x := &boxes[i]; src-x.src > x.srcSize || dst-x.dst > x.dstSize {
			continue
		}
		r := &t.rules4[t.lists[int(b.off)+i]]
		if r.named != 0 {
			if !t.destination(r, key, lives) || !t.source(r, key, lives) {
				continue
			}
		} else if !t.spans.has4(r.dst, dst) || !t.spans.has4(r.src, src) {
			continue
		}
		if name, object, ok := t.service(r, key); ok {
			return Match{Policy: &t.policies[r.policy], Service: name, Object: object, Found: true}
		}
	}
	return t.deny(key)
}

func (t *Table) scan6(b bucket, key *packet.Key, lives bool) Match {
	for _, i := range t.lists[b.off : b.off+b.n] {
		r := &t.rules6[i]
		if !t.destination(r, key, lives) || !t.source(r, key, lives) {
			continue
		}
		if name, object, ok := t.service(r, key); ok {
			return Match{Policy: &t.policies[r.policy], Service: name, Object: object, Found: true}
		}
	}
	return t.deny(key)
}

// service says whether the services of r admit the flow, and by which name. A
// service that holds a whole protocol, such as ALL, names nothing; then the
// flow is called what it would be called elsewhere.
func (t *Table) service(r *rule, key *packet.Key) (name, object uint32, ok bool) {
	services := t.services[r.svcOff : r.svcOff+r.svcN]
	for i := range services {
		s := &services[i]
		if !s.matches(key) {
			continue
		}
		if r.serviceNegated {
			return 0, 0, false
		}
		if s.wide {
			return t.naming.find(key), s.name, true
		}
		return s.name, s.name, true
	}
	if r.serviceNegated {
		return t.naming.find(key), 0, true
	}
	return 0, 0, false
}

// deny is the answer where no policy matched.
func (t *Table) deny(key *packet.Key) Match {
	return Match{Policy: &t.implicit, Service: t.naming.find(key)}
}

// class is 0, the interfaces that no policy names, for an interface that came
// after the table.
func class(classes []uint32, i uint16) uint32 {
	if int(i) < len(classes) {
		return classes[i]
	}
	return 0
}

// ServiceName returns the number of the name that a flow is logged by where no
// policy is asked: the first configured service of exactly its port, else the
// first whose range holds it, never one that holds a whole protocol; 0 is none.
func (t *Table) ServiceName(key *packet.Key) uint32 { return t.naming.find(key) }

// Policy returns the enabled policy of an id; id 0 is the implicit deny.
func (t *Table) Policy(id uint32) (*Policy, bool) {
	if i, ok := t.byID[id]; ok {
		return &t.policies[i], true
	}
	return &t.implicit, id == 0
}

// Policies returns the enabled policies in order of evaluation. The caller
// borrows the slice and must not change it.
func (t *Table) Policies() []Policy { return t.policies }
