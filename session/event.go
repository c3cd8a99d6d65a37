package session

import "portcullis/packet"

// EventKind says what an Event tells.
type EventKind uint8

// Kinds of events.
const (
	EventStart         EventKind = iota + 1 // a session was created
	EventEnd                                // a session was removed
	EventDeny                               // a packet that would have opened a session was denied
	EventExpect                             // a helper announced a flow
	EventExpectEnd                          // an expectation is no more, and not because it was used
	EventHelperDetach                       // a helper let go of its session
	EventClash                              // a new session takes the tuple of an old one, which ends
	EventAstray                             // a packet was routed without a session (asymroute)
	EventExhausted                          // a pool had no port or address left for a new session
	EventBlock                              // a client was given a block of ports
	EventBlockHeld                          // it has the block still
	EventBlockEnd                           // it gave the block back
	EventExpectUsed                         // a session was created by an expectation; only where it is to be logged
	EventExpectRefused                      // what a helper announced was not opened; likewise
)

// End says how a session ended; the words are FortiOS's log actions.
type End uint8

// Ends of a session.
const (
	EndNone      End = iota
	EndAccept        // a flow without an end of its own (UDP, ICMP) went idle
	EndClose         // TCP closed in order
	EndTimeout       // TCP went idle
	EndClientRST     // the opener reset it
	EndServerRST     // the other side reset it
	EndIPConn        // the other side never answered the SYN
	EndShutdown      // the engine stopped
	EndCleared       // the operator cleared it
	EndEvicted       // it gave way to a new session
	EndClash         // a new session has its tuple
	EndLeft          // a restart could not take it up
	EndRefused       // it did not begin as it had to
)

// Event is a fixed-size record of what happened, pushed by the engine and read
// by telemetry. Names are indices or ids; whoever formats it resolves them.
type Event struct {
	Kind     EventKind
	End      End           // EventEnd
	Reason   packet.Reason // EventDeny
	HasRoute bool          // Out is known
	LogIt    bool          // the policy asks for a traffic log line
	Logged   bool          // EventClash: and for one at the session's end
	Helped   bool          // EventExpect...: the flow is to be a control session itself
	Gone     ExpectEnd     // EventExpectEnd
	Refusal  Refusal       // EventExpectRefused; Key is then what the peer would have opened
	Helper   uint8         // the engine's number of the helper; 0 is none
	Why      uint16        // EventHelperDetach: the engine's number of the reason
	In, Out  uint16        // interfaces, by index
	Policy   uint32        // policy id
	Service  uint32        // the engine's number of the matched service's name; 0 is none
	ID       uint32        // session id (serial)
	Master   uint32        // session id of the control session of a child or expectation; 0 is none
	Tick     Tick          // when
	Created  Tick          // EventEnd: when the session began
	Key      packet.Key    // as the original direction arrives; an expectation's match
	ReplyKey packet.Key    // as the reply direction arrives; differs from Key.Reply() where translated
	Bytes    [2]uint64     // by direction, IP bytes
	Packets  [2]uint64
	Old      Rival     // EventClash
	InBlocks bool      // EventExhausted: the pool is one of port blocks
	Pool     uint16    // EventExhausted, EventBlock...: the engine's number of the IP pool; 0 is an interface's address
	Ports    [2]uint16 // EventBlock...: first and last; the client is Key.Src, the address ReplyKey.Dst
}

// Rival is the older of two sessions that clash.
type Rival struct {
	Key    [2]packet.Key
	Policy uint32
	Child  bool // a helper's
	Logged bool // at its end
}
