package nat

import "portcullis/packet"

// Hold is what a session occupies at the address that its source is translated
// to, to be given back when it ends.
type Hold uint8

// Holds.
const (
	HoldNothing Hold = iota // its source is not translated
	HoldShared              // a port that others had already, for other destinations
	HoldPort                // a port
	HoldMapping             // a share of an endpoint-independent mapping
	HoldLease               // a share of an address that its client has for itself
	HoldBlock               // a port of a block that its client has
	HoldAddress             // an address and none of its ports

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
	more     map[spot]uint32    // sessions at a port beyond its first
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

// spot is a port of an address.
type spot struct {
	class portClass
	port  uint16
}

// spare tells which addresses of a pool have no port left, so that none of those
// is asked in vain.
type spare struct {
	full   [classOther]*ports
	pool   *Pool
	blocks bool            // it is blocks that they have none of; then that of TCP stands for all
	width  [classOther]int // ports of an address
}

// next is a place with room, from one behind place on, of those from 0 to last.
func (s *spare) next(c portClass, place, last uint16) (uint16, bool) {
	if place++; place > last {
		place = 0
	}
	if f := s.full[c]; f != nil {
		return f.find(0, last, place, either)
	}
	return place, true
}

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
