package session

import "portcullis/session/tcp"

// State is the condition of a session as FortiOS prints it in proto_state.
type State = tcp.State

// States of a session. For TCP they are those of its connection, for SCTP the
// numbers of package sctp; other protocols use StateNone until the other side answers and StateEstablished from then on.
const (
	StateNone        = tcp.None
	StateEstablished = tcp.Established
	StateSynSent     = tcp.SynSent
	StateSynReceived = tcp.SynReceived
	StateFinWait     = tcp.FinWait
	StateTimeWait    = tcp.TimeWait
	StateClose       = tcp.Close
	StateCloseWait   = tcp.CloseWait
	StateLastAck     = tcp.LastAck
)
