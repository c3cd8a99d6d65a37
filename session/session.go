package session

import (
	"sync/atomic"
	"time"
	"unsafe"

	"portcullis/packet"
	"portcullis/session/sctp"
	"portcullis/session/tcp"
)

// Session is one entry of the table: two keys, what to do to the packets of
// either direction, and the state that decides about its life. It holds no
// pointer. Where a field comes in two, it is indexed by packet.Dir.
//
// Life of a session, and who may do what:
//
//	state     made by            legal
//	free      Table.Remove       nothing: its memory is the free list's
//	new       Table.New          fill in every exported field but ID
//	live      Table.Insert       find by key; track; refresh; re-check
//	blocked   Blocked = true     find by key; drops its packets; expires
type Session struct {
	claimed uint32 // see Claim
	Record
}

// Record is what there is to say of a session: all of it but who has it at the
// moment. What every packet reads comes first, in as few cache lines as it takes.
type Record struct {
	LastSeen   Tick      // moved by every packet that counts as life
	Generation uint32    // of the ruleset that allowed it, or left it alone
	Control    uint32    // number of what the worker keeps for the helper; 0: nothing yet
	Out        [2]uint16 // outgoing interface by direction
	Hop        [2]uint16 // next hop by direction: the number of a gateway; 0: the destination itself

	State   State
	Still   uint8 // directions whose packets do not keep it alive: bit 1<<packet.Dir
	Bound   bool  // a helper reads the session, or, of a child, how it begins is watched
	Blocked bool  // a configuration change took its permission away
	Replied bool  // the other side has answered
	AnySeq  bool  // its policy lets sequence numbers unchecked
	Helper  uint8 // number of the bound helper, or of the one that announced the child; 0: none
	ResetBy uint8 // who reset the TCP connection or aborted the SCTP association: packet.Dir+1; 0: nobody

	// Key[Original] is what the opener's packets look like as they arrive,
	// Key[Reply] what the answers look like as they arrive. Without translation
	// Key[Reply] is Key[Original].Reply(), but of a Call.
	Key     [2]packet.Key
	Rewrite [2]packet.Rewrite // turns arriving packets into leaving ones

	Bytes   [2]uint64 // IP bytes as they arrived
	Packets [2]uint64

	TCP tcp.Conn // valid iff the protocol is TCP, and SCTP is if that is the protocol; State follows its state

	Created Tick
	ID      uint32 // serial: never 0, not reused for 4 billion sessions
	Policy  uint32 // policy id; of the master for a helper's child
	Service uint32 // number of the matched service's name
	Master  Ref    // the control session of a child; zero: none

	timeout uint32 // idle time after which it ends, in milliseconds; never: without end
	index   uint32 // of the record
	next    uint32 // in the free list, or the queue of its class: index+1
	prev    uint32 // in the queue: index+1

	Timers  uint16 // number of its timers
	TTL     uint16 // number of its session-ttl
	Shaper  uint16 // number of the per-IP shaper that counts it; 0: none
	class   Class
	LogEnd  bool // write a traffic log line at its end
	Against bool // a child that was opened against the direction of its policy
	Resets  bool // its policy has both ends reset when it ends idle
	// CheckNew says that its policy leaves it alone when the configuration changes
	// (firewall-session-dirty check-new).
	CheckNew bool
	live     bool
	// Encrypted says of an established control session that both ends have agreed on
	// TLS, of a child that it has a place in a data range, which such a session may
	// have.
	Encrypted bool
	Hello     uint8  // of a child that is watched: how much of a TLS ClientHello has passed, in bytes; or Helped
	Profile   uint16 // number of the limits that its helper works under
	Hold      uint8  // what it holds of translated addresses; the engine's affair
	tagHigh   uint8  // see Tag
	tagLow    uint16
}

// Helped is Record.Hello of a child that is a control session itself.
const Helped = 0xff

// Watched says whether s is a child that has yet to begin with TLS. Its packets
// are looked at like those of a control session, though no helper reads them.
func (s *Record) Watched() bool { return s.Bound && s.Master.ID != 0 && s.Hello != Helped }

// Controls says whether s is a control session: one that a helper reads, or has
// read.
func (s *Record) Controls() bool { return s.Helper != 0 && (s.Master.ID == 0 || s.Hello == Helped) }

// MaxTag is the largest tag.
const MaxTag = 1<<24 - 1

