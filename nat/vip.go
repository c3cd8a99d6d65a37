package nat

import (
	"fmt"
	"math/bits"
	"slices"

	"portcullis/config"
	"portcullis/packet"
)

// VIP is one compiled virtual IP.
type VIP struct {
	Number    uint16 // its place in the configuration: config.Config.VIPNumbers
	Name      string
	NATSource bool        // nat-source-vip
	Config    *config.VIP // as it was written, for lists; of firewall.vip6 too

	in       vipInterface
	ext      reach
	mapped   []reach
	total    uint64 // addresses of mapped
	ports    portClasses
	extPort  config.PortSpan
	mapPort  config.PortSpan
	balanced bool
	gathered bool     // the ports of service all lead to mapPort.Low
	sources  []reach  // src-filter; nil: all
	ingress  []uint16 // srcintf-filter; nil: all
	service  func(*packet.Key) bool
}

// vipInterface is an extintf.
type vipInterface struct {
	any   bool
	index uint16
}

func (i vipInterface) is(index uint16) bool { return i.any || i.index == index }

// Six says whether the virtual IP is one of firewall.vip6.
func (v *VIP) Six() bool { return !v.ext.lo.Is4() }

// takes says whether v is for the first packet of a flow that came in by interface
// in. That it is for its destination and port is known already.
func (v *VIP) takes(in uint16, key *packet.Key) bool {
	return v.in.is(in) &&
		(v.ingress == nil || slices.Contains(v.ingress, in)) &&
		(v.sources == nil || anyHas(v.sources, key.Src)) &&
		(v.service == nil || v.service(key))
}

// anyHas says whether one of list, which is sorted and disjoint, holds a.
func anyHas(list []reach, a packet.Addr) bool {
	lo, hi := 0, len(list)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if list[mid].hi.Less(a) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(list) && !a.Less(list[lo].lo)
}

// translate writes where the flow really goes into to.
func (v *VIP) translate(to *packet.Key) {
	if v.balanced {
		to.Dst = v.balance(to.Src)
	} else {
		to.Dst = v.mapped[0].at(v.ext.offset(to.Dst))
	}
	switch {
	case v.ports == 0 || !hasPorts(to.Proto):
	case v.gathered:
		to.DstPort = v.mapPort.Low
	default:
		to.DstPort = v.mapPort.Low + (to.DstPort - v.extPort.Low)
	}
}

// balance picks the mapped address for a source: always the same for one source,
// whatever it asks for, and all about equally often. There is no seed, so that a
// restart changes nothing for anyone.
func (v *VIP) balance(src packet.Addr) packet.Addr {
	h := (src.Hi ^ bits.RotateLeft64(src.Lo, 32)) * 0x9e3779b97f4a7c15
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	n, _ := bits.Mul64(h^h>>32, v.total)
	for i := range v.mapped {
		count := v.mapped[i].count()
		if n < count {
			return v.mapped[i].at(packet.Addr{Lo: n})
		}
		n -= count
	}
	return v.mapped[0].lo // not reached: n is less than the sum of all
}

// source is the external address that the mapped address src speaks from. Of a
// virtual IP that does not balance.
func (v *VIP) source(src packet.Addr) packet.Addr { return v.ext.at(v.mapped[0].offset(src)) }

// speaks says whether connections of the mapped hosts may come from the external
// address.
func (v *VIP) speaks() bool { return !v.balanced && (v.NATSource || v.ports == 0) }

// newVIP compiles one virtual IP. c says what of it is wrong.
func newVIP(c *config.VIP, number uint16, six bool, ifIndex func(string) (uint16, bool),
	services func([]string) (func(*packet.Key) bool, error),
) (VIP, error) {
	v := VIP{Number: number, Name: c.Name, NATSource: c.NATSourceVIP, Config: c, ext: reachOf(c.ExtIP), balanced: c.Type == "load-balance"}
	if c.Type != "load-balance" && c.Type != "static-nat" {
		return v, fmt.Errorf("type %q: static-nat or load-balance is expected", c.Type)
	}
	if err := v.setAddresses(c, six); err != nil {
		return v, err
	}
	if err := v.setPorts(c); err != nil {
		return v, err
	}
	if err := v.setInterfaces(c, ifIndex); err != nil {
		return v, err
	}
	var err error
	if v.sources, err = mergeReaches(c.SrcFilter, six); err != nil {
		return v, err
	}
	if len(c.Service) > 0 {
		v.service, err = services(c.Service)
	}
	return v, err
}

