// Package engine is the trip of a packet: sanity, session, expectation, route,
// policy, source translation, tracking, helper, translation out. A Worker takes
// frames, an ingress interface and a tick, and gives verdicts, frames of its own
// and events. It opens no socket, starts no goroutine and reads no clock.
//
// Start from Worker.Process; Compile turns a configuration into the immutable
// Ruleset that a worker obeys.
package engine
