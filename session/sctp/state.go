package sctp

// State is the condition of an association, numbered as FortiOS prints it in
// proto_state.
type State uint8

// States.
const (
	None            State = 0 // nothing was seen yet
	Established     State = 1
	Closed          State = 2 // aborted, or shut down in order
	CookieWait      State = 3 // an INIT was seen
	CookieEchoed    State = 4 // a COOKIE ECHO was seen
	ShutdownSent    State = 5 // the opener said SHUTDOWN
	ShutdownRecd    State = 6 // the other side did
	ShutdownAckSent State = 7 // and a SHUTDOWN ACK answered it
)

var stateNames = [...]string{
	None: "none", Established: "established", Closed: "closed", CookieWait: "cookie-wait", CookieEchoed: "cookie-echoed",
	ShutdownSent: "shutdown-sent", ShutdownRecd: "shutdown-recd", ShutdownAckSent: "shutdown-ack-sent",
}

// String is the word that connection trackers use.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}
