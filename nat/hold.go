package nat

import "portcullis/packet"

// Hold is what a session occupies at the address that its source is translated
// to, to be given back when it ends.
type Hold uint8

// Holds.
const (
	HoldNothing Hold = iota // its source is not translated
	HoldShared              // an address, at a port that is another one's or nobody's
	HoldPort                // a port
	HoldMapping             // a share of an endpoint-independent mapping
	HoldLease               // a share of an address that its client has for itself
	HoldBlock               // a port of a block that its client has

	NumHolds
)

// port is the number of a reply key that translation chooses: the destination
// port, or the identifier of an ICMP query.
func port(reply *packet.Key) *uint16 {
	if classOf(reply.Proto) == classICMP {
		return &reply.SrcPort
	}
	return &reply.DstPort
}

// holder is an address that sources are translated to, as long as any is.
type holder struct {
	addr     packet.Addr
	at       uint32 // on the shelf
	sessions [classes]uint32
	ports    [classOther]*ports // taken ones; nil: none is
	blocks   *grid              // of PortBlock; nil: there are none
	spare    *spare             // of the pool that gives it out, where that has several
	place    uint16             // in spare
}

func (h *holder) idle() bool {
	if h.blocks != nil {
		return false
	}
	for c := range h.sessions {
		if h.sessions[c] != 0 {
			return false
		}
	}
	for _, p := range h.ports {
		if p != nil {
			return false
		}
	}
	return true
}

// spare tells which addresses of a pool have no port left, so that none of those
// is asked in vain. It is a hint: a full address may have found room since.
type spare struct{ full [classOther]*ports }

func (s *spare) fill(c portClass, place uint16) {
	if s.full[c] == nil {
		s.full[c] = new(ports)
	}
	if !s.full[c].has(place) {
		s.full[c].add(place)
	}
}

func (s *spare) relieve(c portClass, place uint16) {
	if f := s.full[c]; f != nil && f.has(place) {
		f.remove(place)
	}
}
