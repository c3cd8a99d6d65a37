package tcp

// State is the condition of a connection, numbered as FortiOS prints it in
// proto_state.
type State uint8

// States.
const (
	None        State = 0 // nothing was seen yet
	Established State = 1
	SynSent     State = 2
	SynReceived State = 3 // both sides' SYN were seen, not both acknowledgements
	FinWait     State = 4 // one side said FIN
	TimeWait    State = 5 // both FINs are acknowledged
	Close       State = 6 // reset
	CloseWait   State = 7 // one side said FIN, the other has acknowledged it
	LastAck     State = 8 // both sides said FIN
)

var stateNames = [...]string{
	None: "none", Established: "established", SynSent: "syn-sent", SynReceived: "syn-received", FinWait: "fin-wait",
	TimeWait: "time-wait", Close: "close", CloseWait: "close-wait", LastAck: "last-ack",
}

// String is the word that connection trackers use.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// closing says whether a side has said FIN.
func (s State) closing() bool {
	return s == FinWait || s == CloseWait || s == LastAck || s == TimeWait
}
