package nat

import "portcullis/packet"

// portClass puts protocols together that a virtual IP forwards alike.
type portClass uint8

const (
	classTCP portClass = iota
	classUDP
	classSCTP
	classICMP
	classOther
	classes
)

// portClasses is a set of them.
type portClasses uint8

// forwarded are the words of a virtual IP's protocol.
var forwarded = map[string]portClass{"tcp": classTCP, "udp": classUDP, "sctp": classSCTP, "icmp": classICMP}

func classOf(proto uint8) portClass {
	switch proto {
	case packet.ProtoTCP:
		return classTCP
	case packet.ProtoUDP:
		return classUDP
	case packet.ProtoSCTP:
		return classSCTP
	case packet.ProtoICMP, packet.ProtoICMPv6:
		return classICMP
	}
	return classOther
}

// hasPorts says whether flows of proto lead to a port.
func hasPorts(proto uint8) bool { return classOf(proto) <= classSCTP }

// door is where a flow knocks: its class and, where there is one, its port, as one
// number to search by.
type door uint32

func doorOf(key *packet.Key) door {
	class := classOf(key.Proto)
	if class > classSCTP { // the type of a query, the key of a tunnel: no port
		return door(class) << 16
	}
	return door(class)<<16 | door(key.DstPort)
}
