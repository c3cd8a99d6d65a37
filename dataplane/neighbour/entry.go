package neighbour

import (
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// State is what is known about a neighbour (RFC 4861 section 7.3.2, for ARP as
// well).
type State uint8

// States of a neighbour.
const (
	Incomplete State = iota // asked for; packets wait
	Reachable               // it answered not long ago
	Stale                   // it answered once; asked again when next used
	Probe                   // in use and asked again, by unicast
	Failed                  // it did not answer; not asked again for a moment
)

// String is the word the console prints.
func (s State) String() string {
	return [...]string{"incomplete", "reachable", "stale", "probe", "failed"}[s]
}

// Limits and times.
const (
	MaxEntries   = 4096      // neighbours of a table; the least useful gives way
	MaxQueue     = 5         // packets that wait for one neighbour; the oldest gives way
	MaxQueueSize = 192 << 10 // bytes that wait for one neighbour
	MaxQueued    = 4 << 20   // bytes that wait in a table

	reachableTime = 30 * time.Second
	staleTime     = 10 * time.Minute // unused this long: forgotten
	retryTime     = time.Second
	failedTime    = time.Second
	maxProbes     = 3
	lockTime      = time.Second // an answer younger than this is not overridden
)

// entry is one neighbour.
//
//	state        mac    deadline           at the deadline
//	Incomplete   zero   next question      ask again; after maxProbes Failed
//	Reachable    known  end of validity    Stale
//	Stale        known  end of memory      forgotten
//	Probe        known  next question      ask again by unicast; after maxProbes Failed
//	Failed       zero   end of silence     forgotten
type entry struct {
	addr     packet.Addr
	mac      MAC
	state    State
	probes   uint8
	deadline session.Tick
	learnt   session.Tick // when mac was last confirmed by an answer
	used     session.Tick // when a packet last needed it
	queue    []Frame      // copies; only while Incomplete
	size     int          // bytes in queue
}

// Entry is a neighbour as the console shows it.
type Entry struct {
	Addr   packet.Addr
	MAC    MAC // zero while unknown
	State  State
	Age    time.Duration // since it last answered; 0 where it never did
	Queued int           // packets that wait for it
}
