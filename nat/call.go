package nat

import "portcullis/packet"

// ReserveCall chooses the call id of PPTP (RFC 2637) that a client is known by at a
// translated address. match is the first packet of the call as it would arrive
// there: DstPort is the client's own id, which is taken where it is free. Nobody has
// a share of the ids: they are unique for the two addresses together. Nothing is
// occupied: the expectation, and later the session, is what keeps the id.
func (s *Space) ReserveCall(match *packet.Key, use InUse) (uint16, packet.Reason) {
	s.probe = *match
	if !use.Taken(&s.probe) {
		return match.DstPort, packet.ReasonNone
	}
	for range reserveProbes {
		s.probe.DstPort = uint16(1 + s.below(0xffff)) // 0 is legal, but not everybody likes it
		if !use.Taken(&s.probe) {
			return s.probe.DstPort, packet.ReasonNone
		}
	}
	return 0, packet.ReasonNATExhausted
}
