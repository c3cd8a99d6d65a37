package session

// ExpectEnd says how an expectation ended that is not there any more.
type ExpectEnd uint8

// Ends of an expectation.
const (
	ExpectNone      ExpectEnd = iota
	ExpectTimeout             // its time was over
	ExpectCancelled           // its helper has read that nothing will come, or announced it anew elsewhere
	ExpectCrowded             // its control session announced more than it may have outstanding
	ExpectOrphaned            // its control session ended
	ExpectCleared             // the operator took it out
	ExpectLeft                // a restart could not take it up
	ExpectTaken               // another control session announced the same
)

var expectEnds = [...]string{
	ExpectNone: "", ExpectTimeout: "timeout", ExpectCancelled: "cancelled", ExpectCrowded: "gave-way", ExpectOrphaned: "control-session-ended",
	ExpectCleared: "cleared", ExpectLeft: "restart", ExpectTaken: "taken-over",
}

// String is a word for the log.
func (e ExpectEnd) String() string {
	if int(e) < len(expectEnds) {
		return expectEnds[e]
	}
	return "unknown"
}

// Refusal says why what a helper announced was not opened.
type Refusal uint8

// Refusals.
const (
	NotRefused         Refusal = iota
	RefusedBlocked             // no policy allows the control session any more
	RefusedAddress             // the endpoint is neither the sender's own nor what its peer knows it by
	RefusedThird               // it is a third host's, from where the helper may announce none
	RefusedPort                // it has no port, or one below 1024 that the protocol does not need
	RefusedDataPorts           // the entry's data-ports do not have the port
	RefusedClash               // another control session expects the flow
	RefusedRoom                // the table is full, or the client's share of it
	RefusedTranslation         // no port, or call id, is free where the sender is translated
	RefusedCall                // it answers a call that nobody has offered
	RefusedCalls               // the control session has as many calls as it may
	RefusedSpelling            // the translated endpoint can not be spelt where the original one was

	NumRefusals
)

var refusals = [NumRefusals]struct{ word, text string }{
	RefusedBlocked:     {"blocked", "no policy allows the control session any more"},
	RefusedAddress:     {"address", "the address is not the sender's own"},
	RefusedThird:       {"third-host", "the third host may not be announced"},
	RefusedPort:        {"port", "there is no port, or one below 1024"},
	RefusedDataPorts:   {"data-ports", "the entry's data-ports do not have the port"},
	RefusedClash:       {"clash", "another control session expects the same"},
	RefusedRoom:        {"no-room", "too much is expected, in all or for this client"},
	RefusedTranslation: {"translation", "no port is free at the translated address"},
	RefusedCall:        {"unknown-call", "nobody offered the call that it answers"},
	RefusedCalls:       {"calls", "the control session has too many calls"},
	RefusedSpelling:    {"spelling", "the translated endpoint can not be written in its place"},
}

// String is a word for counters and the log.
func (r Refusal) String() string {
	if r < NumRefusals {
		return refusals[r].word
	}
	return "unknown"
}

// Text is a sentence for an operator.
func (r Refusal) Text() string {
	if r < NumRefusals {
		return refusals[r].text
	}
	return ""
}