// Tag is the group of a control session's flows that s, a child, is of; 0: none.
func (s *Record) Tag() uint32 { return uint32(s.tagHigh)<<16 | uint32(s.tagLow) }

// SetTag changes the group.
func (s *Record) SetTag(tag uint32) { s.tagHigh, s.tagLow = uint8(tag>>16), uint16(tag) }

// Ref names a session for longer than a call: the record's index and the serial
// that it must still have.
type Ref struct{ Index, ID uint32 }

// Never is the timeout of a session that does not expire.
const Never = time.Duration(1 << 62)

// never is Never in a record.
const never = 1<<32 - 1

// Timeout is the idle time after which the session ends, in whole milliseconds.
func (s *Record) Timeout() time.Duration {
	if s.timeout == never {
		return Never
	}
	return time.Duration(s.timeout) * time.Millisecond
}

// Ref names the session for longer than a call.
func (s *Record) Ref() Ref { return Ref{Index: s.index, ID: s.ID} }

// Claim keeps others from the session where several goroutines read the table at
// once, until Yield. It reports false where another one has it, and never waits.
// Whoever is alone with the table need not ask.
func (s *Session) Claim() bool { return atomic.CompareAndSwapUint32(&s.claimed, 0, 1) }

// Copy copies the record of s. It waits while another goroutine has it claimed,
// which is a matter of nanoseconds unless that was put to sleep meanwhile; so
// many tries are between two calls of wait.
func (s *Session) Copy(to *Record, wait func()) {
	for n := 1; !s.Claim(); n++ {
		if n%copyTries == 0 {
			wait()
		}
	}
	*to = s.Record
	s.Yield()
}

const copyTries = 100

// Yield lets others claim the session.
func (s *Session) Yield() { atomic.StoreUint32(&s.claimed, 0) }

// Leaving is the key that packets of direction d leave with.
func (s *Record) Leaving(d packet.Dir) packet.Key {
	k := s.Key[d.Other()].Reply()
	if k.Proto == packet.ProtoGRE && s.Call().On {
		k.DstPort = s.Call().Leave[d]
	}
	return k
}

// Translated says whether any address or port of the session is rewritten.
func (s *Record) Translated() bool { return !s.Rewrite[0].None() || !s.Rewrite[1].None() }

// SetTimeout changes the idle time. It takes effect at the latest when the
// present one ends, or at once after Table.Shorten. It is kept in milliseconds;
// 49 days or more are Never.
func (s *Record) SetTimeout(d time.Duration) {
	s.timeout = uint32(min(int64(d/time.Millisecond), never))
}

// SetRewrites derives the rewrites from the keys, and of a call from its ids: for
// whoever fills a new session.
func (s *Record) SetRewrites() {
	s.Rewrite[packet.Original] = packet.NewRewrite(s.Key[packet.Original], s.Leaving(packet.Original))
	s.Rewrite[packet.Reply] = s.Rewrite[packet.Original].Reverse()
	if s.IsCall() { // the ids of the two directions are not each other's
		s.Rewrite[packet.Reply] = packet.NewRewrite(s.Key[packet.Reply], s.Leaving(packet.Reply))
	}
}

// SCTP is the association of the session, valid iff the protocol is SCTP. It lies
// in the memory of TCP: a session is of one protocol, neither value holds a
// pointer, the zero value of both is the zero memory, and neither asks for a
// stricter alignment than the other.
func (s *Record) SCTP() *sctp.Assoc { return (*sctp.Assoc)(unsafe.Pointer(&s.TCP)) }

// tracked is the state of the connection or association, StateNone of a session
// that has none.
func (s *Record) tracked() State {
	switch s.Key[packet.Original].Proto {
	case packet.ProtoTCP:
		return s.TCP.State()
	case packet.ProtoSCTP:
		return State(s.SCTP().State())
	}
	return StateNone
}

// An association that does not fit is an error of the compiler.
const (
	_ = tcp.Size - sctp.Size
	_ = unsafe.Alignof(tcp.Conn{}) - unsafe.Alignof(sctp.Assoc{})
)

// Size is the memory of one record in bytes.
const Size = unsafe.Sizeof(Session{})

// Memory is what a session costs in all, in bytes: its record, its timer and its
// share of the index.
const Memory = Size + unsafe.Sizeof(wheelLink{}) + indexShare*unsafe.Sizeof(entry{})

// A session of more than 320 bytes is an error of the compiler.
const _ = 320 - Memory
