package control

import (
	"portcullis/packet"
	"portcullis/session"
)

// Source is the engine as the server reads it. Its methods may be called from
// any goroutine; each holds up packets for as long as it runs, so none does more
// than its page asks for.
type Source interface {
	// Sessions copies sessions into page, from cursor on, and returns how many it
	// copied and the cursor to go on from; 0 begins a walk and ends it. A page
	// that comes back empty is not the end.
	Sessions(cursor uint64, page []Record) (n int, next uint64, at Moment)
	// Expectations does the same with expectations.
	Expectations(cursor uint64, page []ExpectRecord) (n int, next uint64, at Moment)
	// DataRanges does the same with data ranges.
	DataRanges(cursor uint64, page []RangeRecord) (n int, next uint64, at Moment)
	// Clear ends the sessions that still live and counts them.
	Clear(refs []session.Ref) int
	// ClearExpectations takes out expectations that are still outstanding and
	// counts them.
	ClearExpectations(refs []session.Ref) int
	// Counters are the engine's.
	Counters() Counters
	// Pools are the IP pools, without what is in use of their addresses.
	Pools() []Pool
	// Addresses, Blocks and Mappings copy a page as Sessions does: the addresses that
	// sources are translated to, the blocks of ports that clients have, and
	// endpoint-independent mappings.
	Addresses(cursor uint64, page []AddressRecord) (n int, next uint64)
	Blocks(cursor uint64, page []BlockRecord) (n int, next uint64, at Moment)
	Mappings(cursor uint64, page []MappingRecord) (n int, next uint64)
	// VIPs are the virtual IPs, without their sessions; of tells by the copy of a
	// session the id of the one that it came through, 0 for none, and holds nobody up.
	VIPs() (list []VIP, of func(*session.Record) uint16)
	// FQDNs are the domain names that address objects name.
	FQDNs() FQDNs
	// Trace begins to trace so many packets of those that are chosen by their keys. It
	// fails where packets are traced already.
	Trace(packets int, chooses func(*packet.Key) bool) (Trace, error)
	// Helpers are the session helpers, without what they expect now.
	Helpers() []Helper
}

// Moment is what a copied record is to be read by.
type Moment struct {
	Now session.Tick
}

// Record is the copy of a session.
type Record struct {
	Ref     session.Ref
	Session session.Record
	Offset  [2]Offset
	Dirty   bool // it will be judged again at its next packet
}

// ExpectRecord is the copy of an expectation.
type ExpectRecord struct {
	Ref     session.Ref
	Expect  session.Expectation
	In      uint16 // where its flow will arrive
	Out     uint16 // and leave
	Against bool   // as of a session
}

// RangeRecord is the copy of a data range, which lets in the connections of an
// encrypted control session.
type RangeRecord struct {
	Match, Leave packet.Key // as of an expectation, at the first port
	Last         uint16     // port
	Limit, Used  uint32
	Blocked      bool
	Master       uint32 // serial of the control session, whose what follows is
	Policy       uint32
	Service      uint32
	Helper       uint8
	Created      session.Tick
	In, Out      uint16
	Against      bool
}

// Counters are numbers of the whole engine.
type Counters struct {
	Sessions        int
	Expectations    int
	MaxSessions     int
	MaxExpectations int
	Created         uint64 // sessions, ever
	Cleared         uint64 // by the operator
	Clashes         uint64
	Ephemeral       int    // sessions of which nothing has come yet
	MaxEphemeral    int    // beyond so many the oldest give way
	Removable       int    // sessions that a full table would let go
	Tension         uint64 // those that a full table did let go
	DataRanges      int    // of encrypted control sessions, held now
	RangeChildren   uint64 // sessions that came through one
	RangeRefused    uint64 // those that found it full, or did not begin with TLS
	Mappings        int    // endpoint-independent ones
	Exhausted       uint64 // sessions that found no port or address to be translated to
}

// Names resolves the numbers in records. The engine's register does.
type Names interface {
	Interface(index uint16) string
	Interfaces() []string
	Gateway(number uint16) packet.Addr
	Helper(number uint8) string
	Service(number uint32) string
	Shaper(number uint16) string
	Policy(id uint32) string
	Pool(number uint16) string
}
