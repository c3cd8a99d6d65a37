package policy

import (
	"cmp"
	"slices"

	"portcullis/packet"
)

// naming tells which configured service a flow would be called by, whatever
// policy it met: FortiOS logs service="HTTPS" for a denied flow as well.
type naming struct {
	single []service // of one port, type or protocol: sorted by protocol and port
	ranges []service // the others, in the order of the configuration
}

func newNaming(all []service) naming {
	var n naming
	for _, s := range all {
		switch {
		case s.wide:
		case s.dstLo == s.dstHi || !hasPorts(s.proto):
			n.single = append(n.single, s)
		default:
			n.ranges = append(n.ranges, s)
		}
	}
	slices.SortStableFunc(n.single, func(a, b service) int {
		return cmp.Compare(rank(a.proto, a.dstLo), rank(b.proto, b.dstLo))
	})
	return n
}

func rank(proto uint8, port uint16) uint32 { return uint32(proto)<<16 | uint32(port) }

// find returns the number of the service's name: the first configured one of
// exactly this port, else the first whose range holds it, else 0.
func (n *naming) find(key *packet.Key) uint32 {
	port := key.DstPort
	if !hasPorts(key.Proto) { // what GRE has there is no port
		port = 0
	}
	want := rank(key.Proto, port)
	lo, hi := 0, len(n.single)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if rank(n.single[mid].proto, n.single[mid].dstLo) < want {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for ; lo < len(n.single) && rank(n.single[lo].proto, n.single[lo].dstLo) == want; lo++ {
		if n.single[lo].matches(key) {
			return n.single[lo].name
		}
	}
	for i := range n.ranges {
		if n.ranges[i].matches(key) {
			return n.ranges[i].name
		}
	}
	return 0
}
