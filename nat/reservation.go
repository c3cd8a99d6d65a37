package nat

import (
	"math"
	"slices"
	"strings"

	"portcullis/config"
	"portcullis/packet"
)

// reservation is the ports of TCP, UDP and SCTP that virtual IPs take at one
// address, sorted and disjoint.
type reservation [classSCTP + 1][]config.PortSpan

// ReservedPorts returns the ports of address a at which virtual IPs take flows of
// a protocol, sorted and disjoint: sources that are translated to a should not use
// them. A virtual IP that takes all ports reserves none: its address is the
// mapped host's, and nothing could be translated to it. The caller borrows the slice and
// must not change it.
func (d *Destinations) ReservedPorts(a packet.Addr, proto uint8) []config.PortSpan {
	if !hasPorts(proto) {
		return nil
	}
	return d.cells[d.external(a)].reserved[classOf(proto)]
}

// reserve adds the ports of v.
func (d *Destinations) reserve(r *reservation, v *VIP) {
	var own *reservation
	switch {
	case v.service != nil:
		own = d.portsOf(v)
	case v.extPort != (config.PortSpan{}):
		own = new(reservation)
		for class := range own {
			own[class] = []config.PortSpan{v.extPort}
		}
	default:
		return
	}
	for class := range own {
		if v.ports != 0 && v.ports&(1<<class) == 0 {
			continue
		}
		for _, s := range own[class] {
			if v.extPort != (config.PortSpan{}) { // both say which
				s.Low, s.High = max(s.Low, v.extPort.Low), min(s.High, v.extPort.High)
			}
			if s.Low <= s.High {
				r[class] = append(r[class], s)
			}
		}
	}
}

// clientPort is a source port that any client may have.
const clientPort = 50000

// portsOf tries out which ports the services of v are for.
func (d *Destinations) portsOf(v *VIP) *reservation {
	list := strings.Join(v.Config.Service, "\x00")
	if r, ok := d.served[list]; ok {
		return r
	}
	r := new(reservation)
	d.served[list] = r
	key := packet.Key{SrcPort: clientPort}
	for class, proto := range []uint8{packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP} {
		key.Proto = proto
		for port := range uint16(math.MaxUint16) {
			if key.DstPort = port + 1; v.service(&key) {
				r[class] = append(r[class], config.PortSpan{Low: port + 1, High: port + 1})
			}
		}
	}
	r.merge()
	for class := range r {
		if len(r[class]) == 1 && r[class][0] == (config.PortSpan{Low: 1, High: 65535}) {
			r[class] = nil
		}
	}
	return r
}

// merge sorts the ports and joins those that overlap or touch.
func (r *reservation) merge() {
	for class := range r {
		list := r[class]
		slices.SortFunc(list, func(a, b config.PortSpan) int { return int(a.Low) - int(b.Low) })
		n := 0
		for i, s := range list {
			if i > 0 && int(s.Low) <= int(list[n-1].High)+1 {
				list[n-1].High = max(list[n-1].High, s.High)
				continue
			}
			list[n] = s
			n++
		}
		r[class] = list[:n]
	}
}

// Reserves says whether port is one of ReservedPorts.
func (d *Destinations) Reserves(a packet.Addr, proto uint8, port uint16) bool {
	for _, r := range d.ReservedPorts(a, proto) {
		if r.Low <= port && port <= r.High {
			return true
		}
	}
	return false
}
