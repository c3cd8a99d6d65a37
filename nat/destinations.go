package nat

import (
	"fmt"
	"math"
	"slices"

	"portcullis/config"
	"portcullis/packet"
)

// Destinations are the virtual IPs of a configuration, compiled. They are immutable
// and may be read by many workers at once.
//
// Two searches find the virtual IPs that a flow may be for: which stretch of
// external addresses its destination lies in, and which stretch of ports there. So
// it does not matter how many forward ports from one address, or how many addresses
// there are.
type Destinations struct {
	vips []VIP // enabled ones, in order of the configuration, IPv4 first
	off  []VIP // disabled ones, likewise

	ext4, ext6 addrIndex // by external address, to cells
	cells      []extCell // cell 0 is of no address
	doors      []doorStretch
	lists      []uint16 // runs of positions in vips, in order

	mapped4, mapped6 addrIndex // by mapped address, to speakers
	speakers         [][]uint16

	served map[string]*reservation // by list of services, while compiling
}

// extCell is what the addresses of a stretch have in common: a run of doors, and the
// ports that are forwarded.
type extCell struct {
	off, n   uint32
	reserved reservation
}

// doorStretch is a run of lists for the doors from first to the next stretch's.
type doorStretch struct {
	first  door
	off, n uint32
}

// CompileDestinations compiles the enabled virtual IPs of cfg. ifIndex gives the
// engine's index of an interface's name, services the test of a flow, as it came
// in, for a list of services and groups.
func CompileDestinations(cfg *config.Config, ifIndex func(name string) (uint16, bool),
	services func(names []string) (func(*packet.Key) bool, error),
) (*Destinations, error) {
	if n := len(cfg.VIPs) + len(cfg.VIPs6); n >= math.MaxUint16 {
		return nil, fmt.Errorf("firewall vip: %d of both families: fewer than %d are expected", n, math.MaxUint16)
	}
	d := &Destinations{cells: make([]extCell, 1), speakers: make([][]uint16, 1), served: make(map[string]*reservation)}
	n4, n6 := cfg.VIPNumbers()
	for _, c := range cfg.VIPs {
		if err := d.add("vip", c, n4[c.Name], ifIndex, services); err != nil {
			return nil, err
		}
	}
	for _, c := range cfg.VIPs6 {
		if err := d.add("vip6", (*config.VIP)(c), n6[c.Name], ifIndex, services); err != nil {
			return nil, err
		}
	}
	d.index()
	d.served = nil
	return d, nil
}

func (d *Destinations) add(noun string, c *config.VIP, number uint16, ifIndex func(string) (uint16, bool),
	services func([]string) (func(*packet.Key) bool, error),
) error {
	v, err := newVIP(c, number, noun == "vip6", ifIndex, services)
	if err != nil {
		return fmt.Errorf("firewall %s %q: %w", noun, c.Name, err)
	}
	if c.Status {
		d.vips = append(d.vips, v)
	} else { // it is read, so that its mistakes show, and takes nothing
		d.off = append(d.off, v)
	}
	return nil
}

// index makes the indices of both families.
func (d *Destinations) index() {
	var ext, mapped [2][]ranked
	for i := range d.vips {
		v, family := &d.vips[i], 0
		if v.Six() {
			family = 1
		}
		ext[family] = append(ext[family], ranked{v.ext, uint32(i)})
		if v.speaks() {
			mapped[family] = append(mapped[family], ranked{v.mapped[0], uint32(i)})
		}
	}
	d.ext4, d.ext6 = newAddrIndex(ext[0], d.cell), newAddrIndex(ext[1], d.cell)
	d.mapped4, d.mapped6 = newAddrIndex(mapped[0], d.speak), newAddrIndex(mapped[1], d.speak)
}

// cell makes the cell of the addresses that are external ones of all of list.
func (d *Destinations) cell(list []uint32) uint32 {
	c := extCell{off: uint32(len(d.doors))}
	var edges []doorEdge
	for _, i := range list {
		v := &d.vips[i]
		for class := range classes {
			if v.ports != 0 && v.ports&(1<<class) == 0 {
				continue
			}
			first, last := door(class)<<16, door(class)<<16|0xffff
			if v.extPort != (config.PortSpan{}) {
				first, last = first|door(v.extPort.Low), first|door(v.extPort.High)
			}
			edges = append(edges, doorEdge{first, uint16(i), false}, doorEdge{last + 1, uint16(i), true})
		}
		d.reserve(&c.reserved, v)
	}
	c.reserved.merge()
	d.sweepDoors(edges)
	c.n = uint32(len(d.doors)) - c.off
	d.cells = append(d.cells, c)
	return uint32(len(d.cells) - 1)
}

