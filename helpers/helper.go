package helpers

import (
	"net/netip"
	"time"

	"portcullis/packet"
)

// Status is what Inspect says about the bytes it was given.
type Status uint8

const (
	// Read: all of Data was read; nothing is held.
	Read Status = iota
	// Partial: Findings.Consumed bytes were read; what follows is a message
	// that is cut short. The framework holds those bytes back and calls again
	// with the same bytes and more.
	Partial
	// Foreign: this is not (or no longer) the helper's protocol; detach it for
	// the rest of the session. Findings.Why says why. What else was found in the
	// same call is void.
	Foreign
	// More: Findings.Consumed bytes, at least one, were read; the framework
	// carries out what was found and calls again at once with the rest. A helper
	// answers so where the order of its findings matters, or where Findings are
	// full.
	More
)

// State is a helper's memory between two calls for one control session. It
// begins as zeros and belongs to the helper; the framework only keeps it.
type State [64]byte

// Segment is what Inspect reads: the next bytes of one direction of one
// control session, in order and without gaps. The helper borrows all of it.
type Segment struct {
	Dir   packet.Dir // whose bytes these are
	Proto uint8      // packet.ProtoTCP or packet.ProtoUDP
	Data  []byte     // TCP: from the first byte not yet read; UDP: one datagram
	Final bool       // TCP: the sender will send no more (FIN); never answer Partial
	State *State
	*Ends // of the session
}

// Expect announces a flow that the other end is about to open to whoever sent
// the segment.
type Expect struct {
	Proto    uint8          // of the announced flow
	Endpoint netip.AddrPort // where the sender waits for it, as the sender spelt it
	PeerPort uint16         // the port the flow will come from; 0 is any
	Edit     Edit           // the bytes that spell Endpoint; Len 0 where none do

	// Pair announces a second flow, to the port behind Endpoint's: RTP and RTCP
	// (RFC 3550 section 11). Where it is translated, both ports stay neighbours and
	// the first is even.
	Pair bool
	// Anyone says that the flow may come from any host, and not from the peer of
	// the control session alone. A helper that says so is one for operators to
	// bind knowingly.
	Anyone bool
	// Many says that any number of flows fulfil the expectation until its time is
	// over.
	Many bool
	// Tag names a group of flows, to cancel, renew or end them by; 0 is none. It
	// counts modulo 1<<24.
	Tag uint32
	// Helped says that the flow is another control session, which the same helper
	// reads: a child's children have none.
	Helped bool
	// Lifetime is how long the flow is waited for, where the protocol says that; 0 is
	// Helper.Lifetime. The control session lasts as long, once it was answered.
	Lifetime time.Duration
	// Third says that the endpoint may be a third host's, on the sender's side of the
	// firewall: then flows between it and those endpoints pass that the receiver
	// announces under the same tag, and from the receiver to it, if the receiver's side
	// is the one that was let in by a policy.
	Third bool
	// Call says, where Proto is GRE, what is found out about a call of PPTP.
	Call Call
}

// Call is what bytes say about a call of PPTP (RFC 2637). Such an Expect has the
// sender's address and a call id, any number, where others have a port. The peer is
// to read the id that it knows the call by, whatever was found.
type Call uint8

// What can be found out about a call.
const (
	NoCall     Call = iota
	CallOffer       // the sender has chosen its id; its peer has not, so that no flow is expected yet
	CallAnswer      // the sender has chosen its id for a call that its peer offered; PeerPort is the peer's, as the sender knows it: both ways are expected
	CallRefuse      // the id is the peer's: the offer is refused
	CallNamed       // the id is the peer's
	CallClear       // the id is the sender's: it wants the call to end, which its peer has yet to confirm
	CallGone        // the id is the sender's or, where it has no such call, the peer's: the call is over
)

// Mention is an endpoint that bytes spell which announce no flow: the receiver is
// to read what it knows the same endpoint by. That is so for both ends of the
// control session, as the sender sees them, and for endpoints that are expected
// just now, from either side. Port 0 mentions an address alone. Where the endpoint
// is none of these, the bytes stay.
type Mention struct {
	Endpoint netip.AddrPort
	Edit     Edit
}

