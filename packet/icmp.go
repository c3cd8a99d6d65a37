package packet

// ICMP message types that are read or built here (RFC 792, RFC 4443).
const (
	ICMPEchoReply       = 0
	ICMPUnreachable     = 3
	ICMPSourceQuench    = 4
	ICMPRedirect        = 5
	ICMPEcho            = 8
	ICMPTimeExceeded    = 11
	ICMPParamProblem    = 12
	ICMPTimestamp       = 13
	ICMPTimestampReply  = 14
	ICMPInfo            = 15
	ICMPInfoReply       = 16
	ICMPAddressMask     = 17
	ICMPAddressMaskRep  = 18
	ICMPv6Unreachable   = 1
	ICMPv6PacketTooBig  = 2
	ICMPv6TimeExceeded  = 3
	ICMPv6ParamProblem  = 4
	ICMPv6Echo          = 128
	ICMPv6EchoReply     = 129
	ICMPv6RouterSol     = 133
	ICMPv6RouterAdv     = 134
	ICMPv6NeighborSol   = 135
	ICMPv6NeighborAdv   = 136
	ICMPv6Redirect      = 137
	icmpNoCounterpart   = 0xff
	icmpQueryHeaderSize = 8
)

// counterpart is the type that answers an ICMP query type, and the type that a
// reply answers. A type without one is its own.
func counterpart(proto uint8, typ uint16) uint16 {
	if proto == ProtoICMPv6 {
		switch typ {
		case ICMPv6Echo:
			return ICMPv6EchoReply
		case ICMPv6EchoReply:
			return ICMPv6Echo
		}
		return typ
	}
	switch typ {
	case ICMPEcho:
		return ICMPEchoReply
	case ICMPEchoReply:
		return ICMPEcho
	case ICMPTimestamp, ICMPInfo, ICMPAddressMask:
		return typ + 1
	case ICMPTimestampReply, ICMPInfoReply, ICMPAddressMaskRep:
		return typ - 1
	}
	return typ
}

// isICMPQuery says whether typ carries an identifier: the echo, timestamp,
// information and address mask pairs.
func isICMPQuery(proto uint8, typ uint8) bool {
	return counterpart(proto, uint16(typ)) != uint16(typ)
}

// IsICMPRequest says whether typ opens a query: what may create a session.
func IsICMPRequest(proto uint8, typ uint16) bool {
	if proto == ProtoICMPv6 {
		return typ == ICMPv6Echo
	}
	switch typ {
	case ICMPEcho, ICMPTimestamp, ICMPInfo, ICMPAddressMask:
		return true
	}
	return false
}

// IsICMPReply says whether typ answers a query.
func IsICMPReply(proto, typ uint8) bool {
	return isICMPQuery(proto, typ) && !IsICMPRequest(proto, uint16(typ))
}

// IsRedirect says whether typ is for a neighbour, and no router's to pass on (RFC
// 1812 section 5.2.7.2, RFC 4861 section 8).
func IsRedirect(proto, typ uint8) bool {
	return proto == ProtoICMP && typ == ICMPRedirect || proto == ProtoICMPv6 && typ == ICMPv6Redirect
}

// IsICMPError says whether typ reports about another packet, which its body
// then carries.
func IsICMPError(proto uint8, typ uint8) bool {
	if proto == ProtoICMPv6 {
		return typ < 128
	}
	switch typ {
	case ICMPUnreachable, ICMPSourceQuench, ICMPRedirect, ICMPTimeExceeded, ICMPParamProblem:
		return true
	}
	return false
}