// doorEdge is where the doors of a virtual IP begin, or the first one behind them.
type doorEdge struct {
	at   door
	vip  uint16
	ends bool
}

// sweepDoors enters the stretches of doors between the edges.
func (d *Destinations) sweepDoors(edges []doorEdge) {
	slices.SortFunc(edges, func(a, b doorEdge) int {
		if a.at != b.at {
			return int(a.at) - int(b.at)
		}
		if a.ends != b.ends { // one class of a virtual IP ends where its next begins
			if a.ends {
				return -1
			}
			return 1
		}
		return int(a.vip) - int(b.vip)
	})
	var active []uint16
	for i, e := range edges {
		at, _ := slices.BinarySearch(active, e.vip)
		if e.ends {
			active = slices.Delete(active, at, at+1)
		} else {
			active = slices.Insert(active, at, e.vip)
		}
		if i+1 < len(edges) && edges[i+1].at == e.at {
			continue
		}
		d.doors = append(d.doors, doorStretch{first: e.at, off: uint32(len(d.lists)), n: uint32(len(active))})
		d.lists = append(d.lists, active...)
	}
}

// speak makes the entry of the mapped addresses that all of list map to: whoever
// forces its external address first, then the order of the configuration.
func (d *Destinations) speak(list []uint32) uint32 {
	var order []uint16
	for _, force := range []bool{true, false} {
		for _, i := range list {
			if d.vips[i].NATSource == force {
				order = append(order, uint16(i))
			}
		}
	}
	d.speakers = append(d.speakers, order)
	return uint32(len(d.speakers) - 1)
}

// Lookup returns the virtual IP that takes the first packet of a flow, key, which
// came in by interface in: the first one of the configuration that fits. to is the
// key with the destination and port that it is mapped to. The virtual IP is
// borrowed.
func (d *Destinations) Lookup(in uint16, key *packet.Key) (v *VIP, to packet.Key, ok bool) {
	c := d.external(key.Dst)
	if c == 0 {
		return nil, to, false
	}
	for _, i := range d.candidates(&d.cells[c], doorOf(key)) {
		if v := &d.vips[i]; v.takes(in, key) {
			to = *key
			v.translate(&to)
			return v, to, true
		}
	}
	return nil, to, false
}

// external returns the cell of an external address, 0 for another one.
func (d *Destinations) external(a packet.Addr) uint32 {
	if a.Is4() {
		return d.ext4.find(a)
	}
	return d.ext6.find(a)
}

// candidates are the virtual IPs of cell c that are for a door, in order.
func (d *Destinations) candidates(c *extCell, at door) []uint16 {
	doors := d.doors[c.off : c.off+c.n]
	lo, hi := 0, len(doors)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if doors[mid].first <= at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return nil
	}
	s := &doors[lo-1]
	return d.lists[s.off : s.off+s.n]
}

// Owns says whether a is an external address of a virtual IP. Packets to it that
// no virtual IP takes have nowhere to go.
func (d *Destinations) Owns(a packet.Addr) bool { return d.external(a) != 0 }

// SourceOf returns the external address that the host src speaks from where its
// connections leave by interface out: that of a static virtual IP without port
// forwarding that src is a mapped address of, or of any static one with
// nat-source-vip. always says that it is the latter's, which goes before pools.
func (d *Destinations) SourceOf(out uint16, src packet.Addr) (ext packet.Addr, always, ok bool) {
	x := &d.mapped6
	if src.Is4() {
		x = &d.mapped4
	}
	for _, i := range d.speakers[x.find(src)] {
		if v := &d.vips[i]; v.in.is(out) {
			return v.source(src), v.NATSource, true
		}
	}
	return packet.Addr{}, false, false
}

// VIPs returns the enabled virtual IPs in order of the configuration, those of
// IPv4 first. The caller borrows the slice and must not change it.
func (d *Destinations) VIPs() []VIP { return d.vips }

// Disabled returns the virtual IPs that are not enabled, likewise.
func (d *Destinations) Disabled() []VIP { return d.off }

// VIP returns the enabled virtual IP of a number.
func (d *Destinations) VIP(number uint16) (*VIP, bool) {
	i, ok := slices.BinarySearchFunc(d.vips, number, func(v VIP, n uint16) int { return int(v.Number) - int(n) })
	if !ok {
		return nil, false
	}
	return &d.vips[i], true
}
