package nat

import (
	"math/rand/v2"

	"portcullis/packet"
)

// The range translated source ports come from, FortiOS's.
const (
	FirstPort = 5117
	LastPort  = 65533
)

// The range translated ICMP identifiers come from.
const (
	firstID = 1
	lastID  = 65535
)

const (
	randomProbes = 128  // enough up to some 95 % in use
	scanProbes   = 1024 // finds one of 1 % free with all but 1 in 30000
)

// Allocator chooses ports. It is not safe for concurrent use: each worker has
// its own, with a seed of its own.
type Allocator struct {
	random rand.Source
	probe  packet.Key // what InUse is asked about; here, so that it stays off the heap
}

// New returns an allocator that draws from random. Ports that a stranger should
// not guess ask for a strong source, such as rand.ChaCha8.
func New(random rand.Source) *Allocator { return &Allocator{random: random} }

// Plan decides the translation of the source of a new session to address to. key
// is the session's original direction; where its destination is translated, as
// it is after that. The reason is packet.ReasonNone, or why there is no binding.
func (a *Allocator) Plan(key *packet.Key, to packet.Addr, use InUse) (Binding, packet.Reason) {
	a.probe = key.Reply()
	a.probe.Dst = to
	ok := false
	switch key.Proto {
	case packet.ProtoTCP, packet.ProtoUDP:
		ok = a.choose(&a.probe.DstPort, key.SrcPort >= FirstPort && key.SrcPort <= LastPort, FirstPort, LastPort, use)
	case packet.ProtoICMP, packet.ProtoICMPv6:
		ok = a.choose(&a.probe.SrcPort, key.SrcPort >= firstID, firstID, lastID, use)
	default: // without ports, or (SCTP) with a checksum over them that is not rewritten
		ok = !use.Taken(&a.probe)
	}
	if !ok {
		return Binding{}, packet.ReasonNATExhausted
	}
	return Binding{Original: *key, Reply: a.probe}, packet.ReasonNone
}

// ReservePort chooses the port that a helper's expectation waits on at a
// translated address. match is the expected flow as it would arrive there: Dst
// is the translated address, DstPort the wanted port, SrcPort is zero where any
// will do. The wanted port is taken where it is free, whatever range
// it lies in; a wanted 0 has no preference.
func (a *Allocator) ReservePort(match *packet.Key, use InUse) (uint16, packet.Reason) {
	a.probe = *match
	if !a.choose(&a.probe.DstPort, match.DstPort != 0, FirstPort, LastPort, use) {
		return 0, packet.ReasonNATExhausted
	}
	return a.probe.DstPort, packet.ReasonNone
}

// choose sets *port, a field of a.probe, to a value that makes a.probe free:
// the one it has if that may be kept, else one of first to last. It gives up
// after a bounded number of probes.
func (a *Allocator) choose(port *uint16, keep bool, first, last uint16, use InUse) bool {
	if keep && !use.Taken(&a.probe) {
		return true
	}
	size := uint32(last) - uint32(first) + 1
	for range randomProbes {
		*port = first + uint16(a.below(size))
		if !use.Taken(&a.probe) {
			return true
		}
	}
	at := a.below(size)
	for range scanProbes {
		*port = first + uint16(at)
		if !use.Taken(&a.probe) {
			return true
		}
		if at++; at == size {
			at = 0
		}
	}
	return false
}

// below returns a random number less than n. The remainder favours none of at
// most 65535 values by more than one in 2^48.
func (a *Allocator) below(n uint32) uint32 { return uint32(a.random.Uint64() % uint64(n)) }