// Length is a number that bytes spell: how many bytes there are from From up to
// To, which counts what the other edits of the same call make of them. Where those
// change nothing, it stays. No edit lies across From or To; a Length inside is
// spelt in as many bytes as before.
type Length struct {
	From, To int // in Segment.Data
	Edit     Edit
}

// Edit marks bytes of Segment.Data that spell an endpoint. Kind is the helper's
// own note of how they spell it, for Spell.
type Edit struct {
	Off, Len int
	Kind     uint8
}

// MaxFindings bounds what one call of Inspect may find.
const MaxFindings = 64

// Findings is what Inspect found. The framework resets it before each call and
// owns it; a helper appends through Announce.
type Findings struct {
	Consumed  int    // with Partial and More: bytes of Data that were read
	Cancel    bool   // the outstanding expectations of this session are void, before those of this call; its calls of PPTP are over
	CancelTag uint32 // those of this tag are; 0: none
	EndTag    uint32 // those of this tag are, and what came of them is to end soon; 0: none
	RenewTag  uint32 // those of this tag are waited for from now on as long as RenewFor says; 0: none
	RenewFor  time.Duration
	Keep      time.Duration // UDP: the session, once answered, lasts at least so long from its last packet on
	Over      bool          // UDP: nothing more is to come unless the opener asks anew: the session may end soon
	Why       string        // with Foreign: the reason, a constant of a few words
	// Encrypted says, with Foreign, that the session is foreign because both ends
	// have agreed on TLS from here on: it goes on being of the helper's protocol,
	// unread.
	Encrypted bool
	list      [MaxFindings]finding
	n         int
}

// finding is one of an Expect, a Mention, a Length, a tag that is void and an answer.
type finding struct {
	kind     findingKind
	expect   Expect // of all its Edit, of a Mention its Endpoint, of a tag its Tag
	from, to int    // of a Length, of an answer
}

type findingKind uint8

const (
	foundExpect findingKind = iota
	foundMention
	foundLength
	foundVoid
	foundAnswer
)

// Helper is a session helper: a reader and a speller of one control protocol.
// Both are pure functions of their arguments; neither knows of NAT, of sessions
// or of time.
type Helper struct {
	Name       string        // FortiOS's name: "ftp"
	Protocols  []uint8       // what it can be bound to: packet.ProtoTCP, packet.ProtoUDP
	MaxExpects int           // outstanding expectations of one session; the oldest gives way
	Lifetime   time.Duration // of an expectation; 0 is DefaultLifetime
	MaxHold    int           // most bytes that may be left unread by Partial; at most MaxHoldLimit
	LowPorts   bool          // may announce ports below 1024
	Mentions   bool          // it finds Mentions: bytes of either direction may have to be rewritten where anything is translated
	Ends       bool          // it finds Over
	Keeps      bool          // it finds Keep
	// Lingers says that clients close a control session over TCP before they open what
	// was announced in it: that is waited for when it is over, too, for half a minute at
	// most.
	Lingers bool
	// Memory numbers the way in which State is used. It is to be raised whenever
	// that changes: a session whose helper remembers in another way does not
	// outlast a restart.
	Memory uint8

	// Inspect reads a segment and notes in f what it announces.
	Inspect func(seg *Segment, f *Findings) Status
	// Spell appends to dst the bytes that spell endpoint to, in the manner of
	// the bytes orig that e marked. nil where nothing is ever spelt.
	Spell func(dst, orig []byte, e Edit, to netip.AddrPort) []byte
	// SpellLength appends to dst the bytes that spell the number n, in the manner of
	// the bytes orig that e marked. nil where the helper finds no Length.
	SpellLength func(dst, orig []byte, e Edit, n int) []byte
	// Resolve calls yield for each address that an answer (Findings.Answer) has for the
	// name that was asked for, which is in lower case. nil where the helper finds none.
	Resolve func(msg []byte, yield func(name string, a netip.Addr, ttl time.Duration))
	// Sound says whether Inspect could have left s behind: it need only tell what
	// it would stumble over. nil where it stumbles over nothing. It is asked about
	// what was read from a file.
	Sound func(s *State) bool
}

