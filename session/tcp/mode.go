package tcp

// AntiReplay is FortiOS's anti-replay: how closely sequence numbers are looked
// at.
type AntiReplay uint8

// Degrees of AntiReplay. The zero value is FortiOS's factory default.
const (
	// Strict is Loose, and a SYN that would reopen a connection in TIME_WAIT must
	// begin behind its last byte (RFC 9293 section 3.6.1).
	Strict AntiReplay = iota
	// Loose drops what is outside of the window.
	Loose
	// Disable lets every segment pass that its state allows.
	Disable
)

// Mode is how a connection is to be judged.
//
// ResetRange is FortiOS's check-reset-range strict. Without it a reset is
// treated like any other segment: outside of the window it is dropped, unless
// AntiReplay is Disable, when it passes and changes nothing; and while the
// connection closes, one that is older than the window passes, because a side
// that has forgotten the connection answers old segments with old numbers. With
// it a reset outside of the window is always dropped.
type Mode struct {
	AntiReplay AntiReplay
	ResetRange bool
}

// Result is what is to become of a segment.
type Result uint8

// Results. The zero value is a drop.
const (
	OutOfState  Result = iota // drop: it does not fit the state
	OutOfWindow               // drop: its numbers do not fit the connection
	Alive                     // it passes and shows that the connection lives
	Pass                      // it passes, but is no sign of life
	Reopen                    // it begins a new connection, for which this one is to give way
)

// Passes says whether the segment goes on.
func (r Result) Passes() bool { return r >= Alive }