func (v *VIP) setAddresses(c *config.VIP, six bool) error {
	if !v.ext.valid(six) {
		return fmt.Errorf("extip: an address of its family, or a range from low to high, is expected")
	}
	for _, r := range c.MappedIP {
		m := reachOf(r)
		if !m.valid(six) {
			return fmt.Errorf("mappedip: addresses of the family of extip, or ranges from low to high, are expected")
		}
		sum, carry := bits.Add64(v.total, m.count(), 0)
		v.total = sum | -carry
		v.mapped = append(v.mapped, m)
	}
	switch {
	case v.balanced && len(v.mapped) == 0:
		return fmt.Errorf("mappedip: one address or more is expected")
	case !v.balanced && (len(v.mapped) != 1 || v.mapped[0].size() != v.ext.size()):
		return fmt.Errorf("mappedip: as many addresses as extip has, in one range, are expected")
	}
	return nil
}

func (v *VIP) setPorts(c *config.VIP) error {
	if !c.PortForward {
		return nil
	}
	class, ok := forwarded[c.Protocol]
	if !ok {
		return fmt.Errorf("protocol %q: tcp, udp, sctp or icmp is expected", c.Protocol)
	}
	v.ports = 1 << class
	if class == classICMP {
		return nil
	}
	v.extPort, v.mapPort = c.ExtPort, c.MappedPort
	if v.extPort == (config.PortSpan{}) && len(c.Service) > 0 {
		v.gathered, v.ports = true, 1<<classTCP|1<<classUDP|1<<classSCTP
		if v.mapPort.Low == 0 || v.mapPort.High != v.mapPort.Low {
			return fmt.Errorf("mappedport: one port is expected, since service says which ports lead there")
		}
		return nil
	}
	if v.mapPort == (config.PortSpan{}) {
		v.mapPort = v.extPort
	}
	if v.extPort.Low == 0 || v.extPort.High < v.extPort.Low {
		return fmt.Errorf("extport: a port, or a range from low to high, is expected")
	}
	if v.mapPort.Low == 0 || int(v.mapPort.High)-int(v.mapPort.Low) != int(v.extPort.High)-int(v.extPort.Low) {
		return fmt.Errorf("mappedport: as many ports as extport has are expected")
	}
	return nil
}

func (v *VIP) setInterfaces(c *config.VIP, ifIndex func(string) (uint16, bool)) error {
	if v.in.any = c.ExtIntf == "any"; !v.in.any {
		var ok bool
		if v.in.index, ok = ifIndex(c.ExtIntf); !ok {
			return fmt.Errorf("extintf %q: no such interface", c.ExtIntf)
		}
	}
	for _, name := range c.SrcIntfFilter {
		i, ok := ifIndex(name)
		if !ok {
			return fmt.Errorf("srcintf-filter %q: no such interface", name)
		}
		v.ingress = append(v.ingress, i)
	}
	return nil
}

// mergeReaches sorts a src-filter and joins what overlaps.
func mergeReaches(list []config.IPRange, six bool) ([]reach, error) {
	var out []reach
	for _, r := range list {
		m := reachOf(r)
		if !m.valid(six) {
			return nil, fmt.Errorf("src-filter: addresses of the family of extip, or ranges from low to high, are expected")
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b reach) int { return compareAddr(a.lo, b.lo) })
	n := 0
	for i, r := range out {
		if i > 0 && !out[n-1].hi.Less(r.lo) {
			if out[n-1].hi.Less(r.hi) {
				out[n-1].hi = r.hi
			}
			continue
		}
		out[n] = r
		n++
	}
	return out[:n], nil
}
