package nat

import "portcullis/packet"

// Binding is a translation, decided once for a session: the keys of its packets
// as they arrive on either side, and what it occupies. Where nothing is
// translated, Reply is Original.Reply().
type Binding struct {
	Original packet.Key
	Reply    packet.Key
	Hold     Hold
}

// InUse tells which tuples are taken. The engine implements it over its session
// table and its expectations.
type InUse interface {
	// Taken says whether packets with this key, as they arrive from the outside,
	// already belong to something. A zero SrcPort means any port of the sender;
	// only Reserve asks so. The key is borrowed.
	Taken(reply *packet.Key) bool
}