// Knows says whether h could have left s behind.
func (h *Helper) Knows(s *State) bool { return h.Sound == nil || h.Sound(s) }

// MaxHoldLimit bounds Helper.MaxHold, in bytes. A helper skips a longer message
// by itself, with a note in its State.
const MaxHoldLimit = 16384

// MaxSpell bounds what Spell may append, in bytes.
const MaxSpell = 256

// DefaultLifetime is how long an expectation waits for its flow (FortiOS: 30 s).
const DefaultLifetime = 30 * time.Second

// Announce appends e. It reports false, and forgets e, where the findings are
// full.
func (f *Findings) Announce(e Expect) bool {
	x := f.add(foundExpect)
	if x == nil {
		return false
	}
	x.expect = e
	return true
}

// Mention appends m. It reports false, and forgets m, where the findings are full.
// What is found is appended in the order of its bytes.
func (f *Findings) Mention(m Mention) bool {
	x := f.add(foundMention)
	if x == nil {
		return false
	}
	x.expect.Endpoint, x.expect.Edit = m.Endpoint, m.Edit
	return true
}

// Measure appends l. It reports false, and forgets l, where the findings are full.
func (f *Findings) Measure(l Length) bool {
	x := f.add(foundLength)
	if x == nil {
		return false
	}
	x.expect.Edit, x.from, x.to = l.Edit, l.From, l.To
	return true
}

// Void appends that the expectations of a tag are void which were announced before:
// as CancelTag, but for any number of tags, and in order with what is announced.
func (f *Findings) Void(tag uint32) bool {
	x := f.add(foundVoid)
	if x == nil {
		return false
	}
	x.expect.Tag, x.expect.Edit = tag, Edit{}
	return true
}

// Answer appends that the bytes of Data from from up to to are a name server's answer
// to what was asked in this session, for Helper.Resolve.
func (f *Findings) Answer(from, to int) bool {
	x := f.add(foundAnswer)
	if x == nil {
		return false
	}
	x.from, x.to, x.expect.Edit = from, to, Edit{}
	return true
}

// add appends a finding of a kind, nil where they are full. What does not belong to the
// kind it may have from an older one.
func (f *Findings) add(kind findingKind) *finding {
	if f.n == MaxFindings {
		return nil
	}
	x := &f.list[f.n]
	x.kind = kind
	f.n++
	return x
}

// Sort puts what was found in the order of its bytes, for helpers that find it in
// another one. Of what no bytes spell, Edit.Off says where it belongs.
func (f *Findings) Sort() {
	for i := 1; i < f.n; i++ {
		to := i
		for to > 0 && f.list[to-1].expect.Edit.Off > f.list[i].expect.Edit.Off {
			to--
		}
		if to == i {
			continue
		}
		x := f.list[i]
		copy(f.list[to+1:i+1], f.list[to:i])
		f.list[to] = x
	}
}

// Forget drops every announcement, mention, length, tag that is void and answer that
// was found so far.
func (f *Findings) Forget() { f.n = 0 }

// Expects calls yield for every flow that was announced, in order.
func (f *Findings) Expects(yield func(Expect) bool) {
	for i := range f.list[:f.n] {
		if f.list[i].kind == foundExpect && !yield(f.list[i].expect) {
			return
		}
	}
}

// Each calls for everything that was found the function of its kind, in order.
func (f *Findings) Each(expect func(Expect), mention func(Mention), length func(Length), void func(tag uint32)) {
	for i := range f.list[:f.n] {
		switch x := &f.list[i]; x.kind {
		case foundExpect:
			expect(x.expect)
		case foundMention:
			mention(Mention{Endpoint: x.expect.Endpoint, Edit: x.expect.Edit})
		case foundLength:
			length(Length{From: x.from, To: x.to, Edit: x.expect.Edit})
		case foundVoid:
			void(x.expect.Tag)
		}
	}
}

// Reset empties f.
func (f *Findings) Reset() {
	f.Consumed, f.Cancel, f.CancelTag, f.Over, f.Why, f.Encrypted, f.n = 0, false, 0, false, "", false, 0
	f.EndTag, f.RenewTag, f.RenewFor, f.Keep = 0, 0, 0, 0
}
