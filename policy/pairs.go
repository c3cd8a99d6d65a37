package policy

import (
	"encoding/binary"
	"slices"
)

// pairs collects which policies speak of which interfaces, and makes the
// buckets of it. The position of an item is that of its policy in the table.
type pairs struct {
	in, out [][]uint16 // interface indices; nil is any
	vips    []vipPart
}

func (p *pairs) add(in, out []uint16, vips vipPart) {
	p.in = append(p.in, in)
	p.out = append(p.out, out)
	p.vips = append(p.vips, vips)
}

// buckets fills the classes and cells of t. Its cost follows the sum of all
// buckets' lengths.
func (p *pairs) buckets(t *Table) {
	var inMembers, outMembers [][]uint32
	t.inClass, inMembers = classify(p.in)
	t.outClass, outMembers = classify(p.out)
	t.outClasses = uint32(len(outMembers))
	t.cells = make([]cell, len(inMembers)*len(outMembers))

	outsOf := classesOf(len(p.out), outMembers)
	known, known4, known6 := make(map[string]bucket), make(map[string]bucket), make(map[string]bucket)
	for i := range inMembers {
		row := make([][]uint32, len(outMembers))
		for _, policy := range inMembers[i] {
			for _, o := range outsOf[policy] {
				row[o] = append(row[o], policy)
			}
		}
		for o, list := range row {
			t.cells[i*len(outMembers)+o] = cell{
				v4:   t.bucket(p.plain(list), t.rules4, known),
				v6:   t.bucket(p.plain(list), t.rules6, known),
				vip4: t.vipBucket(list, 0, p.vips, known4),
				vip6: t.vipBucket(list, 1, p.vips, known6),
			}
		}
	}
}

// plain leaves out of list what only translated traffic matches.
func (p *pairs) plain(list []uint32) []uint32 {
	return slices.DeleteFunc(slices.Clone(list), func(i uint32) bool { return p.vips[i].only })
}

// classify puts interfaces that the policies do not tell apart into one class.
// It returns the class of each interface index and, for each class, the policies
// that speak of it in order. Class 0 is whatever only "any" speaks of.
func classify(lists [][]uint16) (classOf []uint32, members [][]uint32) {
	var wild []uint32
	named := make(map[uint16]bool)
	size := 0
	for policy, list := range lists {
		if list == nil {
			wild = append(wild, uint32(policy))
		}
		for _, i := range list {
			named[i] = true
			size = max(size, int(i)+1)
		}
	}
	members = [][]uint32{wild}
	classOf = make([]uint32, size)
	speakers := make([][]uint32, size)
	for policy, list := range lists {
		for i := range speakers {
			if named[uint16(i)] && (list == nil || slices.Contains(list, uint16(i))) {
				speakers[i] = append(speakers[i], uint32(policy))
			}
		}
	}
	known := make(map[string]uint32)
	for i, list := range speakers {
		if !named[uint16(i)] {
			continue
		}
		sig := signature(list)
		class, ok := known[sig]
		if !ok {
			class = uint32(len(members))
			known[sig] = class
			members = append(members, list)
		}
		classOf[i] = class
	}
	return classOf, members
}

// classesOf turns members around: the classes of each policy.
func classesOf(policies int, members [][]uint32) [][]uint32 {
	out := make([][]uint32, policies)
	for class, list := range members {
		for _, policy := range list {
			out[policy] = append(out[policy], uint32(class))
		}
	}
	return out
}

// bucket enters the policies of list that can match a flow of the family of
// rules; equal buckets are kept once.
func (t *Table) bucket(list []uint32, rules []rule, known map[string]bucket) bucket {
	var live []uint32
	for _, i := range list {
		r := &rules[i]
		if r.leads() && r.asks() {
			live = append(live, i)
		}
	}
	sig := signature(live)
	b, ok := known[sig]
	if !ok {
		b = bucket{off: uint32(len(t.lists)), n: uint32(len(live))}
		t.lists = append(t.lists, live...)
		for _, i := range live {
			t.boxes = append(t.boxes, t.boxOf(&t.rules4[i]))
		}
		known[sig] = b
	}
	return b
}

// asks says whether there is a source and a service that r matches.
func (r *rule) asks() bool {
	return (r.src.n > 0 || r.named&srcNamed != 0) && (r.svcN > 0 || r.serviceNegated)
}

// leads says whether there is a destination that r matches.
func (r *rule) leads() bool { return r.dst.n > 0 || r.named&dstNamed != 0 }

func (t *Table) boxOf(r *rule) (b box) {
	b.src, b.srcSize = t.spans.bounds4(r.src)
	b.dst, b.dstSize = t.spans.bounds4(r.dst)
	if r.named&srcNamed != 0 {
		b.src, b.srcSize = 0, ^uint32(0)
	}
	if r.named&dstNamed != 0 {
		b.dst, b.dstSize = 0, ^uint32(0)
	}
	return b
}

func signature(list []uint32) string {
	b := make([]byte, 0, 4*len(list))
	for _, i := range list {
		b = binary.LittleEndian.AppendUint32(b, i)
	}
	return string(b)
}
